/* SPDX-License-Identifier: Apache-2.0
 *
 * features.h - what is known about a unit, as hashes. Training and running share this code.
 * The hard rule: a feature's hash depends on the text alone, never on what else was read, and a
 * change here makes a new model necessary.
 *
 * Most features belong to one word at one place of the window: their weights are summed once a
 * word and place. The rest, which join words, are made where a capital is near.
 */
#ifndef ENTITIES_FEATURES_H
#define ENTITIES_FEATURES_H

#include "units.h"
#include "words.h"

enum place {
    PLACE_HERE,
    PLACE_BEFORE,
    PLACE_AFTER,
    PLACE_BEFORE2,
    PLACE_AFTER2,
    PLACE_NEAR, /* anywhere in the NEAR units on each side */
    PLACES
};

enum { NEAR = 6 };
enum { FEATURES_WORD = 32, FEATURES_UNIT = 64 };

struct sentence {
    size_t begin, end; /* units */
    unsigned kind;     /* SENTENCE_* */
};

enum {
    SENTENCE_UPPER = 1, /* hardly a small letter in it */
    SENTENCE_OPEN = 2,  /* does not end as a sentence does: a headline, a line of a table */
    SENTENCE_SHORT = 4, /* a handful of words */
    SENTENCE_TITLED = 8 /* most longer words begin with a capital */
};

/* Units of a text and their words. */
struct view {
    const struct words *words;
    const struct unit *units;
    const struct table *names; /* or NULL */
};

static inline const struct word *view_word(const struct view *v, size_t unit)
{
    return &v->words->word[v->units[unit].word];
}

/* What can be told of units begin..end-1 as a sentence. */
struct sentence features_sentence(const struct view *v, size_t begin, size_t end);

/* Features of a word at a place; at most FEATURES_WORD. word 0 is the edge of the sentence. */
size_t features_word(const struct word *w, enum place place, uint64_t *out);

/* True where a unit is written like a name. */
static inline int features_notable(const struct view *v, size_t i)
{
    return v->units[i].kind & (WORD_CAPITAL | WORD_MIXED | WORD_UPPER);
}

/* True where unit i is one that features_unit has something to say about. */
int features_wanted(const struct view *v, const struct sentence *s, size_t i);

/* Features of unit i beyond those of single words; at most FEATURES_UNIT. */
size_t features_unit(const struct view *v, const struct sentence *s, size_t i, uint64_t *out);

#endif
