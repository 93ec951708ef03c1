/* SPDX-License-Identifier: Apache-2.0
 *
 * wire.h - the dateline as wires write it, at the head of a line:
 *
 *   [(AGENCY) SEP] PLACE [, REGION]... [DATE] [(AGENCY)] SEP
 *
 * with the order of date and agency free, brackets round the region as well, and
 * several forms of each. The hard rule: a place alone is never enough; the date,
 * the agency, or how the sentence goes on must bear it out.
 */
#ifndef DATELINE_WIRE_H
#define DATELINE_WIRE_H

#include "agency.h"
#include "calendar.h"
#include "lex.h"
#include "place.h"

struct dateline {
    struct phrase span, place, region, agency;
    const char *agency_name; /* canonical, or NULL: as it stands in the text */
    struct day day;
    double score; /* 0..1 */
};

struct wire {
    const struct gazetteer *gazetteer;
    struct agencies agencies;
    struct calendar calendar;
};

/* Where to read. */
struct head {
    const char *text;
    size_t begin; /* of the line */
    size_t end;   /* how far the dateline may reach */
    size_t len;   /* of the text, for a look at how the story goes on */
    bool credit;  /* lines of a wire's furniture (byline, copyright) came before */
};

/* false where the line has no dateline at its head. */
bool wire_read(const struct wire *w, const struct head *h, struct dateline *d);

#endif
