/* SPDX-License-Identifier: Apache-2.0
 *
 * units.h - what the tagger labels: the document's tokens, cut further where a name can end
 * inside one ("Putin's", "Moscow-based"). The hard rule: units never cross a token.
 */
#ifndef ENTITIES_UNITS_H
#define ENTITIES_UNITS_H

#include "words.h"

#include <gloss/plugin.h>

enum {
    UNIT_GLUED = 1, /* no white space before it */
    UNIT_LINE = 2,  /* the first of a line */
    UNIT_LINK = 4,  /* a URL or an e-mail address */
    UNIT_SPELT = 8, /* in a name whose initials the document uses */
};

struct unit {
    struct gloss_span span;
    uint32_t word;
    uint8_t flags;              /* UNIT_* */
    uint8_t kind, size, bucket; /* of the word, see words_slot */
};

enum { UNITS_TOKEN = 16 }; /* a token is cut into no more pieces than this */

/* Cuts a token; writes at most UNITS_TOKEN units, what is of the word unset. How many there are. */
size_t units_cut(const char *text, const struct gloss_token *token, struct unit *to);

#endif
