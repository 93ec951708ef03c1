/* SPDX-License-Identifier: Apache-2.0
 *
 * lex.h - the pieces of one line's head, as the grammar of datelines wants them:
 * finer than the daemon's tokens (dashes, brackets and slashes told apart), and
 * of a few hundred bytes only. The hard rule: pieces are in the order of the
 * text and never reach past the end given.
 */
#ifndef DATELINE_LEX_H
#define DATELINE_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lex_kind {
    LEX_END, /* nothing more: end of the text, a blank line, or no room */
    LEX_LINE,
    LEX_WORD, /* letters, with apostrophes, hyphens and dots inside */
    LEX_NUMBER,
    LEX_COMMA,
    LEX_DOT,
    LEX_OPEN,
    LEX_CLOSE,
    LEX_SLASH,
    LEX_DASH, /* any dash, run of hyphens or underscores */
    LEX_COLON,
    LEX_AMP,
    LEX_BAR, /* | or a bullet */
    LEX_OTHER,
};

enum lex_shape {
    LEX_LOWER = 1, /* no capital */
    LEX_TITLE,     /* the first letter alone is a capital */
    LEX_UPPER,     /* all capitals */
    LEX_MIXED,     /* a capital first and others inside */
};

struct lex_piece {
    uint32_t begin, end;
    uint8_t kind, shape;
    bool spaced; /* white space stands before it */
};

enum {
    LEX_MAX = 56,
    LEX_PAD = 8, /* LEX_ENDs behind the last piece, so that looking ahead needs no check */
};

struct lex {
    const char *text;
    size_t n; /* without the LEX_ENDs that always follow */
    struct lex_piece piece[LEX_MAX + LEX_PAD];
};

/* Cuts text from begin on, at most to end and into most pieces (up to LEX_MAX);
 * with one_line not beyond its line. */
void lex_cut(struct lex *x, const char *text, size_t begin, size_t end, size_t most, bool one_line);

/* Goes on where lex_cut had cut most pieces, up to a new most in all. */
void lex_more(struct lex *x, size_t end, size_t most, bool one_line);

/* Compares a piece with small letters, ASCII case aside. */
bool lex_is(const struct lex *x, size_t i, const char *word);

/* The value of a number piece of one to four digits, else -1. */
int lex_number(const struct lex *x, size_t i);

#endif
