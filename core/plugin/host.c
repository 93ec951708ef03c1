/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/host.c - the host table: services to one instance of a plugin. The hard
 * rule: what is not declared is not read and not written. */
#include "plugin/host.h"

#include "plugin/naming.h"
#include "plugin/options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A plugin that does wrong in a loop must not fill the document with notes. */
#define MOST_NOTES 8

struct gloss_doc {
    struct host *host;
    struct doc *doc;
    size_t layers;     /* where the instance's layers begin in the document's */
    uint64_t deadline; /* 0: none */
    unsigned breaches;
    bool late;
};

/* A layer as the plugin calls it and as it is published. */
struct channel {
    const char *name, *as;
    uint32_t flags;
};

struct host {
    struct gloss_host table; /* first: a plugin's pointer to it is one to us */
    const struct plugin *plugin;
    const struct config *conf;
    const struct config_entry *entry;
    const char *name;
    struct maps *maps;
    struct options options;
    struct channel *reads, *writes;
    size_t n_reads, n_writes;
    char last_error[512];
    bool opened, held; /* held: the last error is not in the log */
    struct gloss_doc doc;
};

static struct host *host_of(const struct gloss_host *h)
{
    return (struct host *)h;
}

/* ---- log and configuration */

/* What a plugin said is logged, published, kept with dead letters: it becomes UTF-8. */
static void clean(char *s)
{
    size_t n = strlen(s);

    for (size_t at = utf8_check(s, n); at < n; at += utf8_check(s + at, n - at))
        s[at] = '?';
}

static void keep_error(struct host *h, const char *text)
{
    snprintf(h->last_error, sizeof h->last_error, "%.*s", (int)sizeof h->last_error - 1, text);
    clean(h->last_error);
}

static void put_line(const struct host *h, int level, const char *text)
{
    char module[96];

    snprintf(module, sizeof module, "plugin %s", h->name);
    log_line(level < GLOSS_DEBUG   ? LOG_DEBUG
             : level > GLOSS_ERROR ? LOG_ERROR
                                   : level,
             module, "%s", text);
}

/* What is held back goes where it belongs. */
static void release(struct host *h)
{
    if (h->held)
        put_line(h, GLOSS_ERROR, h->last_error);
    h->held = false;
}

static void say(struct host *h, int level, const char *text)
{
    if (level >= GLOSS_ERROR) {
        release(h);
        keep_error(h, text);
        h->held = !h->opened;
    }
    if (!h->held || level < GLOSS_ERROR)
        put_line(h, level, text);
}

PRINTF(3, 4)
static void on_log(const struct gloss_host *h, int level, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    clean(text);
    say(host_of(h), level, text);
}

static const char *on_conf_str(const struct gloss_host *h, const char *key)
{
    const struct option_value *v = options_get(&host_of(h)->options, key, GLOSS_STR);

    return v ? v->str : NULL;
}

static double on_conf_num(const struct gloss_host *h, const char *key)
{
    const struct option_value *v = options_get(&host_of(h)->options, key, GLOSS_NUM);

    return v ? v->num : (double)NAN;
}

static bool on_conf_bool(const struct gloss_host *h, const char *key)
{
    const struct option_value *v = options_get(&host_of(h)->options, key, GLOSS_BOOL);

    return v ? v->flag : false;
}

static const char *const *on_conf_list(const struct gloss_host *h, const char *key, size_t *n)
{
    const struct option_value *v = options_get(&host_of(h)->options, key, GLOSS_LIST);

    *n = v ? v->n : 0;
    return v ? v->list : NULL;
}

static const void *on_map(const struct gloss_host *h, const char *path, size_t *len)
{
    struct host *host = host_of(h);
    const void *p = NULL;
    struct fault f;
    char *file = maps_find(path ? path : "", host->conf->model_path, &f);

    *len = 0;
    if (file)
        p = maps_get(host->maps, file, len, &f);
    free(file);
    if (!p)
        say(host, GLOSS_ERROR, f.text);
    return p;
}

/* ---- reading */

PRINTF(2, 3)
static void note_breach(struct gloss_doc *doc, const char *fmt, ...)
{
    const struct doc_error *last = doc->doc->last_error;
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (doc->breaches < MOST_NOTES)
        doc_note(doc->doc, doc->host->name, "%s", text);
    else
        doc_note(doc->doc, doc->host->name, "more breaches of the contract, not noted one by one");
    /* The same note again is none. */
    doc->breaches += doc->doc->last_error != last;
}

static const struct channel *find(const struct channel *c, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (c[i].name == name || strcmp(c[i].name, name) == 0)
            return &c[i];
    return NULL;
}

static const struct doc_layer *readable(const struct gloss_doc *doc, const char *layer)
{
    const struct host *h = doc->host;
    const struct channel *c = layer ? find(h->reads, h->n_reads, layer) : NULL;

    if (c)
        return doc_layer_find(doc->doc, c->as);
    note_breach(&doc->host->doc, "read the layer \"%.64s\", which is in neither needs nor wants",
                layer ? layer : "");
    return NULL;
}

static const char *on_text(const struct gloss_doc *doc, size_t *len)
{
    *len = doc->doc->len;
    return doc->doc->text;
}

