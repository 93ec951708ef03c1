/* SPDX-License-Identifier: Apache-2.0
 *
 * net.c - see sentiment_net.h. */
#include "tools/sentiment/net.h"

#include "plugins/sentiment/score.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_WEIGHTS = sizeof(struct net_weights) / sizeof(float) };

/* What a piece left behind on its way forward. */
struct trace {
    float pre[FEATURES_WORDS][MODEL_FILTERS]; /* before the cut at zero */
    float input[MODEL_INPUTS];
    int most[MODEL_FILTERS]; /* the word with the greatest value, or -1 */
    float keep[MODEL_POOLED];
    int heard[FEATURES_WORDS]; /* 0: dropped */
};

struct training {
    struct net *net;
    const struct net_options *o;
    const struct net_set *sets;
    float (*words)[NET_WORD]; /* by number */
    float balance[NET_SETS][MODEL_OUTPUTS], variance[NET_SETS];
    struct net_weights gradient, first, second; /* of Adam */
    struct trace trace[64];
    uint64_t random, steps;
};

static uint64_t random_next(struct training *t)
{
    t->random ^= t->random << 13;
    t->random ^= t->random >> 7;
    t->random ^= t->random << 17;
    return t->random;
}

static float random_unit(struct training *t)
{
    return (float)(random_next(t) >> 40) / (float)(1 << 24);
}

static float random_normal(struct training *t)
{
    return sqrtf(-2 * logf(random_unit(t) + 1e-7F)) * cosf(6.2831853F * random_unit(t));
}

void net_word(float x[NET_WORD], const struct entry *e)
{
    for (size_t i = 0; i < VECTOR; i++)
        x[i] = e->vector ? e->vector[i] : 0;
    for (size_t k = 0; k < MODEL_LEXICONS; k++)
        x[VECTOR + k] = e->lexicon[k];
}

/* ---- forward */

static void add_word(float *to, const struct training *t, uint32_t id, size_t place)
{
    const float *x = t->words[id];

    for (size_t i = 0; i < NET_WORD; i++) {
        const float *w = t->net->w.filter[place][i];

        if (x[i] != 0)
            for (size_t k = 0; k < MODEL_FILTERS; k++)
                to[k] += x[i] * w[k];
    }
}

static void filter_piece(struct training *t, struct trace *c, const struct piece *p)
{
    memset(c->input, 0, sizeof(c->input));
    for (size_t i = 0; i < p->n_words; i++) {
        float *pre = c->pre[i];

        memcpy(pre, t->net->w.bias, sizeof(t->net->w.bias));
        for (size_t place = 0; place < MODEL_WINDOW; place++) {
            size_t at = i + place - 1;

            if (at < p->n_words && c->heard[at])
                add_word(pre, t, p->words[at].id, place);
        }
        for (size_t s = 0; s < MODEL_SIGNALS; s++)
            for (size_t k = 0; k < MODEL_FILTERS; k++)
                pre[k] += p->words[i].signal[s] * t->net->w.signal[s][k];
    }
}

static void pool_piece(struct trace *c, const struct piece *p)
{
    for (size_t k = 0; k < MODEL_FILTERS; k++) {
        float sum = 0, most = 0;

        c->most[k] = -1;
        for (size_t i = 0; i < p->n_words; i++) {
            float x = c->pre[i][k] > 0 ? c->pre[i][k] : 0;

            sum += x;
            if (x > most) {
                most = x;
                c->most[k] = (int)i;
            }
        }
        c->input[k] = c->keep[k] * sum / (float)(p->n_words ? p->n_words : 1);
        c->input[MODEL_FILTERS + k] = c->keep[MODEL_FILTERS + k] * most;
    }
}

static void forward(struct training *t, struct trace *c, const struct piece *p,
                    float out[MODEL_OUTPUTS])
{
    const struct net *net = t->net;

    for (size_t i = 0; i < p->n_words; i++)
        c->heard[i] = random_unit(t) >= t->o->drop_word;
    for (size_t k = 0; k < MODEL_POOLED; k++)
        c->keep[k] = random_unit(t) < t->o->drop_pool ? 0 : 1 / (1 - t->o->drop_pool);
    filter_piece(t, c, p);
    pool_piece(c, p);
    for (size_t k = 0; k < MODEL_DENSE; k++)
        c->input[MODEL_POOLED + k] = (p->dense[k] - net->mean[k]) / net->deviation[k];
    for (size_t o = 0; o < MODEL_OUTPUTS; o++) {
        float x = net->w.out_bias[o];

        for (size_t k = 0; k < MODEL_INPUTS; k++)
            x += c->input[k] * net->w.out[k][o];
        out[o] += p->weight * x;
    }
}

