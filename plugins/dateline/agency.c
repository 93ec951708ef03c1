/* SPDX-License-Identifier: Apache-2.0
 *
 * agency.c - the table of agencies. The hard rule: sorted by folded name.
 */
#include "agency.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    const char *folded, *canonical;
    int8_t sure;
};

/* clang-format off */
static const struct entry table[] = {
#include "agencies.inc"
};
/* clang-format on */

static int by_name(const void *key, const void *entry)
{
    return strcmp(key, ((const struct entry *)entry)->folded);
}

int agency_find(const struct agencies *a, const char *name, size_t len, const char **canonical)
{
    char folded[GAZETTEER_NAME_MAX + 1], extra[GAZETTEER_NAME_MAX + 1];
    const struct entry *e;
    const char *key = folded;

    *canonical = NULL;
    if (gazetteer_fold(a->gazetteer, name, len, folded) == 0)
        return AGENCY_NONE;
    if (strncmp(key, "the ", 4) == 0)
        key += 4;
    for (size_t i = 0; i < a->n_extra; i++) {
        gazetteer_fold(a->gazetteer, a->extra[i], strlen(a->extra[i]), extra);
        if (strcmp(extra, key) == 0) {
            *canonical = a->extra[i];
            return AGENCY_SURE;
        }
    }
    e = bsearch(key, table, sizeof table / sizeof *table, sizeof *table, by_name);
    if (!e)
        return AGENCY_NONE;
    *canonical = e->canonical;
    return e->sure ? AGENCY_SURE : AGENCY_WEAK;
}

int agency_find_first(const struct agencies *a, const char *name, size_t len,
                      const char **canonical)
{
    int known = agency_find(a, name, len, canonical);
    size_t n = 0;

    if (known)
        return known;
    while (n < len && name[n] != '/' && name[n] != '-' && name[n] != ',' && name[n] != '&')
        n++;
    if (n == 0 || n >= len)
        return AGENCY_NONE;
    known = agency_find(a, name, n, canonical);
    *canonical = NULL;
    return known;
}
