/* SPDX-License-Identifier: Apache-2.0
 *
 * model.h - the model file: a table of words and a small net above it, used in
 * place as it is mapped. The hard rule: nothing of a file is used before
 * model_check has found every size and number in it right.
 */
#ifndef SENTIMENT_MODEL_H
#define SENTIMENT_MODEL_H

#include <stddef.h>
#include <stdint.h>

enum {
    MODEL_VERSION = 1,
    MODEL_LEXICONS = 7, /* columns of valence a word has; the last is for every word */
    MODEL_LANES = 8,    /* room for them, so that all are added at once */
    MODEL_FILTERS = 32,
    MODEL_WINDOW = 3,
    MODEL_SIGNALS = 4, /* what a filter sees of a word beside its row */
    MODEL_DENSE = 54,  /* facts of a sentence, see features.h */
    MODEL_OUTPUTS = 4, /* the score, and a logit a label */
    MODEL_UNKNOWN = 0, /* the word that stands for those not known */
    MODEL_POOLED = 2 * MODEL_FILTERS,
    MODEL_INPUTS = MODEL_POOLED + MODEL_DENSE,
};

/* What a word does to its neighbours. */
enum {
    WORD_NEGATES = 1,     /* not, never, without */
    WORD_STRENGTHENS = 2, /* very, extremely */
    WORD_WEAKENS = 4,     /* somewhat, slightly */
    WORD_TURNS = 8,       /* but, however: what follows counts more */
    WORD_ENDS = 16,       /* , ; ( ): the end of a negation's reach */
    WORD_OPENS = 32,      /* a phrase of the table may begin here */
};

struct model_word {
    int8_t lexicon[MODEL_LANES];             /* valence in 1/127 */
    int8_t row[MODEL_WINDOW][MODEL_FILTERS]; /* as the last, this, the next word */
};

/* A place of the hash table. id is MODEL_UNKNOWN where it is free. */
struct model_slot {
    uint32_t check; /* upper half of the word's hash */
    uint32_t id : 24, flags : 8;
};

/* The net: sums of rows, scaled, above zero; their mean and greatest over the
 * sentence beside the dense facts; one linear layer. */
struct model_net {
    float scale[MODEL_FILTERS], bias[MODEL_FILTERS];
    float signal[MODEL_SIGNALS][MODEL_FILTERS];
    float out[MODEL_INPUTS][MODEL_OUTPUTS], out_bias[MODEL_OUTPUTS];
};

/* The file: this, then n_slots slots, then n_words words. Little-endian. */
struct model_file {
    char magic[8];
    uint32_t version, byte_order;
    uint32_t n_words, n_slots; /* n_slots is a power of two, more than n_words */
    uint32_t word_size;
    uint32_t checksum; /* of all that follows */
    struct model_net net;
};

#define MODEL_MAGIC      "GLOSSSEN"
#define MODEL_BYTE_ORDER UINT32_C(0x01020304)
#define MODEL_SUMMED     offsetof(struct model_file, net)
uint32_t model_sum(const void *bytes, size_t n);

struct model {
    const struct model_net *net;
    const struct model_slot *slots;
    const struct model_word *words;
    uint32_t n_words, mask;
};

/* Takes a mapped file apart. NULL, or what is wrong with it. */
const char *model_check(struct model *m, const void *file, size_t len);

/* The hash of a word, and of the phrase that a word makes with those before it. */
uint64_t model_hash(const char *word, size_t n);
static inline uint64_t model_join(uint64_t phrase, uint64_t word)
{
    return (phrase ^ phrase >> 32) * UINT64_C(0x9e3779b97f4a7c15) + word;
}

/* Where the search for a hash begins. */
static inline uint32_t model_slot(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 17);
}

/* The word's place, or a free one: its id is MODEL_UNKNOWN then. */
const struct model_slot *model_find(const struct model *m, uint64_t hash);

#endif
