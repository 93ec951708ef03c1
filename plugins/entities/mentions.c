/* SPDX-License-Identifier: Apache-2.0
 *
 * mentions.c - see mentions.h.
 */
#include "mentions.h"

#include "hash.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 4 * BLOCK_UNITS, PROBES = 8 };
enum { WORDS_NAME = 16 }; /* a name of more words has no other form */

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

static size_t words_in(const struct mention *x)
{
    return x->last - x->first + 1;
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

/* The word by which a name is known again: a person's last, an organisation's first. 0 where a
 * longer form would be another's name: Korea is not South Korea, the UN not the UN Assembly. */
static uint64_t handle(const struct view *v, const struct mention *x)
{
    if (x->type == PER)
        return view_word(v, x->last)->lower;
    if (x->type == ORG && !(view_word(v, x->first)->kind & WORD_UPPER))
        return view_word(v, x->first)->lower;
    return 0;
}

static size_t slot_of(const struct mentions *m, int type, uint64_t word)
{
    return hash_pair(word, (uint64_t)type) & m->mask;
}

/* Enters a mention under one of its words, once for each form. */
static void enter(struct mentions *m, const struct view *v, uint32_t number, uint64_t word)
{
    const struct mention *x = &m->list[number];
    size_t at = slot_of(m, x->type, word);

    for (size_t k = 0; k < PROBES; k++, at = (at + 1) & m->mask) {
        const struct mention *other;

        if (!m->slots[at]) {
            m->slots[at] = number + 1;
            return;
        }
        other = &m->list[m->slots[at] - 1];
        if (other->type == x->type && words_in(other) == words_in(x) && contains(v, other, x))
            return;
    }
}

static void enter_words(struct mentions *m, const struct view *v, uint32_t number)
{
    const struct mention *x = &m->list[number];

    if (words_in(x) > 1 && words_in(x) <= WORDS_NAME)
        for (uint32_t u = x->first; u <= x->last; u++)
            enter(m, v, number, view_word(v, u)->lower);
}

static uint32_t longest(const struct mentions *m, const struct view *v, uint32_t number)
{
    const struct mention *x = &m->list[number];
    uint64_t word = handle(v, x);
    size_t at = slot_of(m, x->type, word);
    uint32_t best = number;

    if (!word || words_in(x) > WORDS_NAME)
        return number;
    for (size_t k = 0; k < PROBES && m->slots[at]; k++, at = (at + 1) & m->mask) {
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
    m->mask = 63;
    while (m->mask + 1 < 4 * n && m->mask + 1 < SLOTS)
        m->mask = 2 * m->mask + 1;
    memset(m->slots, 0, (m->mask + 1) * sizeof(*m->slots));
    for (uint32_t i = 0; i < n; i++)
        enter_words(m, &v, i);
    for (uint32_t i = 0; i < n; i++)
        m->list[i].longest = longest(m, &v, i);
}
