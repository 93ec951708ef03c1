/* SPDX-License-Identifier: Apache-2.0
 *
 * exec/answer.c - a command's answer, read in one pass. Strings are decoded into the
 * scratch, each with a NUL: none is longer there than with its quotes in the line. */
#include "answer.h"

#include "number.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *begin, *at, *end;
    const char *number; /* where the n of the answer stands; NULL: nowhere */
    char *to;           /* free in the scratch */
    const struct answer_ops *ops;
    char *why;
    size_t room;
};

/* ---- faults */

__attribute__((format(printf, 3, 4))) static int wrong(struct reader *r, const char *at,
                                                       const char *fmt, ...)
{
    size_t column = 1;
    va_list ap;
    int n;

    for (const char *p = r->begin; p < at; p++)
        column += ((unsigned char)*p & 0xC0) != 0x80;
    n = snprintf(r->why, r->room, "column %zu: ", column);
    va_start(ap, fmt);
    vsnprintf(r->why + n, r->room - (size_t)n, fmt, ap);
    va_end(ap);
    return -1;
}

/* ---- marks */

static void skip_blank(struct reader *r)
{
    r->at += strspn(r->at, " \t\r");
}

static bool next_is(struct reader *r, char c)
{
    skip_blank(r);
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static int expect(struct reader *r, char c, const char *where)
{
    return next_is(r, c) ? 0 : wrong(r, r->at, "a %c is missing %s", c, where);
}

static bool next_is_word(struct reader *r, const char *word)
{
    size_t n = strlen(word);

    skip_blank(r);
    if (strncmp(r->at, word, n) != 0)
        return false;
    r->at += n;
    return true;
}

/* ---- strings */

static int hex4(const char *s)
{
    int c = 0;

    for (int i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdef", *d;
        char low = (char)(s[i] | 0x20);

        d = s[i] ? strchr(digits, s[i] >= 'A' ? low : s[i]) : NULL;
        if (!d)
            return -1;
        c = 16 * c + (int)(d - digits);
    }
    return c;
}

static void put_point(struct reader *r, unsigned c)
{
    if (c < 0x80) {
        *r->to++ = (char)c;
    } else if (c < 0x800) {
        *r->to++ = (char)(0xC0 | c >> 6);
        *r->to++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *r->to++ = (char)(0xE0 | c >> 12);
        *r->to++ = (char)(0x80 | (c >> 6 & 0x3F));
        *r->to++ = (char)(0x80 | (c & 0x3F));
    } else {
        *r->to++ = (char)(0xF0 | c >> 18);
        *r->to++ = (char)(0x80 | (c >> 12 & 0x3F));
        *r->to++ = (char)(0x80 | (c >> 6 & 0x3F));
        *r->to++ = (char)(0x80 | (c & 0x3F));
    }
}

/* After \u; a pair of surrogates is one character. */
static int read_point(struct reader *r)
{
    const char *start = r->at - 2;
    int c = r->end - r->at < 4 ? -1 : hex4(r->at), low;

    if (c < 0)
        return wrong(r, start, "\\u must have four hexadecimal digits");
    r->at += 4;
    if (c >= 0xD800 && c < 0xDC00 && r->end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u') {
        low = hex4(r->at + 2);
        if (low >= 0xDC00 && low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            r->at += 6;
        }
    }
    if (c >= 0xD800 && c < 0xE000)
        return wrong(r, start, "half a surrogate pair is no character");
    if (c == 0)
        return wrong(r, start, "a NUL can't be in a string");
    put_point(r, (unsigned)c);
    return 0;
}

static int read_escape(struct reader *r)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *c;

    if (r->at == r->end)
        return wrong(r, r->at, "the string does not end");
    if (*r->at == 'u') {
        r->at++;
        return read_point(r);
    }
    c = *r->at ? strchr(from, *r->at) : NULL;
    if (!c)
        return wrong(r, r->at - 1, "there is no such escape");
    *r->to++ = to[c - from];
    r->at++;
    return 0;
}

/* Behind the opening quote. NULL where it is wrong. */
static const char *read_string(struct reader *r)
{
    char *s = r->to;

    for (;;) {
        if (r->at == r->end) {
            wrong(r, r->at, "the string does not end");
            return NULL;
        }
        if (*r->at == '"')
            break;
        if ((unsigned char)*r->at < 0x20) {
            wrong(r, r->at, "a control character must be escaped");
            return NULL;
        }
        if (*r->at != '\\')
            *r->to++ = *r->at++;
        else if (r->at++, read_escape(r) < 0)
            return NULL;
    }
    r->at++;
    *r->to++ = '\0';
    return s;
}

static const char *expect_string(struct reader *r, const char *what)
{
    if (next_is(r, '"'))
        return read_string(r);
    wrong(r, r->at, "%s must be a string", what);
    return NULL;
}

/* ---- numbers */

static size_t digits(const char *s)
{
    return strspn(s, "0123456789");
}

