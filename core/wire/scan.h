/* SPDX-License-Identifier: Apache-2.0
 *
 * scan.h - a cursor that walks JSON text and checks it on the way. Private to
 * wire/: json.c makes documents of what it finds. The hard rule: it never reads
 * past the end, and every refusal says where and what was expected there.
 */
#ifndef WIRE_SCAN_H
#define WIRE_SCAN_H

#include "log.h"
#include "text/doc.h"
#include "text/utf8.h"

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SCAN_DEPTH 512

struct scan {
    const char *text;    /* where lines and columns count from */
    const char *p, *end; /* what is still to be read: valid UTF-8 */
    unsigned depth;
    struct fault *f;
};

/* A string as it stands in the text, without its quotes. */
struct scan_string {
    struct slice raw;
    bool escaped; /* holds a backslash */
    bool nul;     /* holds \u0000 */
};

/* Fills the fault with "line L, column C: " of at, and the rest. -1, for return. */
PRINTF(3, 4)
int scan_fault(struct scan *s, const char *at, const char *fmt, ...);

/* The same: what was found at at, and what should be there. */
int scan_unexpected(struct scan *s, const char *at, const char *expected);

void scan_blank(struct scan *s); /* past white space */

/* Below: 0 with the cursor behind what was read, or -1 with the fault. */
int scan_open(struct scan *s); /* a bracket, and the depth it makes */
int scan_string(struct scan *s, struct scan_string *to);
int scan_key(struct scan *s, struct scan_string *to); /* with its colon */
int scan_value(struct scan *s);                       /* any */

/* Behind a member: 1 with the cursor at the next one, 0 behind close. */
int scan_next(struct scan *s, char close);

/* The string without escapes, in the arena; p is NULL without memory. */
struct slice scan_unescape(struct arena *a, const struct scan_string *string);

/* The offset of the first byte that can't stand in a string by itself (quote,
 * backslash, control character), or n. Eight bytes at a time: a byte's high bit
 * in the sum below is set where it is one of these, and perhaps in bytes above
 * the first such one, which is why only the lowest counts. */
static inline size_t scan_plain(const char *s, size_t n)
{
    const uint64_t ones = 0x0101010101010101u;
    size_t i = 0;

    for (; n - i >= 8; i += 8) {
        uint64_t w, found;
        memcpy(&w, s + i, 8);
        w = le64toh(w);
        found = ((w ^ ones * '"') - ones) | ((w ^ ones * '\\') - ones) | (w - ones * 0x20);
        found &= ~w & ones * 0x80;
        if (found)
            return i + (size_t)__builtin_ctzll(found) / 8;
    }
    while (i < n && (unsigned char)s[i] >= 0x20 && s[i] != '"' && s[i] != '\\')
        i++;
    return i;
}

#endif
