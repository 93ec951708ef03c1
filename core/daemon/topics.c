/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/topics.c - a hash table of fixed size, its entries also in a list from
 * the latest used to the longest unused.
 */
#include "daemon/topics.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    struct entry *chain;         /* the next in the same slot */
    struct entry *newer, *older; /* by last use */
    uint64_t hash, seq;
    size_t n;
    char topic[];
};

struct topics {
    size_t max, n, slots; /* slots: a power of two */
    struct entry *newest, *oldest;
    struct entry *slot[];
};

/* FNV-1a: topics are short, and the table is bounded whatever they are. */
static uint64_t hash_of(const char *s, size_t n)
{
    uint64_t h = 14695981039346656037u;

    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * 1099511628211u;
    return h ^ h >> 32;
}

static struct entry **place(struct topics *t, uint64_t hash)
{
    return &t->slot[hash & (t->slots - 1)];
}

static void unlink_use(struct topics *t, struct entry *e)
{
    *(e->newer ? &e->newer->older : &t->newest) = e->older;
    *(e->older ? &e->older->newer : &t->oldest) = e->newer;
}

static void link_newest(struct topics *t, struct entry *e)
{
    e->newer = NULL;
    e->older = t->newest;
    *(t->newest ? &t->newest->newer : &t->oldest) = e;
    t->newest = e;
}

static void forget_oldest(struct topics *t)
{
    struct entry *e = t->oldest;
    struct entry **at = place(t, e->hash);

    while (*at != e)
        at = &(*at)->chain;
    *at = e->chain;
    unlink_use(t, e);
    free(e);
    t->n--;
}

struct topics *topics_create(size_t max)
{
    size_t slots = 16;
    struct topics *t;

    while (slots < max)
        slots *= 2;
    t = calloc(1, sizeof *t + slots * sizeof(struct entry *));
    if (t) {
        t->max = max;
        t->slots = slots;
    }
    return t;
}

void topics_destroy(struct topics *t)
{
    while (t && t->oldest)
        forget_oldest(t);
    free(t);
}

static void add(struct topics *t, const char *topic, size_t n, uint64_t hash, uint64_t seq)
{
    struct entry *e = malloc(sizeof *e + n);

    if (!e)
        return; /* the next of this topic has no prev: that is allowed */
    if (t->n == t->max)
        forget_oldest(t);
    e->hash = hash;
    e->seq = seq;
    e->n = n;
    memcpy(e->topic, topic, n);
    e->chain = *place(t, hash);
    *place(t, hash) = e;
    link_newest(t, e);
    t->n++;
}

uint64_t topics_swap(struct topics *t, const char *topic, size_t n, uint64_t seq)
{
    uint64_t hash = hash_of(topic, n), prev;
    struct entry *e = *place(t, hash);

    while (e && (e->hash != hash || e->n != n || memcmp(e->topic, topic, n) != 0))
        e = e->chain;
    if (!e) {
        add(t, topic, n, hash, seq);
        return 0;
    }
    prev = e->seq;
    e->seq = seq;
    unlink_use(t, e);
    link_newest(t, e);
    return prev;
}
