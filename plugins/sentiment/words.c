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

        if ((c >= 'A' && c <= 'Z') || (before == 0xC3 && c >= 0x80 && c <= 0x9E && c != 0x97))
            c |= 0x20;
        if (c == 0xE2 && n - i >= 3 && !memcmp(s + i, "\xE2\x80\x99", 3)) {
            c = '\'';
            i += 2;
        }
        to[len++] = (char)c;
    }
    return len;
}

static const struct model_slot *find(const struct model *m, const char *s, size_t n)
{
    return model_find(m, model_hash(s, n));
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

/* none where a shorter form is not known either. */
static const struct model_slot *find_stretched(const struct model *m, const char *s, size_t n,
                                               const struct model_slot *none)
{
    char shorter[LONGEST + 1];
    size_t len = shorten(shorter, s, n, 2);
    const struct model_slot *slot;

    if (len == n || len == 0)
        return none;
    slot = find(m, shorter, len);
    return slot->id ? slot : find(m, shorter, shorten(shorter, s, n, 1));
}

/* The longest phrase that ends with the newest word takes the place of its words. */
static void join(struct run *r)
{
    for (size_t k = PHRASE - 1; k > 0; k--) {
        const struct model_slot *slot;

        if (!r->open[k])
            continue;
        slot = model_find(r->m, r->open[k]);
        if (!slot->id)
            continue;
        r->n -= k;
        r->words[r->n - 1].id = slot->id;
        r->words[r->n - 1].flags = slot->flags;
        memset(r->open, 0, sizeof(r->open));
        return;
    }
}

/* The word's numbers will be wanted soon: they are fetched beforehand. */
static void push(struct run *r, uint64_t hash, const struct model_slot *slot, uint8_t marks)
{
    const char *numbers = (const char *)&r->m->words[slot->id];

    __builtin_prefetch(numbers);
    __builtin_prefetch(numbers + sizeof(struct model_word) / 2);
    for (size_t k = PHRASE - 1; k > 0; k--)
        r->open[k] = r->open[k - 1] ? model_join(r->open[k - 1], hash) : 0;
    r->open[0] = slot->flags & WORD_OPENS ? hash : 0;
    r->words[r->n++] = (struct word){slot->id, slot->flags, marks};
    join(r);
}

static void skip(struct run *r)
{
    memset(r->open, 0, sizeof(r->open));
    r->words[r->n++] = (struct word){MODEL_UNKNOWN, 0, 0};
}

/* A word without hyphens and such: whole, or shortened. */
static void push_word(struct run *r, const char *s, size_t n, uint8_t marks)
{
    uint64_t hash = model_hash(s, n);
    const struct model_slot *slot = model_find(r->m, hash);

    push(r, hash, slot->id ? slot : find_stretched(r->m, s, n, slot), marks);
}

/* A compound the table does not have: its parts, the last one with what is left. */
static void push_compound(struct run *r, const char *s, size_t n, uint8_t marks)
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
    uint8_t marks = t->flags & GLOSS_TOKEN_UPPER ? WORD_CAPITALS : 0;

    if (!n)
        skip(r);
    else if (memchr(word, '-', n) && !find(r->m, word, n)->id)
        push_compound(r, word, n, marks);
    else
        push_word(r, word, n, marks);
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
    const char *s = text + t->span.begin;
    uint64_t hash;
    const struct model_slot *slot;
    size_t most = 1;

    while (most < n && most < EMOTICON && t[most].span.begin == t[most - 1].span.end)
        most++;
    for (; most > 1; most--) {
        hash = model_hash(s, t[most - 1].span.end - t->span.begin);
        slot = model_find(r->m, hash);
        if (slot->id) {
            push(r, hash, slot, WORD_PUNCT);
            return most;
        }
    }
    hash = model_hash(s, t->span.end - t->span.begin);
    slot = model_find(r->m, hash);
    push(r, hash, slot->id ? slot : find(r->m, s, mark_length(text, t)), WORD_PUNCT);
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
