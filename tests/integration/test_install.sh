#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_install.sh - `make install` puts everything where it belongs, and what it put
# there works: the plugins, models and header are found, an edited configuration stays.
# shellcheck disable=SC2317 # the functions are called through check
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
inst=$work/root
status=0

check() { # WHAT COMMAND...
    if "${@:2}" >"$work/output" 2>&1; then
        echo "ok $1"
    else
        echo "not ok $1"
        cat "$work/output"
        status=1
    fi
}

# What is built is up to date: nothing of the outer make is to reach this one.
install_to() { # DESTDIR PREFIX
    env -u MAKEFLAGS -u MAKELEVEL -u MAKEOVERRIDES make -s install B="$build" DESTDIR="$1" PREFIX="$2"
}

all_there() { # FOLDER FILE...
    local folder=$1 file missing=0
    shift
    for file in "$@"; do
        [ -s "$folder/$file" ] || { echo "not there, or empty: $folder/$file"; missing=1; }
    done
    return "$missing"
}

is_for() { # WANTED FILE: the file says so, and no mark is left in it
    grep -qxF "$1" "$2" && ! grep -n '@[A-Z]*@' "$2"
}

runs() {
    echo '{"text": "MOSCOW, March 5 (AFP) - Vladimir Putin spoke to reporters in Moscow on Tuesday."}' |
        "$inst/usr/bin/gloss" run | jq -e '.gloss | .language.label == "en" and .dateline.source == "AFP" and
            any(.entities[]; .label == "PER") and .sentiment and (.run.errors | not)'
}

stays() {
    echo '{"workers": 1}' >"$inst/etc/glossd/glossd.json"
    install_to "$inst" /usr && grep -qx '{"workers": 1}' "$inst/etc/glossd/glossd.json"
}

cd "$root" || exit 1
cards=(plugins/*/CARD.md)
check "installs" install_to "$inst" /usr
check "has its files" all_there "$inst/usr" bin/glossd bin/gloss include/gloss/plugin.h include/gloss/layers.h \
    share/man/man1/gloss.1 share/man/man5/glossd.json.5 share/man/man8/glossd.8 share/bash-completion/completions/gloss \
    share/doc/glossd/README.md share/doc/glossd/docs/follow.py share/doc/glossd/docs/follow.c share/doc/glossd/docs/glossd.8 \
    share/doc/glossd/docs/samples/news.ndjson share/doc/glossd/config/examples/exec.json share/doc/glossd/plugins/README.md "${cards[@]/#/share/doc/glossd/}"
check "has the guide, not the README twice" cmp "$root/plugins/README.md" "$inst/usr/share/doc/glossd/plugins/README.md"
check "has the folder for drop-ins" test -d "$inst/usr/lib/gloss/drop-in"
check "gloss.pc" is_for 'prefix=/usr' "$inst/usr/share/pkgconfig/gloss.pc"
check "the unit" is_for 'ExecStart=/usr/bin/glossd --config /etc/glossd/glossd.json' "$inst/lib/systemd/system/glossd.service"
check "the configuration installed is good" "$inst/usr/bin/gloss" check "$inst/etc/glossd/glossd.json"
check "runs with all plugins and models" runs
check "an edited configuration stays" stays
check "installs under another prefix" install_to "$work/other" /opt/gloss
check "the unit there" is_for 'ExecStart=/opt/gloss/bin/glossd --config /opt/gloss/etc/glossd/glossd.json' \
    "$work/other/opt/gloss/lib/systemd/system/glossd.service"
exit $status
