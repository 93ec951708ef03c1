/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_live.h - which pages of a spool count, and which are free: those still hold
 * rows that were taken away. The hard rule: where that can't be told, a page counts.
 */
#ifndef SPOOL_LIVE_H
#define SPOOL_LIVE_H

#include "spool/spool_pages.h"

struct spool_live {
    unsigned char *use;           /* of each page: what is known of it */
    bool trees_whole, list_whole; /* what the trees say, and the list of free pages */
};

/* 0, or -1 without memory (f). */
int spool_live_init(struct spool_live *l, const struct spool_pages *p, struct fault *f);
void spool_live_finish(struct spool_live *l);

/* Whether the rows on the page are rows of the spool. */
bool spool_live_counts(const struct spool_live *l, uint32_t number);

/* Whether a tree leads to the page: it is no rest of a long row, whatever it looks like. */
bool spool_live_is_of_tree(const struct spool_live *l, uint32_t number);

#endif
