/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_salvage.h - a new spool of all that can be read of a damaged one. The hard
 * rule: no seq that was given is given again, and no document is lost without a word.
 *
 * Free pages still hold rows that were trimmed or settled. With one damaged page none of
 * these comes back. Where both a tree and the list of free pages are damaged, or the -wal
 * lacks something, some may: published ones below what facts says is kept are dropped, a
 * pending one that has a result or no document too. What remains: a dead letter that was
 * retried or purged is on the list again, and a trimmed document whose result is not found
 * with it becomes a dead letter (result_lost), or, where rows of pending are missing or a
 * stale one names it, is run again.
 */
#ifndef SPOOL_SALVAGE_H
#define SPOOL_SALVAGE_H

#include "log.h"
#include "wire/stamp.h"

#include <stdbool.h>
#include <stdint.h>

struct spool_salvage {
    /* What is lost, or not sure: a line for each. */
    void (*on_loss)(void *owner, const char *what);
    void *owner;

    /* What is in the new spool. */
    char log[STAMP_ID];
    bool new_log;     /* the name is new, for */
    char doubt[256];  /* .. this reason */
    uint64_t seq;     /* the last that was given */
    uint64_t pending; /* documents to run */
    uint64_t published, from, to;
    uint64_t dead;
    uint64_t losses; /* lines */
};

/* Makes the spool at to from the file at from; the first two members are the caller's to
 * set. 0, or -1 with f: then there is no new file. */
int spool_salvage(struct spool_salvage *s, const char *from, const char *to, struct fault *f);

#endif
