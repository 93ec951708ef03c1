/* SPDX-License-Identifier: Apache-2.0
 *
 * exec - a plugin in any language: a command that is given a document as one line of JSON
 * and answers with one line, the layer. See plugins/README.md. The hard rule: whatever the
 * command does costs a document its layer, and nothing else. */
#include "answer.h"
#include "child.h"
#include "line.h"
#include "number.h"
#include "points.h"

#include <gloss/plugin.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAYER "exec"

/* What an answer may be long: more than any sensible layer of a text is. */
enum { ANSWER_LEAST = 1 << 20, ANSWER_TIMES = 16 };

struct exec {
    const struct gloss_host *h;
    struct child child;
    struct line request;
    uint32_t number; /* of the last question */
};

/* A document, while it is asked about. */
struct question {
    const struct gloss_host *h;
    struct gloss_doc *doc;
    const char *text; /* the title, a newline, the text proper */
    size_t len, body;
    struct points title, proper;
};

/* ---- instances */

static int start(const struct gloss_host *h, void **self)
{
    struct exec *e = calloc(1, sizeof *e);
    char why[256];
    size_t n;

    if (!e) {
        h->log(h, GLOSS_ERROR, "no memory");
        return GLOSS_EFATAL;
    }
    *self = e;
    e->h = h;
    e->child.command = h->conf_list(h, "command", &n);
    if (n == 0 || !*e->child.command[0]) {
        h->log(h, GLOSS_ERROR,
               "its option command is empty: it must be a program's name or path, "
               "and its arguments");
        return GLOSS_EFATAL;
    }
    if (child_start(&e->child, why, sizeof why) == 0)
        return GLOSS_OK;
    h->log(h, GLOSS_ERROR, "%s", why);
    return GLOSS_EFATAL;
}

static void finish(const struct gloss_host *h, void *self)
{
    struct exec *e = self;

    (void)h;
    child_finish(&e->child);
    line_finish(&e->request);
    free(e);
}

/* ---- the question */

static int begin(struct question *q, const struct gloss_host *h, struct gloss_doc *doc)
{
    uint32_t *title, *proper;

    q->h = h;
    q->doc = doc;
    q->text = h->text(doc, &q->len);
    q->body = h->body(doc);
    title = h->alloc(doc, points_size(q->body));
    proper = h->alloc(doc, points_size(q->len - q->body));
    if (!title || !proper)
        return -1;
    points_init(&q->title, q->text, q->body ? q->body - 1 : 0, title);
    points_init(&q->proper, q->text + q->body, q->len - q->body, proper);
    return 0;
}

static void put_member(struct line *l, const char *key, const char *value, size_t n)
{
    line_puts(l, ",\"");
    line_puts(l, key);
    line_puts(l, "\":");
    line_put_string(l, value, n);
}

static void put_span(struct line *l, const struct question *q, struct gloss_span s)
{
    bool in_title = s.begin < q->body;
    const struct points *p = in_title ? &q->title : &q->proper;
    size_t base = in_title ? 0 : q->body;

    if (in_title)
        line_puts(l, "\"field\":\"title\",");
    line_puts(l, "\"start\":");
    line_put_count(l, points_of(p, s.begin - base));
    line_puts(l, ",\"end\":");
    line_put_count(l, points_of(p, s.end - base));
}

static void put_annot(struct line *l, const struct question *q, const struct gloss_annot *a)
{
    bool whole = a->span.end == UINT32_MAX;

    line_puts(l, "{");
    if (!whole)
        put_span(l, q, a->span);
    if (a->label) {
        line_puts(l, whole ? "\"label\":" : ",\"label\":");
        line_put_string(l, a->label, strlen(a->label));
    }
    if (!isnan(a->score)) {
        line_puts(l, whole && !a->label ? "\"score\":" : ",\"score\":");
        line_put_number(l, a->score);
    }
    line_puts(l, "}");
}

static void put_layers(struct line *l, const struct question *q, const char *option, bool *some)
{
    size_t n_layers, n;
    const char *const *layers = q->h->conf_list(q->h, option, &n_layers);

    for (size_t k = 0; k < n_layers; k++) {
        const struct gloss_annot *a = q->h->layer(q->doc, layers[k], &n);

        line_puts(l, *some ? "," : ",\"layers\":{");
        *some = true;
        line_put_string(l, layers[k], strlen(layers[k]));
        line_puts(l, ":[");
        for (size_t i = 0; i < n; i++) {
            line_puts(l, i ? "," : "");
            put_annot(l, q, &a[i]);
        }
        line_puts(l, "]");
    }
}

