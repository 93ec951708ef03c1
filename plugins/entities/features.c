/* SPDX-License-Identifier: Apache-2.0
 *
 * features.c - see features.h.
 */
#include "features.h"

#include "hash.h"

enum { ONE_WORD = 1000 }; /* kinds below are of units, above of words at places */

/* Kinds of features; only ever add. */
enum {
    BIAS = 1,
    LOWER,
    FORM,
    SHAPE,
    RUNS,
    PREFIX,
    SUFFIX = PREFIX + AFFIXES,
    FINE = SUFFIX + AFFIXES,
    COARSE,
    NAMES,
    SIZE,
};

enum {
    FLAGS = 1,
    FIRST_LOWER,
    FIRST_RUNS,
    SENTENCE_RUNS,
    LOWER_BEFORE,
    LOWER_AFTER,
    LOWER_AROUND,
    LOWER_BEFORE2,
    LOWER_AFTER2,
    SHAPES3,
    SHAPES_BEFORE,
    SHAPES_AFTER,
    SHAPES5,
    BEFORE_RUNS,
    AFTER_RUNS,
    FINE_BEFORE,
    FINE_AFTER,
    FINE_AROUND,
    COARSE3,
    COARSE_BEFORE2,
    COARSE_AFTER2,
    NAMES_AROUND,
    PHRASE,
    SENTENCE_PREFIX,
    OPEN_FINE,
};

static inline uint64_t feature(unsigned kind, uint64_t value)
{
    return hash_pair(value, kind);
}

static inline uint64_t feature2(unsigned kind, uint64_t a, uint64_t b)
{
    return hash_pair(hash_pair(a, b), kind);
}

static inline uint64_t feature3(unsigned kind, uint64_t a, uint64_t b, uint64_t c)
{
    return hash_pair(hash_pair(hash_pair(a, b), c), kind);
}

static unsigned at_place(enum place place, unsigned kind)
{
    return ONE_WORD * ((unsigned)place + 1) + kind;
}

static size_t word_here(const struct word *w, uint64_t *out)
{
    const unsigned p = at_place(PLACE_HERE, 0);
    size_t n = 0;

    out[n++] = feature(p + BIAS, 0);
    out[n++] = feature(p + FORM, w->form);
    out[n++] = feature(p + SHAPE, w->shape);
    out[n++] = feature2(p + SIZE, w->kind, w->size > 8 ? 8 : w->size);
    for (unsigned k = 0; k < AFFIXES; k++) {
        if (w->prefix[k] && k > 0)
            out[n++] = feature2(p + PREFIX + k, w->prefix[k], w->kind);
        if (w->suffix[k])
            out[n++] =
                feature2(p + SUFFIX + k, w->suffix[k], w->kind & (WORD_CAPITAL | WORD_UPPER));
    }
    return n;
}

size_t features_word(const struct word *w, enum place place, uint64_t *out)
{
    const unsigned p = at_place(place, 0);
    size_t n = 0;

    if (place == PLACE_NEAR) {
        if (!(w->kind & WORD_MARK) && w->form)
            out[n++] = feature(p + LOWER, w->lower);
        return n;
    }
    if (place == PLACE_HERE)
        n = word_here(w, out);
    out[n++] = feature(p + LOWER, w->lower);
    out[n++] = feature(p + RUNS, w->runs);
    if (w->cluster.fine) {
        out[n++] = feature(p + FINE, w->cluster.fine);
        out[n++] = feature(p + COARSE, w->cluster.coarse);
    }
    if (w->names)
        out[n++] = feature2(p + NAMES, w->names, w->kind & WORD_CAPITAL);
    if (place == PLACE_BEFORE || place == PLACE_AFTER) {
        out[n++] = feature(p + SHAPE, w->shape);
        out[n++] = feature2(p + SUFFIX, w->suffix[2], w->kind & WORD_CAPITAL);
    }
    return n;
}

/* A sentence is in capitals where small letters begin hardly a word; it is titled where most
 * words of some length begin with a capital. */
struct sentence features_sentence(const struct view *v, size_t begin, size_t end)
{
    struct sentence s = {begin, end, 0};
    size_t small = 0, upper = 0, capital = 0, longer = 0;

    for (size_t i = begin; i < end; i++) {
        const struct unit *w = &v->units[i];

        upper += !!(w->kind & WORD_UPPER);
        small += (w->kind & (WORD_LOWER | WORD_MIXED)) != 0 ||
                 (w->kind & WORD_CAPITAL && !(w->kind & WORD_UPPER) && w->size > 1);
        if (w->size > 3 && w->kind & (WORD_CAPITAL | WORD_LOWER)) {
            longer++;
            capital += !!(w->kind & WORD_CAPITAL);
        }
    }
    if (upper > 1 && upper > 3 * small)
        s.kind |= SENTENCE_UPPER;
    if (longer > 2 && 4 * capital > 3 * longer)
        s.kind |= SENTENCE_TITLED;
    if (!(v->units[end - 1].kind & WORD_MARK))
        s.kind |= SENTENCE_OPEN;
    if (end - begin < 6)
        s.kind |= SENTENCE_SHORT;
    return s;
}

