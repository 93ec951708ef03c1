/* SPDX-License-Identifier: Apache-2.0
 *
 * json_put.c - JSON text, piece by piece. Without memory the pieces are dropped
 * and the output is marked, so that callers check once, at the end.
 */
#include "wire/json.h"
#include "wire/scan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void json_out_finish(struct json_out *o)
{
    if (!o)
        return;
    free(o->p);
    *o = (struct json_out){0};
}

/* Where n bytes can be written, or NULL. */
static char *reserve(struct json_out *o, size_t n)
{
    size_t room = o->room ? o->room : 512;
    char *p;

    if (o->failed)
        return NULL;
    if (n <= o->room - o->n)
        return o->p + o->n;
    while (room - o->n < n && room <= SIZE_MAX / 2)
        room *= 2;
    p = room - o->n < n ? NULL : realloc(o->p, room);
    if (!p) {
        o->failed = true;
        return NULL;
    }
    o->p = p;
    o->room = room;
    return p + o->n;
}

void json_put(struct json_out *o, const char *s, size_t n)
{
    char *to = reserve(o, n);

    if (!to || n == 0)
        return;
    memcpy(to, s, n);
    o->n += n;
}

void json_puts(struct json_out *o, const char *s)
{
    json_put(o, s, strlen(s));
}

static void escape(struct json_out *o, unsigned char c)
{
    static const char from[] = "\b\f\n\r\t\"\\", into[] = "bfnrt\"\\";
    const char *named = memchr(from, c, sizeof from - 1);
    char text[8];

    if (named)
        json_put(o, (char[]){'\\', into[named - from]}, 2);
    else
        json_put(o, text, (size_t)snprintf(text, sizeof text, "\\u%04X", c));
}

void json_put_string(struct json_out *o, const char *s, size_t n)
{
    size_t i = 0;

    if (!reserve(o, n + 2))
        return;
    json_put(o, "\"", 1);
    while (i < n) {
        size_t run = scan_plain(s + i, n - i);
        json_put(o, s + i, run);
        i += run;
        if (i < n)
            escape(o, (unsigned char)s[i++]);
    }
    json_put(o, "\"", 1);
}

void json_put_uint(struct json_out *o, uint64_t v)
{
    char text[20], *p = text + sizeof text;

    do {
        *--p = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    json_put(o, p, (size_t)(text + sizeof text - p));
}

/* v / 10^decimals, without zeros at its end. */
static void decimal(struct json_out *o, bool minus, uint64_t v, int decimals)
{
    char text[32], *p = text + sizeof text;

    for (; decimals > 0 && v % 10 == 0; decimals--)
        v /= 10;
    for (int i = 0; i < decimals; i++, v /= 10)
        *--p = (char)('0' + v % 10);
    if (decimals > 0)
        *--p = '.';
    do {
        *--p = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    if (minus)
        *--p = '-';
    json_put(o, p, (size_t)(text + sizeof text - p));
}

/* Numbers of few decimals, which is most: an integer below 2^53 divided by a
 * power of ten that is exact is what its decimal text reads back as. */
static bool few_decimals(struct json_out *o, double v)
{
    double scale = 1;

    for (int n = 0; n <= 7; n++, scale *= 10) {
        double t = rint(fabs(v) * scale);
        if (t >= 1e15)
            return false;
        if (t / scale == fabs(v)) {
            decimal(o, v < 0, (uint64_t)t, n);
            return true;
        }
    }
    return false;
}

void json_put_number(struct json_out *o, double v)
{
    char text[40];
    int n = 0;

    if (!isfinite(v)) {
        json_puts(o, "null");
        return;
    }
    if (few_decimals(o, v))
        return;
    for (int precision = 1; precision <= 17; precision++) {
        n = snprintf(text, sizeof text, "%.*g", precision, v);
        if (strtod(text, NULL) == v)
            break;
    }
    json_put(o, text, (size_t)n);
}

void json_put_score(struct json_out *o, double v)
{
    double t = rint(fabs(v) * 1e4);

    if (t < 1e15)
        decimal(o, v < 0 && t > 0, (uint64_t)t, 4);
    else
        json_put_number(o, v);
}
