/* SPDX-License-Identifier: Apache-2.0
 *
 * agency.c - the table of agencies, and what others look like. The hard rule: the
 * table is sorted by folded name.
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

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_small(char c)
{
    return c >= 'a' && c <= 'z';
}

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
    if (n == 0 || n >= len || (name[n] == '-' && is_capital(name[0]) && is_small(name[n + 1])))
        return AGENCY_NONE; /* "AP-style" */
    known = agency_find(a, name, n, canonical);
    *canonical = NULL;
    return known;
}

/* ---- names that are not known */

enum { CODE_MAX = 5, SIGN_MIN = 3, SIGN_MAX = 6 };

/* Words that agencies, papers and stations have in their names, folded and sorted. */
static const char *const service_words[] = {
    "agence",       "agencia",     "agency",   "agentur",   "agenzia",      "ajansi",
    "broadcasting", "cadena",      "canal",    "channel",   "chronicle",    "correspondent",
    "corriere",     "courier",     "diario",   "dispatch",  "emisoras",     "examiner",
    "fm",           "gazeta",      "gazette",  "gazzetta",  "giornale",     "haber",
    "herald",       "inquirer",    "jornal",   "journal",   "kanal",        "magazine",
    "media",        "nachrichten", "network",  "news",      "newspaper",    "newspapers",
    "newsroom",     "newswire",    "noticias", "notizie",   "observer",     "periodico",
    "post",         "prensa",      "press",    "presse",    "publications", "radio",
    "rundfunk",     "sentinel",    "service",  "telegraph", "television",   "times",
    "tribune",      "tv",          "wire",     "zeitung"};

static int by_text(const void *key, const void *entry)
{
    return strcmp(key, *(const char *const *)entry);
}

/* "Italpress", "Colprensa" */
static bool ends_like_service(const char *folded, size_t n)
{
    static const char *const ends[] = {"press", "presse", "prensa", "news", "wire", "media"};

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end = strlen(ends[i]);

        if (n >= end + 3 && strcmp(folded + n - end, ends[i]) == 0)
            return true;
    }
    return false;
}

/* A word that an agency, a paper or a station has in its name, or the name of one. */
static bool is_service(const struct agencies *a, const struct lex *x, size_t i)
{
    const struct lex_piece *p = &x->piece[i];
    char folded[GAZETTEER_NAME_MAX + 1];
    const char *name;
    size_t n;
    int known;

    if (p->kind != LEX_WORD || p->shape == LEX_LOWER)
        return false;
    n = gazetteer_fold(a->gazetteer, x->text + p->begin, p->end - p->begin, folded);
    if (n == 0)
        return false;
    known = agency_find(a, x->text + p->begin, p->end - p->begin, &name);
    return known == AGENCY_SURE || (known && p->shape == LEX_UPPER && n >= SIGN_MIN) ||
           ends_like_service(folded, n) ||
           bsearch(folded, service_words, sizeof service_words / sizeof *service_words,
                   sizeof *service_words, by_text);
}

static bool is_roman(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strchr("IVXLC", s[i]))
            return false;
    return true;
}

static size_t letters_in(const char *s, size_t n)
{
    size_t letters = 0;

    for (size_t i = 0; i < n; i++)
        letters += ((unsigned char)s[i] & 0xC0) != 0x80;
    return letters;
}

/* A name run together, CNNMoney, or an address, ZENIT.org; not NGOs, McDonald, AP-style. */
static bool is_brand(const struct lex *x, const struct lex_piece *p)
{
    const char *s = x->text + p->begin, *dot;
    size_t n = p->end - p->begin, capitals = 0;

    dot = memrchr(s, '.', n);
    if (dot)
        return dot > s + 1 && s + n - dot > 2 && !is_capital(dot[1]);
    while (capitals < n && is_capital(s[capitals]))
        capitals++;
    return p->shape == LEX_MIXED && capitals > 1 && n > capitals + 2 && !memchr(s, '-', n);
}

static bool is_sign(const struct lex *x, const struct lex_piece *p)
{
    size_t letters = letters_in(x->text + p->begin, p->end - p->begin);

    return p->shape == LEX_UPPER && letters >= SIGN_MIN && letters <= SIGN_MAX;
}

/* Hebrew and what comes behind it in Unicode, but for more Latin and Greek. */
static bool is_caseless(const char *s)
{
    unsigned char first = (unsigned char)s[0], second = (unsigned char)s[1];

    return first >= 0xD7 && !(first == 0xE1 && second >= 0xB8);
}

/* A word alone in brackets; its number may be written to it: KHON2. */
static enum agency_look look_of_word(const struct lex *x, size_t first, bool number)
{
    const struct lex_piece *p = &x->piece[first];

    if (is_caseless(x->text + p->begin))
        return AGENCY_LOOKS_CASELESS;
    if (p->end - p->begin == 1 || is_roman(x->text + p->begin, p->end - p->begin))
        return number ? AGENCY_LOOKS_NUMBERED : AGENCY_LOOKS_WRONG;
    return is_sign(x, p)    ? AGENCY_LOOKS_SIGN
           : number         ? AGENCY_LOOKS_NUMBERED
           : is_brand(x, p) ? AGENCY_LOOKS_SERVICE
                            : AGENCY_LOOKS_NAME;
}

enum agency_look agency_look(const struct agencies *a, const struct lex *x, size_t first,
                             size_t end)
{
    const struct lex_piece *p = &x->piece[first];
    bool service = false, number = false;

    if (p->kind == LEX_WORD && p->shape == LEX_LOWER)
        return end == first + 1 && p->end - p->begin > 1 && p->end - p->begin <= CODE_MAX
                   ? AGENCY_LOOKS_CODE
                   : AGENCY_LOOKS_WRONG;
    for (size_t i = first; i < end; i++) {
        int kind = x->piece[i].kind;

        if (kind == LEX_COMMA || kind == LEX_COLON || kind == LEX_OTHER || kind == LEX_BAR)
            return AGENCY_LOOKS_WRONG;
        service |= is_service(a, x, i);
        number |= kind == LEX_NUMBER;
    }
    if (service && (p->kind == LEX_WORD || p->kind == LEX_NUMBER))
        return AGENCY_LOOKS_SERVICE;
    if (p->kind != LEX_WORD)
        return AGENCY_LOOKS_WRONG;
    if (end == first + 1 || (end == first + 2 && number && !p[1].spaced))
        return look_of_word(x, first, number);
    return number                            ? AGENCY_LOOKS_NUMBERED
           : is_caseless(x->text + p->begin) ? AGENCY_LOOKS_CASELESS
                                             : AGENCY_LOOKS_NAME;
}