/* A unit written like a name, or one beside such. */
int features_wanted(const struct view *v, const struct sentence *s, size_t i)
{
    return features_notable(v, i) || (i > s->begin && features_notable(v, i - 1)) ||
           (i + 1 < s->end && features_notable(v, i + 1));
}

/* Names of the gazetteer that cover unit i: where in the name it is, how long that is. */
static size_t phrases(const struct view *v, const struct sentence *s, size_t i, uint64_t *out)
{
    enum { LONGEST = 4 };
    size_t n = 0, from = i >= s->begin + LONGEST - 1 ? i - (LONGEST - 1) : s->begin;

    for (size_t b = from; b <= i; b++) {
        uint64_t h = view_word(v, b)->lower;

        if (!(view_word(v, b)->names & NAME_MORE) || !(view_word(v, b)->kind & WORD_CAPITAL))
            continue;
        for (size_t e = b + 1; e < s->end && e < b + LONGEST; e++) {
            const uint8_t *names;

            h = hash_pair(h, view_word(v, e)->lower);
            names = table_find(v->names, h);
            if (!names)
                break;
            if (e >= i && *names & ~NAME_MORE)
                out[n++] = feature3(PHRASE, *names & ~NAME_MORE, i - b, e - i);
            if (!(*names & NAME_MORE))
                break;
        }
    }
    return n;
}

/* Features of the sentence and the unit's place in it. */
static size_t position(const struct view *v, const struct sentence *s, size_t i, uint64_t *out)
{
    const struct word *w = view_word(v, i);
    const struct unit *u = &v->units[i];
    int glued = i + 1 < s->end && v->units[i + 1].flags & UNIT_GLUED;
    size_t n = 0;

    out[n++] = feature3(FLAGS, u->flags, (uint64_t)glued, w->kind);
    out[n++] = feature2(SENTENCE_RUNS, s->kind, w->runs);
    if (s->kind & SENTENCE_OPEN) {
        out[n++] = feature2(OPEN_FINE, s->kind, w->cluster.fine);
        out[n++] = feature3(SENTENCE_PREFIX, s->kind, i - s->begin < 4 ? i - s->begin : 4,
                            s->end - i < 4 ? s->end - i : 4);
    }
    if (i == s->begin) {
        out[n++] = feature(FIRST_LOWER, w->lower);
        out[n++] = feature2(FIRST_RUNS, w->runs, s->kind);
    }
    return n;
}

size_t features_unit(const struct view *v, const struct sentence *s, size_t i, uint64_t *out)
{
    const struct word *edge = v->words->word;
    const struct word *w = view_word(v, i);
    const struct word *b = i > s->begin ? view_word(v, i - 1) : edge;
    const struct word *a = i + 1 < s->end ? view_word(v, i + 1) : edge;
    const struct word *bb = i > s->begin + 1 ? view_word(v, i - 2) : edge;
    const struct word *aa = i + 2 < s->end ? view_word(v, i + 2) : edge;
    size_t n = position(v, s, i, out);

    out[n++] = feature2(LOWER_BEFORE, b->lower, w->lower);
    out[n++] = feature2(LOWER_AFTER, w->lower, a->lower);
    out[n++] = feature2(LOWER_AROUND, b->lower, a->lower);
    out[n++] = feature3(LOWER_BEFORE2, bb->lower, b->lower, w->kind);
    out[n++] = feature3(LOWER_AFTER2, aa->lower, a->lower, w->kind);
    out[n++] = feature3(SHAPES3, b->runs, w->runs, a->runs);
    out[n++] = feature3(SHAPES_BEFORE, bb->runs, b->runs, w->runs);
    out[n++] = feature3(SHAPES_AFTER, w->runs, a->runs, aa->runs);
    out[n++] = feature3(SHAPES5, feature3(SHAPES3, bb->runs, b->runs, w->runs), a->runs, aa->runs);
    out[n++] = feature2(BEFORE_RUNS, b->lower, w->runs);
    out[n++] = feature2(AFTER_RUNS, a->lower, w->runs);
    out[n++] = feature2(FINE_BEFORE, b->cluster.fine, w->cluster.fine);
    out[n++] = feature2(FINE_AFTER, w->cluster.fine, a->cluster.fine);
    out[n++] = feature3(FINE_AROUND, b->cluster.fine, a->cluster.fine, w->kind);
    out[n++] = feature3(COARSE3, b->cluster.coarse, w->cluster.coarse, a->cluster.coarse);
    out[n++] = feature3(COARSE_BEFORE2, bb->cluster.coarse, b->cluster.coarse, w->runs);
    out[n++] = feature3(COARSE_AFTER2, aa->cluster.coarse, a->cluster.coarse, w->runs);
    out[n++] = feature3(NAMES_AROUND, b->names, w->names, a->names);
    return v->names ? n + phrases(v, s, i, out + n) : n;
}
