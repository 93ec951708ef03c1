/* SPDX-License-Identifier: Apache-2.0
 *
 * second.c - see second.h.
 */
#include "second.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads the examples of a part with w: scores to base, labels to first. */
static void read_part(const struct weights *w, const struct set *s, int part, struct lattice *base,
                      uint8_t *first)
{
    struct trellis *t = need(malloc(BLOCK_UNITS * sizeof(*t)));
    struct moves moves;

    viterbi_prepare(&moves, w->moves);
    for (size_t k = 0; k < s->n_examples; k++) {
        const struct example *e = &s->examples[k];

        if (e->part != part)
            continue;
        learn_score(w, s, e, 0, base + e->begin);
        viterbi_best(base + e->begin, e->end - e->begin, &moves, t, first + e->begin);
    }
    free(t);
}

/* ---- confidence */

struct sample {
    float margin;
    int right;
};

struct samples {
    struct sample *list;
    size_t n, room;
};

static void add_sample(struct samples *to, float margin, int right)
{
    if (to->n == to->room) {
        to->room = to->room ? 2 * to->room : 4096;
        to->list = need(realloc(to->list, to->room * sizeof(*to->list)));
    }
    to->list[to->n++] = (struct sample){margin, right};
}

/* Mentions of one sentence: right where the gold labels are the same all along and end there. */
static void sample_sentence(struct samples *to, const uint8_t *got, const uint8_t *gold, size_t n,
                            const float *margins)
{
    for (size_t i = 0; i < n; i++) {
        float margin = INFINITY;
        int right = 1;

        if (!got[i])
            continue;
        for (;; i++) {
            right &= got[i] == gold[i];
            margin = margins[i] < margin ? margins[i] : margin;
            if (label_position(got[i]) == LAST || label_position(got[i]) == UNIT)
                break;
        }
        add_sample(to, margin, right);
    }
}

static void collect(struct samples *to, const struct second *second)
{
    struct lattice *in = need(malloc(BLOCK_UNITS * sizeof(*in)));
    struct trellis *t = need(malloc(BLOCK_UNITS * sizeof(*t)));
    float *margins = need(malloc(BLOCK_UNITS * sizeof(*margins)));
    uint8_t *got = need(malloc(BLOCK_UNITS));
    const struct weights *w = &second->weights;
    struct moves moves;

    viterbi_prepare(&moves, w->moves);

    for (size_t k = 0; k < second->set.n_examples; k++) {
        const struct example *e = &second->set.examples[k];
        size_t n = e->end - e->begin;

        if (!(e->style & STYLE_WHOLE))
            continue;
        learn_score(w, &second->set, e, 0, in);
        viterbi_best(in, n, &moves, t, got);
        viterbi_margins(in, n, &moves, t, got, margins);
        sample_sentence(to, got, second->set.label + e->begin, n, margins);
    }
    free(in);
    free(t);
    free(margins);
    free(got);
}

/* Logistic regression of "right" on the margin, by Newton's method. */
static void calibrate(struct second *second)
{
    struct samples all = {0};
    double a = 0, b = 0;

    collect(&all, second);
    for (int round = 0; round < 30; round++) {
        double ga = 0, gb = 0, haa = 1e-9, hab = 0, hbb = 1e-9, det;

        for (size_t i = 0; i < all.n; i++) {
            double x = all.list[i].margin > 1e4f ? 1e4 : (double)all.list[i].margin;
            double p = 1 / (1 + exp(-(a + b * x))), v = p * (1 - p);

            ga += all.list[i].right - p;
            gb += (all.list[i].right - p) * x;
            haa += v;
            hab += v * x;
            hbb += v * x * x;
        }
        det = haa * hbb - hab * hab;
        a += (hbb * ga - hab * gb) / det;
        b += (haa * gb - hab * ga) / det;
    }
    fprintf(stderr, "confidence: %g + %g * margin, from %zu names\n", a, b, all.n);
    second->offset = (float)a;
    second->slope = (float)b;
    free(all.list);
}

void second_learn(struct second *to, const struct set *s, const struct documents *docs,
                  const struct weights *first, const struct course *parts,
                  const struct course *course)
{
    struct lattice *base = need(malloc((s->n_units + 1) * sizeof(*base)));
    uint8_t *labels = need(malloc(s->n_units + 1));

    for (int part = 0; part < PARTS; part++) {
        struct course others = *parts;
        struct weights w;

        others.without = part;
        fprintf(stderr, "all parts but %d:\n", part);
        weights_init(&w, s);
        learn(&w, s, &others);
        weights_average(&w);
        read_part(&w, s, part, base, labels);
        weights_free(&w);
    }
    set_second(&to->set, s, docs, base, labels);
    weights_init(&to->weights, &to->set);
    memcpy(to->weights.moves, first->moves, sizeof(first->moves));
    to->weights.moves_fixed = 1;
    learn(&to->weights, &to->set, course);
    weights_average(&to->weights);
    calibrate(to);
    free(labels);
}
