/* SPDX-License-Identifier: Apache-2.0
 *
 * bench/support/docs.c - documents to measure with.
 */
#include "bench/support/bench.h"
#include "text/arena.h"
#include "wire/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_member(struct json_out *o, const char *key, struct slice value)
{
    if (!value.p)
        return;
    json_puts(o, o->n > 1 ? "," : "");
    json_put_string(o, key, strlen(key));
    json_puts(o, ":");
    json_put_string(o, value.p, value.n);
}

static char *copy(const char *p, size_t n)
{
    char *to = malloc(n + 1);

    bench_check(to, "no memory");
    memcpy(to, p, n);
    to[n] = '\0';
    return to;
}

/* All known fields but the id, with which a document that comes again would be a
 * duplicate and not be run. */
static struct bench_doc make_doc(const char *json, size_t n)
{
    struct bench_doc d = {0};
    struct json_out head = {0}, whole = {0};
    struct json_doc read;
    struct arena arena;

    arena_init(&arena, SIZE_MAX);
    bench_check(json_read(&read, &arena, json, n, true, NULL) == REJECT_NONE, "not a document");
    json_puts(&head, "{");
    put_member(&head, "title", read.fields.title);
    put_member(&head, "published", read.fields.published);
    json_put(&whole, head.p, head.n);
    put_member(&whole, "text", read.fields.text);
    json_puts(&head, "}");
    json_puts(&whole, "}");
    d.head = head.p;
    d.n_head = head.n;
    d.json = whole.p;
    d.n_json = whole.n;
    d.text = copy(read.fields.text.p, read.fields.text.n);
    d.n_text = read.fields.text.n;
    arena_finish(&arena);
    return d;
}

static void add(struct bench_docs *docs, const char *json, size_t n)
{
    docs->doc = realloc(docs->doc, (docs->n + 1) * sizeof *docs->doc);
    bench_check(docs->doc, "no memory");
    docs->doc[docs->n++] = make_doc(json, n);
}

struct bench_docs bench_make_docs(size_t n, size_t bytes)
{
    static const char sentence[] =
        "The ministers met in Vienna on Tuesday, and \\\"nothing\\\" was decided there. ";
    struct bench_docs docs = {0};

    for (size_t i = 0; i < n; i++) {
        struct json_out o = {0};
        char head[128];

        snprintf(head, sizeof head, "{\"title\":\"Document %zu\",\"text\":\"", i);
        json_puts(&o, head);
        while (o.n + sizeof sentence + 2 < bytes)
            json_puts(&o, o.n % 7 == 0 ? "Paragraph.\\n\\n" : sentence);
        while (o.n + 2 < bytes)
            json_puts(&o, ".");
        json_puts(&o, "\"}");
        add(&docs, o.p, o.n);
        json_out_finish(&o);
    }
    return docs;
}

/* Sent again with its id, a document would be a duplicate. */
static void drop_id(char *line)
{
    static const char id[] = "{\"id\"";

    if (strncmp(line, id, strlen(id)) == 0)
        memcpy(line, "{\"no\"", strlen(id));
}

struct bench_docs bench_load_docs(const char *file)
{
    struct bench_docs docs = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    FILE *f = fopen(file, "r");

    if (!f) {
        fprintf(stderr, "%s is not there: it comes with the data beside the repository\n", file);
        exit(77);
    }
    while ((n = getline(&line, &room, f)) > 0) {
        drop_id(line);
        add(&docs, line, (size_t)(line[n - 1] == '\n' ? n - 1 : n));
    }
    free(line);
    fclose(f);
    return docs;
}
