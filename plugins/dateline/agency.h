/* SPDX-License-Identifier: Apache-2.0
 *
 * agency.h - names of news agencies and wire services. The hard rule: a name is
 * given back as its agency writes it; one not known is left as it stands in the text.
 */
#ifndef DATELINE_AGENCY_H
#define DATELINE_AGENCY_H

#include "gazetteer.h"
#include "lex.h"

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

/* What a name that is not known looks like. */
enum agency_look {
    AGENCY_LOOKS_WRONG,    /* a number, a time, a list, a remark */
    AGENCY_LOOKS_CODE,     /* a short word in small letters: dts, lhe */
    AGENCY_LOOKS_CASELESS, /* of a script without capitals */
    AGENCY_LOOKS_NUMBERED, /* figures in it: "Lot 49" as well as "Antena 3" */
    AGENCY_LOOKS_NAME,     /* capitals, no more: "Pajhwok", but "Trailer" too */
    AGENCY_LOOKS_SIGN,     /* three capitals to six: WSAW, KHON2 */
    AGENCY_LOOKS_SERVICE,  /* says what it is: "Radio Zambezi", "Reuters Health", "CNNMoney" */
};

/* The pieces from first up to end, end not among them. */
enum agency_look agency_look(const struct agencies *a, const struct lex *x, size_t first,
                             size_t end);

#endif
