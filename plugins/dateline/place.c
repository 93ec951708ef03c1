/* SPDX-License-Identifier: Apache-2.0
 *
 * place.c - picks among places of one name. The hard rule: a region stated and not
 * met by any candidate leaves the place without coordinates of its own rather than
 * with wrong ones.
 */
#include "place.h"

#include <math.h>
#include <string.h>

enum { HITS = 48 };

/* A region read as a place stands for what lies this near: Tarancón (Cuenca). */
static const double NEAR_KM = 160;
static const double BIG = 80000;

struct hits {
    struct gazetteer_hit hit[HITS];
    size_t n;
};

static void look_up(const struct gazetteer *g, const char *folded, size_t len, struct hits *h)
{
    static const struct {
        const char *from, *to;
    } spellings[] = {{"st ", "saint "},  {"ste ", "sainte "}, {"mt ", "mount "}, {"ft ", "fort "},
                     {"sta ", "santa "}, {"sto ", "santo "},  {"saint ", "st "}};
    char other[GAZETTEER_NAME_MAX + 8];

    h->n = gazetteer_find(g, folded, len, h->hit, HITS);
    for (size_t i = 0; h->n == 0 && i < sizeof spellings / sizeof *spellings; i++) {
        size_t from = strlen(spellings[i].from), to = strlen(spellings[i].to);

        if (strncmp(folded, spellings[i].from, from) != 0 || len - from + to > GAZETTEER_NAME_MAX)
            continue;
        memcpy(other, spellings[i].to, to);
        memcpy(other + to, folded + from, len - from);
        h->n = gazetteer_find(g, other, len - from + to, h->hit, HITS);
    }
}

/* What comes before a name without being of it. */
static size_t skip_before(const char *s, size_t len)
{
    static const char *const words[] = {
        "near ",    "aboard ",  "outside ", "off ", "cerca de ", "north of ", "south of ",
        "east of ", "west of ", "pres de ", "bei ", "the ",      "greater "};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i]);

        if (len > n && strncmp(s, words[i], n) == 0)
            return n;
    }
    return 0;
}

/* Bytes of the first of several names joined by a slash, an ampersand or "and". */
static size_t first_of(const char *s, size_t len)
{
    static const char *const joints[] = {"/",   "|",   " & ",  " and ", " AND ",
                                         " y ", " Y ", " et ", " und ", " e "};

    for (size_t i = 0; i < sizeof joints / sizeof *joints; i++) {
        const char *at = memmem(s, len, joints[i], strlen(joints[i]));

        if (at && at > s)
            return (size_t)(at - s);
    }
    return len;
}

static void find(const struct gazetteer *g, const char *text, struct phrase p, struct hits *h)
{
    char folded[GAZETTEER_NAME_MAX + 1];
    const char *name = text + p.begin;
    size_t len = p.end - p.begin, n;

    h->n = 0;
    n = gazetteer_fold(g, name, len, folded);
    look_up(g, folded, n, h);
    if (h->n > 0)
        return;
    n = gazetteer_fold(g, name, first_of(name, len), folded);
    look_up(g, folded, n, h);
    if (h->n == 0) {
        size_t skip = skip_before(folded, n);

        if (skip > 0)
            look_up(g, folded + skip, n - skip, h);
    }
}

int place_kinds(const struct gazetteer *g, const char *text, struct phrase p)
{
    struct gazetteer_place first;
    struct hits h;
    int kinds = 0;

    find(g, text, p, &h);
    if (h.n > 0 && gazetteer_is_place(g, h.hit[0].id) && gazetteer_place(g, h.hit[0].id, &first) &&
        (first.population >= (h.hit[0].other ? 4 * BIG : BIG) || first.kind == GAZETTEER_CAPITAL))
        kinds = PLACE_BIG;
    for (size_t i = 0; i < h.n; i++)
        kinds |= gazetteer_is_place(g, h.hit[i].id)     ? PLACE_TOWN
                 : gazetteer_is_country(g, h.hit[i].id) ? PLACE_COUNTRY
                                                        : PLACE_REGION;
    return kinds;
}

static double distance_km(const struct gazetteer_place *a, const struct gazetteer_place *b)
{
    const double rad = 0.017453292519943295;
    double dlat = sin((a->lat - b->lat) * rad / 2), dlon = sin((a->lon - b->lon) * rad / 2);

    return 12742 *
           asin(fmin(1, sqrt(dlat * dlat + cos(a->lat * rad) * cos(b->lat * rad) * dlon * dlon)));
}

