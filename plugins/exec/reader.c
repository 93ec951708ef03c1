/* SPDX-License-Identifier: Apache-2.0
 *
 * exec/reader.c - the parts of a line of JSON. */
#include "reader.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- faults */

int reader_wrong(struct reader *r, const char *at, const char *fmt, ...)
{
    size_t column = 1;
    va_list ap;
    int n;

    for (const char *p = r->begin; p < at; p++)
        column += ((unsigned char)*p & 0xC0) != 0x80;
    n = snprintf(r->why, r->room, "column %zu: ", column);
    va_start(ap, fmt);
    vsnprintf(r->why + n, r->room - (size_t)n, fmt, ap);
    va_end(ap);
    return -1;
}

/* ---- marks */

void reader_skip_blank(struct reader *r)
{
    r->at += strspn(r->at, " \t\r");
}

bool reader_next_is(struct reader *r, char c)
{
    reader_skip_blank(r);
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

int reader_expect(struct reader *r, char c, const char *where)
{
    return reader_next_is(r, c) ? 0 : reader_wrong(r, r->at, "a %c is missing %s", c, where);
}

bool reader_next_is_word(struct reader *r, const char *word)
{
    size_t n = strlen(word);

    reader_skip_blank(r);
    if (strncmp(r->at, word, n) != 0)
        return false;
    r->at += n;
    return true;
}

/* ---- strings */

static int hex4(const char *s)
{
    int c = 0;

    for (int i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdef", *d;
        char low = (char)(s[i] | 0x20);

        d = s[i] ? strchr(digits, s[i] >= 'A' ? low : s[i]) : NULL;
        if (!d)
            return -1;
        c = 16 * c + (int)(d - digits);
    }
    return c;
}

static void put_point(struct reader *r, unsigned c)
{
    if (c < 0x80) {
        *r->to++ = (char)c;
    } else if (c < 0x800) {
        *r->to++ = (char)(0xC0 | c >> 6);
        *r->to++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *r->to++ = (char)(0xE0 | c >> 12);
        *r->to++ = (char)(0x80 | (c >> 6 & 0x3F));
        *r->to++ = (char)(0x80 | (c & 0x3F));
    } else {
        *r->to++ = (char)(0xF0 | c >> 18);
        *r->to++ = (char)(0x80 | (c >> 12 & 0x3F));
        *r->to++ = (char)(0x80 | (c >> 6 & 0x3F));
        *r->to++ = (char)(0x80 | (c & 0x3F));
    }
}

/* After \u; a pair of surrogates is one character. */
static int read_point(struct reader *r)
{
    const char *start = r->at - 2;
    int c = r->end - r->at < 4 ? -1 : hex4(r->at), low;

    if (c < 0)
        return reader_wrong(r, start, "\\u must have four hexadecimal digits");
    r->at += 4;
    if (c >= 0xD800 && c < 0xDC00 && r->end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u') {
        low = hex4(r->at + 2);
        if (low >= 0xDC00 && low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            r->at += 6;
        }
    }
    if (c >= 0xD800 && c < 0xE000)
        return reader_wrong(r, start, "half a surrogate pair is no character");
    if (c == 0)
        return reader_wrong(r, start, "a NUL can't be in a string");
    put_point(r, (unsigned)c);
    return 0;
}

static int read_escape(struct reader *r)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *c;

    if (r->at == r->end)
        return reader_wrong(r, r->at, "the string does not end");
    if (*r->at == 'u') {
        r->at++;
        return read_point(r);
    }
    c = *r->at ? strchr(from, *r->at) : NULL;
    if (!c)
        return reader_wrong(r, r->at - 1, "there is no such escape");
    *r->to++ = to[c - from];
    r->at++;
    return 0;
}

/* Behind the opening quote. NULL where it is wrong. */
const char *reader_string(struct reader *r)
{
    char *s = r->to;

    for (;;) {
        if (r->at == r->end) {
            reader_wrong(r, r->at, "the string does not end");
            return NULL;
        }
        if (*r->at == '"')
            break;
        if ((unsigned char)*r->at < 0x20) {
            reader_wrong(r, r->at, "a control character must be escaped");
            return NULL;
        }
        if (*r->at != '\\')
            *r->to++ = *r->at++;
        else if (r->at++, read_escape(r) < 0)
            return NULL;
    }
    r->at++;
    *r->to++ = '\0';
    return s;
}

const char *reader_expect_string(struct reader *r, const char *what)
{
    if (reader_next_is(r, '"'))
        return reader_string(r);
    reader_wrong(r, r->at, "%s must be a string", what);
    return NULL;
}

/* ---- numbers */

static size_t digits(const char *s)
{
    return strspn(s, "0123456789");
}

/* As JSON has them: the length, or 0. */
static size_t number_length(const char *s)
{
    size_t n = *s == '-', d = digits(s + n);

    if (d == 0 || (d > 1 && s[n] == '0'))
        return 0;
    n += d;
    if (s[n] == '.') {
        d = digits(s + n + 1);
        if (d == 0)
            return 0;
        n += 1 + d;
    }
    if (s[n] == 'e' || s[n] == 'E') {
        size_t sign = s[n + 1] == '+' || s[n + 1] == '-';

        d = digits(s + n + 1 + sign);
        if (d == 0)
            return 0;
        n += 1 + sign + d;
    }
    return n;
}

int reader_expect_number(struct reader *r, const char *what, double *x)
{
    size_t n;

    reader_skip_blank(r);
    n = number_length(r->at);
    if (n == 0)
        return reader_wrong(r, r->at, "%s must be a number", what);
    *x = strtod(r->at, NULL);
    if (!isfinite(*x))
        return reader_wrong(r, r->at, "%s is too large", what);
    r->at += n;
    return 0;
}

int reader_expect_offset(struct reader *r, const char *what, uint32_t *offset)
{
    const char *at;
    double x = 0;

    reader_skip_blank(r);
    at = r->at;
    if (reader_expect_number(r, what, &x) < 0)
        return -1;
    if (x < 0 || x >= UINT32_MAX || x != floor(x))
        return reader_wrong(r, at, "%s must be a whole number of code points", what);
    *offset = (uint32_t)x;
    return 0;
}

/* ---- UTF-8 */

/* The bytes of the character at p as UTF-8 must have them (RFC 3629), or 0. */
static size_t character(const unsigned char *p, size_t n)
{
    static const struct {
        unsigned char low, high, second_low, second_high;
        size_t n;
    } kind[] = {
        {0x01, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};

    for (size_t k = 0; k < sizeof kind / sizeof *kind; k++) {
        if (p[0] < kind[k].low || p[0] > kind[k].high || kind[k].n > n)
            continue;
        if (kind[k].n > 1 && (p[1] < kind[k].second_low || p[1] > kind[k].second_high))
            return 0;
        for (size_t i = 2; i < kind[k].n; i++)
            if ((p[i] & 0xC0) != 0x80)
                return 0;
        return kind[k].n;
    }
    return 0;
}

int reader_check_utf8(struct reader *r)
{
    for (const char *p = r->begin; p < r->end;) {
        size_t n = character((const unsigned char *)p, (size_t)(r->end - p));

        if (n == 0)
            return reader_wrong(r, p, *p ? "it is not UTF-8" : "a NUL can't be in an answer");
        p += n;
    }
    return 0;
}
