/* SPDX-License-Identifier: Apache-2.0
 *
 * clusters.c - words of like company, found by exchange: every word moves to the class in which
 * it and its neighbours' classes predict each other best, again and again. Neighbours' classes
 * are those of the round before, so a round is one sweep over fixed counts.
 */
#include "corpus.h"
#include "learn.h"
#include "tables.h"
#include "text/arena.h"
#include "text/token.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 1 << 20, LEAST = 3, SMALL = 1 << 16 };

/* What was read: words one after another, 0 between sentences. */
struct stream {
    struct words words;
    uint32_t *word;
    size_t n, room;
};

struct pair {
    uint32_t context, times;
};

struct clustering {
    const struct stream *stream;
    int classes, contexts; /* contexts: a class on the left, or one on the right */
    uint32_t *times;       /* of each word */
    uint32_t *order;       /* words worth clustering, most frequent first */
    size_t n_order;
    uint16_t *class; /* of each word; 0: none */
    uint32_t *first; /* in pairs, of each word; words + 1 of them */
    struct pair *pairs;
    int32_t *joint; /* [context][class] */
    double *total;  /* of each class */
    float *nlogn;   /* of small numbers */
};

static void read_document(struct stream *s, struct block *b, const struct document *d,
                          struct arena *arena)
{
    struct tokens t = {0};

    if (tokens_split(&t, arena, d->text, 0, d->len))
        die("a document too large to split");
    for (size_t k = 0; k < t.n_tokens;) {
        if (s->words.n + BLOCK_UNITS > ROOM)
            die("more words than there is room for");
        k += block_read(b, &s->words, d->text, t.tokens + k, t.n_tokens - k);
        if (s->n + 2 * BLOCK_UNITS > s->room) {
            s->room = 2 * (s->n + 2 * BLOCK_UNITS);
            s->word = need(realloc(s->word, s->room * sizeof(*s->word)));
        }
        for (size_t i = 0; i < b->n_sentences; i++) {
            for (size_t u = b->sentences[i].begin; u < b->sentences[i].end; u++)
                s->word[s->n++] = b->units[u].word;
            s->word[s->n++] = 0;
        }
    }
}

static void stream_read(struct stream *s, const struct documents *docs)
{
    struct arena arena;
    struct block b;

    memset(s, 0, sizeof(*s));
    if (words_init(&s->words, ROOM) || block_init(&b))
        die("out of memory");
    s->room = 1;
    s->word = need(calloc(1, sizeof(*s->word)));
    s->n = 1;
    arena_init(&arena, 1u << 30);
    for (size_t i = 0; i < docs->n; i++) {
        read_document(s, &b, &docs->doc[i], &arena);
        arena_reset(&arena);
    }
    arena_finish(&arena);
    block_finish(&b);
}

struct ranked {
    uint32_t word, times;
};

static int by_times(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->times != y->times)
        return x->times > y->times ? -1 : 1;
    return x->word < y->word ? -1 : x->word > y->word;
}

static void rank(struct clustering *c)
{
    uint32_t n = c->stream->words.n;
    struct ranked *r = need(malloc(n * sizeof(*r)));

    c->times = need(calloc(n, sizeof(*c->times)));
    c->order = need(malloc(n * sizeof(*c->order)));
    c->class = need(calloc(n, sizeof(*c->class)));
    for (size_t i = 0; i < c->stream->n; i++)
        c->times[c->stream->word[i]]++;
    for (uint32_t w = 1; w < n; w++)
        if (c->times[w] >= LEAST)
            r[c->n_order++] = (struct ranked){w, c->times[w]};
    qsort(r, c->n_order, sizeof(*r), by_times);
    for (size_t i = 0; i < c->n_order; i++) {
        c->order[i] = r[i].word;
        c->class[r[i].word] = (uint16_t)(1 + i % (size_t)(c->classes - 1));
    }
    free(r);
}

static float n_log_n(const struct clustering *c, int32_t n)
{
    return n < SMALL ? c->nlogn[n] : (float)(n * log(n));
}

static int by_context(const void *a, const void *b)
{
    uint32_t x = ((const struct pair *)a)->context, y = ((const struct pair *)b)->context;

    return x < y ? -1 : x > y;
}

/* Sorts a word's pairs and joins equal ones; how many are left. */
static uint32_t join(struct pair *p, uint32_t n)
{
    uint32_t out = 0;

    qsort(p, n, sizeof(*p), by_context);
    for (uint32_t i = 0; i < n; i++) {
        if (out && p[out - 1].context == p[i].context)
            p[out - 1].times += p[i].times;
        else
            p[out++] = p[i];
    }
    return out;
}

/* Counts each word's contexts by the classes of now. first[w] is where its pairs begin and
 * have[w] how many it has. */
