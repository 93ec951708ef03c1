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
    uint8_t flags;
    int8_t lexicon[MODEL_LEXICONS];          /* valence in 1/127 */
    int8_t row[MODEL_WINDOW][MODEL_FILTERS]; /* as the next, this, the last word */
};

struct model_slot {
    uint32_t check; /* upper half of the key's hash; 0 where id is UNKNOWN */
    uint32_t id;
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

/* The hash of n bytes, going on from an earlier one (first: MODEL_SEED). */
#define MODEL_SEED UINT64_C(0xcbf29ce484222325)
uint64_t model_hash(uint64_t h, const char *s, size_t n);

/* Where the search for a hash begins. */
static inline uint32_t model_slot(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 17);
}

/* The word's number, or MODEL_UNKNOWN. */
uint32_t model_find(const struct model *m, uint64_t hash);

#endif
