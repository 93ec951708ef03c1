/* SPDX-License-Identifier: Apache-2.0
 *
 * features.h - what the language model sees of a text: words of one script in
 * lower case, and the hashed n-grams of each. The hard rule: trainer and plugin
 * both use this code and no other, so a model never sees at run time what it
 * did not see in training. Changing it means FEATURES_VERSION + 1 and training.
 */
#ifndef LANGUAGE_FEATURES_H
#define LANGUAGE_FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FEATURES_VERSION 1u

enum {
    FEATURES_CHARS = 32,                                 /* a longer word is read as several */
    FEATURES_NGRAM = 5,                                  /* code points of the longest n-gram */
    FEATURES_MARKED = 34,                                /* FEATURES_CHARS and a mark at each end */
    FEATURES_IDS = FEATURES_MARKED * FEATURES_NGRAM + 1, /* most a word can have */
};

/* The numbers stand in model files: add at the end only. The first four are no
 * scripts: no letter, a mark on whatever letter is before it, a character that
 * is read over, and an apostrophe. */
enum script {
    SCRIPT_NONE,
    SCRIPT_MARK,
    SCRIPT_SKIP,
    SCRIPT_APOSTROPHE,
    SCRIPT_LATIN,
    SCRIPT_CYRILLIC,
    SCRIPT_ARABIC,
    SCRIPT_DEVANAGARI,
    SCRIPT_HAN, /* with Hiragana, Katakana and Bopomofo */
    SCRIPT_HANGUL,
    SCRIPT_GREEK,
    SCRIPT_ARMENIAN,
    SCRIPT_GEORGIAN,
    SCRIPT_HEBREW,
    SCRIPT_GUJARATI,
    SCRIPT_GURMUKHI,
    SCRIPT_TAMIL,
    SCRIPT_TELUGU,
    SCRIPT_THAI,
    SCRIPT_BENGALI,
    SCRIPT_ETHIOPIC,
    SCRIPT_MALAYALAM,
    SCRIPT_KANNADA,
    SCRIPT_KHMER,
    SCRIPT_LAO,
    SCRIPT_MYANMAR,
    SCRIPT_SINHALA,
    SCRIPT_TIBETAN,
    SCRIPT_THAANA,
    SCRIPT_ORIYA,
    SCRIPT_OTHER, /* letters of any other script */
    SCRIPTS
};

/* chars[1] .. chars[n] are the word's code points in lower case; chars[0] and
 * chars[n + 1] are FEATURES_EDGE. */
#define FEATURES_EDGE 0x20u
struct word {
    uint32_t chars[FEATURES_MARKED];
    uint32_t n;
    enum script script;
};

/* The next word that begins at *at or later and before len, which is moved past
 * it. s is valid UTF-8 and *at is on a character's edge. false at the end. */
bool features_word(const char *s, size_t len, size_t *at, struct word *w);

/* The n-grams of n code points (FEATURES_MARKED at most), each hashed to `bits`
 * bits. Returns how many were written to ids. */
size_t features_ngrams(const uint32_t *chars, size_t n, unsigned bits, uint32_t *ids);

/* The script a character belongs to. */
enum script features_script(uint32_t c);

#endif
