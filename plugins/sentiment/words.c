/* SPDX-License-Identifier: Apache-2.0
 *
 * words.c - see words.h. */
#include "words.h"

#include <string.h>

enum { LONGEST = 40, PHRASE = 4, EMOTICON = 5 };

/* A sentence on its way into words. open[k] is the hash of the last k + 1 words
 * where the first of them may begin a phrase, else 0. */
struct run {
    const struct model *m;
    struct word *words;
    size_t n;
    uint64_t open[PHRASE];
};

/* Lower case of ASCII and Latin-1 letters, and the plain apostrophe; 0 where
 * the token is too long to be a word of the table. */
static size_t lower(char *to, const char *s, size_t n)
{
    size_t len = 0;

    if (n > LONGEST)
        return 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i], before = i ? (unsigned char)s[i - 1] : 0;

        if (c >= 'A' && c <= 'Z')
            c |= 0x20;
        else if (before == 0xC3 && c >= 0x80 && c <= 0x9E && c != 0x97)
            c |= 0x20;
        if (c == 0xE2 && n - i >= 3 && !memcmp(s + i, "\xE2\x80\x99", 3)) {
            c = '\'';
            i += 2;
        }
        to[len++] = (char)c;
    }
    return len;
}

static uint32_t find(const struct model *m, const char *s, size_t n)
{
    return model_find(m, model_hash(MODEL_SEED, s, n));
}

/* cooooool: runs of three letters and more cut to most letters. */
static size_t shorten(char *to, const char *s, size_t n, size_t most)
{
    size_t len = 0, same = 0;

    for (size_t i = 0; i < n; i++) {
        same = i && s[i] == s[i - 1] ? same + 1 : 1;
        if (same <= most)
            to[len++] = s[i];
    }
    return len;
}

static uint32_t find_stretched(const struct model *m, const char *s, size_t n)
{
    char shorter[LONGEST + 1];
    size_t len = shorten(shorter, s, n, 2);
    uint32_t id;

    if (len == n || len == 0)
        return MODEL_UNKNOWN;
    id = find(m, shorter, len);
    return id ? id : find(m, shorter, shorten(shorter, s, n, 1));
}

/* The longest phrase that ends with the newest word takes the place of its words. */
static void join(struct run *r)
{
    for (size_t k = PHRASE - 1; k > 0; k--) {
        uint32_t id = r->open[k] ? model_find(r->m, r->open[k]) : MODEL_UNKNOWN;

        if (!id)
            continue;
        r->n -= k;
        r->words[r->n - 1].id = id;
        memset(r->open, 0, sizeof(r->open));
        return;
    }
}

static void push(struct run *r, const char *s, size_t n, uint32_t id, uint32_t marks)
{
    for (size_t k = PHRASE - 1; k > 0; k--)
        r->open[k] = r->open[k - 1] ? model_hash(model_hash(r->open[k - 1], " ", 1), s, n) : 0;
    r->open[0] = r->m->words[id].flags & WORD_OPENS ? model_hash(MODEL_SEED, s, n) : 0;
    r->words[r->n++] = (struct word){id, marks};
    join(r);
}

static void skip(struct run *r)
{
    memset(r->open, 0, sizeof(r->open));
    r->words[r->n++] = (struct word){MODEL_UNKNOWN, 0};
}

/* A word without hyphens and such: whole, or before its n't, or shortened. */
static void push_word(struct run *r, const char *s, size_t n, uint32_t marks)
{
    uint32_t id = find(r->m, s, n);

    if (!id && n > 3 && !memcmp(s + n - 3, "n't", 3)) {
        push(r, s, n - 3, find(r->m, s, n - 3), marks);
        s += n - 3;
        n = 3;
        id = find(r->m, s, n);
    } else if (!id && n > 2 && s[n - 2] == '\'') {
        n -= 2; /* the 's of a token that kept it */
        id = find(r->m, s, n);
    }
    push(r, s, n, id ? id : find_stretched(r->m, s, n), marks);
}

/* A compound the table does not have: its parts, the last one with what is left. */
static void push_compound(struct run *r, const char *s, size_t n, uint32_t marks)
{
    for (size_t parts = 1; parts < FEATURES_PIECES / 2; parts++) {
        const char *hyphen = memchr(s, '-', n);

        if (!hyphen || hyphen == s || hyphen == s + n - 1)
            break;
        push_word(r, s, (size_t)(hyphen - s), marks);
        n -= (size_t)(hyphen - s) + 1;
        s = hyphen + 1;
    }
    push_word(r, s, n, marks);
}

static void add_word(struct run *r, const char *text, const struct gloss_token *t)
{
    char word[LONGEST + 1];
    size_t n = lower(word, text + t->span.begin, t->span.end - t->span.begin);
    uint32_t marks = t->flags & GLOSS_TOKEN_UPPER ? WORD_CAPITALS : 0, id;

    if (!n) {
        skip(r);
        return;
    }
    id = find(r->m, word, n);
    if (id || !memchr(word, '-', n))
        push_word(r, word, n, marks);
    else
        push_compound(r, word, n, marks);
}

/* Of a run of marks (!!!) the first; of an emoji all but the selector of its style. */
static size_t mark_length(const char *text, const struct gloss_token *t)
{
    const char *s = text + t->span.begin;
    size_t n = t->span.end - t->span.begin;

    if (n > 3 && !memcmp(s + n - 3, "\xEF\xB8\x8F", 3))
        return n - 3;
    return (unsigned char)*s < 0x80 ? 1 : n;
}

/* :-) and the like: marks and letters that touch. How many tokens it takes. */
static size_t add_emoticon(struct run *r, const char *text, const struct gloss_token *t, size_t n)
{
    size_t most = 1;

    while (most < n && most < EMOTICON && t[most].span.begin == t[most - 1].span.end)
        most++;
    for (; most > 0; most--) {
        size_t len = t[most - 1].span.end - t[0].span.begin;
        uint32_t id = find(r->m, text + t[0].span.begin, len);

        if (!id)
            continue;
        push(r, text + t[0].span.begin, len, id, WORD_PUNCT);
        return most;
    }
    push(r, text + t[0].span.begin, 1, find(r->m, text + t[0].span.begin, mark_length(text, t)),
         WORD_PUNCT);
    return 1;
}

size_t words_make(struct word *words, const struct model *m, const char *text,
                  const struct gloss_token *tokens, size_t n)
{
    struct run r = {.m = m, .words = words};

    for (size_t i = 0; i < n;) {
        if (tokens[i].flags & GLOSS_TOKEN_PUNCT) {
            i += add_emoticon(&r, text, tokens + i, n - i);
            continue;
        }
        if (tokens[i].flags & GLOSS_TOKEN_WORD && !(tokens[i].flags & GLOSS_TOKEN_LINK))
            add_word(&r, text, &tokens[i]);
        else
            skip(&r);
        i++;
    }
    return r.n;
}
