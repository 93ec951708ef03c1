/* SPDX-License-Identifier: Apache-2.0
 *
 * block.h - the stretch of a document that is tagged at once: whole sentences, cut into units.
 * The hard rule: of fixed size, so that a document of any length takes the same memory.
 */
#ifndef ENTITIES_BLOCK_H
#define ENTITIES_BLOCK_H

#include "features.h"
#include "units.h"
#include "words.h"

enum { BLOCK_UNITS = 8192 };

struct block {
    const char *text;
    struct unit *units;
    size_t n_units;
    struct sentence *sentences;
    size_t n_sentences;
};

/* 0, or -1 without memory. */
int block_init(struct block *b);
void block_finish(struct block *b);

/* Takes tokens of text until the block is full or they are used up; their words are added to
 * words, which must have room for BLOCK_UNITS more. How many tokens were taken: not 0, and only
 * whole sentences unless one alone is too long. n > 0. */
size_t block_read(struct block *b, struct words *words, const char *text,
                  const struct gloss_token *tokens, size_t n);

static inline struct view block_view(const struct block *b, const struct words *words)
{
    return (struct view){words, b->units, words->names};
}

#endif
