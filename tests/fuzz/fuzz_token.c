/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_token.c - any text, under any budget (the first two bytes): tokens in order,
 * without white space, on the edges of characters, each in its sentence.
 */
#include "text/arena.h"
#include "text/token.h"
#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>

static void need(int holds)
{
    if (!holds)
        abort();
}

static int on_edge(const char *text, size_t n, size_t at)
{
    return at == n || ((unsigned char)text[at] & 0xC0) != 0x80;
}

static void check_tokens(const char *text, size_t n, const struct tokens *t)
{
    size_t at = 0;

    for (size_t i = 0; i < t->n_tokens; i++) {
        struct gloss_span s = t->tokens[i].span;
        need(s.begin >= at && s.begin < s.end && s.end <= n);
        need(on_edge(text, n, s.begin) && on_edge(text, n, s.end));
        for (at = s.begin; at < s.end; at++)
            need((unsigned char)text[at] > ' ');
        need(t->tokens[i].flags < 2 * GLOSS_TOKEN_LINE);
        need(t->tokens[i].sentence < t->n_sentences);
    }
}

static void check_sentences(const struct tokens *t)
{
    size_t token = 0;

    for (size_t i = 0; i < t->n_sentences; i++) {
        need(token < t->n_tokens && t->tokens[token].sentence == i);
        need(t->sentences[i].begin == t->tokens[token].span.begin);
        while (token < t->n_tokens && t->tokens[token].sentence == i)
            token++;
        need(t->sentences[i].end == t->tokens[token - 1].span.end);
    }
    need(token == t->n_tokens);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tokens t = {0};
    struct arena a;
    size_t limit, n;
    char *text;

    if (size < 2)
        return 0;
    limit = data[0] == 0xFF ? SIZE_MAX : (size_t)data[0] << 8 | data[1];
    n = utf8_check((const char *)data + 2, size - 2);
    text = malloc(n + 1); /* its own piece of memory: a byte too far is seen */
    need(text != NULL);
    memcpy(text, data + 2, n);
    text[n] = '\0';
    arena_init(&a, limit);
    if (tokens_split(&t, &a, text, 0, n) < 0)
        need(limit != SIZE_MAX);
    check_tokens(text, n, &t);
    check_sentences(&t);
    arena_finish(&a);
    free(text);
    return 0;
}
