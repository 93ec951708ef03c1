/* SPDX-License-Identifier: Apache-2.0
 *
 * gazetteer.c - reads the gazetteer where it is mapped: nothing is copied, nothing
 * built at start. The hard rule: every number out of the file is held against the
 * section's end before it is followed.
 *
 * Layout, little-endian, each section on a multiple of four:
 *   header   "GLOSSGZ1", size of the file, checksum of what follows the header,
 *            offsets of the five sections, counts: regions, places, names, countries
 *   fold     4 bytes for each character of two ranges: what it folds to, zero-padded
 *   regions  2 letters of the country, 2 unused, number of the place that is its seat.
 *            The first n_countries stand for a country as a whole; the very first
 *            for no country
 *   places   biggest first: latitude and longitude as 24 bits each, region 16 bits,
 *            8 log2(population + 1), kind
 *   blocks   where each block of 16 names begins, and where the last one ends
 *   names    sorted; each: bytes shared with the name before, bytes that follow,
 *            these, then how many ids and the ids as differences, one bit shifted up
 *            for "not its main name". An id below n_places is a place, above a region
 */
#include "gazetteer.h"

#include <math.h>
#include <string.h>

enum {
    HEADER = 64,
    BLOCK = 16,
    FOLD_LOW_END = 0x530,
    FOLD_HIGH = 0x1E00,
    FOLD_HIGH_END = 0x1F00,
    FOLD_SIZE = 4 * (FOLD_LOW_END + FOLD_HIGH_END - FOLD_HIGH),
    REGION_SIZE = 8,
    PLACE_SIZE = 10,
    NO_COUNTRY = 0,
};

