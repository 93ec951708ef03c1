/* SPDX-License-Identifier: Apache-2.0
 *
 * exec/line.h - a line of JSON as it is written: a buffer that grows. The hard rule: once
 * there was no memory nothing more is put, and that is asked for once, at the end.
 */
#ifndef EXEC_LINE_H
#define EXEC_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct line {
    char *p;
    size_t n, room;
    bool failed;
};

void line_put(struct line *l, const char *s, size_t n);
void line_puts(struct line *l, const char *s);

/* A JSON string of n bytes of UTF-8, with its quotes. */
void line_put_string(struct line *l, const char *s, size_t n);

void line_put_number(struct line *l, double x);
void line_put_count(struct line *l, size_t n);

/* Room for n bytes more behind what is there; NULL without memory. */
char *line_room(struct line *l, size_t n);

/* Empties it; a large one gives its memory back. */
void line_clear(struct line *l);
void line_finish(struct line *l);

#endif
