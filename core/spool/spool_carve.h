/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_carve.h - the rows of a spool, from whichever pages still hold them, with
 * no need of the trees that lead there. The hard rule: a row whose sum is wrong is told
 * as damaged, never handed on.
 */
#ifndef SPOOL_CARVE_H
#define SPOOL_CARVE_H

#include "spool/spool_pages.h"
#include "spool/spool_parts.h"

enum carve_kind {
    CARVE_DOCUMENT,
    CARVE_PENDING,
    CARVE_PUBLISHED,
    CARVE_DEAD,
    CARVE_FACTS,
    CARVE_SEQUENCE, /* the last number given to a dead letter */
    CARVE_KINDS
};

extern const char *const carve_table[CARVE_KINDS];

/* A row. Slices live in the call only. */
struct carve_row {
    enum carve_kind kind;
    uint64_t key;   /* ticket, seq or number */
    uint64_t at_ms; /* CARVE_PUBLISHED */
    struct spool_doc doc;
    struct spool_published published;
    struct spool_dead dead;
    struct spool_facts facts;
};

struct carve_ops {
    /* A row whose sum is right; the same row may come more than once. -1: stop. */
    int (*on_row)(void *owner, const struct carve_row *row);

    /* One whose sum is wrong: of it kind and key are told, as they seem to be. */
    int (*on_damaged)(void *owner, enum carve_kind kind, uint64_t key);

    /* A page that can't be read (n 0), or n of its rows that can't. */
    int (*on_lost)(void *owner, uint32_t page, uint32_t n);
};

/* Goes through all pages. 0, or -1 where a call gave that, or without memory (f). */
int spool_carve(const struct spool_pages *pages, const struct carve_ops *ops, void *owner,
                struct fault *f);

#endif
