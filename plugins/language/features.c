/* SPDX-License-Identifier: Apache-2.0
 *
 * features.c - see features.h. */
#include "features.h"

/* What is known of a character: which script, and how far its lower case is. */
struct char_kind {
    uint8_t script;
    int32_t lower;
};

#include "chars.inc"

static const struct char_kind *kind_of(uint32_t c)
{
    return &char_kinds[char_pages[char_index[c >> CHAR_SHIFT]][c & ((1u << CHAR_SHIFT) - 1)]];
}

enum script features_script(uint32_t c)
{
    return (enum script)kind_of(c)->script;
}

/* The code point at *at, which is moved past it. */
static uint32_t next_char(const unsigned char *s, size_t *at)
{
    uint32_t c = s[*at];

    if (c < 0x80) {
        *at += 1;
        return c;
    }
    if (c < 0xe0) {
        c = (c & 0x1f) << 6 | (s[*at + 1] & 0x3f);
        *at += 2;
        return c;
    }
    if (c < 0xf0) {
        c = (c & 0x0f) << 12 | (s[*at + 1] & 0x3fu) << 6 | (s[*at + 2] & 0x3f);
        *at += 3;
        return c;
    }
    c = (c & 0x07) << 18 | (s[*at + 1] & 0x3fu) << 12 | (s[*at + 2] & 0x3fu) << 6 |
        (s[*at + 3] & 0x3f);
    *at += 4;
    return c;
}

/* Most of most texts, at a fraction of the cost. */
static bool is_ascii_letter(uint32_t c)
{
    return (c | 0x20) - 'a' < 26;
}

/* Moves to the first letter; 0 where there is none. */
static uint32_t find_letter(const unsigned char *s, size_t len, size_t *at, enum script *script)
{
    while (*at < len) {
        uint32_t c = next_char(s, at);
        const struct char_kind *k;

        if (c <= ' ')
            continue;
        k = kind_of(c);
        if (k->script > SCRIPT_APOSTROPHE) {
            *script = (enum script)k->script;
            return c + (uint32_t)k->lower;
        }
    }
    return 0;
}

bool features_word(const char *text, size_t len, size_t *at, struct word *w)
{
    const unsigned char *s = (const unsigned char *)text;
    uint32_t c = find_letter(s, len, at, &w->script);
    bool apostrophe = false;

    if (!c)
        return false;
    w->chars[0] = FEATURES_EDGE;
    w->chars[1] = c;
    w->n = 1;
    while (*at < len && w->n < FEATURES_CHARS - 1) {
        size_t next = *at;
        const struct char_kind *k;

        c = next_char(s, &next);
        if (is_ascii_letter(c) && w->script == SCRIPT_LATIN && !apostrophe) {
            w->chars[++w->n] = c | 0x20;
            *at = next;
            continue;
        }
        k = kind_of(c);
        if (k->script == SCRIPT_APOSTROPHE && !apostrophe) {
            apostrophe = true; /* part of the word if a letter follows */
        } else if (k->script == w->script || (k->script == SCRIPT_MARK && !apostrophe)) {
            if (apostrophe)
                w->chars[++w->n] = '\'';
            apostrophe = false;
            w->chars[++w->n] = c + (uint32_t)k->lower;
        } else if (k->script != SCRIPT_SKIP) {
            break;
        }
        *at = next;
    }
    w->chars[w->n + 1] = FEATURES_EDGE;
    return true;
}

static uint32_t mix(uint32_t h, uint32_t c)
{
    return (h ^ c) * 0x9e3779b1u;
}

static uint32_t bucket(uint32_t h, unsigned bits)
{
    h ^= h >> 15;
    return (h * 0x85ebca77u) >> (32 - bits);
}

size_t features_ngrams(const uint32_t *chars, size_t n, unsigned bits, uint32_t *ids)
{
    uint32_t whole = 0x2545f491u;
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        size_t longest = n - i < FEATURES_NGRAM ? n - i : FEATURES_NGRAM;
        uint32_t h = mix(0x1b873593u, chars[i]);

        if (chars[i] != FEATURES_EDGE)
            ids[count++] = bucket(h, bits);
        for (size_t k = 1; k < longest; k++) {
            h = mix(h ^ h >> 13, chars[i + k]);
            ids[count++] = bucket(h, bits);
        }
        whole = mix(whole ^ whole >> 13, chars[i]);
    }
    if (n > FEATURES_NGRAM)
        ids[count++] = bucket(whole, bits);
    return count;
}