/* The number stands first, for commands that read it without a reader of JSON. */
static void write_request(struct line *l, const struct question *q, uint32_t number)
{
    static const char *const fields[] = {"id", "published", "url", "source", "language"};
    bool some = false;

    line_clear(l);
    line_puts(l, "{\"n\":");
    line_put_count(l, number);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *value = q->h->field(q->doc, fields[i]);

        if (value)
            put_member(l, fields[i], value, strlen(value));
    }
    if (q->body)
        put_member(l, "title", q->text, q->title.len);
    put_member(l, "text", q->text + q->body, q->proper.len);
    put_layers(l, q, "needs", &some);
    put_layers(l, q, "wants", &some);
    line_puts(l, some ? "}}\n" : "}\n");
}

/* ---- the answer */

static int find_span(const struct question *q, const struct answer_annot *a,
                     struct gloss_span *span, char *why, size_t room)
{
    const struct points *p = a->title ? &q->title : &q->proper;
    size_t base = a->title ? 0 : q->body;

    *span = GLOSS_WHOLE;
    if (a->whole)
        return 0;
    if (a->title && !q->body) {
        snprintf(why, room, "the document has no title");
        return -1;
    }
    if (a->end > p->n) {
        snprintf(why, room, "end (%u) is behind the end of the %s, which has %zu code points",
                 a->end, a->title ? "title" : "text", p->n);
        return -1;
    }
    span->begin = (uint32_t)(base + points_byte(p, a->start));
    span->end = (uint32_t)(base + points_byte(p, a->end));
    return 0;
}

static int take(void *owner, const struct answer_annot *a, char *why, size_t room)
{
    const struct question *q = owner;
    struct gloss_span span;
    int32_t to;
    int rc = 0;

    if (find_span(q, a, &span, why, room) < 0)
        return -1;
    to = q->h->annotate(q->doc, LAYER, span, a->label, a->score);
    for (size_t i = 0; to >= 0 && rc == 0 && i < a->n_attr; i++) {
        const struct answer_attr *attr = &a->attr[i];

        rc = attr->str ? q->h->set_str(q->doc, LAYER, to, attr->key, attr->str)
                       : q->h->set_num(q->doc, LAYER, to, attr->key, attr->num);
    }
    if (to >= 0 && rc == 0)
        return 0;
    snprintf(why, room, "the annotation can't be written");
    return -1;
}

static int fail(const struct gloss_host *h, const char *what, const char *why)
{
    h->log(h, GLOSS_ERROR, "%s%s", what, why);
    return GLOSS_EDOC;
}

static int read_answer(struct exec *e, struct question *q)
{
    const struct answer_ops ops = {take, q};
    struct line *l = &e->child.answer;
    char why[512], *scratch = e->h->alloc(q->doc, l->n + 1);

    if (!scratch)
        return fail(e->h, "the document's memory is used up", "");
    switch (answer_read(l->p, l->n, e->number, scratch, &ops, why, sizeof why)) {
    case ANSWER_LAYER:
        return GLOSS_OK;
    case ANSWER_NOTHING:
        return GLOSS_SKIP;
    case ANSWER_ERROR:
        return fail(e->h, "its command says: ", why);
    case ANSWER_STRAY:
        child_replace(&e->child);
        return fail(e->h, "its command's answer is wrong: ", why);
    default:
        return fail(e->h, "its command's answer is wrong: ", why);
    }
}

static bool is_over(const void *owner)
{
    const struct question *q = owner;

    return q->h->expired(q->doc);
}

static int process(const struct gloss_host *h, void *self, struct gloss_doc *doc)
{
    struct exec *e = self;
    struct question q;
    const struct child_clock clock = {is_over, &q};
    char why[256];
    int rc;

    if (begin(&q, h, doc) < 0)
        return fail(h, "the document's memory is used up", "");
    e->number = number_next(e->number);
    write_request(&e->request, &q, e->number);
    if (e->request.failed)
        return fail(h, "no memory for the line it sends", "");
    rc = child_ask(&e->child, &e->request, ANSWER_LEAST + ANSWER_TIMES * q.len, &clock, why,
                   sizeof why);
    if (e->child.lost[0])
        h->log(h, GLOSS_WARN, "%s; it was started again", e->child.lost);
    return rc < 0 ? fail(h, why, "") : read_answer(e, &q);
}

GLOSS_PLUGIN(.name = "exec", .version = "1.0",
             .summary = "Runs a command in any language: a line of JSON in, a line out",
             .provides = GLOSS_PROVIDES({LAYER, GLOSS_MANY,
                                         "what the command answers; \"as\" gives it a name"}),
             .options = GLOSS_OPTIONS(
                 {"command", GLOSS_LIST, NULL, "the program and its arguments"},
                 {"needs", GLOSS_NEEDS, "", "layers it is given, and not run without"},
                 {"wants", GLOSS_WANTS, "", "layers it is given where they are there"}),
             .open = start, .close = finish, .process = process);
