/* SPDX-License-Identifier: Apache-2.0
 *
 * evidence.h - what the rest of the document says about a word: how else it is written there,
 * beside what, and whether it is made of a name's initials. The hard rule: constant work for
 * each unit, whatever is repeated how often.
 */
#ifndef ENTITIES_EVIDENCE_H
#define ENTITIES_EVIDENCE_H

#include "block.h"
#include "features.h"

enum { OTHERS = 3 };             /* occurrences elsewhere that are looked at */
enum { FEATURES_EVIDENCE = 32 }; /* at most, of one unit */

/* Of one spelling in lower case within the block. */
struct fold {
    uint32_t block; /* the number of the block this is about; another: nothing is known */
    uint8_t small, first, middle, upper; /* how often, up to 255: in small letters, with a capital
                                            at a sentence's start, inside it, all capitals */
    uint32_t seen[OTHERS + 1];           /* the first units, + 1, written with a capital */
    uint64_t initials_of;                /* the last word of the name it abbreviates, 0: none */
};

struct evidence {
    struct fold *folds;
    uint32_t block;
    uint8_t buckets[256]; /* of words_slot.bucket: set where such a word has a capital */
};

/* Room for this many words. 0, or -1 without memory. */
int evidence_init(struct evidence *e, uint32_t words);
void evidence_finish(struct evidence *e);

/* Reads a block, and marks units of names that are abbreviated in it. */
void evidence_read(struct evidence *e, const struct block *b, const struct words *words);

/* Features of unit i; none where it is not written like a name. */
size_t evidence_features(const struct evidence *e, const struct view *v, const struct block *b,
                         const struct sentence *s, size_t i, uint64_t *out);

#endif