/* As JSON has them: the length, or 0. */
static size_t number_length(const char *s)
{
    size_t n = *s == '-', d = digits(s + n);

    if (d == 0 || (d > 1 && s[n] == '0'))
        return 0;
    n += d;
    if (s[n] == '.') {
        d = digits(s + n + 1);
        if (d == 0)
            return 0;
        n += 1 + d;
    }
    if (s[n] == 'e' || s[n] == 'E') {
        size_t sign = s[n + 1] == '+' || s[n + 1] == '-';

        d = digits(s + n + 1 + sign);
        if (d == 0)
            return 0;
        n += 1 + sign + d;
    }
    return n;
}

static int expect_number(struct reader *r, const char *what, double *x)
{
    size_t n;

    skip_blank(r);
    n = number_length(r->at);
    if (n == 0)
        return wrong(r, r->at, "%s must be a number", what);
    *x = strtod(r->at, NULL);
    if (!isfinite(*x))
        return wrong(r, r->at, "%s is too large", what);
    r->at += n;
    return 0;
}

static int expect_offset(struct reader *r, const char *what, uint32_t *offset)
{
    const char *at;
    double x = 0;

    skip_blank(r);
    at = r->at;
    if (expect_number(r, what, &x) < 0)
        return -1;
    if (x < 0 || x >= UINT32_MAX || x != floor(x))
        return wrong(r, at, "%s must be a whole number of code points", what);
    *offset = (uint32_t)x;
    return 0;
}

/* ---- annotations */

enum { START = 1, END = 2, LABEL = 4, SCORE = 8, FIELD = 16 };

static int read_field(struct reader *r, struct answer_annot *a)
{
    const char *at, *s;

    skip_blank(r);
    at = r->at;
    s = expect_string(r, "field");
    if (!s)
        return -1;
    a->title = strcmp(s, "title") == 0;
    return a->title || strcmp(s, "text") == 0 ? 0
                                              : wrong(r, at, "field must be \"title\" or \"text\"");
}