static size_t on_body(const struct gloss_doc *doc)
{
    return doc->doc->body;
}

static const char *on_field(const struct gloss_doc *doc, const char *name)
{
    const struct doc_fields *f = &doc->doc->fields;
    const struct {
        const char *name;
        const struct slice *value;
    } known[] = {{"id", &f->id},
                 {"published", &f->published},
                 {"url", &f->url},
                 {"source", &f->source},
                 {"language", &f->language}};

    for (size_t i = 0; name && i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i].value->p;
    return NULL;
}

static const struct gloss_token *on_tokens(struct gloss_doc *doc, size_t *n)
{
    const struct tokens *t = doc_tokens(doc->doc);

    *n = t->n_tokens;
    return *n ? t->tokens : NULL;
}

static const struct gloss_span *on_sentences(struct gloss_doc *doc, size_t *n)
{
    const struct tokens *t = doc_tokens(doc->doc);

    *n = t->n_sentences;
    return *n ? t->sentences : NULL;
}

static const struct gloss_annot *on_layer(const struct gloss_doc *doc, const char *layer, size_t *n)
{
    const struct doc_layer *l = readable(doc, layer);

    *n = l ? l->n : 0;
    return *n ? l->annots : NULL;
}

static const char *on_get_str(const struct gloss_doc *doc, const char *layer, size_t annot,
                              const char *key)
{
    const struct doc_layer *l = readable(doc, layer);
    const struct doc_attr *a = l && key ? doc_get(l, annot, key) : NULL;

    return a ? a->str : NULL;
}

static double on_get_num(const struct gloss_doc *doc, const char *layer, size_t annot,
                         const char *key)
{
    const struct doc_layer *l = readable(doc, layer);
    const struct doc_attr *a = l && key ? doc_get(l, annot, key) : NULL;

    return a && !a->str ? a->num : (double)NAN;
}

/* ---- writing */

static struct doc_layer *writable(struct gloss_doc *doc, const char *layer)
{
    const struct host *h = doc->host;
    const struct channel *c = layer ? find(h->writes, h->n_writes, layer) : NULL;

    if (c)
        return &doc->doc->layers[doc->layers + (size_t)(c - h->writes)];
    note_breach(doc, "wrote to the layer \"%.64s\", which is not in provides: refused",
                layer ? layer : "");
    return NULL;
}

static bool inside_character(const struct doc *d, uint32_t at)
{
    return at < d->len && ((unsigned char)d->text[at] & 0xC0) == 0x80;
}

static const char *span_mistake(const struct doc *d, struct gloss_span s)
{
    if (s.begin > s.end)
        return "it ends before it begins";
    if (s.end > d->len)
        return "it ends outside the text";
    if (inside_character(d, s.begin))
        return "it begins inside a character";
    if (inside_character(d, s.end))
        return "it ends inside a character";
    if (s.begin < d->body && s.end >= d->body)
        return "it crosses the edge of title and text";
    return "it is empty";
}

static const char *mistake(const struct doc *d, int code, struct gloss_span span, double score)
{
    switch (code) {
    case GLOSS_ESPAN:
        return span_mistake(d, span);
    case GLOSS_ELAYER:
        return "the layer holds one at most and has it";
    case GLOSS_EVALUE:
        return isinf(score) ? "its score is not finite" : "its label is not UTF-8";
    default:
        return "the document holds as much as it may";
    }
}

static int32_t on_annotate(struct gloss_doc *doc, const char *layer, struct gloss_span span,
                           const char *label, double score)
{
    struct doc_layer *l = writable(doc, layer);
    int32_t rc = l ? doc_annotate(doc->doc, l, span, label, score) : GLOSS_ELAYER;
    char where[32];

    if (!l || rc >= 0)
        return rc;
    if (span.begin == 0 && span.end == UINT32_MAX)
        snprintf(where, sizeof where, "(the whole document)");
    else
        snprintf(where, sizeof where, "%u..%u", span.begin, span.end);
    note_breach(doc, "annotation %s of \"%s\" refused: %s", where, layer,
                mistake(doc->doc, rc, span, score));
    return rc;
}

static const char *attr_mistake(const struct doc_layer *l, int code, int32_t annot, const char *str,
                                double num)
{
    if (code == GLOSS_ELIMIT)
        return "the document holds as much as it may";
    if (annot < 0 || (size_t)annot >= l->n)
        return "there is no such annotation";
    if (str && utf8_check(str, strlen(str)) < strlen(str))
        return "it is not UTF-8";
    if (!str && !isfinite(num))
        return "it is not a finite number";
    return "no attribute can be called so";
}

static int set(struct gloss_doc *doc, const char *layer, int32_t annot, const char *key,
               const char *str, double num)
{
    struct doc_layer *l = writable(doc, layer);
    int rc;

    if (!l)
        return GLOSS_ELAYER;
    rc = doc_set(doc->doc, l, annot, key, str, num);
    if (rc < 0)
        note_breach(doc, "attribute \"%.64s\" of annotation %d of \"%s\" refused: %s",
                    key ? key : "", annot, layer, attr_mistake(l, rc, annot, str, num));
    return rc;
}

