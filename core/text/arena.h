/* SPDX-License-Identifier: Apache-2.0
 *
 * arena.h - memory that goes with a document: handed out in small pieces, given
 * back all at once. The hard rule: nothing in it is ever freed by itself.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    char *next, *end;           /* what is left of the newest */
    size_t used;                /* bytes handed out since the last reset */
    size_t limit;               /* bytes it may hand out between resets */
};

/* An arena that hands out limit bytes at most; allocates nothing yet. */
void arena_init(struct arena *a, size_t limit);

/* Frees everything; a is as after init. NULL is accepted. */
void arena_finish(struct arena *a);

/* Takes everything back but keeps up to 1 MiB of blocks for the next document. */
void arena_reset(struct arena *a);

/* 16-byte aligned, not zeroed. NULL where memory or the limit is used up. */
void *arena_alloc(struct arena *a, size_t size);

/* Grows the piece p of old bytes to size, in place where p is the newest;
 * else a copy. NULL as above, p is untouched then. */
void *arena_grow(struct arena *a, void *p, size_t old, size_t size);

/* A NUL-terminated copy of n bytes of s; NULL as above. */
char *arena_strndup(struct arena *a, const char *s, size_t n);

#endif
