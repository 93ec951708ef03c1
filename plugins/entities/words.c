/* SPDX-License-Identifier: Apache-2.0
 *
 * words.c - see words.h.
 */
#include "words.h"

#include "hash.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 64 }; /* characters of a word that are looked at */

int words_init(struct words *w, uint32_t room)
{
    uint32_t slots = 4;

    memset(w, 0, sizeof(*w));
    while (slots < 2 * room)
        slots *= 2;
    w->room = room;
    w->mask = slots - 1;
    w->word = calloc(room, sizeof(*w->word));
    w->slots = calloc(slots, sizeof(*w->slots));
    w->folds = calloc(slots, sizeof(*w->folds));
    w->fold_no = calloc(slots, sizeof(*w->fold_no));
    if (!w->word || !w->slots || !w->folds || !w->fold_no) {
        words_finish(w);
        return -1;
    }
    w->n = 1;
    return 0;
}

void words_finish(struct words *w)
{
    free(w->word);
    free(w->slots);
    free(w->folds);
    free(w->fold_no);
    memset(w, 0, sizeof(*w));
}

void words_clear(struct words *w)
{
    memset(w->slots, 0, ((size_t)w->mask + 1) * sizeof(*w->slots));
    memset(w->folds, 0, ((size_t)w->mask + 1) * sizeof(*w->folds));
    w->n = 1;
    w->n_folds = 0;
}

uint32_t word_next(const char *s, size_t n, size_t *i)
{
    const unsigned char *p = (const unsigned char *)s + *i;
    size_t more = p[0] < 0x80 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
    uint32_t c = more == 0 ? p[0] : p[0] & (0x3fu >> more);

    if (more >= n - *i)
        more = n - *i - 1;
    for (size_t k = 1; k <= more; k++)
        c = c << 6 | (p[k] & 0x3f);
    *i += more + 1;
    return c;
}

/* The alphabets English news takes its names from: Latin, Greek, Cyrillic. */
uint32_t word_lower(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    if ((c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9) ||
        (c >= 0x410 && c <= 0x42f))
        return c + 32;
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
        return c & 1 ? c + 1 : c;
    if (c == 0x178)
        return 0xff;
    if ((c >= 0x100 && c <= 0x177 && c != 0x131 && c != 0x138) || (c >= 0x1e00 && c <= 0x1eff))
        return c | 1;
    return c >= 0x400 && c <= 0x40f ? c + 80 : c;
}

enum { MARK, DIGIT, SMALL, CAPITAL };

static int class_of(uint32_t c)
{
    if (c >= '0' && c <= '9')
        return DIGIT;
    if (word_lower(c) != c)
        return CAPITAL;
    if (c < 0x80)
        return c >= 'a' && c <= 'z' ? SMALL : MARK;
    return c < 0xc0 || (c >= 0x2000 && c < 0x2c00) || (c >= 0x3000 && c < 0x3040) ? MARK : SMALL;
}

/* Builds a word's facts out of its characters, in lower case and by class. */
struct spelling {
    uint32_t c[LONGEST];
    uint8_t class[LONGEST];
    size_t n;
};

static void spell(struct spelling *sp, const char *s, size_t n)
{
    sp->n = 0;
    sp->c[0] = 0; /* an empty word begins with no letter */
    sp->class[0] = MARK;
    for (size_t i = 0; i < n && sp->n < LONGEST; sp->n++) {
        uint32_t c = word_next(s, n, &i);

        sp->class[sp->n] = (uint8_t)class_of(c);
        sp->c[sp->n] = word_lower(c);
    }
}

