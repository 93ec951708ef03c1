/* SPDX-License-Identifier: Apache-2.0
 *
 * tagger.c - see tagger.h. A word's weights are summed once for each place of the window and
 * kept while the table of words lasts, so that a unit costs a handful of vector additions and
 * the look-ups of the features that join words.
 */
#include "tagger.h"

#include "evidence.h"
#include "votes.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS = 6 * BLOCK_UNITS };
enum { FLOOR = -400, FLOOR_PLAIN = -150 }; /* scores from which a label is worth a thought */
enum { REACH = 3 }; /* how far from a word written like a name one in small letters may be in it */
enum { BATCH = 128 }; /* features looked up at once */
enum { FILTER_BITS = 20, FILTER = 1 << FILTER_BITS };

struct sums {
    int16_t row[PLACES][ROW];
};

struct tagger {
    const struct model *model;
    struct moves moves;
    struct words words;
    uint64_t *filter;  /* bits: set where a feature with such a hash has weights */
    struct sums *sums; /* of each word */
    uint8_t *summed;   /* of each word: sums are there */
    struct block block;
    struct evidence evidence;
    struct votes votes;
    struct lattice *lattice; /* all of a block */
    struct trellis *trellis;
    uint8_t *labels, *first; /* first: those of the first reading */
    float *margins;
};

static int filter_passes(const uint64_t *filter, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & (FILTER - 1);

    return (int)(filter[at >> 6] >> (at & 63) & 1);
}

static void make_filter(uint64_t *filter, const struct table *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        uint32_t at = t->keys[i] & (FILTER - 1);

        filter[at >> 6] |= (uint64_t)1 << (at & 63);
    }
}

struct tagger *tagger_create(const struct model *m)
{
    struct tagger *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->model = m;
    t->filter = calloc(FILTER / 64, sizeof(*t->filter));
    t->summed = calloc(WORDS, 1);
    t->sums = malloc(WORDS * sizeof(*t->sums));
    t->lattice = malloc(BLOCK_UNITS * sizeof(*t->lattice));
    t->trellis = malloc(BLOCK_UNITS * sizeof(*t->trellis));
    t->labels = malloc(BLOCK_UNITS);
    t->first = malloc(BLOCK_UNITS);
    t->margins = malloc(BLOCK_UNITS * sizeof(*t->margins));
    if (words_init(&t->words, WORDS) || block_init(&t->block) ||
        evidence_init(&t->evidence, WORDS) || votes_init(&t->votes, WORDS) || !t->filter ||
        !t->sums || !t->lattice || !t->trellis || !t->labels || !t->first || !t->margins) {
        tagger_destroy(t);
        return NULL;
    }
    viterbi_prepare(&t->moves, m->head->moves);
    make_filter(t->filter, &m->tables[TABLE_WEIGHTS]);
    t->words.clusters = &m->tables[TABLE_CLUSTERS];
    t->words.names = &m->tables[TABLE_NAMES];
    return t;
}

void tagger_destroy(struct tagger *t)
{
    if (!t)
        return;
    words_finish(&t->words);
    block_finish(&t->block);
    evidence_finish(&t->evidence);
    votes_finish(&t->votes);
    free(t->filter);
    free(t->summed);
    free(t->sums);
    free(t->lattice);
    free(t->trellis);
    free(t->labels);
    free(t->first);
    free(t->margins);
    free(t);
}

static inline void add_weights(int16_t *restrict sum, const int8_t *restrict row)
{
    for (int k = 0; k < ROW; k++)
        sum[k] = (int16_t)(sum[k] + row[k]);
}

static inline void add_row(int16_t *restrict sum, const int16_t *restrict row)
{
    for (int k = 0; k < ROW; k++)
        sum[k] = (int16_t)(sum[k] + row[k]);
}

/* Adds the rows of those features that the model has. The table is larger than the caches near
 * the processor, so it is asked in rounds, each of which fetches what the next will read; the
 * filter spares most of the features that are not there. n <= BATCH. */
static void add_features(const struct tagger *t, int16_t *sum, const uint64_t *features, size_t n)
{
    const struct table *weights = &t->model->tables[TABLE_WEIGHTS];
    const int8_t *rows[BATCH];
    uint64_t left[BATCH];
    size_t n_left = 0, n_rows = 0;

    for (size_t i = 0; i < n; i++)
        if (filter_passes(t->filter, features[i]))
            left[n_left++] = features[i];
    for (size_t i = 0; i < n_left; i++)
        __builtin_prefetch(&weights->start[left[i] >> (64 - weights->bits)]);
    for (size_t i = 0; i < n_left; i++)
        __builtin_prefetch(&weights->keys[weights->start[left[i] >> (64 - weights->bits)]]);
    for (size_t i = 0; i < n_left; i++) {
        rows[n_rows] = table_find(weights, left[i]);
        if (rows[n_rows])
            __builtin_prefetch(rows[n_rows++]);
    }
    for (size_t i = 0; i < n_rows; i++)
        add_weights(sum, rows[i]);
}

static void sum_word(struct tagger *t, uint32_t word)
{
    uint64_t features[FEATURES_WORD];
    struct sums *s = &t->sums[word];

    t->summed[word] = 1;
    memset(s, 0, sizeof(*s));
    for (int place = 0; place < PLACES; place++) {
        size_t n = features_word(&t->words.word[word], (enum place)place, features);

        add_features(t, s->row[place], features, n);
    }
}

/* A word's sums, made when they are first asked for. */
static inline const struct sums *sums_of(struct tagger *t, uint32_t word)
{
    if (!t->summed[word])
        sum_word(t, word);
    return &t->sums[word];
}

