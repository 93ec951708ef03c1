/* SPDX-License-Identifier: Apache-2.0
 *
 * exec/points.c - bytes of a text to code points and back. */
#include "points.h"

#include <stdbool.h>

static bool begins(const struct points *p, size_t i)
{
    return ((unsigned char)p->text[i] & 0xC0) != 0x80;
}

size_t points_size(size_t len)
{
    return (len / POINTS_STEP + 1) * sizeof(uint32_t);
}

void points_init(struct points *p, const char *text, size_t len, uint32_t *mark)
{
    *p = (struct points){text, len, 0, mark};
    for (size_t i = 0; i < len; i++) {
        if (i % POINTS_STEP == 0)
            mark[i / POINTS_STEP] = (uint32_t)p->n;
        p->n += begins(p, i);
    }
    if (len % POINTS_STEP == 0)
        mark[len / POINTS_STEP] = (uint32_t)p->n;
}

size_t points_of(const struct points *p, size_t byte)
{
    size_t n = p->mark[byte / POINTS_STEP];

    for (size_t i = byte - byte % POINTS_STEP; i < byte; i++)
        n += begins(p, i);
    return n;
}

size_t points_byte(const struct points *p, size_t point)
{
    size_t low = 0, high = p->len / POINTS_STEP + 1, i, n;

    while (high - low > 1) { /* the last mark at or before it */
        size_t middle = low + (high - low) / 2;

        if (p->mark[middle] <= point)
            low = middle;
        else
            high = middle;
    }
    i = low * POINTS_STEP;
    n = p->mark[low];
    while (i < p->len && (n < point || !begins(p, i)))
        n += begins(p, i++);
    return i;
}
