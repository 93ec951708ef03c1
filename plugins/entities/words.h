/* SPDX-License-Identifier: Apache-2.0
 *
 * words.h - the table of words: each spelling once, with what can be told from the spelling
 * alone. The hard rule: it never grows; who fills it clears it when it is full.
 */
#ifndef ENTITIES_WORDS_H
#define ENTITIES_WORDS_H

#include "model.h"

#include <stddef.h>
#include <stdint.h>

enum {
    WORD_CAPITAL = 1, /* its first letter is one */
    WORD_UPPER = 2,   /* two letters or more, all capitals */
    WORD_MIXED = 4,   /* a capital behind a small letter */
    WORD_LOWER = 8,   /* begins with a small letter */
    WORD_DIGIT = 16,  /* has a digit */
    WORD_MARK = 32,   /* neither letter nor digit in it */
};

enum { AFFIXES = 4 };

struct word {
    uint64_t form, lower;                      /* hashes of the spelling, and of it in lower case */
    uint64_t shape, runs;                      /* hashes: "Xxxxx-dd" up to four a run, and "Xx-d" */
    uint32_t prefix[AFFIXES], suffix[AFFIXES]; /* hashes of 1 to 4 characters; 0: too short */
    uint32_t initial;                          /* its first code point, in lower case */
    uint32_t fold;                             /* number of the spelling in lower case */
    struct cluster cluster;                    /* 0, 0: in none */
    uint8_t names;                             /* NAME_* of the word by itself */
    uint8_t kind;                              /* WORD_* */
    uint8_t size;                              /* characters, at most 255 */
};

/* What is asked of every word, side by side, since most are asked no more. */
struct words_slot {
    uint64_t form;   /* hash of the spelling */
    uint32_t number; /* 0: free */
    uint8_t kind, size;
    uint8_t bucket; /* a few bits of the hash in lower case */
};

struct words {
    struct word *word; /* word[0] stands before and behind a sentence */
    uint32_t n, room;
    struct words_slot *slots; /* open addressing */
    uint64_t *folds;          /* open addressing: hash in lower case, 0 where free */
    uint32_t *fold_no;        /* the number of each, 1 for the first */
    uint32_t mask, n_folds;
    const struct table *clusters, *names; /* may be NULL */
};

/* Room for this many words. 0, or -1 without memory. */
int words_init(struct words *w, uint32_t room);
void words_finish(struct words *w);

/* Forgets all words. */
void words_clear(struct words *w);

/* The word's slot, made where it is new; the caller sees to it that there is room. n > 0. */
const struct words_slot *words_find(struct words *w, const char *s, size_t n);

/* The number of a spelling in lower case by its hash; 0 where no word has it. */
uint32_t words_fold(const struct words *w, uint64_t lower);

/* The code point of valid UTF-8 at *i, which is moved past it; and one in lower case. */
uint32_t word_next(const char *s, size_t n, size_t *i);
uint32_t word_lower(uint32_t c);

#endif
