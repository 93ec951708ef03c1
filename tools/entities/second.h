/* SPDX-License-Identifier: Apache-2.0
 *
 * second.h - learning the second reading. What the first reading does with texts it has learned
 * from is no guide, so each part of the data is read by weights learned on the other parts.
 */
#ifndef TRAIN_SECOND_H
#define TRAIN_SECOND_H

#include "learn.h"

struct second {
    struct set set; /* votes as features */
    struct weights weights;
    float slope, offset; /* of confidence, see model.h */
};

/* first holds the averaged weights of the first reading; its moves are kept.
 * parts is how the parts are learned, course how the second reading is. */
void second_learn(struct second *to, const struct set *s, const struct documents *docs,
                  const struct weights *first, const struct course *parts,
                  const struct course *course);

#endif
