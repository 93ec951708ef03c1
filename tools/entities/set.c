/* SPDX-License-Identifier: Apache-2.0
 *
 * set.c - documents into sentences of numbers (struct set in learn.h). Everything goes through
 * the tokeniser and the feature code that run in production.
 */
#include "learn.h"
#include "plugins/entities/evidence.h"
#include "plugins/entities/hash.h"
#include "plugins/entities/votes.h"
#include "text/arena.h"
#include "text/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_ROOM = 1 << 20 };
enum { LEAST_VOTES = 20 }; /* times a feature of the second reading must be seen */

/* ---- features to numbers */

struct numbers {
    uint64_t *hash;
    uint32_t *count;
    uint32_t *number;
    size_t n, mask;
};

static void numbers_grow(struct numbers *m)
{
    struct numbers old = *m;

    m->mask = old.hash ? 2 * old.mask + 1 : (1u << 20) - 1;
    m->hash = need(calloc(m->mask + 1, sizeof(*m->hash)));
    m->count = need(calloc(m->mask + 1, sizeof(*m->count)));
    m->number = need(calloc(m->mask + 1, sizeof(*m->number)));
    for (size_t i = 0; old.hash && i <= old.mask; i++) {
        size_t k = old.hash[i] & m->mask;

        if (!old.hash[i])
            continue;
        while (m->hash[k])
            k = (k + 1) & m->mask;
        m->hash[k] = old.hash[i];
        m->count[k] = old.count[i];
    }
    free(old.hash);
    free(old.count);
    free(old.number);
}

static size_t slot_of(const struct numbers *m, uint64_t hash)
{
    size_t i = hash & m->mask;

    while (m->hash[i] && m->hash[i] != hash)
        i = (i + 1) & m->mask;
    return i;
}

static void count(struct numbers *m, uint64_t hash, uint32_t by)
{
    size_t i;

    if (2 * m->n >= m->mask)
        numbers_grow(m);
    i = slot_of(m, hash);
    m->n += !m->hash[i];
    m->hash[i] = hash;
    m->count[i] += by;
}

static void number(struct numbers *m, struct set *s, uint32_t least)
{
    s->hash = need(malloc((m->n + 1) * sizeof(*s->hash)));
    for (size_t i = 0; i <= m->mask; i++)
        if (m->hash[i] && m->count[i] >= least) {
            s->hash[s->n_features] = m->hash[i];
            m->number[i] = ++s->n_features;
        }
}

/* ---- lists */

static void list_begin(struct lists *l)
{
    if (l->n + 2 > l->at_room) {
        l->at_room = 2 * (l->n + 2);
        l->at = need(realloc(l->at, l->at_room * sizeof(*l->at)));
        if (!l->n)
            l->at[0] = 0;
    }
    l->at[l->n + 1] = l->at[l->n];
    l->n++;
}

static void list_add(struct lists *l, const struct numbers *m, uint64_t hash)
{
    uint32_t x = m->number[slot_of(m, hash)];

    if (!x)
        return;
    if (l->at[l->n] == l->items_room) {
        l->items_room = l->items_room ? 2 * l->items_room : 1 << 20;
        l->items = need(realloc(l->items, l->items_room * sizeof(*l->items)));
    }
    l->items[l->at[l->n]++] = x - 1;
}

/* ---- units and labels */

static int label_at(const struct document *d, const struct gloss_span *span, int *inside)
{
    for (size_t i = 0; i < d->n_gold; i++) {
        const struct gold *g = &d->gold[i];

        if (span->begin < g->end && g->begin < span->end) {
            *inside = (int)i + 1;
            return g->type;
        }
    }
    *inside = 0;
    return -1;
}

/* Labels of a sentence: a unit that a name touches is in it. */
static void set_labels(struct set *s, const struct document *d, const struct unit *units, size_t n)
{
    uint8_t *label = s->label + s->n_units;
    int before = 0, in = 0, after, type, type_after;

    type = n ? label_at(d, &units[0].span, &in) : -1;
    for (size_t i = 0; i < n; i++) {
        type_after = -1;
        after = 0;
        if (i + 1 < n)
            type_after = label_at(d, &units[i + 1].span, &after);
        if (!in)
            label[i] = 0;
        else if (before == in)
            label[i] = (uint8_t)label_of(type, after == in ? INSIDE : LAST);
        else
            label[i] = (uint8_t)label_of(type, after == in ? BEGIN : UNIT);
        before = in;
        in = after;
        type = type_after;
    }
}

static void add_sentence(struct set *s, const struct document *d, const struct block *b,
                         const struct sentence *sentence)
{
    size_t n = sentence->end - sentence->begin;
    struct example *e;

    if (s->n_units + n > s->units_room) {
        s->units_room = 2 * (s->n_units + n);
        s->word = need(realloc(s->word, s->units_room * sizeof(*s->word)));
        s->label = need(realloc(s->label, s->units_room));
    }
    if (s->n_examples == s->examples_room) {
        s->examples_room = s->examples_room ? 2 * s->examples_room : 4096;
        s->examples = need(realloc(s->examples, s->examples_room * sizeof(*s->examples)));
    }
    e = &s->examples[s->n_examples++];
    *e = (struct example){s->n_units,       s->n_units + n, d->corpus->weight,
                          d->corpus->types, d->part,        d->corpus->style};
    for (size_t i = 0; i < n; i++)
        s->word[s->n_units + i] = b->units[sentence->begin + i].word;
    set_labels(s, d, b->units + sentence->begin, n);
    s->n_units += n;
}

