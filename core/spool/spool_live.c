/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_live.c - the trees of the tables, and the list of free pages, walked as far
 * as they lead. The hard rule of spool_live.h holds.
 *
 * One damaged page spoils the trees or the list, never both: the trees decide where they
 * are whole, for they can be proved by the order of their keys; else the list does. Where
 * neither is whole, a page that is listed as free and not reached is free. After a -wal
 * that may lack something, pages are of more than one moment: then neither counts as whole.
 */
#include "spool/spool_live.h"

#include "spool/spool_parts.h"

#include <stdlib.h>

enum {
    LEAF = 0x0d,
    NODE = 0x05,
    LEAF_HEAD = 8,
    NODE_HEAD = 12,
    DEPTH_MOST = 20,
    FIRST_TRUNK = 32, /* in page 1, and how many pages are free behind it */
};

enum {
    LISTED = 1,  /* as free */
    CLAIMED = 2, /* by a page above it, or as a root */
    REACHED = 4, /* and it looks as it should there */
};

struct walk {
    const struct spool_pages *pages;
    unsigned char *use;
    size_t columns; /* of the tree that is walked */
    int leaf_depth; /* -1: not known yet */
};

/* Keys of a tree's part: above low, up to high. */
struct span {
    int64_t low, high;
};

/* ---- the list */

static bool list(struct walk *w, uint32_t number)
{
    if (number < 2 || number > w->pages->n || w->use[number] & LISTED)
        return false;
    w->use[number] |= LISTED;
    return true;
}

/* A trunk has the next one's number, and those of leaves. False where it can't have. */
static bool list_trunk(struct walk *w, const unsigned char *page, uint32_t *found)
{
    uint32_t n = spool_be32(page + 4);

    if (n > w->pages->page_size / 4 - 2)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (!list(w, spool_be32(page + 8 + (size_t)i * 4)))
            return false;
    *found += n;
    return true;
}

/* Whether the list can be read to its end, and has as many pages as it should. */
static bool walk_list(struct walk *w, unsigned char *page)
{
    uint32_t trunk, n, found = 0;

    if (!spool_pages_read(w->pages, VIEW_COMMITTED, 1, page))
        return false;
    trunk = spool_be32(page + FIRST_TRUNK);
    n = spool_be32(page + FIRST_TRUNK + 4);
    while (trunk) {
        if (!list(w, trunk) || !spool_pages_read(w->pages, VIEW_COMMITTED, trunk, page))
            return false;
        found++;
        if (!list_trunk(w, page, &found))
            return false;
        trunk = spool_be32(page);
    }
    return found == n;
}

/* ---- the trees */

static bool walk_page(struct walk *w, uint32_t number, int depth, struct span span);

/* The i-th cell of the page; NULL where it can't be one. */
static const unsigned char *find_cell(const struct walk *w, const unsigned char *page, size_t head,
                                      size_t i)
{
    size_t n = spool_be16(page + 3), size = w->pages->page_size, at;

    if (head + n * 2 > size)
        return NULL;
    at = spool_be16(page + head + i * 2);
    return at >= head + n * 2 && at + 4 <= size ? page + at : NULL;
}

/* The key at p, which must be in the span, and becomes its low end. */
static bool take_key(const unsigned char *p, const unsigned char *end, struct span *span)
{
    uint64_t key;

    if (!spool_varint(p, end, &key) || (int64_t)key <= span->low || (int64_t)key > span->high)
        return false;
    span->low = (int64_t)key;
    return true;
}

/* Of the row whose record is at p. */
static size_t count_columns(const unsigned char *p, const unsigned char *end)
{
    uint64_t head, type;
    size_t n = 0, step = spool_varint(p, end, &head);

    if (head > (size_t)(end - p))
        return 0;
    for (end = p + head, p += step; p < end; p += step, n++)
        if (!(step = spool_varint(p, end, &type)))
            return 0;
    return n;
}

static bool is_leaf(struct walk *w, const unsigned char *page, int depth, struct span span)
{
    const unsigned char *end = page + w->pages->page_size, *cell;
    uint64_t n;

    for (size_t i = 0; i < spool_be16(page + 3); i++) {
        cell = find_cell(w, page, LEAF_HEAD, i);
        if (!cell)
            return false;
        cell += spool_varint(cell, end, &n);
        if (!take_key(cell, end, &span) ||
            count_columns(cell + spool_varint(cell, end, &n), end) != w->columns)
            return false;
    }
    if (w->leaf_depth < 0)
        w->leaf_depth = depth;
    return w->leaf_depth == depth;
}

/* All that can be reached is, also where something is wrong. A page that lost the count of
 * its cells would still be in order: so they must fill it. */
static bool walk_node(struct walk *w, const unsigned char *page, int depth, struct span span)
{
    const unsigned char *end = page + w->pages->page_size, *cell;
    size_t cells = 0;
    bool good = true;

    for (size_t i = 0; i < spool_be16(page + 3); i++) {
        struct span part = span;
        uint64_t key;

        cell = find_cell(w, page, NODE_HEAD, i);
        if (!cell || !take_key(cell + 4, end, &span))
            return false;
        part.high = span.low;
        cells += 4 + spool_varint(cell + 4, end, &key);
        good = walk_page(w, spool_be32(cell), depth + 1, part) && good;
    }
    return walk_page(w, spool_be32(page + 8), depth + 1, span) && good &&
           spool_page_is_filled(page, w->pages->page_size, cells);
}

static bool walk_page(struct walk *w, uint32_t number, int depth, struct span span)
{
    unsigned char *page;
    bool good = false;

    if (number < 2 || number > w->pages->n || w->use[number] & CLAIMED || depth > DEPTH_MOST)
        return false;
    w->use[number] |= CLAIMED;
    page = malloc(w->pages->page_size);
    if (page && spool_pages_read(w->pages, VIEW_COMMITTED, number, page)) {
        if (page[0] == LEAF)
            good = is_leaf(w, page, depth, span);
        else if (page[0] == NODE)
            good = walk_node(w, page, depth, span);
    }
    free(page);
    if (good)
        w->use[number] |= REACHED;
    return good;
}

static bool walk_trees(struct walk *w)
{
    bool whole = true;

    for (size_t i = 0; i < SPOOL_ROOTS; i++) {
        w->leaf_depth = -1;
        w->columns = spool_roots[i].columns;
        whole = walk_page(w, spool_roots[i].page, 0, (struct span){-1, INT64_MAX}) && whole;
    }
    return whole;
}

/* ---- both */

int spool_live_init(struct spool_live *l, const struct spool_pages *p, struct fault *f)
{
    struct walk w = {.pages = p, .use = calloc((size_t)p->n + 1, 1)};
    unsigned char *page = malloc(p->page_size);

    *l = (struct spool_live){.use = w.use};
    if (!w.use || !page) {
        free(page);
        spool_live_finish(l);
        return fault_set(f, "no memory");
    }
    l->trees_whole = walk_trees(&w) && !*p->doubt;
    l->list_whole = walk_list(&w, page) && !*p->doubt;
    free(page);
    return 0;
}

void spool_live_finish(struct spool_live *l)
{
    free(l->use);
    l->use = NULL;
}

bool spool_live_counts(const struct spool_live *l, uint32_t number)
{
    if (l->trees_whole)
        return l->use[number] & REACHED;
    if (l->list_whole)
        return !(l->use[number] & LISTED);
    return !(l->use[number] & LISTED) || l->use[number] & REACHED;
}

bool spool_live_is_of_tree(const struct spool_live *l, uint32_t number)
{
    return l->use[number] & CLAIMED;
}