static int on_set_str(struct gloss_doc *doc, const char *layer, int32_t annot, const char *key,
                      const char *value)
{
    /* NULL would mean a number to doc_set: let it be one that is refused. */
    return set(doc, layer, annot, key, value, NAN);
}

static int on_set_num(struct gloss_doc *doc, const char *layer, int32_t annot, const char *key,
                      double value)
{
    return set(doc, layer, annot, key, NULL, value);
}

static void *on_alloc(struct gloss_doc *doc, size_t size)
{
    return arena_alloc(&doc->doc->arena, size);
}

static bool on_expired(const struct gloss_doc *doc)
{
    struct timespec t;

    if (!doc->deadline)
        return false;
    clock_gettime(CLOCK_MONOTONIC, &t);
    if ((uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec < doc->deadline)
        return false;
    doc->host->doc.late = true;
    return true;
}

/* ---- an instance's side */

static const struct gloss_host services = {
    .abi = GLOSS_ABI,
    .size = sizeof(struct gloss_host),
    .log = on_log,
    .conf_str = on_conf_str,
    .conf_num = on_conf_num,
    .conf_bool = on_conf_bool,
    .conf_list = on_conf_list,
    .map = on_map,
    .text = on_text,
    .body = on_body,
    .field = on_field,
    .tokens = on_tokens,
    .sentences = on_sentences,
    .layer = on_layer,
    .get_str = on_get_str,
    .get_num = on_get_num,
    .annotate = on_annotate,
    .set_str = on_set_str,
    .set_num = on_set_num,
    .alloc = on_alloc,
    .expired = on_expired,
};

static size_t count_names(const char *const *list)
{
    size_t n = 0;

    while (list && list[n])
        n++;
    return n;
}

static struct channel channel(const struct host *h, const char *layer, uint32_t flags)
{
    return (struct channel){layer, naming_layer(h->entry, &h->plugin->table, layer), flags};
}

static int make_channels(struct host *h)
{
    const struct gloss_plugin *t = &h->plugin->table;
    size_t needs = count_names(t->needs), wants = count_names(t->wants);

    for (const struct gloss_layer *l = t->provides; l && l->name; l++)
        h->n_writes++;
    h->n_reads = needs + wants;
    h->reads = calloc(h->n_reads + 1, sizeof *h->reads);
    h->writes = calloc(h->n_writes + 1, sizeof *h->writes);
    if (!h->reads || !h->writes)
        return -1;
    for (size_t i = 0; i < h->n_reads; i++)
        h->reads[i] = channel(h, i < needs ? t->needs[i] : t->wants[i - needs], 0);
    for (size_t i = 0; t->provides && i < h->n_writes; i++)
        h->writes[i] = channel(h, t->provides[i].name, t->provides[i].flags);
    return 0;
}

struct host *host_create(const struct config *c, const struct config_entry *e,
                         const struct plugin *p, const char *name, struct maps *maps,
                         struct fault *f)
{
    struct host *h = calloc(1, sizeof *h);

    if (!h) {
        fault_set(f, "no memory");
        return NULL;
    }
    h->table = services;
    h->plugin = p;
    h->conf = c;
    h->entry = e;
    h->name = name;
    h->maps = maps;
    h->doc.host = h;
    if (make_channels(h) < 0) {
        fault_set(f, "no memory");
        goto fail;
    }
    if (options_init(&h->options, c, e, &p->table, f) < 0)
        goto fail;
    return h;
fail:
    host_destroy(h);
    return NULL;
}

void host_destroy(struct host *h)
{
    if (!h)
        return;
    options_finish(&h->options);
    free(h->reads);
    free(h->writes);
    free(h);
}

const struct gloss_host *host_table(struct host *h)
{
    return &h->table;
}

const char *host_last_error(const struct host *h)
{
    return h->last_error;
}

void host_opened(struct host *h)
{
    release(h);
    h->opened = true;
}

uint32_t host_time_ms(const struct host *h, const struct doc *d)
{
    uint64_t ms = h->entry->timeout_ms * (1 + ((uint64_t)d->len >> 20));

    return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

struct gloss_doc *host_enter(struct host *h, struct doc *d, uint64_t now_ns)
{
    uint32_t ms = host_time_ms(h, d);

    h->last_error[0] = '\0';
    d->output = 0;
    h->doc = (struct gloss_doc){.host = h,
                                .doc = d,
                                .layers = d->n_layers,
                                .deadline = ms ? now_ns + (uint64_t)ms * 1000000u : 0};
    for (size_t i = 0; i < h->n_writes; i++)
        if (doc_layer_add(d, h->writes[i].name, h->writes[i].as, h->writes[i].flags) < 0) {
            host_leave(h, false);
            return NULL;
        }
    return &h->doc;
}

void host_leave(struct host *h, bool keep)
{
    /* They are the last: nobody else adds layers while the plugin runs. */
    if (!keep)
        h->doc.doc->n_layers = h->doc.layers;
    h->doc.doc = NULL;
}

bool host_was_late(const struct host *h)
{
    return h->doc.late;
}