/* ---- two rounds over the documents: first features are counted, then they are numbered */

struct round {
    struct set *set;
    struct numbers *numbers;
    struct block block;
    struct evidence evidence;
    struct votes votes;
    const uint8_t *first; /* labels of the first reading, where this is the second */
    size_t at;            /* units before this block */
    int counting;
};

static void on_unit(struct round *r, const struct view *v, const struct sentence *s, size_t i)
{
    uint64_t features[FEATURES_UNIT + FEATURES_EVIDENCE];
    size_t n = 0;

    if (r->first) {
        n = votes_features(&r->votes, v, s, i, r->first + r->at, features);
    } else if (features_wanted(v, s, i)) {
        n = features_unit(v, s, i, features);
        n += evidence_features(&r->evidence, v, &r->block, s, i, features + n);
    }

    if (!r->counting)
        list_begin(&r->set->joined);
    for (size_t k = 0; k < n; k++)
        if (r->counting)
            count(r->numbers, features[k], 1);
        else
            list_add(&r->set->joined, r->numbers, features[k]);
}

static void on_block(struct round *r, const struct document *d)
{
    struct view v = block_view(&r->block, &r->set->words);

    if (r->first)
        votes_read(&r->votes, &v, r->block.n_units, r->first + r->at);
    else
        evidence_read(&r->evidence, &r->block, &r->set->words);
    for (size_t k = 0; k < r->block.n_sentences; k++) {
        const struct sentence *s = &r->block.sentences[k];

        for (size_t i = s->begin; i < s->end; i++)
            on_unit(r, &v, s, i);
        if (r->counting && !r->first)
            add_sentence(r->set, d, &r->block, s);
    }
    r->at += r->block.n_units;
}

static void run(struct round *r, const struct documents *docs)
{
    struct arena arena;

    arena_init(&arena, 1u << 30);
    r->at = 0;
    for (size_t i = 0; i < docs->n; i++) {
        const struct document *d = &docs->doc[i];
        struct tokens t = {0};

        if (tokens_split(&t, &arena, d->text, 0, d->len))
            die("a document too large to split");
        for (size_t k = 0; k < t.n_tokens;) {
            if (r->set->words.n + BLOCK_UNITS > WORDS_ROOM)
                die("more words than WORDS_ROOM");
            k += block_read(&r->block, &r->set->words, d->text, t.tokens + k, t.n_tokens - k);
            on_block(r, d);
        }
        arena_reset(&arena);
    }
    arena_finish(&arena);
}

static void word_features(struct round *r, const uint32_t *times)
{
    uint64_t features[FEATURES_WORD];

    for (int place = 0; place < PLACES; place++)
        for (uint32_t w = 0; w < r->set->words.n; w++) {
            size_t n = features_word(&r->set->words.word[w], (enum place)place, features);

            if (!r->counting)
                list_begin(&r->set->places[place]);
            for (size_t k = 0; k < n; k++)
                if (r->counting)
                    count(r->numbers, features[k], times[w]);
                else
                    list_add(&r->set->places[place], r->numbers, features[k]);
        }
}

void set_build(struct set *s, const struct documents *docs, int least, const struct table *clusters,
               const struct table *names)
{
    struct numbers numbers = {0};
    struct round r = {.set = s, .numbers = &numbers, .counting = 1};
    uint32_t *times;

    memset(s, 0, sizeof(*s));
    numbers_grow(&numbers);
    if (words_init(&s->words, WORDS_ROOM) || block_init(&r.block) ||
        evidence_init(&r.evidence, WORDS_ROOM))
        die("out of memory");
    s->words.clusters = clusters;
    s->words.names = names;
    run(&r, docs);
    times = need(calloc(s->words.n, sizeof(*times)));
    for (size_t i = 0; i < s->n_units; i++)
        times[s->word[i]]++;
    times[0] = (uint32_t)s->n_examples;
    word_features(&r, times);
    number(&numbers, s, (uint32_t)least);
    r.counting = 0;
    run(&r, docs);
    word_features(&r, times);
    fprintf(stderr, "%zu documents, %zu sentences, %zu units, %u words, %u of %zu features\n",
            docs->n, s->n_examples, s->n_units, s->words.n - 1, s->n_features, numbers.n);
    free(times);
    free(numbers.hash);
    free(numbers.count);
    free(numbers.number);
    block_finish(&r.block);
    evidence_finish(&r.evidence);
}

void set_second(struct set *to, const struct set *s, const struct documents *docs,
                const struct lattice *base, const uint8_t *first)
{
    struct numbers numbers = {0};
    struct round r = {.set = to, .numbers = &numbers, .counting = 1, .first = first};

    *to = *s;
    memset(&to->joined, 0, sizeof(to->joined));
    to->base = base;
    to->hash = NULL;
    to->n_features = 0;
    numbers_grow(&numbers);
    if (block_init(&r.block) || votes_init(&r.votes, WORDS_ROOM))
        die("out of memory");
    run(&r, docs);
    number(&numbers, to, LEAST_VOTES);
    r.counting = 0;
    run(&r, docs);
    fprintf(stderr, "second reading: %u features\n", to->n_features);
    free(numbers.hash);
    free(numbers.count);
    free(numbers.number);
    block_finish(&r.block);
    votes_finish(&r.votes);
}
