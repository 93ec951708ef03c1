/* SPDX-License-Identifier: Apache-2.0
 *
 * gazetteer.h - names of places, regions and countries, and where these are; read
 * in place from the file that tools/build_gazetteer.py makes. The hard rule:
 * the file is never written and never trusted beyond its checksum's reach.
 */
#ifndef DATELINE_GAZETTEER_H
#define DATELINE_GAZETTEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gazetteer {
    const uint8_t *fold, *regions, *places, *blocks, *names;
    uint32_t n_regions, n_places, n_names, n_countries;
    uint32_t names_len;
};

enum { GAZETTEER_CAPITAL, GAZETTEER_SEAT, GAZETTEER_PLAIN, GAZETTEER_EXTRA };

/* What a name may stand for. Places come first and biggest first. */
struct gazetteer_hit {
    uint32_t id;
    bool other; /* not its main name: in another language, or old */
};

struct gazetteer_place {
    double lat, lon;
    char country[3]; /* ISO 3166-1 alpha-2, or "" for the sea */
    uint16_t region; /* the number of its region; see gazetteer_region_of */
    double population;
    int kind; /* GAZETTEER_* */
};

enum { GAZETTEER_NAME_MAX = 60 };

/* Checks the file at data. false with why (static words) where it is not a
 * gazetteer, of another version, cut short or damaged. */
bool gazetteer_open(struct gazetteer *g, const void *data, size_t len, const char **why);

/* A name as it is looked up: small letters without accents and dots, words apart by
 * one space. Its length, or 0 where it is too long for out (GAZETTEER_NAME_MAX + 1). */
size_t gazetteer_fold(const struct gazetteer *g, const char *name, size_t len, char *out);

/* What a folded name stands for; at most room hits. */
size_t gazetteer_find(const struct gazetteer *g, const char *folded, size_t len,
                      struct gazetteer_hit *hits, size_t room);

bool gazetteer_is_place(const struct gazetteer *g, uint32_t id);
bool gazetteer_is_country(const struct gazetteer *g, uint32_t id);

/* The region's number as places carry it, for an id that is no place. */
uint16_t gazetteer_region_of(const struct gazetteer *g, uint32_t id);

/* Where the place is; a region or country is put where its seat is. false where it
 * has none. */
bool gazetteer_place(const struct gazetteer *g, uint32_t id, struct gazetteer_place *p);

/* The country of any id: two letters, or "". */
void gazetteer_country(const struct gazetteer *g, uint32_t id, char country[3]);

#endif
