/* SPDX-License-Identifier: Apache-2.0
 *
 * token.h - text into tokens and sentences. The rules are Unicode's word and
 * sentence boundaries (UAX #29) as news wants them; they stand on top of token.c
 * (marks, scripts without spaces), word.c (what joins) and sentence.c. The hard
 * rule: linear in the text's length, whatever the text.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include <gloss/plugin.h>
#include <stddef.h>

struct arena;

struct tokens {
    struct gloss_token *tokens;
    size_t n_tokens;
    struct gloss_span *sentences;
    size_t n_sentences;
};

/* Splits text[begin..end), valid UTF-8, and appends to t, whose arrays are in
 * the arena; offsets count from text. A sentence begins with its first token
 * and ends with its last, and has 1000 at most. 0, or -1 where the arena's limit is reached: t then
 * holds what was split until there. */
int tokens_split(struct tokens *t, struct arena *a, const char *text, size_t begin, size_t end);

#endif