/* How well place p goes with one meaning of the region: 0 not at all. */
static double fits(const struct gazetteer *g, const struct gazetteer_place *p, uint32_t region)
{
    struct gazetteer_place r;
    char country[3];
    double km;

    if (gazetteer_is_country(g, region)) {
        gazetteer_country(g, region, country);
        return strcmp(country, p->country) == 0 ? 20 : 0;
    }
    if (!gazetteer_is_place(g, region))
        return gazetteer_region_of(g, region) == p->region ? 20 : 0;
    if (!gazetteer_place(g, region, &r))
        return 0;
    km = distance_km(p, &r);
    return strcmp(r.country, p->country) == 0 && km < NEAR_KM ? 16 - 6 * km / NEAR_KM : 0;
}

static double weigh(const struct gazetteer *g, const struct gazetteer_hit *hit,
                    const struct gazetteer_place *p, const struct hits *regions, const char *likely)
{
    double w = log10(p->population + 10), best = 0;

    if (!gazetteer_is_place(g, hit->id))
        w = gazetteer_is_country(g, hit->id) ? 5 : 3;
    else if (p->kind == GAZETTEER_CAPITAL)
        w += 1.2;
    else if (p->kind == GAZETTEER_SEAT)
        w += 0.3;
    if (hit->other)
        w -= 1.5;
    if (likely && strcmp(p->country, likely) == 0)
        w += 1.6;
    for (size_t i = 0; i < regions->n; i++) {
        double f = fits(g, p, regions->hit[i].id) - (regions->hit[i].other ? 2 : 0);

        if (f > best)
            best = f;
    }
    return w + best;
}

/* The last of several regions, as in "Grand Cayman, British West Indies", is the
 * widest; the first that the gazetteer knows is taken. */
static void find_regions(const struct gazetteer *g, const char *text, struct phrase region,
                         struct hits *h)
{
    h->n = 0;
    if (region.end == region.begin)
        return;
    find(g, text, region, h);
    while (h->n == 0 && region.begin < region.end) {
        const char *comma = memchr(text + region.begin, ',', region.end - region.begin);
        uint32_t end = comma ? (uint32_t)(comma - text) : region.end;

        find(g, text, (struct phrase){region.begin, end}, h);
        region.begin = comma ? end + 1 : end;
    }
}

static bool is_country(const struct gazetteer *g, const struct hits *h, const char *country)
{
    char c[3];

    for (size_t i = 0; i < h->n; i++) {
        gazetteer_country(g, h->hit[i].id, c);
        if (gazetteer_is_country(g, h->hit[i].id) && (!*country || strcmp(c, country) == 0))
            return true;
    }
    return false;
}

/* Where no candidate is in the region stated, the region itself says the country. */
static void fall_back(const struct gazetteer *g, const struct hits *regions, const char *likely,
                      struct place_fix *fix)
{
    static const struct hits none = {.n = 0};
    const double as_region = 4; /* "Pa." is a state before it is a town in China */
    struct gazetteer_place p;
    double best = -INFINITY;

    for (size_t i = 0; i < regions->n; i++) {
        double w = gazetteer_place(g, regions->hit[i].id, &p)
                       ? weigh(g, &regions->hit[i], &p, &none, likely)
                       : -INFINITY;

        if (!gazetteer_is_place(g, regions->hit[i].id))
            w += as_region;
        if (w <= best)
            continue;
        best = w;
        gazetteer_country(g, regions->hit[i].id, fix->country);
    }
}

bool place_resolve(const struct gazetteer *g, const char *text, struct phrase place,
                   struct phrase region, const char *likely, struct place_fix *fix)
{
    struct hits places, regions;
    struct gazetteer_place p;
    double best = -INFINITY;
    bool found = false;

    *fix = (struct place_fix){0};
    find(g, text, place, &places);
    find_regions(g, text, region, &regions);
    for (size_t i = 0; i < places.n; i++) {
        double w;

        if (!gazetteer_place(g, places.hit[i].id, &p))
            continue;
        w = weigh(g, &places.hit[i], &p, &regions, likely);
        if (w <= best || (regions.n > 0 && w < 9))
            continue;
        best = w;
        found = true;
        fix->lat = p.lat;
        fix->lon = p.lon;
        gazetteer_country(g, places.hit[i].id, fix->country);
    }
    if (!found)
        fall_back(g, &regions, likely, fix);
    fix->region_is_country = is_country(g, &regions, fix->country);
    return found;
}
