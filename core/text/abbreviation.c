/* SPDX-License-Identifier: Apache-2.0
 *
 * abbreviation.c - words that take a full stop with them, and words that begin
 * sentences, of the languages news is most written in. The hard rule: a word that
 * is also an ordinary one (no, sun, mass) is here only in the case, or with the
 * number after it, that tells them apart.
 */
#include "text/split.h"

#include <endian.h>
#include <string.h>

enum { KEY_MAX = 12, KEY_ROOM = 16 };

/* Tables are sorted by their keys' bytes; keys are in small letters where ASCII
 * has them, and NUL to their end. */
struct entry {
    char key[KEY_ROOM];
    enum abbreviation kind;
    bool capital; /* only where it begins with a capital: Sun. but not sun. */
};

static const struct entry abbreviations[] = {
#include "text/abbreviation.inc"
};

/* The, He, Aber, Les: seldom part of a name, so a full stop before them ends a
 * sentence even after an abbreviation. */
static const char starters[][KEY_ROOM] = {
#include "text/starter.inc"
};

static bool make_key(char *key, const char *s, size_t n)
{
    if (n == 0 || n > KEY_MAX)
        return false;
    memset(key, 0, KEY_ROOM);
    for (size_t i = 0; i < n; i++)
        key[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] | 0x20) : s[i];
    return true;
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Eight bytes of a key as a number that sorts as they do. */
static uint64_t word_of(const char *key)
{
    uint64_t word;

    memcpy(&word, key, sizeof(word));
    return be64toh(word);
}

/* The row of n, each of size bytes and beginning with its key, that has this key;
 * n where none has. Every word before a full stop is looked for: no strcmp(). */
static size_t search(const void *rows, size_t n, size_t size, const char *key)
{
    uint64_t first = word_of(key), second = word_of(key + 8);
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const char *row = (const char *)rows + middle * size;
        uint64_t here = word_of(row);
        if (here < first || (here == first && word_of(row + 8) < second))
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && memcmp((const char *)rows + low * size, key, KEY_ROOM) == 0 ? low : n;
}

enum abbreviation abbreviation_find(const char *s, size_t n)
{
    const size_t count = sizeof(abbreviations) / sizeof(*abbreviations);
    char key[KEY_ROOM];
    const struct entry *e;
    size_t at;

    if (!make_key(key, s, n))
        return ABBR_NONE;
    at = search(abbreviations, count, sizeof(*abbreviations), key);
    e = &abbreviations[at];
    if (at == count || (e->capital && !is_capital(s[0])))
        return ABBR_NONE;
    /* In a text all in capitals a capital tells nothing. */
    if (e->capital && e->kind == ABBR_ANY && is_capital(s[n - 1]))
        return ABBR_NONE;
    return e->kind;
}

bool abbreviation_starter(const char *s, size_t n)
{
    const size_t count = sizeof(starters) / sizeof(*starters);
    char key[KEY_ROOM];

    return make_key(key, s, n) && search(starters, count, sizeof(*starters), key) < count;
}
