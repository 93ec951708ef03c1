/* SPDX-License-Identifier: Apache-2.0
 *
 * agency.h - names of news agencies and wire services. The hard rule: a name is
 * given back as its agency writes it; one not known is left as it stands in the text.
 */
#ifndef DATELINE_AGENCY_H
#define DATELINE_AGENCY_H

#include "gazetteer.h"

struct agencies {
    const struct gazetteer *gazetteer; /* for its folding */
    const char *const *extra;          /* names the user adds */
    size_t n_extra;
};

enum { AGENCY_NONE, AGENCY_WEAK, AGENCY_SURE };

/* Whether name is one: AGENCY_WEAK where the name is a word that means other things
 * too, so that it counts in brackets only. *canonical is its proper name. */
int agency_find(const struct agencies *a, const char *name, size_t len, const char **canonical);

/* The same for a name of several, as in "dpa/tmn" or "TELAM-ANSA": enough that the
 * first is one. canonical is NULL where the text itself is the best name. */
int agency_find_first(const struct agencies *a, const char *name, size_t len,
                      const char **canonical);

#endif
