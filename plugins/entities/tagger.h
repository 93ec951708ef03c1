/* SPDX-License-Identifier: Apache-2.0
 *
 * tagger.h - a model at work: units in, labels out. The hard rule: what a unit gets depends on
 * its document alone; all that is kept from one document to the next are sums the model gave.
 */
#ifndef ENTITIES_TAGGER_H
#define ENTITIES_TAGGER_H

#include "block.h"
#include "model.h"
#include "viterbi.h"

#include <gloss/plugin.h>

struct tagger;

/* A tagger over a model that outlives it; NULL without memory. */
struct tagger *tagger_create(const struct model *m);
void tagger_destroy(struct tagger *t); /* NULL is accepted */

/* Labels the next stretch of the tokens; how many were taken (see block_read). n > 0. */
size_t tagger_read(struct tagger *t, const char *text, const struct gloss_token *tokens, size_t n);

/* What was read and found: a label and a margin for each unit. */
const struct block *tagger_block(const struct tagger *t);
const struct words *tagger_words(const struct tagger *t);
const uint8_t *tagger_labels(const struct tagger *t);
const float *tagger_margins(const struct tagger *t);

#endif
