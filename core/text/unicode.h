/* SPDX-License-Identifier: Apache-2.0
 *
 * text/unicode.h - what kind of character a code point is, as far as splitting
 * text needs to know. The hard rule: facts come from Unicode's data by way of
 * tools/unicode_table.py, none is written down here.
 */
#ifndef TEXT_UNICODE_H
#define TEXT_UNICODE_H

#include <stddef.h>
#include <stdint.h>

/* The order is that of CLASSES in tools/unicode_table.py. */
enum unicode_class {
    U_OTHER,      /* symbols, marks of punctuation, what is not assigned */
    U_SPACE,      /* white space within a line, controls, zero width space */
    U_NEWLINE,    /* ends a line */
    U_FORMAT,     /* not seen: soft hyphen, directions, byte order mark */
    U_MARK,       /* belongs to the character before: accents, joiners, skin tones */
    U_STACKER,    /* the same, and joins the letter after it: Khmer coeng */
    U_KILLER,     /* the same, and closes a syllable: Myanmar asat */
    U_UPPER,      /* capitals, titlecase too */
    U_LOWER,      /* */
    U_LETTER,     /* letters without case */
    U_DIGIT,      /* */
    U_NUMERIC,    /* other numbers: superscripts, fractions */
    U_HAN,        /* scripts written without spaces: */
    U_HIRAGANA,   /* */
    U_KATAKANA,   /* */
    U_SA,         /* Thai, Lao, Khmer, Myanmar and their kin: a letter */
    U_SA_LEAD,    /* a vowel written before its consonant */
    U_OPEN,       /* brackets */
    U_CLOSE,      /* */
    U_QUOTE,      /* quotation marks of either side */
    U_TERMINAL,   /* ends a sentence: ! ? and their like in all scripts */
    U_DOT,        /* may end a sentence */
    U_HYPHEN,     /* joins words; dashes are U_OTHER */
    U_APOSTROPHE, /* */
    U_MIDDLE,     /* stands between letters of one word: col·legi */
    U_EMOJI,      /* pictographs */
    U_REGIONAL,   /* half of a flag */
    U_PREPEND,    /* a letter that the character after it belongs to */
};

/* Two stages: a code point's block, then its place within the block. The first
 * 128 of unicode_classes are ASCII's. */
enum { UNICODE_BLOCK = 128 };
extern const uint8_t unicode_index[];
extern const uint8_t unicode_classes[];

static inline enum unicode_class unicode_class(uint32_t c)
{
    size_t block = unicode_index[c / UNICODE_BLOCK];

    return (enum unicode_class)unicode_classes[block * UNICODE_BLOCK + c % UNICODE_BLOCK];
}

/* A set of classes: unicode_in(class, U_SET(U_UPPER) | U_SET(U_LOWER)). */
#define U_SET(class) (UINT32_C(1) << (class))
static inline int unicode_in(enum unicode_class class, uint32_t set)
{
    return (int)(set >> class & 1);
}

#define U_MARKS   (U_SET(U_MARK) | U_SET(U_STACKER) | U_SET(U_KILLER))
#define U_LETTERS (U_SET(U_UPPER) | U_SET(U_LOWER) | U_SET(U_LETTER) | U_SET(U_PREPEND))
#define U_DIGITS  (U_SET(U_DIGIT) | U_SET(U_NUMERIC))
#define U_ALNUM   (U_LETTERS | U_DIGITS)

#endif
