/* SPDX-License-Identifier: Apache-2.0
 *
 * words.h - from the tokens of a sentence to words of the model's table: lower
 * case, contractions and hyphens taken apart, phrases and emoticons put
 * together, stretched words shortened. The hard rule: never more words than
 * FEATURES_PIECES a token.
 */
#ifndef SENTIMENT_WORDS_H
#define SENTIMENT_WORDS_H

#include "features.h"

enum { WORD_CAPITALS = 1, WORD_PUNCT = 2 };

struct word {
    uint32_t id;
    uint8_t flags; /* what the model says: WORD_NEGATES.. */
    uint8_t marks; /* what the text says: WORD_CAPITALS, WORD_PUNCT */
};

/* Room for n * FEATURES_PIECES words; how many there are. */
size_t words_make(struct word *words, const struct model *m, const char *text,
                  const struct gloss_token *tokens, size_t n);

#endif