static const int16_t *row_of(struct tagger *t, const struct sentence *s, size_t i, int step,
                             enum place place)
{
    size_t at = i + (size_t)step;
    int inside = step < 0 ? i >= s->begin + (size_t)-step : at < s->end;

    return sums_of(t, inside ? t->block.units[at].word : 0)->row[place];
}

static void sum_window(struct tagger *t, const struct sentence *s, size_t i, int16_t *sum)
{
    memcpy(sum, row_of(t, s, i, 0, PLACE_HERE), ROW * sizeof(*sum));
    add_row(sum, row_of(t, s, i, -1, PLACE_BEFORE));
    add_row(sum, row_of(t, s, i, 1, PLACE_AFTER));
    add_row(sum, row_of(t, s, i, -2, PLACE_BEFORE2));
    add_row(sum, row_of(t, s, i, 2, PLACE_AFTER2));
    for (size_t k = i > s->begin + NEAR ? i - NEAR : s->begin; k < s->end && k <= i + NEAR; k++)
        if (k != i)
            add_row(sum, sums_of(t, t->block.units[k].word)->row[PLACE_NEAR]);
}

/* Neither the unit nor those beside it are written like names. */
static int is_plain(const struct view *v, const struct sentence *s, size_t i)
{
    return !features_notable(v, i) && (i == s->begin || !features_notable(v, i - 1)) &&
           (i + 1 == s->end || !features_notable(v, i + 1));
}

/* A unit is outside where all labels of names are below the floor. */
static void fill(struct lattice *to, const int16_t *sum, int floor)
{
    int most = sum[0];

    to->score[0] = 0;
    for (int k = 0; k < ROW; k++) {
        to->score[k + 1] = (float)sum[k];
        most = sum[k] > most ? sum[k] : most;
    }
    to->outside = most < floor;
}

/* Units too far from all that is written like a name are outside without further ado. */
static void mark_reach(struct tagger *t, const struct view *v, const struct sentence *s)
{
    for (size_t i = s->begin; i < s->end; i++) {
        t->lattice[i].outside = 1;
        t->lattice[i].score[0] = 0;
    }
    for (size_t i = s->begin; i < s->end; i++)
        if (features_notable(v, i))
            for (size_t k = i > s->begin + REACH ? i - REACH : s->begin;
                 k < s->end && k <= i + REACH; k++)
                t->lattice[k].outside = 0;
}

static void score(struct tagger *t, const struct sentence *s)
{
    struct view v = block_view(&t->block, &t->words);
    uint64_t features[FEATURES_UNIT + FEATURES_EVIDENCE];
    int16_t sum[ROW];

    mark_reach(t, &v, s);
    for (size_t i = s->begin; i < s->end; i++) {
        if (t->lattice[i].outside)
            continue;
        sum_window(t, s, i, sum);
        if (features_wanted(&v, s, i)) {
            size_t n = features_unit(&v, s, i, features);

            n += evidence_features(&t->evidence, &v, &t->block, s, i, features + n);
            add_features(t, sum, features, n);
        }
        fill(&t->lattice[i], sum, is_plain(&v, s, i) ? FLOOR_PLAIN : FLOOR);
    }
}

static void label(struct tagger *t, const struct sentence *s)
{
    viterbi_best(t->lattice + s->begin, s->end - s->begin, &t->moves, t->trellis + s->begin,
                 t->labels + s->begin);
}

/* The second reading. Labels that features are made of are those of the first, in t->first. */
static void read_again(struct tagger *t, const struct sentence *s)
{
    struct view v = block_view(&t->block, &t->words);
    uint64_t features[FEATURES_VOTES];
    int changed = 0;

    for (size_t i = s->begin; i < s->end; i++) {
        size_t n = votes_features(&t->votes, &v, s, i, t->first, features);
        int16_t sum[ROW] = {0};

        if (!n)
            continue;
        changed = 1;
        add_features(t, sum, features, n);
        for (int k = 0; k < ROW; k++)
            t->lattice[i].score[k + 1] += sum[k];
    }
    if (changed)
        label(t, s);
}

static void measure(struct tagger *t, const struct sentence *s)
{
    for (size_t i = s->begin; i < s->end; i++)
        if (t->labels[i]) {
            viterbi_margins(t->lattice + s->begin, s->end - s->begin, &t->moves,
                            t->trellis + s->begin, t->labels + s->begin, t->margins + s->begin);
            return;
        }
}

size_t tagger_read(struct tagger *t, const char *text, const struct gloss_token *tokens, size_t n)
{
    struct view v;
    size_t taken;

    if (t->words.n + BLOCK_UNITS > WORDS) {
        words_clear(&t->words);
        memset(t->summed, 0, WORDS);
    }
    taken = block_read(&t->block, &t->words, text, tokens, n);
    evidence_read(&t->evidence, &t->block, &t->words);
    for (size_t i = 0; i < t->block.n_sentences; i++) {
        score(t, &t->block.sentences[i]);
        label(t, &t->block.sentences[i]);
    }
    v = block_view(&t->block, &t->words);
    memcpy(t->first, t->labels, t->block.n_units);
    votes_read(&t->votes, &v, t->block.n_units, t->first);
    for (size_t i = 0; i < t->block.n_sentences; i++) {
        read_again(t, &t->block.sentences[i]);
        measure(t, &t->block.sentences[i]);
    }
    return taken;
}

const struct block *tagger_block(const struct tagger *t)
{
    return &t->block;
}

const struct words *tagger_words(const struct tagger *t)
{
    return &t->words;
}

const uint8_t *tagger_labels(const struct tagger *t)
{
    return t->labels;
}

const float *tagger_margins(const struct tagger *t)
{
    return t->margins;
}
