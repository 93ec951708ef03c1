/* SPDX-License-Identifier: Apache-2.0
 *
 * viterbi.h - the best labels of a sentence, and by how much they are best. The hard rule: only
 * sequences that spell whole names are considered.
 */
#ifndef ENTITIES_VITERBI_H
#define ENTITIES_VITERBI_H

#include "model.h"

#include <stddef.h>
#include <stdint.h>

/* Scores of labels; label 0 of every unit is 0 unless the caller puts something there. */
struct lattice {
    float score[LABELS];
    int outside; /* no other label is thought of, which spares most of the work */
};

/* What viterbi_best writes on the way; the caller's, one for each unit. */
struct trellis {
    float best[LABELS]; /* of the paths that end here with a label */
    uint8_t from[LABELS];
};

/* Moves between labels, as model_head.moves has them and as the work is done. */
struct moves {
    const float *all;
    float edges[1 + 2 * TYPES][12]; /* from a label that ends a name to one that begins one */
    float backs[1 + 2 * TYPES][12]; /* the same, to (row) and from */
};

/* all stays the caller's. */
void viterbi_prepare(struct moves *m, const float *all);

/* Labels of n > 0 units. */
void viterbi_best(const struct lattice *in, size_t n, const struct moves *moves, struct trellis *t,
                  uint8_t *labels);

/* After viterbi_best: what is lost where unit i must not have the label it got.. */
void viterbi_margins(const struct lattice *in, size_t n, const struct moves *moves,
                     const struct trellis *t, const uint8_t *labels, float *margins);

#endif
