/* SPDX-License-Identifier: Apache-2.0
 *
 * score.c - see score.h. */
#include "score.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

struct pool {
    float sum[MODEL_FILTERS], most[MODEL_FILTERS];
};

static const int8_t *row(const struct model *m, const struct features *f, size_t i, size_t place)
{
    return m->words[f->words[i].id].row[place];
}

/* One place of the window: the rows are whole numbers, so they are added as such. */
static void add_place(struct pool *p, const struct model *m, const struct features *f, size_t i)
{
    static const int8_t none[MODEL_FILTERS];
    const int8_t *before = i ? row(m, f, i - 1, 0) : none, *here = row(m, f, i, 1);
    const int8_t *after = i + 1 < f->n_words ? row(m, f, i + 1, 2) : none;
    const struct model_net *net = m->net;
    float x[MODEL_FILTERS];

    for (size_t k = 0; k < MODEL_FILTERS; k++)
        x[k] = (float)(before[k] + here[k] + after[k]) * net->scale[k] + net->bias[k];
    for (size_t s = 0; s < MODEL_SIGNALS; s++) {
        float on = f->words[i].signal[s];

        if (on == 0)
            continue;
        for (size_t k = 0; k < MODEL_FILTERS; k++)
            x[k] += on * net->signal[s][k];
    }
    for (size_t k = 0; k < MODEL_FILTERS; k++) {
        x[k] = x[k] > 0 ? x[k] : 0;
        p->sum[k] += x[k];
        p->most[k] = x[k] > p->most[k] ? x[k] : p->most[k];
    }
}

void score_features(const struct model *m, const struct features *f, float out[MODEL_OUTPUTS])
{
    float share = 1 / (float)(f->n_words ? f->n_words : 1), input[MODEL_INPUTS];
    float sum[MODEL_OUTPUTS];
    struct pool p = {{0}, {0}};

    for (size_t i = 0; i < f->n_words; i++)
        add_place(&p, m, f, i);
    for (size_t k = 0; k < MODEL_FILTERS; k++)
        input[k] = p.sum[k] * share;
    memcpy(input + MODEL_FILTERS, p.most, sizeof(p.most));
    memcpy(input + MODEL_POOLED, f->dense, sizeof(f->dense));
    memcpy(sum, m->net->out_bias, sizeof(sum));
    for (size_t k = 0; k < MODEL_INPUTS; k++)
        for (size_t o = 0; o < MODEL_OUTPUTS; o++)
            sum[o] += input[k] * m->net->out[k][o];
    memcpy(out, sum, sizeof(sum));
}

float score_weight(size_t n_words)
{
    return sqrtf((float)n_words);
}

void score_sentence(const struct model *m, struct features *room, const char *text,
                    const struct gloss_token *tokens, size_t n, struct tone *tone)
{
    struct tone piece;

    *tone = (struct tone){{0}, 0};
    for (size_t at = 0; at < n; at += FEATURES_TOKENS) {
        size_t take = n - at < FEATURES_TOKENS ? n - at : FEATURES_TOKENS;

        features_make(room, m, text, tokens + at, take);
        score_features(m, room, piece.out);
        piece.weight = score_weight(room->n_words);
        score_add(tone, &piece, 1);
    }
    score_mean(tone);
}

void score_add(struct tone *document, const struct tone *sentence, float times)
{
    for (size_t o = 0; o < MODEL_OUTPUTS; o++)
        document->out[o] += times * sentence->weight * sentence->out[o];
    document->weight += times * sentence->weight;
}

void score_mean(struct tone *document)
{
    for (size_t o = 0; o < MODEL_OUTPUTS && document->weight > 0; o++)
        document->out[o] /= document->weight;
}

float score_rating(const struct tone *tone)
{
    return fmaxf(-1, fminf(1, tone->out[OUT_RATING]));
}

int score_label(const struct tone *tone, float neutral)
{
    const float *out = tone->out;
    int side = out[OUT_POSITIVE] > out[OUT_NEGATIVE] ? OUT_POSITIVE : OUT_NEGATIVE;
    bool agrees = side == OUT_POSITIVE ? out[OUT_RATING] >= 0 : out[OUT_RATING] <= 0;

    return agrees && out[side] > out[OUT_NEUTRAL] + logf(neutral) ? side : OUT_NEUTRAL;
}
