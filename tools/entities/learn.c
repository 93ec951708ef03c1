/* SPDX-License-Identifier: Apache-2.0
 *
 * learn.c - see learn.h. Outside has no weights of its own: what would be added to it is taken
 * from every other label instead, which comes to the same.
 */
#include "learn.h"

#include "plugins/entities/viterbi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = BLOCK_UNITS };

void weights_init(struct weights *w, const struct set *s)
{
    memset(w, 0, sizeof(*w));
    w->n = s->n_features;
    w->row = need(calloc(w->n + 1, sizeof(*w->row)));
    w->total = need(calloc(w->n + 1, sizeof(*w->total)));
    w->step = 1;
}

void weights_free(struct weights *w)
{
    free(w->row);
    free(w->total);
    memset(w, 0, sizeof(*w));
}

/* Rows are fetched a few ahead: there are too many for the processor's caches. */
static void add_list(const struct weights *w, float *sum, const struct lists *l, size_t i)
{
    enum { AHEAD = 12 };

    for (uint32_t k = l->at[i]; k < l->at[i + 1]; k++) {
        const float *row = w->row[l->items[k]];

        __builtin_prefetch(w->row[l->items[k + AHEAD < l->at[l->n] ? k + AHEAD : k]]);

        for (int y = 0; y < ROW; y++)
            sum[y] += row[y];
    }
}

/* Calls for each list of features that holds for unit i of example e. */
struct visit {
    const struct lists *list;
    size_t index;
};

enum { VISITS = 2 * NEAR + 8 };

static size_t lists_of(const struct set *s, const struct example *e, size_t i, struct visit *v)
{
    size_t n = 0;
    size_t near_begin = i >= e->begin + NEAR ? i - NEAR : e->begin;
    size_t near_end = i + NEAR + 1 < e->end ? i + NEAR + 1 : e->end;

    v[n++] = (struct visit){&s->joined, i};
    if (s->base)
        return n;
    v[n++] = (struct visit){&s->places[PLACE_HERE], s->word[i]};
    v[n++] = (struct visit){&s->places[PLACE_BEFORE], i > e->begin ? s->word[i - 1] : 0};
    v[n++] = (struct visit){&s->places[PLACE_AFTER], i + 1 < e->end ? s->word[i + 1] : 0};
    v[n++] = (struct visit){&s->places[PLACE_BEFORE2], i > e->begin + 1 ? s->word[i - 2] : 0};
    v[n++] = (struct visit){&s->places[PLACE_AFTER2], i + 2 < e->end ? s->word[i + 2] : 0};
    for (size_t k = near_begin; k < near_end; k++)
        if (k != i)
            v[n++] = (struct visit){&s->places[PLACE_NEAR], s->word[k]};
    return n;
}

/* Scores, with a bonus for every label that is wrong, so that right ones must win by it; types
 * the corpus does not mark are out of the question. */
void learn_score(const struct weights *w, const struct set *s, const struct example *e,
                 float margin, struct lattice *out)
{
    struct visit v[VISITS];

    for (size_t i = e->begin; i < e->end; i++) {
        float *sum = out[i - e->begin].score;
        size_t n = lists_of(s, e, i, v);

        memset(&out[i - e->begin], 0, sizeof(*out));
        if (s->base)
            out[i - e->begin] = s->base[i];
        for (size_t k = 0; k < n; k++)
            add_list(w, sum + 1, v[k].list, v[k].index);
        for (int y = 0; y < LABELS; y++)
            if (y != s->label[i])
                sum[y] += margin;
        for (int t = 0; t < TYPES; t++)
            if (!(e->types & (1u << t)))
                for (int p = 0; p < POSITIONS; p++)
                    sum[label_of(t, p)] -= 1e6f;
    }
}

static void change_row(struct weights *w, uint32_t f, const float *delta)
{
    float step = (float)w->step;

    for (int y = 0; y < ROW; y++) {
        w->row[f][y] += delta[y];
        w->total[f][y] += step * delta[y];
    }
}

static void change(struct weights *w, const struct set *s, const struct example *e, size_t i,
                   int gold, int got, float rate)
{
    float delta[LABELS] = {0};
    struct visit v[VISITS];
    size_t n = lists_of(s, e, i, v);

    delta[gold] += rate * e->weight;
    delta[got] -= rate * e->weight;
    for (int y = 1; y < LABELS; y++)
        delta[y] -= delta[0];
    for (size_t k = 0; k < n; k++)
        for (uint32_t f = v[k].list->at[v[k].index]; f < v[k].list->at[v[k].index + 1]; f++)
            change_row(w, v[k].list->items[f], delta + 1);
}

static void change_move(struct weights *w, int from, int to, float by)
{
    w->moves[from * LABELS + to] += by;
    w->moves_total[from * LABELS + to] += (float)w->step * by;
}

static size_t learn_example(struct weights *w, const struct set *s, const struct example *e,
                            const struct course *c, struct lattice *in, struct trellis *t,
                            uint8_t *got)
{
    const uint8_t *gold = s->label + e->begin;
    size_t n = e->end - e->begin, wrong = 0;
    struct moves moves;

    learn_score(w, s, e, c->margin, in);
    viterbi_prepare(&moves, w->moves);
    viterbi_best(in, n, &moves, t, got);
    for (size_t i = 0; i < n; i++) {
        if (got[i] != gold[i]) {
            change(w, s, e, e->begin + i, gold[i], got[i], c->rate);
            wrong++;
        }
        if (!w->moves_fixed && i && (got[i] != gold[i] || got[i - 1] != gold[i - 1])) {
            change_move(w, gold[i - 1], gold[i], c->rate * e->weight);
            change_move(w, got[i - 1], got[i], -c->rate * e->weight);
        }
    }
    w->step++;
    return wrong;
}

static void shuffle(uint32_t *order, size_t n, uint64_t seed)
{
    for (size_t i = n; i-- > 1;) {
        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        size_t j = (size_t)(seed >> 33) % (i + 1);
        uint32_t x = order[i];

        order[i] = order[j];
        order[j] = x;
    }
}

static int takes_part(const struct example *e, const struct course *c)
{
    return e->part != c->without && (e->style & c->style) == c->style;
}

void learn(struct weights *w, const struct set *s, const struct course *c)
{
    struct lattice *in = need(malloc(LONGEST * sizeof(*in)));
    struct trellis *t = need(malloc(LONGEST * sizeof(*t)));
    uint8_t *got = need(malloc(LONGEST));
    uint32_t *order = need(malloc(s->n_examples * sizeof(*order)));

    for (size_t i = 0; i < s->n_examples; i++)
        order[i] = (uint32_t)i;
    for (int epoch = 0; epoch < c->epochs; epoch++) {
        size_t wrong = 0;

        shuffle(order, s->n_examples, (uint64_t)epoch + 1);
        for (size_t i = 0; i < s->n_examples; i++)
            if (takes_part(&s->examples[order[i]], c))
                wrong += learn_example(w, s, &s->examples[order[i]], c, in, t, got);
        fprintf(stderr, "epoch %d: %zu of %zu labels corrected\n", epoch + 1, wrong, s->n_units);
    }
    free(in);
    free(t);
    free(got);
    free(order);
}

void weights_average(struct weights *w)
{
    for (uint32_t f = 0; f < w->n; f++)
        for (int y = 0; y < ROW; y++)
            w->row[f][y] -= w->total[f][y] / (float)w->step;
    for (int i = 0; i < LABELS * LABELS; i++)
        w->moves[i] -= w->moves_total[i] / (float)w->step;
}
