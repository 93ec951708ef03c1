/* SPDX-License-Identifier: Apache-2.0
 *
 * votes.c - see votes.h.
 */
#include "votes.h"

#include "hash.h"

#include <stdlib.h>
#include <string.h>

enum { VOTES = 200000 }; /* kinds of features, apart from those of the first reading */
enum { TYPE = VOTES, WRITTEN, LABEL, WITH_BEFORE, WITH_AFTER, OWN, OWN_KIND, OWN_CLUSTER };

int votes_init(struct votes *v, uint32_t words)
{
    v->block = 0;
    v->ballots = calloc(words + 1, sizeof(*v->ballots));
    return v->ballots ? 0 : -1;
}

void votes_finish(struct votes *v)
{
    free(v->ballots);
    v->ballots = NULL;
}

void votes_read(struct votes *votes, const struct view *v, size_t n_units, const uint8_t *labels)
{
    votes->block++;
    for (size_t i = 0; i < n_units; i++) {
        struct ballot *b;

        if (!features_notable(v, i))
            continue;
        b = &votes->ballots[view_word(v, i)->fold];
        if (b->block != votes->block) {
            memset(b, 0, sizeof(*b));
            b->block = votes->block;
        }
        b->count[labels[i]] = (uint8_t)(b->count[labels[i]] + (b->count[labels[i]] < 255));
    }
}

/* How the occurrences elsewhere voted. */
struct result {
    unsigned votes, type, label; /* type: TYPES is outside */
    unsigned share;              /* of the type: 2 all, 1 two thirds, 0 less */
};

static unsigned type_of(unsigned label)
{
    return label ? (label - 1) / POSITIONS : TYPES;
}

static struct result count(const struct votes *votes, const struct view *v, size_t i,
                           const uint8_t *labels)
{
    const struct ballot *b;
    unsigned by_type[TYPES + 1] = {0}, most = 0;
    struct result r = {0, 0, 0, 0};

    if (!features_notable(v, i))
        return r;
    b = &votes->ballots[view_word(v, i)->fold];
    if (b->block != votes->block)
        return r;
    for (unsigned y = 0; y < LABELS; y++) {
        unsigned n = b->count[y] - (y == labels[i]);

        r.votes += n;
        by_type[type_of(y)] += n;
        if (n > most) {
            most = n;
            r.label = y;
        }
    }
    for (unsigned t = 1; t <= TYPES; t++)
        if (by_type[t] > by_type[r.type])
            r.type = t;
    r.share = by_type[r.type] == r.votes ? 2 : 3 * by_type[r.type] >= 2 * r.votes;
    return r;
}

/* One number for a result, 0 where nobody voted. */
static uint64_t summary(const struct result *r)
{
    unsigned size = r->votes > 4 ? 4 : r->votes > 2 ? 3 : r->votes;

    return r->votes ? 1 + r->type + 5 * (r->share + 3 * size) : 0;
}

size_t votes_features(const struct votes *votes, const struct view *v, const struct sentence *s,
                      size_t i, const uint8_t *labels, uint64_t *out)
{
    const struct word *w = view_word(v, i);
    struct result here = count(votes, v, i, labels), beside;
    uint64_t sum = summary(&here), own = labels[i];
    size_t n = 0;

    if (!features_notable(v, i))
        return 0;
    out[n++] = hash_pair(own, OWN);
    out[n++] = hash_pair(hash_pair(own, w->kind + 256 * s->kind), OWN_KIND);
    out[n++] = hash_pair(hash_pair(own, w->cluster.fine), OWN_CLUSTER);
    if (!here.votes)
        return n;
    out[n++] = hash_pair(hash_pair(sum, type_of(labels[i])), TYPE);
    out[n++] = hash_pair(hash_pair(hash_pair(sum, own), here.label), LABEL);
    out[n++] = hash_pair(hash_pair(sum, w->kind + 256 * s->kind), WRITTEN);
    if (i > s->begin) {
        beside = count(votes, v, i - 1, labels);
        out[n++] = hash_pair(hash_pair(summary(&beside), here.label + 32 * own), WITH_BEFORE);
    }
    if (i + 1 < s->end) {
        beside = count(votes, v, i + 1, labels);
        out[n++] = hash_pair(hash_pair(summary(&beside), here.label + 32 * own), WITH_AFTER);
    }
    return n;
}
