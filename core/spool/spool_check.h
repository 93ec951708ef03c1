/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_check.h - looks a spool over, row by row. The hard rule: it only reads, and
 * sees one moment, so a daemon may be at work on the file.
 */
#ifndef SPOOL_CHECK_H
#define SPOOL_CHECK_H

#include "log.h"
#include "wire/stamp.h"

#include <stdint.h>

struct spool_check {
    /* A fault, with table and row. */
    void (*on_fault)(void *owner, const char *what);
    /* What is not as in a new spool, and no fault: nothing can be done about it. */
    void (*on_note)(void *owner, const char *what);
    void *owner;

    char log[STAMP_ID];
    int version;
    uint64_t pages, page_size;
    uint64_t seq, sent; /* the last given, the last known to have been sent */
    uint64_t pending, documents;
    uint64_t published, from, to;
    uint64_t dead;
    uint64_t published_bytes, dead_bytes; /* as they count against what is kept */
    uint64_t oldest_ms, newest_ms;        /* when documents came; 0: there are none */
    uint64_t faults;
};

/* The first three members are the caller's to set. 0 where it could be looked into, faults or
 * not; -1 with f where there is no such file, or it is no spool. */
int spool_check(struct spool_check *c, const char *path, struct fault *f);

#endif
