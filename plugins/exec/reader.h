/* SPDX-License-Identifier: Apache-2.0
 *
 * exec/reader.h - the parts of a line of JSON, read one after another. Strings are decoded
 * into the scratch, each with a NUL: none is longer there than with its quotes in the line.
 * The hard rule: what is wrong is said with its column, counted in characters.
 */
#ifndef EXEC_READER_H
#define EXEC_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
    const char *begin, *at, *end; /* *end is a NUL */
    char *to;                     /* free in the scratch */
    char *why;
    size_t room;
};

/* -1, with "column N: " and what is wrong at that place. */
__attribute__((format(printf, 3, 4))) int reader_wrong(struct reader *r, const char *at,
                                                       const char *fmt, ...);

void reader_skip_blank(struct reader *r);

/* Whether that comes next, which is then behind. */
bool reader_next_is(struct reader *r, char c);
bool reader_next_is_word(struct reader *r, const char *word);

/* The same, where it must: 0, or -1 with why. */
int reader_expect(struct reader *r, char c, const char *where);

/* Behind the opening quote. NULL where it is wrong. */
const char *reader_string(struct reader *r);

const char *reader_expect_string(struct reader *r, const char *what);
int reader_expect_number(struct reader *r, const char *what, double *x);
int reader_expect_offset(struct reader *r, const char *what, uint32_t *offset);

/* The whole line must be UTF-8 without a NUL. */
int reader_check_utf8(struct reader *r);

#endif
