/* SPDX-License-Identifier: Apache-2.0
 *
 * token_spans.c - what share of the entities marked by hand begin and end where tokens
 * do, and lie within one sentence: no tagger can find the others.
 *
 * usage: build/bench/token_spans [FILE.jsonl]...    default: all in ../shared/data/entities/dev
 */
#include "text/arena.h"
#include "text/token.h"
#include "text/utf8.h"

#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct counts {
    size_t spans, on_edges, whole;
};

/* For each byte of a text: 1 + the sentence of the token that begins, or ends, there. */
struct edges {
    unsigned *begins, *ends;
};

static struct edges find_edges(const char *text, size_t n, struct arena *a)
{
    struct edges e = {calloc(n + 1, sizeof(unsigned)), calloc(n + 1, sizeof(unsigned))};
    struct tokens t = {0};

    if (!e.begins || !e.ends)
        abort();
    tokens_split(&t, a, text, 0, n);
    for (size_t i = 0; i < t.n_tokens; i++) {
        e.begins[t.tokens[i].span.begin] = t.tokens[i].sentence + 1;
        e.ends[t.tokens[i].span.end] = t.tokens[i].sentence + 1;
    }
    return e;
}

/* The byte where code point number at begins. */
static size_t byte_of(const char *text, size_t n, size_t at)
{
    size_t i = 0;

    while (at-- && i < n)
        utf8_next(text, n, &i);
    return i;
}

static void count_document(struct counts *c, const json_t *doc)
{
    const char *text = json_string_value(json_object_get(doc, "text"));
    size_t n = text ? strlen(text) : 0, i;
    struct arena a;
    struct edges e;
    json_t *entity;

    if (!text)
        return;
    arena_init(&a, SIZE_MAX);
    e = find_edges(text, n, &a);
    json_array_foreach(json_object_get(doc, "entities"), i, entity)
    {
        size_t begin = byte_of(text, n, (size_t)json_integer_value(json_array_get(entity, 0)));
        size_t end = byte_of(text, n, (size_t)json_integer_value(json_array_get(entity, 1)));
        c->spans++;
        c->on_edges += e.begins[begin] && e.ends[end];
        c->whole += e.begins[begin] && e.begins[begin] == e.ends[end];
    }
    free(e.begins);
    free(e.ends);
    arena_finish(&a);
}

static int count_file(const char *path)
{
    struct counts c = {0, 0, 0};
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    const char *name = strrchr(path, '/');

    if (!f) {
        fprintf(stderr, "can't open %s\n", path);
        return 1;
    }
    while (getline(&line, &room, f) > 0) {
        json_t *doc = json_loads(line, 0, NULL);
        count_document(&c, doc);
        json_decref(doc);
    }
    free(line);
    fclose(f);
    printf("%-28s %6zu spans %8.3f %% on token edges %8.3f %% in one sentence\n",
           name ? name + 1 : path, c.spans, 100.0 * (double)c.on_edges / (double)c.spans,
           100.0 * (double)c.whole / (double)c.spans);
    return 0;
}

int main(int argc, char **argv)
{
    glob_t found;
    int failed = 0;

    for (int i = 1; i < argc; i++)
        failed |= count_file(argv[i]);
    if (argc > 1)
        return failed;
    if (glob("../shared/data/entities/dev/*.jsonl", 0, NULL, &found)) {
        fprintf(stderr, "no files in ../shared/data/entities/dev: name some\n");
        return 2;
    }
    for (size_t i = 0; i < found.gl_pathc; i++)
        failed |= count_file(found.gl_pathv[i]);
    globfree(&found);
    return failed;
}
