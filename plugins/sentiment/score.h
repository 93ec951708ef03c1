/* SPDX-License-Identifier: Apache-2.0
 *
 * score.h - the net over a sentence's features, and the document out of its
 * sentences. The hard rule: only sums over what was read, so time is linear.
 */
#ifndef SENTIMENT_SCORE_H
#define SENTIMENT_SCORE_H

#include "features.h"

/* What the net says: the rating, and the logits of the labels. */
enum { OUT_RATING, OUT_POSITIVE, OUT_NEUTRAL, OUT_NEGATIVE };

struct tone {
    float out[MODEL_OUTPUTS];
    float weight; /* of a sentence in its document; 0: nothing was said */
};

/* The net over f. */
void score_features(const struct model *m, const struct features *f, float out[MODEL_OUTPUTS]);

/* One sentence, in pieces where it is longer than FEATURES_TOKENS. */
void score_sentence(const struct model *m, struct features *room, const char *text,
                    const struct gloss_token *tokens, size_t n, struct tone *tone);

/* Adds a sentence to a document's tone, and at the end makes it their mean. */
void score_add(struct tone *document, const struct tone *sentence, float times);
void score_mean(struct tone *document);

/* OUT_POSITIVE, OUT_NEUTRAL or OUT_NEGATIVE, never against the rating's sign;
 * neutral (1: as learnt) is how readily it says neutral. */
int score_label(const struct tone *tone, float neutral);

/* The rating within -1..1. */
float score_rating(const struct tone *tone);

/* The weight of n words among others: more words say more, but not in proportion. */
float score_weight(size_t n_words);

#endif