/* ---- backward */

static void add_gradient(struct training *t, const float *d, uint32_t id, size_t place)
{
    const float *x = t->words[id];

    for (size_t i = 0; i < NET_WORD; i++) {
        float *g = t->gradient.filter[place][i];

        if (x[i] != 0)
            for (size_t k = 0; k < MODEL_FILTERS; k++)
                g[k] += x[i] * d[k];
    }
}

static int place_gradient(float *d, const struct trace *c, const struct piece *p, size_t i,
                          const float *d_input)
{
    int any = 0;

    for (size_t k = 0; k < MODEL_FILTERS; k++) {
        d[k] = 0;
        if (c->pre[i][k] <= 0)
            continue;
        d[k] = c->keep[k] * d_input[k] / (float)p->n_words;
        if (c->most[k] == (int)i)
            d[k] += c->keep[MODEL_FILTERS + k] * d_input[MODEL_FILTERS + k];
        any |= d[k] != 0;
    }
    return any;
}

static void backward(struct training *t, const struct trace *c, const struct piece *p,
                     const float d_out[MODEL_OUTPUTS])
{
    float d_input[MODEL_INPUTS], d[MODEL_FILTERS];

    for (size_t k = 0; k < MODEL_INPUTS; k++) {
        d_input[k] = 0;
        for (size_t o = 0; o < MODEL_OUTPUTS; o++) {
            d_input[k] += p->weight * d_out[o] * t->net->w.out[k][o];
            t->gradient.out[k][o] += p->weight * d_out[o] * c->input[k];
        }
    }
    for (size_t o = 0; o < MODEL_OUTPUTS; o++)
        t->gradient.out_bias[o] += p->weight * d_out[o];
    for (size_t i = 0; i < p->n_words; i++) {
        if (!place_gradient(d, c, p, i, d_input))
            continue;
        for (size_t place = 0; place < MODEL_WINDOW; place++) {
            size_t at = i + place - 1;

            if (at < p->n_words && c->heard[at])
                add_gradient(t, d, p->words[at].id, place);
        }
        for (size_t k = 0; k < MODEL_FILTERS; k++) {
            t->gradient.bias[k] += d[k];
            for (size_t s = 0; s < MODEL_SIGNALS; s++)
                t->gradient.signal[s][k] += d[k] * p->words[i].signal[s];
        }
    }
}

/* The slopes of the loss: squared error of the rating on the set's own scale,
 * and cross entropy of the label with every label counting alike. */
static double loss(struct training *t, const struct sample *s, const float out[MODEL_OUTPUTS],
                   float d_out[MODEL_OUTPUTS])
{
    const struct net_set *set = &t->sets[s->set];
    float *line = t->net->w.line[s->set], error, sum = 0, p[MODEL_OUTPUTS] = {0};
    float w = set->rating / t->variance[s->set];
    float v = set->label * t->balance[s->set][s->label];
    float top = fmaxf(out[1], fmaxf(out[2], out[3]));

    error = line[0] * out[OUT_RATING] + line[1] - s->rating;
    d_out[OUT_RATING] = w * error * line[0];
    if (set->own_scale) {
        t->gradient.line[s->set][0] += w * error * out[OUT_RATING];
        t->gradient.line[s->set][1] += w * error;
    }
    for (int o = OUT_POSITIVE; o <= OUT_NEGATIVE; o++)
        sum += p[o] = expf(out[o] - top);
    for (int o = OUT_POSITIVE; o <= OUT_NEGATIVE; o++)
        d_out[o] = v * (p[o] / sum - (o == s->label));
    return w * error * error / 2 - v * logf(p[s->label] / sum + 1e-9F);
}

/* Adam with the weights' decay beside it. */
static void step(struct training *t, float rate, size_t batch)
{
    float *w = (float *)&t->net->w, *g = (float *)&t->gradient;
    float *m = (float *)&t->first, *v = (float *)&t->second;
    float c1, c2;

    t->steps++;
    c1 = 1 - powf(0.9F, (float)t->steps);
    c2 = 1 - powf(0.999F, (float)t->steps);
    for (size_t i = 0; i < N_WEIGHTS; i++) {
        float gi = g[i] / (float)batch;

        m[i] = 0.9F * m[i] + 0.1F * gi;
        v[i] = 0.999F * v[i] + 0.001F * gi * gi;
        w[i] -= rate * (m[i] / c1 / (sqrtf(v[i] / c2) + 1e-8F));
        if (i < N_WEIGHTS - NET_SETS * 2)
            w[i] -= rate * t->o->decay * w[i];
    }
    memset(&t->gradient, 0, sizeof(t->gradient));
}

