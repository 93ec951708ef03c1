/* SPDX-License-Identifier: Apache-2.0
 *
 * utf8.c - see utf8.h. Most text is mostly ASCII, so that is passed over sixteen
 * bytes at a time (eight where the machine has no SSE2).
 */
#include "text/utf8.h"

#include "text/arena.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { MARK_EVERY = 4096 };

/* Bytes below 0x80 at the front of s, rounded down to whole steps. */
static size_t ascii_run(const char *s, size_t n)
{
    size_t i = 0;

#ifdef __SSE2__
    for (; n - i >= 16; i += 16)
        if (_mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(s + i))))
            return i;
#else
    for (; n - i >= 8; i += 8) {
        uint64_t word;
        memcpy(&word, s + i, 8);
        if (word & UINT64_C(0x8080808080808080))
            return i;
    }
#endif
    return i;
}

/* Length of the well-formed character at p (Unicode 15, table 3-7), or 0. */
static size_t well_formed(const unsigned char *p, size_t n)
{
    unsigned low = 0x80, high = 0xBF;
    size_t len = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xC2 || p[0] > 0xF4 || n < len)
        return 0;
    switch (p[0]) {
    case 0xE0:
        low = 0xA0;
        break;
    case 0xED:
        high = 0x9F;
        break;
    case 0xF0:
        low = 0x90;
        break;
    case 0xF4:
        high = 0x8F;
        break;
    }
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return len;
}

size_t utf8_check(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n) {
        size_t run = (unsigned char)s[i] < 0x80 ? ascii_run(s + i, n - i) : 0;
        size_t stop = n - i - run > 16 ? i + run + 16 : n;
        for (i += run; i < stop;) {
            size_t len = well_formed((const unsigned char *)s + i, n - i);
            if (!len)
                return i;
            i += len;
        }
    }
    return n;
}

#ifdef __SSE2__
/* Counts, in whole steps of 16 bytes, those that begin a character; and once
 * more those that begin one outside the BMP, where wide is 1. *i is moved past. */
static size_t count_steps(const char *s, size_t n, size_t *i, int wide)
{
    const __m128i continuation = _mm_set1_epi8((char)0xBF), four = _mm_set1_epi8((char)0xF0);
    const __m128i zero = _mm_setzero_si128();
    __m128i sums = zero;

    while (n - *i >= 16) {
        __m128i bytes = zero;
        size_t stop = n - *i < 16 * 100 ? n : *i + 16 * 100;
        for (; stop - *i >= 16; *i += 16) {
            __m128i v = _mm_loadu_si128((const __m128i *)(s + *i));
            bytes = _mm_sub_epi8(bytes, _mm_cmpgt_epi8(v, continuation));
            if (wide)
                bytes = _mm_sub_epi8(bytes, _mm_cmpeq_epi8(_mm_max_epu8(v, four), v));
        }
        sums = _mm_add_epi64(sums, _mm_sad_epu8(bytes, zero));
    }
    return (size_t)(_mm_cvtsi128_si64(sums) + _mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums)));
}
#else
static size_t count_steps(const char *s, size_t n, size_t *i, int wide)
{
    (void)s, (void)n, (void)i, (void)wide;
    return 0;
}
#endif

/* The same of eight bytes: bit 0 of each byte says whether it begins one. */
static size_t count_eight(const char *s, int wide)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t v, begins, four;

    memcpy(&v, s, 8);
    begins = (~(v >> 7) | v >> 6) & ones;
    four = wide ? v >> 7 & v >> 6 & v >> 5 & v >> 4 & ones : 0;
    return (begins * ones >> 56) + (four * ones >> 56);
}

static size_t count_units(const char *s, size_t n, int wide)
{
    size_t i = 0, units = count_steps(s, n, &i, wide);

    for (; n - i >= 8; i += 8)
        units += count_eight(s + i, wide);
    for (; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        units += (c & 0xC0) != 0x80;
        units += wide && c >= 0xF0;
    }
    return units;
}

size_t utf8_count(const char *s, size_t n)
{
    return count_units(s, n, 0);
}

size_t utf8_put(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xC0 | c >> 6);
        to[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xE0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 0x3F));
        to[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    to[0] = (char)(0xF0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 0x3F));
    to[2] = (char)(0x80 | (c >> 6 & 0x3F));
    to[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

void utf8_position(const char *s, size_t at, size_t *line, size_t *column)
{
    const char *begin = s, *end = s + at, *nl;

    *line = 1;
    while (begin < end && (nl = memchr(begin, '\n', (size_t)(end - begin)))) {
        ++*line;
        begin = nl + 1;
    }
    *column = utf8_count(begin, (size_t)(end - begin)) + 1;
}

int utf8_offsets_init(struct utf8_offsets *o, struct arena *a, const char *text, size_t len,
                      enum utf8_unit unit)
{
    int wide = unit == UTF8_UTF16;
    size_t count = 0;

    *o = (struct utf8_offsets){.text = text, .len = len, .unit = unit};
    if (unit == UTF8_BYTES || ascii_run(text, len) + 16 > len) {
        o->ascii = unit == UTF8_BYTES || utf8_count(text, len) == len;
        if (o->ascii)
            return 0;
    }
    o->marks = arena_alloc(a, (len / MARK_EVERY + 1) * sizeof(*o->marks));
    if (!o->marks)
        return -1;
    for (size_t at = 0; at <= len; at += MARK_EVERY) {
        size_t step = len - at < MARK_EVERY ? len - at : MARK_EVERY;
        o->marks[o->n_marks++] = (uint32_t)count;
        count += count_units(text + at, step, wide);
    }
    return 0;
}

size_t utf8_offset(struct utf8_offsets *o, size_t at)
{
    if (o->ascii)
        return at;
    if (at < o->at || at - o->at > MARK_EVERY) {
        o->at = at / MARK_EVERY * MARK_EVERY;
        o->count = o->marks[at / MARK_EVERY];
    }
    o->count += count_units(o->text + o->at, at - o->at, o->unit == UTF8_UTF16);
    o->at = at;
    return o->count;
}
