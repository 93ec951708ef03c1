/* SPDX-License-Identifier: Apache-2.0
 *
 * features.h - what the model sees of a sentence: its words as numbers of the
 * table with what stands around them, and the facts counted over them. Shared
 * by the plugin and the trainer. The hard rule: the same sentence gives the same
 * features in both.
 */
#ifndef SENTIMENT_FEATURES_H
#define SENTIMENT_FEATURES_H

#include "model.h"

#include <gloss/plugin.h>

enum {
    FEATURES_TOKENS = 192, /* a longer sentence is taken in pieces */
    FEATURES_PIECES = 4,   /* words a token may become: ne'er-do-well */
    FEATURES_WORDS = FEATURES_TOKENS * FEATURES_PIECES,
};

/* Signals: what a filter sees of a word beside its row. */
enum { SIGNAL_NEGATED, SIGNAL_VALENCE, SIGNAL_STRENGTH, SIGNAL_CAPITALS };

struct feature_word {
    uint32_t id, flags; /* WORD_NEGATES.. */
    float weight;       /* of its valence: > 1 strengthened */
    float signal[MODEL_SIGNALS];
};

struct features {
    size_t n_words;
    float dense[MODEL_DENSE];
    struct feature_word words[FEATURES_WORDS];
};

/* Fills f from tokens[0..n), n <= FEATURES_TOKENS, of one sentence. */
void features_make(struct features *f, const struct model *m, const char *text,
                   const struct gloss_token *tokens, size_t n);

#endif
