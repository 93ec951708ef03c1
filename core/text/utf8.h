/* SPDX-License-Identifier: Apache-2.0
 *
 * utf8.h - UTF-8 checked, walked and counted. The hard rule: only utf8_check
 * reads bytes that are not known to be valid.
 */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The offset of the first byte that is not UTF-8 (RFC 3629: no surrogates, no
 * overlong forms, nothing above U+10FFFF), or n where all is. */
size_t utf8_check(const char *s, size_t n);

/* Below, s is valid UTF-8. */

/* The code point at *i, which is moved past it. *i < n. Here because whoever
 * reads text calls it for each character. */
static inline uint32_t utf8_next(const char *s, size_t n, size_t *i)
{
    const unsigned char *p = (const unsigned char *)s + *i;

    (void)n;
    if (p[0] < 0x80) {
        *i += 1;
        return p[0];
    }
    if (p[0] < 0xE0) {
        *i += 2;
        return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
    }
    if (p[0] < 0xF0) {
        *i += 3;
        return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
    }
    *i += 4;
    return (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
}

/* Code points in n bytes. */
size_t utf8_count(const char *s, size_t n);

/* Writes c, at most 4 bytes; the number written. c is a scalar value. */
size_t utf8_put(char *to, uint32_t c);

/* Line and column (code points), both from 1, of byte offset at. */
void utf8_position(const char *s, size_t at, size_t *line, size_t *column);

/* What offsets count in what is published. */
enum utf8_unit { UTF8_BYTES, UTF8_CODEPOINTS, UTF8_UTF16 };

/* Turns byte offsets of one text into another unit. Cheap for offsets that
 * come in rising order, never worse than one walk over 4 kB a call. */
struct utf8_offsets {
    const char *text;
    size_t len;
    enum utf8_unit unit;
    int ascii;        /* all bytes below 0x80: offsets are themselves */
    size_t at, count; /* the last byte offset asked for, and its answer */
    uint32_t *marks;  /* answers at every 4096 bytes, in the arena */
    size_t n_marks;
};

struct arena;

/* text stays the caller's and must outlive o. 0, or -1 without memory. */
int utf8_offsets_init(struct utf8_offsets *o, struct arena *a, const char *text, size_t len,
                      enum utf8_unit unit);

/* at <= len, on a character's edge. */
size_t utf8_offset(struct utf8_offsets *o, size_t at);

#endif
