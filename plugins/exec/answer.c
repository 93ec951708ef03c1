/* SPDX-License-Identifier: Apache-2.0
 *
 * exec/answer.c - a command's answer, read in one pass once its number is known to be right. */
#include "answer.h"

#include "number.h"
#include "reader.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct reading {
    struct reader r;
    const char *number; /* where the n of the answer stands; NULL: nowhere */
    const struct answer_ops *ops;
};

/* ---- annotations */

enum { START = 1, END = 2, LABEL = 4, SCORE = 8, FIELD = 16 };

static int read_field(struct reader *r, struct answer_annot *a)
{
    const char *at, *s;

    reader_skip_blank(r);
    at = r->at;
    s = reader_expect_string(r, "field");
    if (!s)
        return -1;
    a->title = strcmp(s, "title") == 0;
    return a->title || strcmp(s, "text") == 0
               ? 0
               : reader_wrong(r, at, "field must be \"title\" or \"text\"");
}

static int read_attr(struct reader *r, const char *at, const char *key, struct answer_annot *a)
{
    struct answer_attr *attr = &a->attr[a->n_attr];

    if (strcmp(key, "text") == 0)
        return reader_wrong(r, at, "text is written by glossd, from start and end");
    if (!*key || key[strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_")])
        return reader_wrong(r, at, "a key must be of a-z, 0-9 and _");
    if (a->n_attr == ANSWER_ATTRS)
        return reader_wrong(r, at, "an annotation has %d further keys at most", ANSWER_ATTRS);
    for (size_t i = 0; i < a->n_attr; i++)
        if (strcmp(a->attr[i].key, key) == 0)
            return reader_wrong(r, at, "the key stands there twice");
    *attr = (struct answer_attr){key, NULL, 0};
    a->n_attr++;
    if (reader_next_is(r, '"')) {
        attr->str = reader_string(r);
        return attr->str ? 0 : -1;
    }
    return reader_expect_number(r, "what is neither a string nor null", &attr->num);
}

static int read_known(struct reader *r, unsigned what, struct answer_annot *a)
{
    switch (what) {
    case START:
        return reader_expect_offset(r, "start", &a->start);
    case END:
        return reader_expect_offset(r, "end", &a->end);
    case LABEL:
        a->label = reader_expect_string(r, "label");
        return a->label ? 0 : -1;
    case SCORE:
        return reader_expect_number(r, "score", &a->score);
    default:
        return read_field(r, a);
    }
}

/* "key": value. A null is as if the key were not there. */
static int read_member(struct reader *r, struct answer_annot *a, unsigned *seen)
{
    static const struct {
        const char *key;
        unsigned what;
    } known[] = {
        {"start", START}, {"end", END}, {"label", LABEL}, {"score", SCORE}, {"field", FIELD}};
    const char *at, *key;

    reader_skip_blank(r);
    at = r->at;
    key = reader_expect_string(r, "a key");
    if (!key || reader_expect(r, ':', "behind the key") < 0)
        return -1;
    if (reader_next_is_word(r, "null"))
        return 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(key, known[i].key) != 0)
            continue;
        if (*seen & known[i].what)
            return reader_wrong(r, at, "the key stands there twice");
        *seen |= known[i].what;
        return read_known(r, known[i].what, a);
    }
    return read_attr(r, at, key, a);
}

static int read_annot(struct reading *g)
{
    struct reader *r = &g->r;
    struct answer_annot a = {.score = NAN};
    const char *at;
    unsigned seen = 0;
    char why[256];

    reader_skip_blank(r);
    at = r->at;
    if (reader_expect(r, '{', "where an annotation begins") < 0)
        return -1;
    if (!reader_next_is(r, '}')) {
        do
            if (read_member(r, &a, &seen) < 0)
                return -1;
        while (reader_next_is(r, ','));
        if (reader_expect(r, '}', "where the annotation ends") < 0)
            return -1;
    }
    a.whole = !(seen & (START | END));
    if (!a.whole && (seen & (START | END)) != (START | END))
        return reader_wrong(r, at, "start and end must both be there, or none of them");
    if (a.whole && seen & FIELD)
        return reader_wrong(r, at, "field is of no use without start and end");
    if (!a.whole && a.start >= a.end)
        return reader_wrong(r, at, "start (%u) must be before end (%u)", a.start, a.end);
    return g->ops->take(g->ops->owner, &a, why, sizeof why) < 0 ? reader_wrong(r, at, "%s", why)
                                                                : 0;
}

/* ---- the whole */

