/* SPDX-License-Identifier: Apache-2.0
 *
 * stamp.h - names and times: UUIDv7 (RFC 9562) for documents that came without
 * an id, and ISO 8601. The hard rule: ids of one maker rise, also when the
 * clock is set back.
 */
#ifndef WIRE_STAMP_H
#define WIRE_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STAMP_ID   37 /* bytes of an id and its NUL */
#define STAMP_TIME 25 /* of 2026-01-31T10:00:00.123Z and its NUL */

/* Makes ids; zero is a good start. One a thread. */
struct stamp {
    uint64_t last;             /* the time in the last id, in 1/4096 ms */
    unsigned char random[256]; /* asked of the kernel in one go */
    size_t used;               /* of random, plus one; 0: none was asked for */
};

/* 0, or -1 where the kernel gives no random bytes. */
int stamp_id(struct stamp *s, char to[STAMP_ID]);

/* Milliseconds of UTC since 1970, and how they are written. */
int64_t stamp_now(void);
void stamp_write(char to[STAMP_TIME], int64_t ms);

/* True for a date (2026-01-31) or a date and time, with 'T' or a blank between:
 * 10:00, 10:00:05, 10:00:05.123; and for that with a zone: Z, +01, +0100, +01:00. */
bool stamp_valid(const char *s, size_t n);

#endif
