/* SPDX-License-Identifier: Apache-2.0
 *
 * mentions.h - labelled units into mentions: spans without the marks around them, and for each
 * the longest form of the same name. The hard rule: linear in the number of mentions.
 */
#ifndef ENTITIES_MENTIONS_H
#define ENTITIES_MENTIONS_H

#include "block.h"
#include "model.h"

struct mention {
    struct gloss_span span;
    uint32_t first, last; /* units */
    int type;             /* PER.. */
    float margin;         /* by how much its labels are better than any others */
    uint32_t longest;     /* the mention that has the longest form of this name; itself, mostly */
};

struct mentions {
    struct mention *list;
    size_t n;
    uint32_t *slots; /* open addressing by type and word: number of a mention + 1 */
    size_t mask;
};

/* Room for the mentions of a block. 0, or -1 without memory. */
int mentions_init(struct mentions *m);
void mentions_finish(struct mentions *m);

/* Takes the mentions out of a block's labels and margins; finds the longest forms. */
void mentions_read(struct mentions *m, const struct block *b, const struct words *words,
                   const uint8_t *labels, const float *margins);

#endif
