/* SPDX-License-Identifier: Apache-2.0
 *
 * exec/line.c - a line of JSON as it is written. */
#include "line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEEP ((size_t)1 << 20)

char *line_room(struct line *l, size_t n)
{
    size_t room = 2 * (l->n + n) + 4096;
    char *p;

    if (l->failed)
        return NULL;
    if (l->room - l->n >= n && l->p)
        return l->p + l->n;
    p = realloc(l->p, room);
    if (!p) {
        l->failed = true;
        return NULL;
    }
    l->p = p;
    l->room = room;
    return p + l->n;
}

void line_put(struct line *l, const char *s, size_t n)
{
    char *to = line_room(l, n);

    if (!to)
        return;
    memcpy(to, s, n);
    l->n += n;
}

void line_puts(struct line *l, const char *s)
{
    line_put(l, s, strlen(s));
}

static void put_escape(struct line *l, unsigned char c)
{
    char s[8];

    if (c == '"' || c == '\\')
        snprintf(s, sizeof s, "\\%c", c);
    else if (c == '\n')
        snprintf(s, sizeof s, "\\n");
    else
        snprintf(s, sizeof s, "\\u%04x", c);
    line_puts(l, s);
}

void line_put_string(struct line *l, const char *s, size_t n)
{
    size_t from = 0;

    line_put(l, "\"", 1);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        line_put(l, s + from, i - from);
        put_escape(l, c);
        from = i + 1;
    }
    line_put(l, s + from, n - from);
    line_put(l, "\"", 1);
}

void line_put_number(struct line *l, double x)
{
    char s[32];

    snprintf(s, sizeof s, "%.9g", x);
    line_puts(l, s);
}

void line_put_count(struct line *l, size_t n)
{
    char s[32];

    snprintf(s, sizeof s, "%zu", n);
    line_puts(l, s);
}

void line_clear(struct line *l)
{
    if (l->room > KEEP)
        line_finish(l);
    l->n = 0;
    l->failed = false;
}

void line_finish(struct line *l)
{
    free(l->p);
    memset(l, 0, sizeof *l);
}