static enum answer_kind read_layer(struct reading *g)
{
    struct reader *r = &g->r;

    if (reader_next_is_word(r, "null"))
        return ANSWER_NOTHING;
    if (reader_expect(r, '[', "where the layer begins") < 0)
        return ANSWER_WRONG;
    if (reader_next_is(r, ']'))
        return ANSWER_LAYER;
    do
        if (read_annot(g) < 0)
            return ANSWER_WRONG;
    while (reader_next_is(r, ','));
    return reader_expect(r, ']', "where the layer ends") < 0 ? ANSWER_WRONG : ANSWER_LAYER;
}

static enum answer_kind read_error(struct reader *r)
{
    const char *why = reader_expect_string(r, "error");

    if (!why)
        return ANSWER_WRONG;
    snprintf(r->why, r->room, "%s", why);
    return ANSWER_ERROR;
}

/* The number, which is known to be right where it was found. */
static int read_number(struct reading *g, const char *at)
{
    struct reader *r = &g->r;
    double x;

    reader_skip_blank(r);
    return r->at == g->number ? reader_expect_number(r, "n", &x)
                              : reader_wrong(r, at, "the key stands there twice");
}

/* One member of the answer; kind is what it is so far, said whether that was read. */
static int read_said(struct reading *g, enum answer_kind *kind, bool *said)
{
    struct reader *r = &g->r;
    const char *at, *key;

    reader_skip_blank(r);
    at = r->at;
    key = reader_expect_string(r, "a key");
    if (!key || reader_expect(r, ':', "behind the key") < 0)
        return -1;
    if (strcmp(key, "n") == 0)
        return read_number(g, at);
    if (strcmp(key, "layer") != 0 && strcmp(key, "error") != 0)
        return reader_wrong(r, at, "the key must be \"n\", \"layer\" or \"error\"");
    if (*said)
        return reader_wrong(r, at, "one \"layer\" or one \"error\" can be there, not both");
    *said = true;
    *kind = *key == 'l' ? read_layer(g) : read_error(r);
    return *kind == ANSWER_WRONG ? -1 : 0;
}

static enum answer_kind read_object(struct reading *g)
{
    enum answer_kind kind = ANSWER_NOTHING;
    bool said = false;

    do
        if (read_said(g, &kind, &said) < 0)
            return ANSWER_WRONG;
    while (reader_next_is(&g->r, ','));
    return reader_expect(&g->r, '}', "where the answer ends") < 0 ? ANSWER_WRONG : kind;
}

/* What stands there instead is most often a message: it is shown. */
static int expect_object(struct reader *r)
{
    size_t n = strnlen(r->begin, 60);

    if (reader_next_is(r, '{'))
        return 0;
    while (n > 0 && ((unsigned char)r->begin[n] & 0xC0) == 0x80)
        n--;
    return reader_wrong(r, r->at, "a { is missing where the answer begins: it wrote \"%.*s\"",
                        (int)n, r->begin);
}

/* Whether it carries the number of its question; why says what else. */
static bool is_to(struct reading *g, uint32_t number)
{
    struct reader *r = &g->r;
    double x = 0;

    g->number = number_find(r->begin, r->end);
    if (!g->number) {
        reader_wrong(r, r->begin, "n is missing: copy it from the question, here %u", number);
        return false;
    }
    r->at = g->number;
    if (reader_expect_number(r, "n", &x) < 0)
        return false;
    if (x != number)
        reader_wrong(r, g->number,
                     "n is %.12g, and the question's is %u: copy it, and write one line for each",
                     x, number);
    return x == number;
}

enum answer_kind answer_read(char *line, size_t n, uint32_t number, char *scratch,
                             const struct answer_ops *ops, char *why, size_t room)
{
    struct reading g = {.r = {.begin = line, .at = line, .end = line + n, .room = room},
                        .ops = ops};
    struct reader *r = &g.r;
    enum answer_kind kind;
    bool to_it;

    line[n] = '\0';
    r->to = scratch;
    r->why = why;
    to_it = is_to(&g, number);
    r->at = line;
    if (reader_check_utf8(r) < 0 || expect_object(r) < 0)
        return to_it ? ANSWER_WRONG : ANSWER_STRAY;
    if (!to_it)
        return ANSWER_STRAY;
    kind = read_object(&g);
    reader_skip_blank(r);
    if (kind != ANSWER_WRONG && r->at < r->end) {
        reader_wrong(r, r->at, "something follows the answer");
        return ANSWER_WRONG;
    }
    return kind;
}
