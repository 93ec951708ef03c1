/* SPDX-License-Identifier: Apache-2.0
 *
 * net.h - the net of the sentiment model in training: one layer of
 * filters over frozen word vectors and valences, pooled, and a linear layer over
 * that and the dense facts. The hard rule: same data, same seed, same net.
 */
#ifndef TOOLS_SENTIMENT_NET_H
#define TOOLS_SENTIMENT_NET_H

#include "plugins/sentiment/features.h"
#include "tools/sentiment/data.h"

enum { NET_WORD = VECTOR + MODEL_LEXICONS, NET_SETS = 16 };

/* A text's features, in pieces as score.c takes them. */
struct piece {
    struct feature_word *words;
    size_t n_words;
    float weight; /* all of a text's add up to 1 */
    float dense[MODEL_DENSE];
};

struct sample {
    struct piece *pieces;
    size_t n_pieces;
    float rating;
    int label; /* OUT_POSITIVE.. */
    size_t set;
};

/* How a corpus counts. Ratings of a set with its own scale are met through a
 * line of its own, learnt beside the net. */
struct net_set {
    float rating, label; /* weights */
    int own_scale;
};

struct net_weights {
    float filter[MODEL_WINDOW][NET_WORD][MODEL_FILTERS];
    float bias[MODEL_FILTERS];
    float signal[MODEL_SIGNALS][MODEL_FILTERS];
    float out[MODEL_INPUTS][MODEL_OUTPUTS], out_bias[MODEL_OUTPUTS];
    float line[NET_SETS][2];
};

struct net_options {
    size_t epochs, batch;
    float rate, decay, drop_word, drop_pool;
    uint64_t seed;
};

struct net {
    struct net_weights w;
    float mean[MODEL_DENSE], deviation[MODEL_DENSE];
};

void net_train(struct net *net, const struct vocabulary *v, const struct sample *samples, size_t n,
               const struct net_set *sets, const struct net_options *o);

/* A word as the filters see it. */
void net_word(float x[NET_WORD], const struct entry *e);

#endif
