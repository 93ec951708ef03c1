#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# exports.sh BUILD - holds what shared objects show: a plugin its table and nothing
# else, and nothing undefined but libc and libm.
set -eu
status=0
for so in "$1"/plugins/*.so; do
    shown=$(nm -D --defined-only "$so" | awk '{print $3}' | grep -v '^_\(init\|fini\)$' | tr '\n' ' ')
    [ "$shown" = "gloss_plugin " ] || { echo "$so exports $shown(gloss_plugin alone is allowed)"; status=1; }
    asked=$(nm -D --undefined-only "$so" | awk '$1 == "U" {print $2}' | grep -v '@GLIBC' | tr '\n' ' ')
    [ -z "$asked" ] || { echo "$so wants $asked, which libc and libm do not have"; status=1; }
done
[ $status != 0 ] || echo "exports: held"
exit $status
