/* SPDX-License-Identifier: Apache-2.0
 *
 * features.c - see features.h. */
#include "features.h"

#include "words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    REACH = 5, /* words a negation turns at most */
    PER_LEXICON = 7,
    GENERAL = MODEL_LEXICONS * PER_LEXICON,
    ALL = MODEL_LEXICONS - 1, /* the column every word has */
};

static const float negated_good = -0.7f, negated_bad = -0.3f;
static const int telling = 25; /* a valence that would be heard, in 1/127 */
static const float strong = 1.3f, weak = 0.65f, capital = 1.3f;
static const float before_turn = 0.6f, after_turn = 1.3f;

/* What goes on at a word, from the words before it. */
struct state {
    int negation;   /* words its reach still has */
    float strength; /* of the word to come */
    int since;      /* words since the one that set strength */
};

static void weigh(struct feature_word *w, const struct word *word, struct state *now, int mixed)
{
    uint32_t flags = word->flags;
    int loud = mixed && word->marks & WORD_CAPITALS;

    if (flags & WORD_ENDS)
        now->negation = 0;
    w->weight = now->strength * (loud ? capital : 1);
    w->signal[SIGNAL_NEGATED] = now->negation > 0;
    w->signal[SIGNAL_STRENGTH] = now->strength - 1;
    w->signal[SIGNAL_CAPITALS] = loud;
    now->negation -= now->negation > 0;
    if (flags & WORD_NEGATES)
        now->negation = now->negation > 0 ? 0 : REACH;
    if (flags & (WORD_STRENGTHENS | WORD_WEAKENS)) {
        now->strength = flags & WORD_STRENGTHENS ? strong : weak;
        now->since = 0;
    } else if (++now->since > 1 || flags & WORD_ENDS) {
        now->strength = 1;
    }
}

/* Capitals say something only where not everything is in them. */
static int has_mixed_case(const struct word *words, size_t n)
{
    size_t upper = 0, other = 0;

    for (size_t i = 0; i < n; i++) {
        upper += words[i].marks & WORD_CAPITALS;
        other += !(words[i].marks & (WORD_CAPITALS | WORD_PUNCT));
    }
    return upper > 0 && other > upper;
}

/* Up to the last word that turns the sentence things count less, then more. */
static size_t weigh_turn(struct features *f)
{
    size_t turn = 0;

    for (size_t i = 1; i + 1 < f->n_words; i++)
        if (f->words[i].flags & WORD_TURNS)
            turn = i;
    for (size_t i = 0; turn && i < f->n_words; i++)
        f->words[i].weight *= i < turn ? before_turn : after_turn;
    return turn;
}

/* What is counted of each lexicon. */
struct sums {
    float up[MODEL_LANES], down[MODEL_LANES], most[MODEL_LANES], least[MODEL_LANES];
    float late[MODEL_LANES]; /* from the last turn on */
};

/* Not good is bad; not bad is little more than nothing. */
static void sum_word(struct sums *s, struct feature_word *w, const int8_t *lexicon, float late)
{
    int turned = w->signal[SIGNAL_NEGATED] != 0;
    float good = w->weight / 127 * (turned ? negated_good : 1);
    float bad = w->weight / 127 * (turned ? negated_bad : 1);
    float v[MODEL_LANES];

    for (size_t k = 0; k < MODEL_LANES; k++) {
        float x = lexicon[k];

        v[k] = x * (x > 0 ? good : bad);
    }
    for (size_t k = 0; k < MODEL_LANES; k++) {
        s->up[k] += v[k] > 0 ? v[k] : 0;
        s->down[k] += v[k] < 0 ? v[k] : 0;
        s->most[k] = v[k] > s->most[k] ? v[k] : s->most[k];
        s->least[k] = v[k] < s->least[k] ? v[k] : s->least[k];
        s->late[k] += late * v[k];
    }
    w->signal[SIGNAL_VALENCE] = v[ALL];
    if (turned && abs(lexicon[ALL]) > telling)
        w->id = MODEL_UNKNOWN; /* to the filters: they would hear danger in "no danger" */
}

static void count_lexicons(struct features *f, const struct model *m, size_t turn)
{
    float root = sqrtf((float)f->n_words + 1), *d = f->dense;
    struct sums s = {{0}, {0}, {0}, {0}, {0}};

    for (size_t i = 0; i < f->n_words; i++) {
        f->words[i].signal[SIGNAL_VALENCE] = 0;
        if (f->words[i].id != MODEL_UNKNOWN)
            sum_word(&s, &f->words[i], m->words[f->words[i].id].lexicon, i >= turn);
    }
    for (size_t k = 0; k < MODEL_LEXICONS; k++, d += PER_LEXICON) {
        float all = s.up[k] + s.down[k];

        d[0] = all / sqrtf(all * all + 1);
        d[1] = all / root;
        d[2] = s.up[k] / root;
        d[3] = s.down[k] / root;
        d[4] = s.most[k];
        d[5] = s.least[k];
        d[6] = s.late[k] / sqrtf(s.late[k] * s.late[k] + 1);
    }
}

static void count_rest(struct features *f, const char *text, const struct gloss_token *tokens,
                       size_t n, size_t turn)
{
    float *d = f->dense + GENERAL, calls = 0, asks = 0, denies = 0, loud = 0;

    for (size_t i = 0; i < n; i++) {
        char c = text[tokens[i].span.begin];

        calls += c == '!' ? (float)(tokens[i].span.end - tokens[i].span.begin) : 0;
        asks += c == '?';
    }
    for (size_t i = 0; i < f->n_words; i++) {
        denies += (f->words[i].flags & WORD_NEGATES) != 0;
        loud += f->words[i].signal[SIGNAL_CAPITALS];
    }
    d[0] = calls > 3 ? 3 : calls;
    d[1] = asks > 0;
    d[2] = denies > 3 ? 3 : denies;
    d[3] = turn > 0;
    d[4] = loud / ((float)n + 1);
}

void features_make(struct features *f, const struct model *m, const char *text,
                   const struct gloss_token *tokens, size_t n)
{
    struct word words[FEATURES_WORDS];
    struct state now = {.strength = 1};
    size_t turn;
    int mixed;

    f->n_words = words_make(words, m, text, tokens, n);
    mixed = has_mixed_case(words, f->n_words);
    for (size_t i = 0; i < f->n_words; i++) {
        f->words[i].id = words[i].id;
        f->words[i].flags = words[i].flags;
        weigh(&f->words[i], &words[i], &now, mixed);
    }
    turn = weigh_turn(f);
    count_lexicons(f, m, turn);
    count_rest(f, text, tokens, n, turn);
}
