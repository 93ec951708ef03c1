/* SPDX-License-Identifier: Apache-2.0
 *
 * corpus.c - see corpus.h.
 */
#include "corpus.h"

#include "plugins/entities/model.h"

#include <ctype.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void die(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fputs("train_entities: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(1);
}

void *need(void *p)
{
    if (!p)
        die("out of memory");
    return p;
}

struct document *documents_add(struct documents *to)
{
    if (to->n == to->room) {
        to->room = to->room ? 2 * to->room : 1024;
        to->doc = need(realloc(to->doc, to->room * sizeof(*to->doc)));
    }
    memset(&to->doc[to->n], 0, sizeof(*to->doc));
    to->doc[to->n].part = (int)(to->n % PARTS);
    return &to->doc[to->n++];
}

/* ---- a document as it grows */

struct writer {
    struct documents *to;
    const struct corpus *corpus;
    struct document *doc;
    size_t room, gold_room;
    int sentences;
    int in_sentence; /* a token of it has been written */
    int double_open; /* a straight quote is open */
    int single_open;
    int glue;    /* the next token follows without a blank */
    char before; /* how the token before ended; 0: there is none */
};

static void put(struct writer *w, const char *s, size_t n)
{
    struct document *d = w->doc;

    if (d->len + n + 1 > w->room) {
        w->room = 2 * (d->len + n + 1);
        d->text = need(realloc(d->text, w->room));
    }
    memcpy(d->text + d->len, s, n);
    d->len += n;
    d->text[d->len] = 0;
}

static void begin_document(struct writer *w)
{
    if (w->doc && !w->doc->len)
        return;
    w->doc = documents_add(w->to);
    w->doc->corpus = w->corpus;
    w->room = w->gold_room = 0;
    w->sentences = 0;
}

static void begin_sentence(struct writer *w)
{
    if (w->corpus->per_document && w->sentences >= w->corpus->per_document)
        begin_document(w);
    if (w->sentences && w->corpus->style & STYLE_LINES)
        put(w, "\n", 1);
    else if (w->sentences)
        put(w, w->sentences % 4 ? " " : "\n\n", w->sentences % 4 ? 1 : 2);
    w->sentences++;
    w->in_sentence = 1;
    w->double_open = w->single_open = 0;
    w->glue = 1;
    w->before = 0;
}

static int is_one_of(const char *token, const char *const *list)
{
    for (; *list; list++)
        if (strcasecmp(token, *list) == 0)
            return 1;
    return 0;
}

