/* SPDX-License-Identifier: Apache-2.0
 *
 * mentions.c - see mentions.h.
 */
#include "mentions.h"

#include "hash.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 4 * BLOCK_UNITS, PROBES = 8 };

int mentions_init(struct mentions *m)
{
    memset(m, 0, sizeof(*m));
    m->list = malloc(BLOCK_UNITS * sizeof(*m->list));
    m->slots = malloc(SLOTS * sizeof(*m->slots));
    if (m->list && m->slots)
        return 0;
    mentions_finish(m);
    return -1;
}

void mentions_finish(struct mentions *m)
{
    free(m->list);
    free(m->slots);
    m->list = NULL;
    m->slots = NULL;
}

/* Marks, and what a cut left over: 's behind a name, a hyphen before it. */
static int is_margin(const struct view *v, size_t i)
{
    const struct word *w = view_word(v, i);

    return w->kind & WORD_MARK || w->initial == '\'' || w->initial == 0x2019;
}

static void add(struct mentions *m, const struct view *v, size_t first, size_t last, int type,
                const float *margins)
{
    struct mention *x = &m->list[m->n];

    x->margin = margins[first];
    for (size_t i = first; i <= last; i++)
        if (margins[i] < x->margin)
            x->margin = margins[i];
    while (first < last && is_margin(v, first))
        first++;
    while (first < last && is_margin(v, last))
        last--;
    if (is_margin(v, first))
        return;
    x->span = (struct gloss_span){v->units[first].span.begin, v->units[last].span.end};
    x->first = (uint32_t)first;
    x->last = (uint32_t)last;
    x->type = type;
    x->longest = (uint32_t)m->n++;
}

static void collect(struct mentions *m, const struct view *v, size_t n, const uint8_t *labels,
                    const float *margins)
{
    m->n = 0;
    for (size_t i = 0, first = 0; i < n; i++) {
        int position = labels[i] ? label_position(labels[i]) : -1;

        if (position == BEGIN || position == UNIT)
            first = i;
        if (position == LAST || position == UNIT)
            add(m, v, first, i, label_type(labels[i]), margins);
    }
}

static size_t length(const struct mention *x)
{
    return x->span.end - x->span.begin;
}

/* True where the words of part stand in whole, in their order, next to each other. */
static int contains(const struct view *v, const struct mention *whole, const struct mention *part)
{
    size_t n = part->last - part->first + 1;

    for (size_t i = whole->first; i + n <= (size_t)whole->last + 1; i++) {
        size_t k = 0;

        while (k < n && view_word(v, i + k)->lower == view_word(v, part->first + k)->lower)
            k++;
        if (k == n)
            return 1;
    }
    return 0;
}

/* The word by which a name is known again: a person's last, another's first. */
static uint64_t handle(const struct view *v, const struct mention *x)
{
    return view_word(v, x->type == PER ? x->last : x->first)->lower;
}

/* Enters a mention under a word, where it is longer than what stands there. */
static void enter(struct mentions *m, uint32_t number, uint64_t word)
{
    const struct mention *x = &m->list[number];
    size_t at = hash_pair(word, (uint64_t)x->type) % SLOTS;

    for (size_t k = 0; k < PROBES; k++, at = (at + 1) % SLOTS) {
        if (!m->slots[at]) {
            m->slots[at] = number + 1;
            return;
        }
    }
}

static uint32_t longest(const struct mentions *m, const struct view *v, uint32_t number)
{
    const struct mention *x = &m->list[number];
    size_t at = hash_pair(handle(v, x), (uint64_t)x->type) % SLOTS;
    uint32_t best = number;

    for (size_t k = 0; k < PROBES && m->slots[at]; k++, at = (at + 1) % SLOTS) {
        uint32_t other = m->slots[at] - 1;

        if (m->list[other].type == x->type && length(&m->list[other]) > length(&m->list[best]) &&
            contains(v, &m->list[other], x))
            best = other;
    }
    return best;
}

void mentions_read(struct mentions *m, const struct block *b, const struct words *words,
                   const uint8_t *labels, const float *margins)
{
    struct view v = block_view(b, words);
    size_t n;

    collect(m, &v, b->n_units, labels, margins);
    n = m->n;
    memset(m->slots, 0, SLOTS * sizeof(*m->slots));
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t u = m->list[i].first;
             m->list[i].last > m->list[i].first && u <= m->list[i].last; u++)
            enter(m, i, view_word(&v, u)->lower);
    for (uint32_t i = 0; i < n; i++)
        m->list[i].longest = longest(m, &v, i);
}
