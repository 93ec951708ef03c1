/* SPDX-License-Identifier: Apache-2.0
 *
 * find.h - where in a document the dateline is: the line that has one at its head,
 * and the lines of a page that give a date or an agency. The hard rule: one pass
 * over the first lines, over when the story is under way.
 */
#ifndef DATELINE_FIND_H
#define DATELINE_FIND_H

#include "wire.h"

struct finder {
    struct wire wire;
    size_t scan_bytes;
    double min_score;
};

/* Looks through text from body on. false where there is nothing of min_score. */
bool find_dateline(const struct finder *f, const char *text, size_t len, size_t body,
                   struct dateline *d);

#endif