static uint8_t kind_of(const struct spelling *sp)
{
    size_t count[4] = {0};
    uint8_t kind = 0;

    for (size_t i = 0; i < sp->n; i++) {
        if (sp->class[i] == CAPITAL && count[SMALL])
            kind |= WORD_MIXED;
        count[sp->class[i]]++;
    }
    if (sp->class[0] == CAPITAL)
        kind |= WORD_CAPITAL;
    if (sp->class[0] == SMALL)
        kind |= WORD_LOWER;
    if (count[CAPITAL] >= 2 && !count[SMALL])
        kind |= WORD_UPPER;
    if (count[DIGIT])
        kind |= WORD_DIGIT;
    return count[CAPITAL] + count[SMALL] + count[DIGIT] ? kind : WORD_MARK;
}

/* The shape, with runs cut to the given length. Marks stand for themselves. */
static uint64_t shape_of(const struct spelling *sp, size_t cut)
{
    uint32_t out[LONGEST];
    size_t n = 0, run = 0;

    for (size_t i = 0; i < sp->n; i++) {
        run = i && sp->class[i] == sp->class[i - 1] && sp->class[i] != MARK ? run + 1 : 1;
        if (run <= cut)
            out[n++] = sp->class[i] == MARK ? sp->c[i] : sp->class[i];
    }
    return hash_bytes(out, n * sizeof(*out));
}

static void cut_affixes(struct word *w, const struct spelling *sp)
{
    for (size_t k = 1; k <= AFFIXES; k++) {
        if (sp->n <= k) {
            w->prefix[k - 1] = w->suffix[k - 1] = 0;
            continue;
        }
        w->prefix[k - 1] = (uint32_t)hash_bytes(sp->c, k * sizeof(*sp->c));
        w->suffix[k - 1] = (uint32_t)hash_bytes(sp->c + sp->n - k, k * sizeof(*sp->c));
    }
}

static void look_up(const struct words *ws, struct word *w)
{
    const struct cluster *c = ws->clusters ? table_find(ws->clusters, w->form) : NULL;
    const uint8_t *names = ws->names ? table_find(ws->names, w->lower) : NULL;

    if (!c && ws->clusters)
        c = table_find(ws->clusters, w->lower);
    w->cluster = c ? *c : (struct cluster){0, 0};
    w->names = names ? *names : 0;
}

static uint32_t fold_slot(const struct words *w, uint64_t lower)
{
    uint32_t i = (uint32_t)lower & w->mask;

    while (w->folds[i] && w->folds[i] != lower)
        i = (i + 1) & w->mask;
    return i;
}

uint32_t words_fold(const struct words *w, uint64_t lower)
{
    uint32_t i = fold_slot(w, lower);

    return w->folds[i] ? w->fold_no[i] : 0;
}

static uint32_t add_fold(struct words *w, uint64_t lower)
{
    uint32_t i = fold_slot(w, lower);

    if (!w->folds[i]) {
        w->folds[i] = lower;
        w->fold_no[i] = ++w->n_folds;
    }
    return w->fold_no[i];
}

static void describe(const struct words *ws, struct word *w, const char *s, size_t n, uint64_t form)
{
    struct spelling sp;

    spell(&sp, s, n);
    w->form = form;
    w->lower = hash_bytes(sp.c, sp.n * sizeof(*sp.c));
    w->kind = kind_of(&sp);
    w->shape = shape_of(&sp, 4);
    w->runs = shape_of(&sp, 1);
    w->initial = sp.c[0];
    w->size = (uint8_t)sp.n;
    cut_affixes(w, &sp);
    look_up(ws, w);
}

const struct words_slot *words_find(struct words *w, const char *s, size_t n)
{
    uint64_t form = hash_bytes(s, n);
    uint32_t i = (uint32_t)form & w->mask;
    struct word *word;

    for (; w->slots[i].number; i = (i + 1) & w->mask)
        if (w->slots[i].form == form)
            return &w->slots[i];
    word = &w->word[w->n];
    describe(w, word, s, n, form);
    word->fold = add_fold(w, word->lower);
    w->slots[i] =
        (struct words_slot){form, w->n++, word->kind, word->size, (uint8_t)(word->lower >> 32)};
    return &w->slots[i];
}
