#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_new_plugin.sh - what `gloss new-plugin` writes, as a stranger uses it: out of
# the tree, against an installed header, tested, dropped in, run.
# shellcheck disable=SC2016,SC2317 # commands are run through check and sh -c
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
gloss=$(realpath "${BUILD:-$root/build}")/gloss
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

# check NAME COMMAND...: the command must succeed.
check() {
    local name=$1
    shift
    if "$@" >"$work/output" 2>&1; then
        echo "ok $name"
    else
        echo "not ok $name"
        cat "$work/output"
        failed=1
    fi
}

# says STATUS WANTED COMMAND...: the command ends so, and says exactly this.
says() {
    local status=$1 wanted=$2 got code
    shift 2
    got=$("$@" 2>&1)
    code=$?
    [ "$code" = "$status" ] && [ "$got" = "$wanted" ] && return
    printf 'wanted status %s: %s\ngot status %s: %s\n' "$status" "$wanted" "$code" "$got"
    return 1
}

# An installed glossd, as far as a plugin needs it.
mkdir -p prefix/include prefix/lib/gloss/drop-in prefix/pkgconfig
cp -r "$root/include/gloss" prefix/include
sed "s|@PREFIX@|$work/prefix|; s|@VERSION@|0|" "$root/tools/gloss.pc.in" >prefix/pkgconfig/gloss.pc
export PKG_CONFIG_LIBDIR=$work/prefix/pkgconfig
export GLOSS=$gloss

hint='`gloss new-plugin --help` tells what it takes.'
check "refuses a name that is none" says 2 "gloss new-plugin: \"Long-Words\" is no name: a-z 0-9 _, a letter first, 64 at most
$hint" "$gloss" new-plugin Long-Words
check "refuses a path" says 2 "gloss new-plugin: \"../longwords\" is no name: a-z 0-9 _, a letter first, 64 at most
$hint" "$gloss" new-plugin ../longwords
check "refuses a name that is taken" says 2 "gloss new-plugin: \"entities\" is a name glossd uses itself: choose another
$hint" "$gloss" new-plugin entities
check "refuses no name" says 2 "gloss new-plugin: give one name
$hint" "$gloss" new-plugin
check "writes a folder" says 0 "longwords/ is ready. Next: cd longwords && make test" "$gloss" new-plugin longwords
check "refuses a folder that is there" says 2 "gloss new-plugin: longwords is there already: choose another name, or move it away" \
    "$gloss" new-plugin longwords
check "leaves no mark in it" bash -c '! grep -r "@NAME@" longwords'

check "builds without a warning" says 0 "" make -s -C longwords CFLAGS="-O2 -Werror" longwords.so
check "builds with clang too" says 0 "" make -s -B -C longwords CC=clang CFLAGS="-O2 -Werror" longwords.so
check "passes its own test" says 0 "longwords: passed" make -s -C longwords test
check "installs into the drop-in folder" make -s -C longwords install
check "leaves nothing else there" says 0 "longwords.so" ls -A prefix/lib/gloss/drop-in

echo '{"drop_in": ["prefix/lib/gloss/drop-in"], "pipeline": []}' >config.json
echo '{"text": "Immediately, they said."}' >in.json
check "runs when dropped in" says 0 '"longwords":[{"start":0,"end":11,"text":"Immediately","label":"long","score":1,"letters":11}]' \
    sh -c '"$GLOSS" run -c config.json in.json | grep -o "\"longwords\":\[[^]]*\]"'
echo '{"drop_in": ["prefix/lib/gloss/drop-in"], "pipeline": [{"plugin": "longwords", "options": {"min_letters": 4}}]}' >config.json
check "takes its option" says 0 '"text":"Immediately" "text":"they" "text":"said"' \
    sh -c '"$GLOSS" run -c config.json in.json | grep -o "\"text\":\"[A-Za-z]*\"" | xargs -d "\n" echo'

echo '[]' >longwords/tests/expected.json
check "its test can fail" bash -c '! make -s -C longwords test'
check "says where there is no gloss" bash -c 'make -s -C longwords test GLOSS=nowhere/gloss 2>&1 |
    grep -qx "there is no nowhere/gloss: install glossd, or say make test GLOSS=/path/to/gloss"'
export PKG_CONFIG_LIBDIR=/nonexistent
check "says where there is no header" bash -c 'make -s -B -C longwords longwords.so 2>&1 |
    grep -qx "pkg-config finds no gloss.pc: install glossd, or put the build folder of a checkout into PKG_CONFIG_PATH"'
unset PKG_CONFIG_LIBDIR
check "builds against a checkout" env PKG_CONFIG_PATH="$(dirname "$gloss")" make -s -B -C longwords CFLAGS="-Werror" longwords.so
exit $failed