/* ---- before the first step */

static void start_weights(struct training *t)
{
    struct net_weights *w = &t->net->w;
    float *f = (float *)w->filter;

    memset(w, 0, sizeof(*w));
    for (size_t i = 0; i < sizeof(w->filter) / sizeof(float); i++)
        f[i] = 0.3F * random_normal(t);
    for (size_t k = 0; k < MODEL_POOLED; k++)
        for (size_t o = 0; o < MODEL_OUTPUTS; o++)
            w->out[k][o] = 0.05F * random_normal(t);
    for (size_t s = 0; s < NET_SETS; s++)
        w->line[s][0] = 1;
}

static void measure_dense(struct net *net, const struct sample *samples, size_t n)
{
    double sum[MODEL_DENSE] = {0}, square[MODEL_DENSE] = {0}, pieces = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < samples[i].n_pieces; j++, pieces++)
            for (size_t k = 0; k < MODEL_DENSE; k++) {
                double x = samples[i].pieces[j].dense[k];

                sum[k] += x;
                square[k] += x * x;
            }
    for (size_t k = 0; k < MODEL_DENSE; k++) {
        double mean = sum[k] / pieces;

        net->mean[k] = (float)mean;
        net->deviation[k] = (float)sqrt(square[k] / pieces - mean * mean + 1e-6);
    }
}

static void measure_sets(struct training *t, const struct sample *samples, size_t n)
{
    double sum[NET_SETS] = {0}, square[NET_SETS] = {0}, count[NET_SETS][MODEL_OUTPUTS] = {{0}};

    for (size_t i = 0; i < n; i++) {
        sum[samples[i].set] += samples[i].rating;
        square[samples[i].set] += samples[i].rating * samples[i].rating;
        count[samples[i].set][samples[i].label]++;
    }
    for (size_t s = 0; s < NET_SETS; s++) {
        double all = count[s][1] + count[s][2] + count[s][3] + 1e-9, mean = sum[s] / all;

        t->variance[s] = (float)(square[s] / all - mean * mean + 1e-6);
        for (size_t o = OUT_POSITIVE; o <= OUT_NEGATIVE; o++)
            t->balance[s][o] = (float)(all / (3 * (count[s][o] + 1)));
    }
}

/* ---- */

static double train_sample(struct training *t, const struct sample *s)
{
    float out[MODEL_OUTPUTS] = {0}, d_out[MODEL_OUTPUTS];
    double lost;

    for (size_t i = 0; i < s->n_pieces; i++)
        forward(t, &t->trace[i], &s->pieces[i], out);
    lost = loss(t, s, out, d_out);
    for (size_t i = 0; i < s->n_pieces; i++)
        backward(t, &t->trace[i], &s->pieces[i], d_out);
    return lost;
}

static void train_epoch(struct training *t, const struct sample *samples, size_t *order, size_t n,
                        size_t epoch)
{
    size_t all = t->o->epochs * n;
    double lost = 0;

    for (size_t i = n; i > 1; i--) {
        size_t j = random_next(t) % i, kept = order[i - 1];

        order[i - 1] = order[j];
        order[j] = kept;
    }
    for (size_t i = 0; i < n; i++) {
        lost += train_sample(t, &samples[order[i]]);
        if ((i + 1) % t->o->batch == 0 || i + 1 == n)
            step(t, t->o->rate * (1 - (float)(epoch * n + i) / (float)all), t->o->batch);
    }
    fprintf(stderr, "epoch %zu: loss %.4f\n", epoch + 1, lost / (double)n);
}

void net_train(struct net *net, const struct vocabulary *v, const struct sample *samples, size_t n,
               const struct net_set *sets, const struct net_options *o)
{
    struct training *t = calloc(1, sizeof(*t));
    size_t *order = grow(NULL, n, sizeof(*order));

    if (!t)
        die("out of memory");
    t->net = net;
    t->o = o;
    t->sets = sets;
    t->random = o->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    t->words = grow(NULL, v->n, sizeof(*t->words));
    for (size_t i = 0; i < v->n; i++)
        net_word(t->words[i], &v->entries[i]);
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    start_weights(t);
    measure_dense(net, samples, n);
    measure_sets(t, samples, n);
    for (size_t e = 0; e < o->epochs; e++)
        train_epoch(t, samples, order, n, e);
    free(t->words);
    free(order);
    free(t);
}
