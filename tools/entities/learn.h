/* SPDX-License-Identifier: Apache-2.0
 *
 * learn.h - the structured averaged perceptron with margin, over sentences compiled to numbers.
 */
#ifndef TRAIN_LEARN_H
#define TRAIN_LEARN_H

#include "corpus.h"
#include "plugins/entities/block.h"
#include "plugins/entities/model.h"

/* A list of lists of feature numbers. */
struct lists {
    uint32_t *at; /* where list i begins; at[n] the end of the last */
    size_t n, at_room;
    uint32_t *items;
    size_t items_room;
};

struct example {
    size_t begin, end; /* units */
    float weight;
    unsigned types;
    int part; /* which part of the data it belongs to: for learning on the others */
};

struct set {
    struct words words;
    struct lists places[PLACES]; /* features of each word at each place */
    struct lists joined;         /* features of each unit */
    uint32_t *word;              /* of each unit */
    uint8_t *label;
    size_t n_units, units_room;
    struct example *examples;
    size_t n_examples, examples_room;

    uint64_t *hash; /* of each feature */
    uint32_t n_features;
};

struct weights {
    uint32_t n;
    float (*row)[ROW];   /* as they are */
    float (*total)[ROW]; /* step * change, for the average */
    float moves[LABELS * LABELS], moves_total[LABELS * LABELS];
    uint8_t *off; /* features that are not used, or NULL */
    double step;
};

/* Compiles documents; features seen less than least times are dropped. */
void set_build(struct set *s, const struct documents *docs, int least, const struct table *clusters,
               const struct table *names);

void weights_init(struct weights *w, const struct set *s);
void weights_free(struct weights *w);

/* Runs over all examples but those of part `without` (-1: none is left out). */
void learn(struct weights *w, const struct set *s, int epochs, float margin, int without);

/* Replaces the rows by their averages. */
void weights_average(struct weights *w);

#endif