static int is_alnum(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* A straight quote opens where none is open; sets what the next token does. */
static int quote_follows(int *open, int *glue_next)
{
    *open = !*open;
    *glue_next = *open;
    return !*open;
}

/* True where the token stands against the one before; *next: where the next does too. */
static int glued(struct writer *w, const char *token, int *next)
{
    static const char *const closing[] = {".",
                                          ",",
                                          ";",
                                          ":",
                                          "!",
                                          "?",
                                          ")",
                                          "]",
                                          "}",
                                          "%",
                                          "'s",
                                          "n't",
                                          "'re",
                                          "'ve",
                                          "'ll",
                                          "'d",
                                          "'m",
                                          "''",
                                          "...",
                                          "\xe2\x80\x99",
                                          "\xe2\x80\x9d",
                                          "\xe2\x80\x99s",
                                          "?!",
                                          "),",
                                          ").",
                                          ".,",
                                          "\",",
                                          "\").",
                                          NULL};
    static const char *const opening[] = {
        "(", "[", "{", "$", "``", "#", "\xe2\x80\x9c", "\xe2\x80\x98", "(\"", NULL};

    *next = is_one_of(token, opening);
    if (strcmp(token, "\"") == 0)
        return quote_follows(&w->double_open, next);
    if (strcmp(token, "'") == 0) {
        if (!w->single_open && (w->before == 's' || w->before == 'S'))
            return 1;
        return quote_follows(&w->single_open, next);
    }
    if (w->corpus->style & STYLE_HYPHENS && strcmp(token, "-") == 0)
        return *next = is_alnum(w->before);
    if (strcmp(token, "/") == 0)
        return *next = is_alnum(w->before);
    return is_one_of(token, closing);
}

static void mark(struct writer *w, const char *tag, size_t begin)
{
    static const char *const names[TYPES] = {"PER", "ORG", "LOC", "MISC"};
    struct document *d = w->doc;

    if (tag[0] == 'O')
        return;
    if (tag[0] == 'I' && d->n_gold && strcmp(tag + 2, names[d->gold[d->n_gold - 1].type]) == 0) {
        d->gold[d->n_gold - 1].end = (uint32_t)d->len;
        return;
    }
    if (d->n_gold == w->gold_room) {
        w->gold_room = w->gold_room ? 2 * w->gold_room : 16;
        d->gold = need(realloc(d->gold, w->gold_room * sizeof(*d->gold)));
    }
    for (int t = 0; t < TYPES; t++)
        if (strcmp(tag + 2, names[t]) == 0)
            d->gold[d->n_gold++] = (struct gold){(uint32_t)begin, (uint32_t)d->len, t};
}

static void write_token(struct writer *w, const char *token, const char *tag)
{
    int next, glue;
    size_t begin;

    if (!w->in_sentence)
        begin_sentence(w);
    glue = glued(w, token, &next);
    if (w->doc->len && !glue && !w->glue)
        put(w, " ", 1);
    begin = w->doc->len;

    put(w, token, strlen(token));
    mark(w, tag, begin);
    w->glue = next;
    w->before = token[strlen(token) - 1];
}

/* Leaves of the documents from first on only each that the corpus asks for. */
static void thin_out(struct documents *d, size_t first, int every)
{
    size_t n = first;

    for (size_t i = first; i < d->n; i++) {
        if ((i - first) % (size_t)every == 0) {
            d->doc[n++] = d->doc[i];
            continue;
        }
        free(d->doc[i].text);
        free(d->doc[i].gold);
    }
    d->n = n;
}

void corpus_read(struct documents *to, const struct corpus *c, const char *dir)
{
    char path[4096], line[4096];
    struct writer w = {.to = to, .corpus = c};
    size_t first = to->n;
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s.iob2", dir, c->file);
    f = fopen(path, "r");
    if (!f)
        die("can't read %s: set DATA to the folder that holds entities/train", path);
    begin_document(&w);
    while (fgets(line, sizeof(line), f)) {
        char *tab = strchr(line, '\t');

        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, "# doc", 5) == 0 && !tab) {
            begin_document(&w);
        } else if (!tab) {
            w.in_sentence = 0;
        } else {
            *tab = 0;
            if (line[0])
                write_token(&w, line, tab + 1);
        }
    }
    fclose(f);
    thin_out(to, first, c->every);
}

/* ---- documents with spans */

static uint32_t byte_of(const char *s, size_t len, size_t points)
{
    size_t i = 0;

    for (; i < len; i++)
        if (((unsigned char)s[i] & 0xc0) != 0x80 && points-- == 0)
            break;
    return (uint32_t)i;
}

static void add_gold(struct document *d, json_t *spans)
{
    static const char *const names[TYPES] = {"PER", "ORG", "LOC", "MISC"};
    size_t i;
    json_t *span;

    d->gold = need(calloc(json_array_size(spans) + 1, sizeof(*d->gold)));
    json_array_foreach(spans, i, span)
    {
        struct gold *g = &d->gold[d->n_gold++];
        const char *type = json_string_value(json_array_get(span, 2));

        g->begin = byte_of(d->text, d->len, (size_t)json_integer_value(json_array_get(span, 0)));
        g->end = byte_of(d->text, d->len, (size_t)json_integer_value(json_array_get(span, 1)));
        for (int t = 0; t < TYPES; t++)
            if (type && strcmp(type, names[t]) == 0)
                g->type = t;
    }
}

void corpus_read_json(struct documents *to, const char *path)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;

    if (!f)
        die("can't read %s", path);
    while (getline(&line, &room, f) > 0) {
        json_t *j = json_loads(line, 0, NULL);
        json_t *text = json_object_get(j, "text");
        struct document *d;

        if (!json_is_string(text))
            die("%s: a line without text", path);
        d = documents_add(to);
        d->text = need(strdup(json_string_value(text)));
        d->len = strlen(d->text);
        add_gold(d, json_object_get(j, "entities"));
        json_decref(j);
    }
    free(line);
    fclose(f);
}
