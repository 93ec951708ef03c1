/* SPDX-License-Identifier: Apache-2.0
 *
 * exec/points.h - bytes of a text to code points and back. The hard rule: a walk is never
 * longer than the distance of two marks, in whatever order offsets come.
 */
#ifndef EXEC_POINTS_H
#define EXEC_POINTS_H

#include <stddef.h>
#include <stdint.h>

enum { POINTS_STEP = 256 }; /* bytes from mark to mark */

struct points {
    const char *text; /* valid UTF-8 */
    size_t len, n;    /* bytes; code points */
    uint32_t *mark;   /* code points that begin before each POINTS_STEP bytes */
};

/* The memory that points_init needs for the marks of len bytes. */
size_t points_size(size_t len);
void points_init(struct points *p, const char *text, size_t len, uint32_t *mark);

size_t points_of(const struct points *p, size_t byte);    /* byte <= len, on an edge */
size_t points_byte(const struct points *p, size_t point); /* point <= n */

#endif
