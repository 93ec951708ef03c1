# SPDX-License-Identifier: Apache-2.0
# bash completion for gloss: commands, their options as --help prints them, files.
_gloss() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
    if [ "$COMP_CWORD" = 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(gloss --help | sed -n 's/^  \([a-z-]*\) .*/\1/p') --help --version" -- "$cur")
    elif [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(gloss "$command" --help | grep -oE -- '--[a-z-]+' | sort -u)" -- "$cur")
    elif [ "$command" = dead ] && [ "$COMP_CWORD" = 2 ]; then
        mapfile -t COMPREPLY < <(compgen -W "list show retry purge" -- "$cur")
    elif [ "$command" = spool ] && [ "$COMP_CWORD" = 2 ]; then
        mapfile -t COMPREPLY < <(compgen -W "check salvage export" -- "$cur")
    elif [ "$command" = plugins ] && [[ $prev != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(gloss plugins 2>/dev/null | cut -d' ' -f1)" -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi
}
complete -o filenames -F _gloss gloss
