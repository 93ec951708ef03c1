/* SPDX-License-Identifier: Apache-2.0
 *
 * place.h - which place a dateline means. The hard rule: what the dateline says of
 * region or country decides; only where it says nothing do size and the agency's
 * country.
 */
#ifndef DATELINE_PLACE_H
#define DATELINE_PLACE_H

#include "gazetteer.h"

struct phrase {
    uint32_t begin, end; /* bytes of the text; empty where there is none */
};

enum {
    PLACE_TOWN = 1,
    PLACE_REGION = 2, /* of a country */
    PLACE_COUNTRY = 4,
    PLACE_BIG = 8, /* a town that many have heard of */
};

/* What the gazetteer knows the phrase as: PLACE_* bits. Of "LONDON/PARIS" and
 * "NEAR BASRA" the first name counts. */
int place_kinds(const struct gazetteer *g, const char *text, struct phrase p);

struct place_fix {
    double lat, lon;
    char country[3];
    bool region_is_country; /* what was read as region names a country */
};

/* Resolves place; region may be empty. likely is the country preferred where
 * nothing else tells, or NULL. false where the gazetteer has neither name; the
 * country may be set all the same. */
bool place_resolve(const struct gazetteer *g, const char *text, struct phrase place,
                   struct phrase region, const char *likely, struct place_fix *fix);

#endif
