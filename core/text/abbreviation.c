/* SPDX-License-Identifier: Apache-2.0
 *
 * abbreviation.c - words that take a full stop with them, and words that begin
 * sentences, of the languages news is most written in. The hard rule: a word that
 * is also an ordinary one (no, sun, mass) is here only in the case, or with the
 * number after it, that tells them apart.
 */
#include "text/split.h"

#include <stdlib.h>
#include <string.h>

/* Tables are sorted by strcmp, keys in small letters where ASCII has them. */
struct entry {
    const char *key;
    enum abbreviation kind;
    bool capital; /* only where it begins with a capital: Sun. but not sun. */
};

static const struct entry abbreviations[] = {
#include "text/abbreviation.inc"
};

/* The, He, Aber, Les: seldom part of a name, so a full stop before them ends a
 * sentence even after an abbreviation. */
static const char *const starters[] = {
#include "text/starter.inc"
};

enum { KEY_MAX = 12 };

/* Writes s in small letters where ASCII has them. */
static bool make_key(char *key, const char *s, size_t n)
{
    if (n == 0 || n > KEY_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        key[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] | 0x20) : s[i];
    key[n] = '\0';
    return true;
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

static const struct entry *search(const char *key)
{
    size_t low = 0, high = sizeof(abbreviations) / sizeof(*abbreviations);

    while (low < high) {
        size_t middle = (low + high) / 2;
        const char *at = abbreviations[middle].key;
        int order = (unsigned char)*key - (unsigned char)*at;
        if (order == 0)
            order = strcmp(key, at);
        if (order == 0)
            return &abbreviations[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

enum abbreviation abbreviation_find(const char *s, size_t n)
{
    char key[KEY_MAX + 1];
    const struct entry *e;

    if (!make_key(key, s, n))
        return ABBR_NONE;
    e = search(key);
    if (!e || (e->capital && !is_capital(s[0])))
        return ABBR_NONE;
    /* In a text all in capitals a capital tells nothing. */
    if (e->capital && e->kind == ABBR_ANY && is_capital(s[n - 1]))
        return ABBR_NONE;
    return e->kind;
}

static int by_word(const void *key, const void *word)
{
    return strcmp(key, *(const char *const *)word);
}

bool abbreviation_starter(const char *s, size_t n)
{
    char key[KEY_MAX + 1];

    return make_key(key, s, n) &&
           bsearch(key, starters, sizeof(starters) / sizeof(*starters), sizeof(*starters), by_word);
}