static void count_contexts(struct clustering *c, uint32_t *have)
{
    const uint32_t *word = c->stream->word;
    uint32_t n = c->stream->words.n, at = 0;

    for (uint32_t w = 0; w < n; w++) {
        c->first[w] = at;
        have[w] = 0;
        at += 2 * c->times[w];
    }
    for (size_t i = 1; i + 1 < c->stream->n; i++) {
        uint32_t w = word[i];

        if (!c->class[w])
            continue;
        c->pairs[c->first[w] + have[w]++] = (struct pair){c->class[word[i - 1]], 1};
        c->pairs[c->first[w] + have[w]++] =
            (struct pair){(uint32_t)c->classes + c->class[word[i + 1]], 1};
    }
    memset(c->joint, 0, (size_t)c->contexts * (size_t)c->classes * sizeof(*c->joint));
    memset(c->total, 0, (size_t)c->classes * sizeof(*c->total));
    for (uint32_t w = 0; w < n; w++) {
        have[w] = join(c->pairs + c->first[w], have[w]);
        for (uint32_t k = 0; k < have[w]; k++) {
            const struct pair *p = &c->pairs[c->first[w] + k];

            c->joint[p->context * (uint32_t)c->classes + c->class[w]] += (int32_t)p->times;
            c->total[c->class[w]] += p->times;
        }
    }
}

static void enter(struct clustering *c, const struct pair *p, uint32_t n, int class, int sign)
{
    for (uint32_t k = 0; k < n; k++) {
        c->joint[p[k].context * (uint32_t)c->classes + (uint32_t) class] +=
            sign * (int32_t)p[k].times;
        c->total[class] += sign * (double)p[k].times;
    }
}

/* The best class for a word that has been taken out of its own. */
static int best_class(const struct clustering *c, const struct pair *p, uint32_t n, float *gain)
{
    int best = 1;
    double sum = 0;

    for (int k = 0; k < c->classes; k++)
        gain[k] = 0;
    for (uint32_t i = 0; i < n; i++) {
        const int32_t *row = c->joint + p[i].context * (uint32_t)c->classes;
        int32_t times = (int32_t)p[i].times;

        sum += times;
        for (int k = 1; k < c->classes; k++)
            gain[k] += n_log_n(c, row[k] + times) - n_log_n(c, row[k]);
    }
    for (int k = 1; k < c->classes; k++) {
        double t = c->total[k];

        gain[k] -= (float)((t + sum) * log(t + sum) - (t > 0 ? t * log(t) : 0));
        if (gain[k] > gain[best])
            best = k;
    }
    return best;
}

static size_t sweep(struct clustering *c, const uint32_t *have, float *gain)
{
    size_t moved = 0;

    for (size_t i = 0; i < c->n_order; i++) {
        uint32_t w = c->order[i];
        const struct pair *p = c->pairs + c->first[w];
        int to;

        enter(c, p, have[w], c->class[w], -1);
        to = best_class(c, p, have[w], gain);
        enter(c, p, have[w], to, 1);
        moved += to != c->class[w];
        c->class[w] = (uint16_t)to;
    }
    return moved;
}

/* Classes 1..classes-1 for every word of the stream that is frequent enough. */
static uint16_t *cluster(const struct stream *s, int classes, int rounds)
{
    struct clustering c = {.stream = s, .classes = classes, .contexts = 2 * classes};
    uint32_t *have = need(calloc(s->words.n, sizeof(*have)));
    float *gain = need(malloc((size_t)classes * sizeof(*gain)));

    rank(&c);
    c.first = need(calloc(s->words.n + 1, sizeof(*c.first)));
    c.pairs = need(malloc(2 * (s->n + 1) * sizeof(*c.pairs)));
    c.joint = need(malloc((size_t)c.contexts * (size_t)classes * sizeof(*c.joint)));
    c.total = need(malloc((size_t)classes * sizeof(*c.total)));
    c.nlogn = need(malloc(SMALL * sizeof(*c.nlogn)));
    for (int i = 0; i < SMALL; i++)
        c.nlogn[i] = i ? (float)(i * log(i)) : 0;
    for (int i = 0; i < rounds; i++) {
        count_contexts(&c, have);
        fprintf(stderr, "%d classes, round %d: %zu of %zu words moved\n", classes, i + 1,
                sweep(&c, have, gain), c.n_order);
    }
    free(have);
    free(gain);
    free(c.times);
    free(c.order);
    free(c.first);
    free(c.pairs);
    free(c.joint);
    free(c.total);
    free(c.nlogn);
    return c.class;
}

void clusters_make(struct table *t, const struct documents *docs)
{
    enum { FINE = 401, COARSE = 65, ROUNDS = 12 };
    struct entries e = {.width = sizeof(struct cluster)};
    struct stream s;
    uint16_t *fine, *coarse;

    stream_read(&s, docs);
    fine = cluster(&s, FINE, ROUNDS);
    coarse = cluster(&s, COARSE, ROUNDS);
    for (uint32_t w = 1; w < s.words.n; w++)
        if (fine[w])
            entries_add(&e, s.words.word[w].form, &(struct cluster){fine[w], coarse[w]});
    table_make(t, &e);
    words_finish(&s.words);
    free(s.word);
    free(fine);
    free(coarse);
}
