/* SPDX-License-Identifier: Apache-2.0
 *
 * exec/answer.h - what a command answers, one line of JSON, read strictly:
 *
 *   {"n": 17, "layer": [{"start": 0, "end": 5, "label": "x", "field": "title", ...}]}
 *   {"n": 17, "layer": null}, {"n": 17}, or {"n": 17, "error": "why"}
 *
 * The hard rule: what is not exactly that is refused with its column, and nothing is taken
 * of what does not carry the number of its question.
 */
#ifndef EXEC_ANSWER_H
#define EXEC_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ANSWER_ATTRS = 64 }; /* further keys of one annotation */

struct answer_attr {
    const char *key, *str; /* str is NULL where it is a number */
    double num;
};

struct answer_annot {
    bool title, whole; /* its span is in the title; it has none */
    uint32_t start, end;
    const char *label; /* NULL: none */
    double score;      /* NAN: none */
    struct answer_attr attr[ANSWER_ATTRS];
    size_t n_attr;
};

enum answer_kind {
    ANSWER_LAYER,   /* every annotation was taken */
    ANSWER_NOTHING, /* it has nothing to say about the document */
    ANSWER_ERROR,   /* it says why it failed */
    ANSWER_WRONG,   /* the line, or an annotation, is wrong */
    ANSWER_STRAY,   /* nobody knows to which question it is, or it is to another */
};

struct answer_ops {
    /* One annotation, valid in the call. 0, or -1 with why it can't be taken. */
    int (*take)(void *owner, const struct answer_annot *a, char *why, size_t room);
    void *owner;
};

/* Reads line[0..n-1], the answer to the question of that number; line[n] must be there and
 * becomes NUL. scratch has room for n + 1 bytes. why: the error, or "column 17: what is
 * wrong". */
enum answer_kind answer_read(char *line, size_t n, uint32_t number, char *scratch,
                             const struct answer_ops *ops, char *why, size_t room);

#endif
