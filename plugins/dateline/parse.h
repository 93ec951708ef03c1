/* SPDX-License-Identifier: Apache-2.0
 *
 * parse.h - what the parts of the grammar share: where they stand in the pieces, and
 * what they have found. The hard rule: who reads a part moves at behind it, or leaves
 * everything as it was.
 */
#ifndef DATELINE_PARSE_H
#define DATELINE_PARSE_H

#include "wire.h"

struct parse {
    const struct wire *w;
    const struct lex *x;
    size_t at;
    unsigned evidence; /* of judge.h */
    struct dateline *d;
};

static inline const struct lex_piece *piece(const struct parse *s, size_t i)
{
    return &s->x->piece[i <= s->x->n ? i : s->x->n];
}

static inline int kind(const struct parse *s, size_t i)
{
    return piece(s, i)->kind;
}

static inline bool any(const struct parse *s, size_t i, const char *const *words)
{
    for (; *words; words++)
        if (lex_is(s->x, i, *words))
            return true;
    return false;
}

#endif
