#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_systemd.sh - the unit is in order, its sandbox is rated 2.0 or better, and lets through
# every system call that the daemon and its workers make.
# shellcheck disable=SC2317 # the functions are called through check
set -u
source_dir=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD:-$source_dir/build}
command -v systemd-analyze >/dev/null || { echo "systemd-analyze is not installed"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unit=$folder/glossd.service
sed "s|@BINDIR@|$(realpath "$build")|; s|@SYSCONF@|/etc|" "$source_dir/systemd/glossd.service.in" >"$unit"
status=0

check() { # WHAT COMMAND...
    if "${@:2}" >"$folder/out" 2>&1; then
        echo "ok $1"
    else
        echo "not ok $1"
        cat "$folder/out"
        status=1
    fi
}

verify() {
    systemd-analyze verify --man=no --recursive-errors=no "$unit"
}

# What `security` prints last: "Overall exposure level for glossd.service: 1.2 OK".
exposure() {
    systemd-analyze security --offline=true --no-pager "$unit" >"$folder/security"
    tail -1 "$folder/security"
    tail -1 "$folder/security" | grep -oE '[0-9]+\.[0-9]+' | awk '{ exit !($1 <= 2.0) }'
}

# The sets of the unit's SystemCallFilter, one call a line.
allowed() {
    for set in "$@"; do
        systemd-analyze syscall-filter "$set" | grep -oE '^ +[@a-z_0-9-]+' | while read -r name; do
            case $name in
            @*) allowed "$name" ;;
            *) echo "$name" ;;
            esac
        done
    done
}

calls_pass() {
    case $build in *address*) echo "a sanitizer makes calls of its own"; return 0 ;; esac
    command -v strace >/dev/null || { echo "strace is not installed"; return 0; }
    cat >"$folder/glossd.json" <<-JSON
	{"endpoints": {"pull": "ipc://$folder/pull", "ack": "ipc://$folder/ack",
	               "publish": "ipc://$folder/publish", "replay": ""},
	 "limits": {"worker_bytes": 2000000000}, "workers": 2, "drop_in": []}
	JSON
    # Not beside the configuration: that folder is watched, and each look would be a line.
    mkdir "$folder/traces"
    strace -f -qq -o "$folder/traces/trace" "$build/glossd" -c "$folder/glossd.json" 2>"$folder/log" &
    for _ in $(seq 200); do
        grep -q " ready: " "$folder/log" && break
        sleep 0.05
    done
    /usr/bin/python3 - "ipc://$folder/ack" <<-'PYTHON' || return 1
	import sys, zmq
	s = zmq.Context().socket(zmq.REQ)
	s.rcvtimeo = 10000
	s.connect(sys.argv[1])
	s.send_string('{"text": "Paris, March 5 (AFP) - It rains.", "reply": "enriched"}')
	assert b'"gloss"' in s.recv()
	PYTHON
    # strace has one child, the daemon.
    kill -TERM "$(pgrep -P $!)"
    wait $! || return 1
    # The daemon is started by systemd: its own execve comes before the filter.
    comm -23 <(grep -oE '^[0-9]+ +[a-z_0-9]+\(' "$folder/traces/trace" | grep -oE '[a-z_0-9]+\(' | tr -d '(' | sort -u) \
        <( (comm -23 <(allowed @system-service | sort -u) <(allowed @privileged @resources | sort -u)
            grep -E '^SystemCallFilter=[a-z]' "$unit" | cut -d= -f2 | tr ' ' '\n') | sort -u) >"$folder/denied"
    cat "$folder/denied"
    [ ! -s "$folder/denied" ]
}

check "the unit is in order" verify
check "its exposure is 2.0 or less" exposure
check "it lets through what the daemon calls" calls_pass
exit $status
