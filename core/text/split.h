/* SPDX-License-Identifier: Apache-2.0
 *
 * text/split.h - what the files that split text share; nobody else includes it.
 * The hard rule: a look ahead is bounded, or what it saw is passed over.
 */
#ifndef TEXT_SPLIT_H
#define TEXT_SPLIT_H

#include "text/token.h"
#include "text/unicode.h"
#include "text/utf8.h"

#include <stdbool.h>
#include <string.h>

/* The piece of text that is being split. */
struct text {
    const char *s;
    size_t begin, end;
    size_t width;     /* columns the text is wrapped at, 0: a line break means something */
    size_t no_domain; /* no domain name's dot stands before this */
};

/* A character: its class, and how long it is; len is 0 past the end. */
struct glyph {
    enum unicode_class class;
    size_t len;
    uint32_t code;
};

static inline struct glyph glyph_at(const struct text *x, size_t at)
{
    struct glyph g = {U_SPACE, 0, 0};
    size_t next = at;

    if (at >= x->end)
        return g;
    g.code = utf8_next(x->s, x->end, &next);
    g.len = next - at;
    g.class = unicode_class(g.code);
    return g;
}

static inline bool glyph_in(const struct text *x, size_t at, uint32_t set)
{
    return unicode_in(glyph_at(x, at).class, set);
}

/* Whether c is one of these marks, all ASCII. */
static inline bool one_of(const char *marks, uint32_t c)
{
    return c && c < 0x80 && strchr(marks, (int)c);
}

/* A flag of tokens while they are split: its mark may end a sentence. */
#define SPLIT_MARK (UINT32_C(1) << 31)

/* A word or a number, found by word_scan. */
struct word {
    size_t begin, end;
    uint32_t first, rest; /* sets of classes: its first character, all others */
    bool link;
};

/* The word that begins at a letter or digit. */
void word_scan(struct text *x, size_t at, struct word *w);

/* The end of 's, 'm, 'd, 're, 've or 'll, where that stands at the apostrophe at
 * and no letter follows; else 0. */
size_t word_clitic(const struct text *x, size_t at);

/* The end of a URL whose scheme or www has been read up to at. */
size_t link_url(const struct text *x, size_t at);

/* The end of a domain name (and what of a URL follows it) that began at begin
 * and has a dot at dot; 0 where it is none. */
size_t link_domain(struct text *x, size_t begin, size_t dot);

/* The span of the e-mail address round the @ at at; false where it is none. */
bool link_email(const struct text *x, size_t at, struct gloss_span *span);

/* What a word with a full stop after it says. */
enum abbreviation {
    ABBR_NONE,   /* it is none */
    ABBR_NAME,   /* comes before a name: ends no sentence. Mr. Gen. vs. */
    ABBR_ANY,    /* may end a sentence. Inc. etc. Sept. */
    ABBR_NUMBER, /* it is one before a number only. No. p. Fig. */
};
enum abbreviation abbreviation_find(const char *s, size_t n);

/* A word that often begins a sentence and seldom is part of a name: The, He, But. */
bool abbreviation_starter(const char *s, size_t n);

/* The column at which the lines of x are wrapped, or 0. */
size_t sentence_width(const struct text *x);

/* Parts the tokens from first on into sentences, and numbers them. -1 as
 * tokens_split. */
int sentence_split(struct tokens *t, struct arena *a, const struct text *x, size_t first);

#endif
