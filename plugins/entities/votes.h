/* SPDX-License-Identifier: Apache-2.0
 *
 * votes.h - the second reading: what the first took a word for, here and elsewhere in the
 * document. The hard rule: as in evidence.h, constant work for each unit.
 */
#ifndef ENTITIES_VOTES_H
#define ENTITIES_VOTES_H

#include "block.h"
#include "features.h"

enum { FEATURES_VOTES = 8 }; /* at most, of one unit */

/* Of one spelling in lower case within the block. */
struct ballot {
    uint32_t block;        /* the number of the block this is about */
    uint8_t count[LABELS]; /* how often it got a label, up to 255 */
};

struct votes {
    struct ballot *ballots;
    uint32_t block;
};

/* Room for this many words. 0, or -1 without memory. */
int votes_init(struct votes *v, uint32_t words);
void votes_finish(struct votes *v);

/* Counts the labels of a block. */
void votes_read(struct votes *votes, const struct view *v, size_t n_units, const uint8_t *labels);

/* Features of unit i; none where it is not written like a name. */
size_t votes_features(const struct votes *votes, const struct view *v, const struct sentence *s,
                      size_t i, const uint8_t *labels, uint64_t *out);

#endif
