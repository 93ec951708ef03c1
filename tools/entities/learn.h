/* SPDX-License-Identifier: Apache-2.0
 *
 * learn.h - the structured averaged perceptron with margin, over sentences compiled to numbers.
 */
#ifndef TRAIN_LEARN_H
#define TRAIN_LEARN_H

#include "corpus.h"
#include "plugins/entities/block.h"
#include "plugins/entities/model.h"
#include "plugins/entities/viterbi.h"

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
    int part; /* of the data */
    unsigned style;
};

struct set {
    struct words words;
    const struct lattice *base;  /* scores that are given, of each unit; then there are no places */
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
    int moves_fixed;
    double step;
};

/* Compiles documents; features seen less than least times are dropped. */
void set_build(struct set *s, const struct documents *docs, int least, const struct table *clusters,
               const struct table *names);

/* The set of the second reading: s's units with votes for features, over scores that w gives to
 * parts it has not learned from. Labels of the first reading are left in first. */
void set_second(struct set *to, const struct set *s, const struct documents *docs,
                const struct lattice *base, const uint8_t *first);

void weights_init(struct weights *w, const struct set *s);
void weights_free(struct weights *w);

/* How to learn. */
struct course {
    int epochs;
    float margin;   /* by which right labels must win */
    float rate;     /* of a change */
    int without;    /* part whose examples are left out; -1: none */
    unsigned style; /* examples must have all of it */
};

void learn(struct weights *w, const struct set *s, const struct course *c);

/* Scores of e's units under w; margin is added to every label that is wrong. */
void learn_score(const struct weights *w, const struct set *s, const struct example *e,
                 float margin, struct lattice *out);

/* Replaces the rows by their averages. */
void weights_average(struct weights *w);

#endif
