/* SPDX-License-Identifier: Apache-2.0
 *
 * judge.h - whether what the grammar found is a dateline, and how surely. The hard
 * rule: a decision here depends on the evidence and on how the story goes on, on
 * nothing else.
 */
#ifndef DATELINE_JUDGE_H
#define DATELINE_JUDGE_H

#include "wire.h"

enum evidence {
    HAS_DATE = 1,
    HAS_AGENCY = 2, /* something in brackets where the agency stands */
    AGENCY_KNOWN = 4,
    AGENCY_BARE = 8, /* known, but without brackets */
    LEADS = 16,      /* the agency came first */
    SEP = 32,        /* a hyphen between blanks */
    SEP_STRONG = 64, /* two hyphens, a dash, ".-" */
    SEP_COLON = 128,
    LINE_ENDS = 256,
    CAPITALS = 512, /* the place is in capitals */
    SMALL = 1024,   /* the place has none */
    NOWHERE = 2048, /* "no city": stated to be unknown */
    REGION_KNOWN = 4096,
    TOWN_KNOWN = 8192,
    LAND_KNOWN = 16384, /* the place is the name of a region or country */
    BRACKETED = 32768,  /* the region is in brackets */
    TOWN_BIG = 65536,
    LEAD_SEP = 131072,       /* a separator behind the agency that leads */
    AGENCY_SIGN = 262144,    /* not known, but looks like a call sign: WSAW */
    AGENCY_SERVICE = 524288, /* not known, but says what it is: Radio Zambezi */
    AGENCY_FAINT = 1048576,  /* its looks tell little: (lhe), (MAP) */
    DOUBTFUL = 2097152,      /* a date or brackets that can't be right: Feb. 30, (3) */
    DATE_LEADS = 4194304,    /* the date came first */
};

/* How the story goes on at a byte: on the same line, or in the next paragraph
 * where the separator ends the line. */
struct rest {
    bool sentence; /* begins like one and is no heading in capitals */
    bool prose;    /* and its words are not names only: no line-up, no list */
    bool stops;    /* it ends with a full stop */
    bool heading;  /* it ends without a mark, and a paragraph follows */
    bool last;     /* nothing comes after it */
    bool foreign;  /* mostly in another script: none of this can be told */
    size_t bytes;  /* of its paragraph, as far as was looked */
};

struct rest judge_rest(const struct head *h, size_t at);

/* 0 for none, else up to 1. at is where the dateline's parts end and its separator,
 * if it has one, begins. */
double judge(unsigned evidence, const struct dateline *d, const struct head *h, size_t at);

#endif
