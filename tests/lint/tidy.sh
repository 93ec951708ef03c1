#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tidy.sh - clang-tidy over core and plugins, two at a time, each file by itself:
# of several in one run its check of va_list takes the second for the first.
set -eu
flags=build/tidy
mkdir -p $flags
# shellcheck disable=SC2046
printf '%s\n' -std=c11 -D_GNU_SOURCE -Icore -Iinclude -Ibuild/gen '-DGLOSS_VERSION="0"' \
    $(pkg-config --cflags libuv libzmq jansson libsystemd) | sed "s|^-I\([^/]\)|-I$PWD/\1|" >$flags/compile_flags.txt
# shellcheck disable=SC2016
find core plugins -name '*.c' | sort | xargs -P 2 -n 1 sh -c 'clang-tidy --quiet -p '$flags' "$1" 2>/dev/null' sh
