/* SPDX-License-Identifier: Apache-2.0
 *
 * block.c - see block.h.
 */
#include "block.h"

#include <stdlib.h>
#include <string.h>

int block_init(struct block *b)
{
    memset(b, 0, sizeof(*b));
    b->units = malloc(BLOCK_UNITS * sizeof(*b->units));
    b->sentences = malloc(BLOCK_UNITS * sizeof(*b->sentences));
    if (b->units && b->sentences)
        return 0;
    block_finish(b);
    return -1;
}

void block_finish(struct block *b)
{
    free(b->units);
    free(b->sentences);
    b->units = NULL;
    b->sentences = NULL;
}

static void close_sentence(struct block *b, const struct words *words, size_t begin)
{
    struct view v = block_view(b, words);

    if (b->n_units > begin)
        b->sentences[b->n_sentences++] = features_sentence(&v, begin, b->n_units);
}

static void take(struct block *b, struct words *words, const struct gloss_token *token)
{
    struct unit *u = b->units + b->n_units;
    size_t n = units_cut(b->text, token, u);

    for (size_t k = 0; k < n; k++) {
        const struct gloss_span *at = &u[k].span;
        const struct words_slot *slot = words_find(words, b->text + at->begin, at->end - at->begin);

        u[k].word = slot->number;
        u[k].kind = slot->kind;
        u[k].size = slot->size;
        u[k].bucket = slot->bucket;
    }
    b->n_units += n;
}

size_t block_read(struct block *b, struct words *words, const char *text,
                  const struct gloss_token *tokens, size_t n)
{
    size_t begin = 0, first = 0, i;

    b->text = text;
    b->n_units = b->n_sentences = 0;
    for (i = 0; i < n; i++) {
        if (i && tokens[i].sentence != tokens[i - 1].sentence) {
            close_sentence(b, words, begin);
            begin = b->n_units;
            first = i;
        }
        if (b->n_units + UNITS_TOKEN > BLOCK_UNITS)
            break;
        take(b, words, &tokens[i]);
    }
    if (i < n && first) {
        b->n_units = begin; /* the sentence that did not fit comes with the next block */
        return first;
    }
    close_sentence(b, words, begin);
    return i;
}