static int read_attr(struct reader *r, const char *at, const char *key, struct answer_annot *a)
{
    struct answer_attr *attr = &a->attr[a->n_attr];

    if (strcmp(key, "text") == 0)
        return wrong(r, at, "text is written by glossd, from start and end");
    if (!*key || key[strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_")])
        return wrong(r, at, "a key must be of a-z, 0-9 and _");
    if (a->n_attr == ANSWER_ATTRS)
        return wrong(r, at, "an annotation has %d further keys at most", ANSWER_ATTRS);
    for (size_t i = 0; i < a->n_attr; i++)
        if (strcmp(a->attr[i].key, key) == 0)
            return wrong(r, at, "the key stands there twice");
    *attr = (struct answer_attr){key, NULL, 0};
    a->n_attr++;
    if (next_is(r, '"')) {
        attr->str = read_string(r);
        return attr->str ? 0 : -1;
    }
    return expect_number(r, "what is neither a string nor null", &attr->num);
}

static int read_known(struct reader *r, unsigned what, struct answer_annot *a)
{
    switch (what) {
    case START:
        return expect_offset(r, "start", &a->start);
    case END:
        return expect_offset(r, "end", &a->end);
    case LABEL:
        a->label = expect_string(r, "label");
        return a->label ? 0 : -1;
    case SCORE:
        return expect_number(r, "score", &a->score);
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

    skip_blank(r);
    at = r->at;
    key = expect_string(r, "a key");
    if (!key || expect(r, ':', "behind the key") < 0)
        return -1;
    if (next_is_word(r, "null"))
        return 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(key, known[i].key) != 0)
            continue;
        if (*seen & known[i].what)
            return wrong(r, at, "the key stands there twice");
        *seen |= known[i].what;
        return read_known(r, known[i].what, a);
    }
    return read_attr(r, at, key, a);
}

static int read_annot(struct reader *r)
{
    struct answer_annot a = {.score = NAN};
    const char *at;
    unsigned seen = 0;
    char why[256];

    skip_blank(r);
    at = r->at;
    if (expect(r, '{', "where an annotation begins") < 0)
        return -1;
    if (!next_is(r, '}')) {
        do
            if (read_member(r, &a, &seen) < 0)
                return -1;
        while (next_is(r, ','));
        if (expect(r, '}', "where the annotation ends") < 0)
            return -1;
    }
    a.whole = !(seen & (START | END));
    if (!a.whole && (seen & (START | END)) != (START | END))
        return wrong(r, at, "start and end must both be there, or none of them");
    if (a.whole && seen & FIELD)
        return wrong(r, at, "field is of no use without start and end");
    if (!a.whole && a.start >= a.end)
        return wrong(r, at, "start (%u) must be before end (%u)", a.start, a.end);
    return r->ops->take(r->ops->owner, &a, why, sizeof why) < 0 ? wrong(r, at, "%s", why) : 0;
}

/* ---- the whole */

static enum answer_kind read_layer(struct reader *r)
{
    if (next_is_word(r, "null"))
        return ANSWER_NOTHING;
    if (expect(r, '[', "where the layer begins") < 0)
        return ANSWER_WRONG;
    if (next_is(r, ']'))
        return ANSWER_LAYER;
    do
        if (read_annot(r) < 0)
            return ANSWER_WRONG;
    while (next_is(r, ','));
    return expect(r, ']', "where the layer ends") < 0 ? ANSWER_WRONG : ANSWER_LAYER;
}

static enum answer_kind read_error(struct reader *r)
{
    const char *why = expect_string(r, "error");

    if (!why)
        return ANSWER_WRONG;
    snprintf(r->why, r->room, "%s", why);
    return ANSWER_ERROR;
}

/* The number, which is known to be right where it was found. */
static int read_number(struct reader *r, const char *at)
{
    double x;

    skip_blank(r);
    return r->at == r->number ? expect_number(r, "n", &x)
                              : wrong(r, at, "the key stands there twice");
}

/* One member of the answer; kind is what it is so far, said whether that was read. */
static int read_said(struct reader *r, enum answer_kind *kind, bool *said)
{
    const char *at, *key;

    skip_blank(r);
    at = r->at;
    key = expect_string(r, "a key");
    if (!key || expect(r, ':', "behind the key") < 0)
        return -1;
    if (strcmp(key, "n") == 0)
        return read_number(r, at);
    if (strcmp(key, "layer") != 0 && strcmp(key, "error") != 0)
        return wrong(r, at, "the key must be \"n\", \"layer\" or \"error\"");
    if (*said)
        return wrong(r, at, "one \"layer\" or one \"error\" can be there, not both");
    *said = true;
    *kind = *key == 'l' ? read_layer(r) : read_error(r);
    return *kind == ANSWER_WRONG ? -1 : 0;
}

static enum answer_kind read_object(struct reader *r)
{
    enum answer_kind kind = ANSWER_NOTHING;
    bool said = false;

    do
        if (read_said(r, &kind, &said) < 0)
            return ANSWER_WRONG;
    while (next_is(r, ','));
    return expect(r, '}', "where the answer ends") < 0 ? ANSWER_WRONG : kind;
}

/* The bytes of the character at p as UTF-8 must have them (RFC 3629), or 0. */
static size_t character(const unsigned char *p, size_t n)
{
    static const struct {
        unsigned char low, high, second_low, second_high;
        size_t n;
    } kind[] = {
        {0x01, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};

    for (size_t k = 0; k < sizeof kind / sizeof *kind; k++) {
        if (p[0] < kind[k].low || p[0] > kind[k].high || kind[k].n > n)
            continue;
        if (kind[k].n > 1 && (p[1] < kind[k].second_low || p[1] > kind[k].second_high))
            return 0;
        for (size_t i = 2; i < kind[k].n; i++)
            if ((p[i] & 0xC0) != 0x80)
                return 0;
        return kind[k].n;
    }
    return 0;
}

static int check_utf8(struct reader *r)
{
    for (const char *p = r->begin; p < r->end;) {
        size_t n = character((const unsigned char *)p, (size_t)(r->end - p));

        if (n == 0)
            return wrong(r, p, *p ? "it is not UTF-8" : "a NUL can't be in an answer");
        p += n;
    }
    return 0;
}

/* What stands there instead is most often a message: it is shown. */
static int expect_object(struct reader *r)
{
    size_t n = strnlen(r->begin, 60);

    if (next_is(r, '{'))
        return 0;
    while (n > 0 && ((unsigned char)r->begin[n] & 0xC0) == 0x80)
        n--;
    return wrong(r, r->at, "a { is missing where the answer begins: it wrote \"%.*s\"", (int)n,
                 r->begin);
}

/* Whether it carries the number of its question; why says what else. */
static bool is_to(struct reader *r, uint32_t number)
{
    double x = 0;

    r->number = number_find(r->begin, r->end);
    if (!r->number) {
        wrong(r, r->begin, "n is missing: copy it from the question, here %u", number);
        return false;
    }
    r->at = r->number;
    if (expect_number(r, "n", &x) < 0)
        return false;
    if (x != number)
        wrong(r, r->number,
              "n is %.12g, and the question's is %u: copy it, and write one line for each", x,
              number);
    return x == number;
}

enum answer_kind answer_read(char *line, size_t n, uint32_t number, char *scratch,
                             const struct answer_ops *ops, char *why, size_t room)
{
    struct reader r = {.begin = line, .at = line, .end = line + n, .ops = ops, .room = room};
    enum answer_kind kind;
    bool to_it;

    line[n] = '\0';
    r.to = scratch;
    r.why = why;
    to_it = is_to(&r, number);
    r.at = line;
    if (check_utf8(&r) < 0 || expect_object(&r) < 0)
        return to_it ? ANSWER_WRONG : ANSWER_STRAY;
    if (!to_it)
        return ANSWER_STRAY;
    kind = read_object(&r);
    skip_blank(&r);
    if (kind != ANSWER_WRONG && r.at < r.end) {
        wrong(&r, r.at, "something follows the answer");
        return ANSWER_WRONG;
    }
    return kind;
}
