#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tidy.sh - clang-tidy over core, plugins and include, two at a time, each by itself:
# of several files in one run its check of va_list takes the second for the first.
set -eu
flags="-std=c11 -D_GNU_SOURCE -Icore -Iinclude -Ibuild/gen -DGLOSS_VERSION=\"0\" $(pkg-config --cflags libuv libzmq jansson libsystemd)"
# shellcheck disable=SC2086
find core plugins -name '*.c' | sort | xargs -P 2 -n 1 sh -c 'clang-tidy --quiet "$@" -- '"$flags"' 2>/dev/null' sh
