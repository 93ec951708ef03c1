/* SPDX-License-Identifier: Apache-2.0
 *
 * json_gloss.c - what the pipeline made, as JSON, and that spliced into the
 * document. Here alone the bytes that plugins count in become the offsets that
 * are published, of the field they are in.
 */
#include "wire/json.h"

#include <math.h>
#include <string.h>

/* A field of the document that spans are in. */
struct part {
    size_t begin, end; /* in the document's text */
    struct utf8_offsets offsets;
};

struct gloss {
    struct json_out *o;
    const struct doc *d;
    struct part title, text;
    struct arena arena; /* of the offsets: the document's may be used up */
};

static void put_key(struct json_out *o, const char *name)
{
    json_put_string(o, name, strlen(name));
    json_put(o, ":", 1);
}

static void put_text(struct json_out *o, const char *s)
{
    json_put_string(o, s, strlen(s));
}

/* ---- layers */

static int init_part(struct gloss *g, struct part *part, size_t begin, size_t end,
                     enum utf8_unit unit)
{
    part->begin = begin;
    part->end = end;
    return utf8_offsets_init(&part->offsets, &g->arena, g->d->text + begin, end - begin, unit);
}

static void put_span(struct gloss *g, const struct gloss_span *span, bool with_text)
{
    bool in_title = span->begin < g->text.begin;
    struct part *part = in_title ? &g->title : &g->text;

    if (in_title)
        json_puts(g->o, "\"field\":\"title\",");
    json_puts(g->o, "\"start\":");
    json_put_uint(g->o, utf8_offset(&part->offsets, span->begin - part->begin));
    json_puts(g->o, ",\"end\":");
    json_put_uint(g->o, utf8_offset(&part->offsets, span->end - part->begin));
    if (with_text) {
        json_puts(g->o, ",\"text\":");
        json_put_string(g->o, g->d->text + span->begin, span->end - span->begin);
    }
    json_put(g->o, ",", 1);
}

static void put_attr(struct json_out *o, const struct doc_attr *attr)
{
    put_key(o, attr->key);
    if (attr->str)
        put_text(o, attr->str);
    else
        json_put_number(o, attr->num);
    json_put(o, ",", 1);
}

/* Everything put so far ends with a comma or the bracket it began with. */
static void close_bracket(struct json_out *o, char bracket)
{
    if (o->n && o->p[o->n - 1] == ',')
        o->n--;
    json_put(o, &bracket, 1);
}

static void put_annot(struct gloss *g, const struct doc_layer *l, size_t i)
{
    const struct gloss_annot *annot = &l->annots[i];

    json_put(g->o, "{", 1);
    if (annot->span.end != UINT32_MAX)
        put_span(g, &annot->span, !(l->flags & GLOSS_NOTEXT));
    if (annot->label) {
        json_puts(g->o, "\"label\":");
        put_text(g->o, annot->label);
        json_put(g->o, ",", 1);
    }
    if (!isnan(annot->score)) {
        json_puts(g->o, "\"score\":");
        json_put_score(g->o, annot->score);
        json_put(g->o, ",", 1);
    }
    for (const struct doc_attr *attr = l->attrs[i].first; attr; attr = attr->next)
        put_attr(g->o, attr);
    close_bracket(g->o, '}');
}

static void put_layer(struct gloss *g, const struct doc_layer *l)
{
    bool many = l->flags & GLOSS_MANY;

    if (!many && l->n == 0)
        return;
    put_key(g->o, l->as);
    if (many)
        json_put(g->o, "[", 1);
    for (size_t i = 0; i < l->n; i++) {
        put_annot(g, l, i);
        json_put(g->o, ",", 1);
    }
    if (many) {
        close_bracket(g->o, ']');
        json_put(g->o, ",", 1);
    }
}

/* ---- the run */

static void put_times(struct json_out *o, const struct doc *d)
{
    json_puts(o, ",\"plugins\":{");
    for (size_t i = 0; i < d->n_times; i++) {
        put_key(o, d->times[i].plugin);
        json_put_uint(o, d->times[i].us);
        json_put(o, ",", 1);
    }
    close_bracket(o, '}');
}

static void put_errors(struct json_out *o, const struct doc *d)
{
    if (!d->errors)
        return;
    json_puts(o, ",\"errors\":[");
    for (const struct doc_error *e = d->errors; e; e = e->next) {
        json_puts(o, "{\"plugin\":");
        put_text(o, e->plugin);
        json_puts(o, ",\"error\":");
        put_text(o, e->error);
        json_puts(o, "},");
    }
    close_bracket(o, ']');
}

void json_put_gloss(struct json_out *o, struct doc *d, enum utf8_unit unit, uint32_t worker_us)
{
    struct gloss g = {.o = o, .d = d};

    arena_init(&g.arena, SIZE_MAX);
    if (init_part(&g, &g.title, 0, d->body ? d->body - 1 : 0, unit) < 0 ||
        init_part(&g, &g.text, d->body, d->len, unit) < 0)
        o->failed = true;
    for (size_t i = 0; i < d->n_layers && !o->failed; i++) {
        size_t before = o->n;

        put_layer(&g, &d->layers[i]);
        d->layers[i].bytes = o->n - before;
    }
    arena_finish(&g.arena);
    json_puts(o, "\"run\":{\"worker_us\":");
    json_put_uint(o, worker_us);
    put_times(o, d);
    put_errors(o, d);
    json_put(o, "}", 1);
}

/* ---- the document */

/* The object without its gloss and its last brace; what the reader found
 * between the last member and the brace is left too, from the offset returned. */
static size_t put_open_object(struct json_out *o, const char *json, const struct json_doc *d)
{
    size_t begin = (size_t)((const char *)memchr(json, '{', d->close) - json), end = d->close;

    while (end > begin + 1 && strchr(" \t\r\n", json[end - 1]))
        end--;
    if (d->gloss_end) {
        json_put(o, json + begin, d->gloss - begin);
        begin = d->gloss_end;
    }
    json_put(o, json + begin, end - begin);
    if (!d->empty)
        json_put(o, ",", 1);
    return end;
}

static void put_stamp(struct json_out *o, const struct json_stamp *stamp)
{
    if (stamp->log) {
        json_puts(o, "\"log\":");
        put_text(o, stamp->log);
        json_puts(o, ",\"seq\":");
        json_put_uint(o, stamp->seq);
        json_puts(o, ",\"prev\":");
        if (stamp->prev)
            json_put_uint(o, stamp->prev);
        else
            json_puts(o, "null");
        json_put(o, ",", 1);
    }
    if (stamp->received) {
        json_puts(o, "\"received\":");
        put_text(o, stamp->received);
        json_put(o, ",", 1);
    }
}

void json_put_document(struct json_out *o, const char *json, const struct json_doc *d,
                       const struct json_stamp *stamp, const char *members, size_t n_members)
{
    size_t tail = put_open_object(o, json, d);

    if (stamp->id.p) {
        json_puts(o, "\"id\":");
        json_put_string(o, stamp->id.p, stamp->id.n);
        json_put(o, ",", 1);
    }
    json_puts(o, "\"gloss\":{");
    put_stamp(o, stamp);
    json_put(o, members, n_members);
    json_put(o, "}", 1);
    json_put(o, json + tail, d->close + 1 - tail);
}

void json_put_from_body(struct json_out *o, const char *head, const struct json_doc *d,
                        const char *body, size_t n_body)
{
    if (head)
        put_open_object(o, head, d);
    else
        json_put(o, "{", 1);
    json_puts(o, "\"text\":");
    json_put_string(o, body, n_body);
    json_put(o, "}", 1);
}
