# SPDX-License-Identifier: Apache-2.0
# bash completion for gloss: commands, their options as --help prints them, names, files.

# The words that --help of these arguments has, by a sed expression.
_gloss_help() {
    local expression=$1
    shift
    gloss "$@" --help 2>/dev/null | sed -n "$expression"
}

# What may stand here that is no file; fails where it is a file.
_gloss_words() { # COMMAND BEFORE CURRENT
    if [ "$COMP_CWORD" = 1 ]; then
        _gloss_help 's/^  \([a-z-]*\) .*/\1/p'
        echo --help --version
    elif [[ $3 == -* ]]; then
        _gloss_help 's/^ \{1,6\}\(-[a-z], \)\{0,1\}\(--[a-z-]*\).*/\2/p' "$1"
    else
        case "$1 $2" in
        "help help") _gloss_help 's/^  \([a-z-]*\) .*/\1/p' ;;
        "dead dead") echo list show retry purge ;;
        "spool spool") echo check salvage export ;;
        "dead -r" | "dead --reason")
            echo plugin_failed given_up result_lost invalid_json invalid_utf8 no_text too_large bad_field overloaded
            ;;
        "plugins plugins" | "dead -p" | "dead --plugin") gloss plugins 2>/dev/null | cut -d' ' -f1 ;;
        "tail -p" | "run -p" | "run -q" | "send -v" | "send -q" | *" -c") return 1 ;;
        *" -"[a-z]) ;;
        *" --pretty" | *" --quiet" | *" --verbose" | *" --config") return 1 ;;
        "dead "* | "tail "* | "schema "* | "new-plugin "*) ;;
        "send --"* | "spool --from") ;;
        *) return 1 ;;
        esac
    fi
}

_gloss() {
    local cur=${COMP_WORDS[COMP_CWORD]} words
    if words=$(_gloss_words "${COMP_WORDS[1]}" "${COMP_WORDS[COMP_CWORD - 1]}" "$cur"); then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi
}
complete -o filenames -F _gloss gloss