static uint32_t u32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t u24(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

static uint32_t checksum(const uint8_t *p, size_t len)
{
    uint32_t h = 0x811C9DC5u;

    for (size_t i = 0; i + 4 <= len; i += 4)
        h = (h ^ u32(p + i)) * 0x01000193u;
    return h;
}

static bool set_sections(struct gazetteer *g, const uint8_t *file, uint32_t size)
{
    uint32_t offset[6];

    for (int i = 0; i < 5; i++)
        offset[i] = u32(file + 16 + 4 * i);
    offset[5] = size;
    for (int i = 0; i < 5; i++)
        if (offset[i] < HEADER || offset[i] > offset[i + 1])
            return false;
    g->fold = file + offset[0];
    g->regions = file + offset[1];
    g->places = file + offset[2];
    g->blocks = file + offset[3];
    g->names = file + offset[4];
    g->n_regions = u32(file + 36);
    g->n_places = u32(file + 40);
    g->n_names = u32(file + 44);
    g->n_countries = u32(file + 48);
    g->names_len = size - offset[4];
    return offset[1] - offset[0] >= FOLD_SIZE &&
           (offset[2] - offset[1]) / REGION_SIZE >= g->n_regions &&
           (offset[3] - offset[2]) / PLACE_SIZE >= g->n_places &&
           (offset[4] - offset[3]) / 4 > (g->n_names + (uint64_t)BLOCK - 1) / BLOCK &&
           g->n_countries <= g->n_regions && g->n_regions <= UINT16_MAX;
}

bool gazetteer_open(struct gazetteer *g, const void *data, size_t len, const char **why)
{
    const uint8_t *file = data;

    *why = "it is not a gazetteer; rebuild it with make model-dateline";
    if (len < HEADER || memcmp(file, "GLOSSGZ", 7) != 0)
        return false;
    *why = "it is a gazetteer of another version; rebuild it with make model-dateline";
    if (file[7] != '1')
        return false;
    *why = "it is cut short or damaged; install it again, or rebuild it with make model-dateline";
    return u32(file + 8) == len && len % 4 == 0 &&
           checksum(file + HEADER, len - HEADER) == u32(file + 12) &&
           set_sections(g, file, (uint32_t)len);
}

/* ---- folding */

/* The character at s and the bytes it takes; text is valid UTF-8. */
static uint32_t decode(const char *s, size_t left, size_t *n)
{
    const uint8_t *p = (const uint8_t *)s;

    *n = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (*n > left) {
        *n = left;
        return ' ';
    }
    switch (*n) {
    case 1:
        return p[0];
    case 2:
        return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
    case 3:
        return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
    default:
        return 0x10000; /* none of these folds */
    }
}

/* Up to four bytes of what a character folds to; their number. */
static size_t fold_one(const struct gazetteer *g, const char *s, size_t bytes, uint32_t cp,
                       const char **to)
{
    size_t n = 0;

    if (cp == 0x2018 || cp == 0x2019)
        return 0;
    if (cp >= 0x2000 && cp < 0x2070) { /* dashes, spaces, marks */
        *to = " ";
        return 1;
    }
    if (cp >= FOLD_LOW_END && (cp < FOLD_HIGH || cp >= FOLD_HIGH_END)) {
        *to = s;
        return bytes;
    }
    *to = (const char *)g->fold + 4 * (cp < FOLD_LOW_END ? cp : cp - FOLD_HIGH + FOLD_LOW_END);
    while (n < 4 && (*to)[n])
        n++;
    return n;
}

size_t gazetteer_fold(const struct gazetteer *g, const char *name, size_t len, char *out)
{
    size_t n = 0;

    for (size_t at = 0, bytes; at < len; at += bytes) {
        uint32_t cp = decode(name + at, len - at, &bytes);
        const char *to;
        size_t m = fold_one(g, name + at, bytes, cp, &to);

        if (m == 1 && *to == ' ' && (n == 0 || out[n - 1] == ' '))
            continue;
        if (n + m > GAZETTEER_NAME_MAX) {
            *out = '\0';
            return 0;
        }
        if (m > 0)
            memcpy(out + n, to, m);
        n += m;
    }
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
    return n;
}

/* ---- looking up */

/* Where in the names section one is reading; at == end after a number too long. */
struct reader {
    const uint8_t *at, *end;
};

static uint32_t varint(struct reader *r)
{
    uint32_t v = 0;

    for (int shift = 0; shift < 35 && r->at < r->end; shift += 7) {
        uint8_t byte = *r->at++;

        v |= (uint32_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return v;
    }
    r->at = r->end;
    return 0;
}

static int compare(const uint8_t *a, size_t n, const char *b, size_t m)
{
    int c = memcmp(a, b, n < m ? n : m);

    return c != 0 ? c : n < m ? -1 : n > m;
}

/* The block whose first name is the last not after the one looked for. */
static uint32_t find_block(const struct gazetteer *g, const char *name, size_t len)
{
    uint32_t low = 0, high = (g->n_names + BLOCK - 1) / BLOCK;

    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2, at = u32(g->blocks + (size_t)4 * mid);
        const uint8_t *p = g->names + at;

        if (at + 2 > g->names_len || p[1] > g->names_len - at - 2)
            return low;
        if (compare(p + 2, p[1], name, len) <= 0)
            low = mid;
        else
            high = mid;
    }
    return low;
}

/* Reads the next name over the one before. Its length; 0 at the end. */
static size_t next_name(struct reader *r, uint8_t *name)
{
    size_t shared, more;

    if (r->end - r->at < 2)
        return 0;
    shared = r->at[0];
    more = r->at[1];
    r->at += 2;
    if ((size_t)(r->end - r->at) < more || shared + more > GAZETTEER_NAME_MAX)
        return 0;
    memcpy(name + shared, r->at, more);
    r->at += more;
    return shared + more;
}

static size_t read_hits(struct reader *r, struct gazetteer_hit *hits, size_t room)
{
    uint32_t n = varint(r), id = 0, kept = 0;

    for (uint32_t i = 0; i < n && r->at < r->end; i++) {
        uint32_t v = varint(r);

        id += v >> 1;
        if (hits && kept < room)
            hits[kept++] = (struct gazetteer_hit){id, v & 1};
    }
    return kept;
}

size_t gazetteer_find(const struct gazetteer *g, const char *folded, size_t len,
                      struct gazetteer_hit *hits, size_t room)
{
    uint8_t name[GAZETTEER_NAME_MAX];
    uint32_t block, from, to;
    struct reader r;

    if (len == 0 || len > GAZETTEER_NAME_MAX || g->n_names == 0)
        return 0;
    block = find_block(g, folded, len);
    from = u32(g->blocks + (size_t)4 * block);
    to = u32(g->blocks + (size_t)4 * (block + 1));
    if (from > to || to > g->names_len)
        return 0;
    r = (struct reader){g->names + from, g->names + to};
    for (int i = 0; i < BLOCK; i++) {
        size_t n = next_name(&r, name);
        int order = n == 0 ? 1 : compare(name, n, folded, len);

        if (order > 0)
            return 0;
        if (order == 0)
            return read_hits(&r, hits, room);
        read_hits(&r, NULL, 0);
    }
    return 0;
}

/* ---- what an id is */

bool gazetteer_is_place(const struct gazetteer *g, uint32_t id)
{
    return id < g->n_places;
}

bool gazetteer_is_country(const struct gazetteer *g, uint32_t id)
{
    return id >= g->n_places && id - g->n_places < g->n_countries;
}

uint16_t gazetteer_region_of(const struct gazetteer *g, uint32_t id)
{
    return (uint16_t)(id - g->n_places);
}

static void country_of(const struct gazetteer *g, uint32_t region, char country[3])
{
    country[0] = country[1] = country[2] = '\0';
    if (region < g->n_regions && region != NO_COUNTRY)
        memcpy(country, g->regions + (size_t)REGION_SIZE * region, 2);
}

bool gazetteer_place(const struct gazetteer *g, uint32_t id, struct gazetteer_place *p)
{
    const uint8_t *r;

    if (id >= g->n_places && id - g->n_places < g->n_regions)
        id = u32(g->regions + (size_t)REGION_SIZE * (id - g->n_places) + 4);
    if (id >= g->n_places)
        return false;
    r = g->places + (size_t)PLACE_SIZE * id;
    p->lat = u24(r) * (180.0 / 0xFFFFFF) - 90;
    p->lon = u24(r + 3) * (360.0 / 0xFFFFFF) - 180;
    p->region = (uint16_t)(r[6] | r[7] << 8);
    p->population = exp2(r[8] / 8.0) - 1;
    p->kind = r[9];
    country_of(g, p->region, p->country);
    return true;
}

void gazetteer_country(const struct gazetteer *g, uint32_t id, char country[3])
{
    if (id < g->n_places) {
        const uint8_t *r = g->places + (size_t)PLACE_SIZE * id;

        id = (uint32_t)(r[6] | r[7] << 8);
    } else {
        id -= g->n_places;
    }
    country_of(g, id, country);
}
