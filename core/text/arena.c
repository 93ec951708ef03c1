/* SPDX-License-Identifier: Apache-2.0
 *
 * arena.c - see arena.h. Pieces are cut from the newest block, and a piece alone
 * in its block grows by realloc(), so a big array is not copied as it grows.
 */
#include "text/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 16, BLOCK_MIN = 64 << 10, KEEP_MAX = 1 << 20 };

struct arena_block {
    struct arena_block *older;
    size_t size; /* bytes after this head */
};
_Static_assert(sizeof(struct arena_block) % ALIGN == 0, "pieces are aligned");

static char *begin_of(struct arena_block *b)
{
    return (char *)(b + 1);
}

static size_t round_up(size_t size)
{
    return size ? (size + ALIGN - 1) & ~(size_t)(ALIGN - 1) : ALIGN;
}

static bool fits(const struct arena *a, size_t size)
{
    return size <= SIZE_MAX / 4 && a->used <= a->limit && round_up(size) <= a->limit - a->used;
}

void arena_init(struct arena *a, size_t limit)
{
    *a = (struct arena){.limit = limit};
}

static void free_blocks(struct arena *a)
{
    while (a->blocks) {
        struct arena_block *b = a->blocks;
        a->blocks = b->older;
        free(b);
    }
    a->next = a->end = NULL;
}

void arena_finish(struct arena *a)
{
    if (!a)
        return;
    free_blocks(a);
    a->used = 0;
}

/* Makes room for size bytes in a new block; the rest of the old one is lost. */
static bool add_block(struct arena *a, size_t size)
{
    struct arena_block *b;

    if (size < BLOCK_MIN)
        size = BLOCK_MIN;
    b = malloc(sizeof(*b) + size);
    if (!b)
        return false;
    b->older = a->blocks;
    b->size = size;
    a->blocks = b;
    a->next = begin_of(b);
    a->end = a->next + size;
    return true;
}

/* One block as big as all of them were, so that the next document of this size
 * asks malloc() for nothing. */
void arena_reset(struct arena *a)
{
    size_t total = 0;

    a->used = 0;
    for (const struct arena_block *b = a->blocks; b; b = b->older)
        total += b->size;
    if (a->blocks && !a->blocks->older && total <= KEEP_MAX) {
        a->next = begin_of(a->blocks);
        return;
    }
    free_blocks(a);
    if (total)
        add_block(a, total < KEEP_MAX ? total : KEEP_MAX);
}

void *arena_alloc(struct arena *a, size_t size)
{
    char *p;

    if (!fits(a, size))
        return NULL;
    size = round_up(size);
    if ((size_t)(a->end - a->next) < size && !add_block(a, size))
        return NULL;
    p = a->next;
    a->next += size;
    a->used += size;
    return p;
}

/* p is the newest piece and alone in its block: the block itself grows. */
static void *grow_block(struct arena *a, size_t size)
{
    struct arena_block *b = realloc(a->blocks, sizeof(*b) + size);

    if (!b)
        return NULL;
    b->size = size;
    a->blocks = b;
    a->next = a->end = begin_of(b) + size;
    return begin_of(b);
}

void *arena_grow(struct arena *a, void *p, size_t old, size_t size)
{
    size_t had = round_up(old), want = round_up(size);
    char *piece = p;

    if (!p)
        return arena_alloc(a, size);
    if (size <= old || want == had)
        return p;
    if (piece + had != a->next) {
        void *copy = arena_alloc(a, size);
        return copy ? memcpy(copy, p, old) : NULL;
    }
    if (size > SIZE_MAX / 4 || a->used > a->limit || want - had > a->limit - a->used)
        return NULL;
    if (want - had <= (size_t)(a->end - a->next)) {
        a->next += want - had;
    } else if (piece == begin_of(a->blocks)) {
        p = grow_block(a, want);
        if (!p)
            return NULL;
    } else {
        if (!add_block(a, want))
            return NULL;
        memcpy(a->next, p, old);
        p = a->next;
        a->next += want;
    }
    a->used += want - had;
    return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    char *copy = n < SIZE_MAX ? arena_alloc(a, n + 1) : NULL;

    if (!copy)
        return NULL;
    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}
