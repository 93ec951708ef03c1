/* SPDX-License-Identifier: Apache-2.0
 *
 * when.h - a time as people give it. The hard rule: what is not understood is refused,
 * never guessed at.
 */
#ifndef CLI_WHEN_H
#define CLI_WHEN_H

#include <stdbool.h>
#include <stdint.h>

/* "2h", "3d", "30m", "45s": so long before now_ms; or a date or time in ISO 8601, UTC where it
 * names no zone. Milliseconds since 1970. */
bool when_read(const char *s, uint64_t now_ms, uint64_t *ms);

#endif
