/* SPDX-License-Identifier: Apache-2.0
 *
 * evidence.c - see evidence.h.
 */
#include "evidence.h"

#include "hash.h"

#include <stdlib.h>
#include <string.h>

enum { EVIDENCE = 100000 }; /* kinds of features, apart from those in features.c */
enum { WRITTEN = EVIDENCE, BEFORE, BEFORE_KIND, AFTER, AFTER_KIND, INITIALS, INITIALS_OF };

int evidence_init(struct evidence *e, uint32_t words)
{
    e->block = 0;
    e->folds = calloc(words + 1, sizeof(*e->folds));
    return e->folds ? 0 : -1;
}

void evidence_finish(struct evidence *e)
{
    free(e->folds);
    e->folds = NULL;
}

static struct fold *fold_of(struct evidence *e, uint32_t number)
{
    struct fold *f = &e->folds[number];

    if (f->block != e->block) {
        memset(f, 0, sizeof(*f));
        f->block = e->block;
    }
    return f;
}

static void bump(uint8_t *count)
{
    *count = (uint8_t)(*count + (*count < 255));
}

/* A unit that is written like a name. */
static void enter(struct evidence *e, const struct view *v, const struct sentence *s, size_t i)
{
    const struct unit *u = &v->units[i];
    struct fold *f = fold_of(e, view_word(v, i)->fold);

    e->buckets[u->bucket] = 1;
    if (u->kind & WORD_LOWER)
        bump(&f->small);
    if (u->kind & WORD_UPPER)
        bump(&f->upper);
    else if (i == s->begin || s->kind & (SENTENCE_TITLED | SENTENCE_UPPER))
        bump(&f->first);
    else
        bump(&f->middle);
    for (int k = 0; k <= OTHERS; k++)
        if (!f->seen[k]) {
            f->seen[k] = (uint32_t)i + 1;
            return;
        }
}

/* A unit in small letters: of interest where the block has the word with a capital too. */
static void enter_small(struct evidence *e, const struct view *v, size_t i)
{
    const struct unit *u = &v->units[i];
    struct fold *f;

    if (!(u->kind & WORD_LOWER) || !e->buckets[u->bucket])
        return;
    f = &e->folds[view_word(v, i)->fold];
    if (f->block == e->block)
        bump(&f->small);
}

/* The name that begins at i: capitals, with a small word between them now and then. Its initials
 * are looked for in the block. The unit behind it. */
static size_t read_name(struct evidence *e, const struct view *v, const struct block *b,
                        const struct sentence *s, size_t i)
{
    enum { LONGEST = 8 };
    uint32_t initials[LONGEST] = {0};
    size_t n = 0, end = i, begin = i;

    for (; i < s->end && n < LONGEST; i++) {
        const struct unit *w = &v->units[i];

        if (w->kind & WORD_CAPITAL && !(w->kind & WORD_UPPER)) {
            initials[n++] = view_word(v, i)->initial;
            end = i + 1;
        } else if (i > end || w->size > 3 || w->kind & WORD_MARK) {
            break;
        }
    }
    if (n >= 2) {
        uint32_t fold = words_fold(v->words, hash_bytes(initials, n * sizeof(*initials)));

        if (fold && e->folds[fold].block == e->block && e->folds[fold].upper) {
            e->folds[fold].initials_of = view_word(v, end - 1)->lower;
            for (size_t k = begin; k < end; k++)
                b->units[k].flags = (uint8_t)(b->units[k].flags | UNIT_SPELT);
        }
    }
    return end > begin ? end : begin + 1;
}

void evidence_read(struct evidence *e, const struct block *b, const struct words *words)
{
    struct view v = block_view(b, words);

    e->block++;
    memset(e->buckets, 0, sizeof(e->buckets));
    for (size_t k = 0; k < b->n_sentences; k++)
        for (size_t i = b->sentences[k].begin; i < b->sentences[k].end; i++)
            if (features_notable(&v, i))
                enter(e, &v, &b->sentences[k], i);
    for (size_t i = 0; i < b->n_units; i++)
        if (!features_notable(&v, i))
            enter_small(e, &v, i);
    for (size_t k = 0; k < b->n_sentences; k++)
        for (size_t i = b->sentences[k].begin; i < b->sentences[k].end;)
            i = read_name(e, &v, b, &b->sentences[k], i);
}

static uint64_t some(uint8_t count)
{
    return count > 2 ? 2 : count;
}

/* The company a word keeps where it is seen elsewhere. */
static size_t beside(const struct view *v, const struct block *b, size_t at, uint64_t *out)
{
    size_t n = 0;

    if (at > 0 && !(b->units[at].flags & UNIT_LINE)) {
        const struct word *w = view_word(v, at - 1);

        out[n++] = hash_pair(w->lower, BEFORE);
        out[n++] = hash_pair(hash_pair(w->kind, w->cluster.coarse), BEFORE_KIND);
    }
    if (at + 1 < b->n_units && !(b->units[at + 1].flags & UNIT_LINE)) {
        const struct word *w = view_word(v, at + 1);

        out[n++] = hash_pair(w->lower, AFTER);
        out[n++] = hash_pair(hash_pair(w->kind, w->cluster.coarse), AFTER_KIND);
    }
    return n;
}

size_t evidence_features(const struct evidence *e, const struct view *v, const struct block *b,
                         const struct sentence *s, size_t i, uint64_t *out)
{
    const struct word *w = view_word(v, i);
    const struct fold *f = &e->folds[w->fold];
    uint64_t here = w->kind & WORD_UPPER ? 3 : i == s->begin ? 1 : 2;
    uint64_t written;
    size_t n = 0, others = 0;

    if (!features_notable(v, i))
        return 0;
    written = some(f->small) + 3 * some(f->first) + 9 * some(f->middle) + 27 * some(f->upper);
    out[n++] = hash_pair(hash_pair(written, here + 4 * s->kind), WRITTEN);
    if (f->initials_of) {
        out[n++] = hash_pair(0, INITIALS);
        out[n++] = hash_pair(f->initials_of, INITIALS_OF);
    }
    for (int k = 0; k <= OTHERS && f->seen[k] && others < OTHERS; k++) {
        if (f->seen[k] == i + 1)
            continue;
        n += beside(v, b, f->seen[k] - 1, out + n);
        others++;
    }
    return n;
}
