/* SPDX-License-Identifier: Apache-2.0
 *
 * features.c - see features.h. */
#include "features.h"

#include "words.h"

#include <math.h>
#include <string.h>

enum {
    REACH = 6, /* words a negation turns at most */
    PER_LEXICON = 7,
    GENERAL = MODEL_LEXICONS * PER_LEXICON,
    ALL = MODEL_LEXICONS - 1, /* the column every word has */
};

static const float negated = -0.6f, strong = 1.3f, weak = 0.65f, capital = 1.3f;
static const float before_turn = 0.6f, after_turn = 1.3f;

/* What goes on at a word, from the words before it. */
struct state {
    int negation;   /* words its reach still has */
    float strength; /* of the word to come */
    int since;      /* words since the one that set strength */
};

static void weigh(struct feature_word *w, const struct word *word, uint8_t flags, struct state *now,
                  int mixed)
{
    int loud = mixed && word->marks & WORD_CAPITALS;

    if (flags & WORD_ENDS)
        now->negation = 0;
    w->weight = now->strength * (now->negation > 0 ? negated : 1) * (loud ? capital : 1);
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
static size_t weigh_turn(struct features *f, const struct model *m)
{
    size_t turn = 0;

    for (size_t i = 1; i + 1 < f->n_words; i++)
        if (m->words[f->words[i].id].flags & WORD_TURNS)
            turn = i;
    for (size_t i = 0; turn && i < f->n_words; i++)
        f->words[i].weight *= i < turn ? before_turn : after_turn;
    return turn;
}

static void count_lexicon(struct features *f, const struct model *m, size_t k, size_t turn)
{
    float up = 0, down = 0, most = 0, least = 0, late = 0, root = sqrtf((float)f->n_words + 1);
    float *d = f->dense + k * PER_LEXICON;

    for (size_t i = 0; i < f->n_words; i++) {
        float v = f->words[i].weight * (float)m->words[f->words[i].id].lexicon[k] / 127;

        *(v > 0 ? &up : &down) += v;
        most = v > most ? v : most;
        least = v < least ? v : least;
        late += i >= turn ? v : 0;
    }
    d[0] = (up + down) / sqrtf((up + down) * (up + down) + 1);
    d[1] = (up + down) / root;
    d[2] = up / root;
    d[3] = down / root;
    d[4] = most;
    d[5] = least;
    d[6] = late / sqrtf(late * late + 1);
}

static void count_rest(struct features *f, const struct model *m, const char *text,
                       const struct gloss_token *tokens, size_t n, size_t turn)
{
    float *d = f->dense + GENERAL, calls = 0, asks = 0, denies = 0, loud = 0;

    for (size_t i = 0; i < n; i++) {
        char c = text[tokens[i].span.begin];

        calls += c == '!' ? (float)(tokens[i].span.end - tokens[i].span.begin) : 0;
        asks += c == '?';
    }
    for (size_t i = 0; i < f->n_words; i++) {
        denies += (m->words[f->words[i].id].flags & WORD_NEGATES) != 0;
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
        weigh(&f->words[i], &words[i], m->words[words[i].id].flags, &now, mixed);
    }
    turn = weigh_turn(f, m);
    for (size_t i = 0; i < f->n_words; i++)
        f->words[i].signal[SIGNAL_VALENCE] =
            f->words[i].weight * (float)m->words[f->words[i].id].lexicon[ALL] / 127;
    for (size_t k = 0; k < MODEL_LEXICONS; k++)
        count_lexicon(f, m, k, turn);
    count_rest(f, m, text, tokens, n, turn);
}
