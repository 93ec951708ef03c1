/* SPDX-License-Identifier: Apache-2.0
 *
 * doc.c - see doc.h. Everything is in the document's arena, which is emptied and
 * kept from one document to the next.
 */
#include "text/doc.h"

#include "text/utf8.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 1 << 30, NOTES_MAX = 64, NOTE_BYTES = 1024 };

/* What one plugin may have published of a document. */
enum {
    OUTPUT_MIN = 8 << 20,
    OUTPUT_TIMES = 16, /* its length */
    ANNOT_BYTES = 48,  /* what each annotation takes beside its text and label */
    ATTR_BYTES = 8,
};

void doc_init(struct doc *d, size_t limit)
{
    *d = (struct doc){.limit = limit};
    arena_init(&d->arena, limit);
}

void doc_finish(struct doc *d)
{
    if (!d)
        return;
    arena_finish(&d->arena);
}

static size_t size_of(const struct slice *s)
{
    return s->p ? s->n + 1 : 0;
}

/* Copies s to *to with a NUL, and moves *to past it. */
static struct slice put(char **to, const struct slice *s)
{
    struct slice copy = {NULL, 0};

    if (!s->p)
        return copy;
    copy = (struct slice){*to, s->n};
    memcpy(*to, s->p, s->n);
    (*to)[s->n] = '\0';
    *to += s->n + 1;
    return copy;
}

static void put_text(struct doc *d, char **to, const struct doc_fields *f)
{
    d->text = *to;
    if (f->title.p && f->title.n) {
        d->fields.title = put(to, &f->title);
        (*to)[-1] = '\n';
    }
    d->body = (size_t)(*to - d->text);
    d->fields.text = put(to, f->text.p ? &f->text : &(struct slice){"", 0});
    d->len = d->body + d->fields.text.n;
}

int doc_begin(struct doc *d, const struct doc_fields *f)
{
    struct arena arena = d->arena;
    size_t limit = d->limit, size;
    char *to;

    arena_reset(&arena);
    *d = (struct doc){.arena = arena, .limit = limit, .text = ""};
    if (f->title.n >= TEXT_MAX || f->text.n >= TEXT_MAX - f->title.n)
        return -1;
    size = f->title.n + 1 + f->text.n + 1 + size_of(&f->id) + size_of(&f->published) +
           size_of(&f->url) + size_of(&f->source) + size_of(&f->language);
    d->arena.limit = SIZE_MAX; /* what came in does not count */
    to = arena_alloc(&d->arena, size);
    d->arena.limit = limit;
    d->arena.used = 0;
    if (!to)
        return -1;
    put_text(d, &to, f);
    d->fields.id = put(&to, &f->id);
    d->fields.published = put(&to, &f->published);
    d->fields.url = put(&to, &f->url);
    d->fields.source = put(&to, &f->source);
    d->fields.language = put(&to, &f->language);
    return 0;
}

const struct tokens *doc_tokens(struct doc *d)
{
    size_t title = d->body ? d->body - 1 : 0;

    if (d->split)
        return &d->tokens;
    d->split = 1;
    if (tokens_split(&d->tokens, &d->arena, d->text, 0, title) < 0 ||
        tokens_split(&d->tokens, &d->arena, d->text, d->body, d->len) < 0)
        doc_note(d, "tokens", "the text has more tokens than a document's memory holds: %zu read",
                 d->tokens.n_tokens);
    return &d->tokens;
}

struct doc_layer *doc_layer_find(const struct doc *d, const char *as)
{
    for (size_t i = 0; i < d->n_layers; i++)
        if (strcmp(d->layers[i].as, as) == 0)
            return &d->layers[i];
    return NULL;
}

int doc_layer_add(struct doc *d, const char *name, const char *as, uint32_t flags)
{
    struct doc_layer *layer = doc_layer_find(d, as);

    if (layer)
        return (int)(layer - d->layers);
    if (d->n_layers == d->room_layers) {
        size_t room = d->room_layers ? 2 * d->room_layers : 16;
        layer =
            arena_grow(&d->arena, d->layers, d->n_layers * sizeof(*layer), room * sizeof(*layer));
        if (!layer)
            return -1;
        d->layers = layer;
        d->room_layers = room;
    }
    d->layers[d->n_layers] = (struct doc_layer){.name = name, .as = as, .flags = flags};
    return (int)d->n_layers++;
}

static bool on_edge(const struct doc *d, size_t at)
{
    return at == d->len || ((unsigned char)d->text[at] & 0xC0) != 0x80;
}

static bool span_holds(const struct doc *d, struct gloss_span s)
{
    if (s.begin == 0 && s.end == UINT32_MAX)
        return true;
    if (s.begin >= s.end || s.end > d->len || !on_edge(d, s.begin) || !on_edge(d, s.end))
        return false;
    return s.begin >= d->body || s.end < d->body;
}

static bool is_utf8(const char *s)
{
    size_t n = strlen(s);

    return utf8_check(s, n) == n;
}

static bool layer_grow(struct doc *d, struct doc_layer *l)
{
    size_t room = l->flags & GLOSS_ONE ? 1 : l->room ? 2 * l->room : 16;
    struct gloss_annot *annots;
    struct doc_annot_attrs *attrs;

    annots = arena_grow(&d->arena, l->annots, l->n * sizeof(*annots), room * sizeof(*annots));
    if (!annots)
        return false;
    l->annots = annots;
    attrs = arena_grow(&d->arena, l->attrs, l->n * sizeof(*attrs), room * sizeof(*attrs));
    if (!attrs)
        return false;
    l->attrs = attrs;
    l->room = room;
    return true;
}

/* Counts what is to be published. A span costs its text, so that a few annotations could make
 * gigabytes: a plugin may publish many times the document, and not more. */
static bool publish(struct doc *d, size_t bytes)
{
    if (d->output + bytes > OUTPUT_MIN + OUTPUT_TIMES * d->len)
        return false;
    d->output += bytes;
    return true;
}

static size_t annot_bytes(const struct doc_layer *l, struct gloss_span span, const char *label)
{
    bool has_text = span.end <= TEXT_MAX && !(l->flags & GLOSS_NOTEXT);

    return ANNOT_BYTES + (label ? strlen(label) : 0) + (has_text ? span.end - span.begin : 0);
}

int32_t doc_annotate(struct doc *d, struct doc_layer *l, struct gloss_span span, const char *label,
                     double score)
{
    char *copy = NULL;

    if (!span_holds(d, span))
        return GLOSS_ESPAN;
    if (isinf(score) || (label && !is_utf8(label)))
        return GLOSS_EVALUE;
    if (l->flags & GLOSS_ONE && l->n)
        return GLOSS_ELAYER;
    if (!publish(d, annot_bytes(l, span, label)))
        return GLOSS_ELIMIT;
    if (l->n >= INT32_MAX || (l->n == l->room && !layer_grow(d, l)))
        return GLOSS_ELIMIT;
    if (label) {
        copy = arena_strndup(&d->arena, label, strlen(label));
        if (!copy)
            return GLOSS_ELIMIT;
    }
    l->annots[l->n] = (struct gloss_annot){.span = span, .label = copy, .score = score};
    l->attrs[l->n] = (struct doc_annot_attrs){NULL, NULL};
    return (int32_t)l->n++;
}

/* Attributes stand beside label and score in JSON: their names are taken. */
static bool key_holds(const char *key)
{
    static const char *const taken[] = {"start", "end", "text", "label", "score", "field"};

    if (!key || !*key || strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(key))
        return false;
    for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
        if (strcmp(key, taken[i]) == 0)
            return false;
    return true;
}

static struct doc_attr *find_attr(const struct doc_layer *l, size_t annot, const char *key)
{
    for (struct doc_attr *a = l->attrs[annot].first; a; a = a->next)
        if (strcmp(a->key, key) == 0)
            return a;
    return NULL;
}

static struct doc_attr *add_attr(struct doc *d, struct doc_annot_attrs *to, const char *key)
{
    struct doc_attr *a = arena_alloc(&d->arena, sizeof(*a));
    char *copy = a ? arena_strndup(&d->arena, key, strlen(key)) : NULL;

    if (!copy)
        return NULL;
    *a = (struct doc_attr){.key = copy};
    if (to->last)
        to->last->next = a;
    else
        to->first = a;
    to->last = a;
    return a;
}

int doc_set(struct doc *d, struct doc_layer *l, int32_t annot, const char *key, const char *str,
            double num)
{
    struct doc_attr *a;
    char *copy = NULL;

    if (annot < 0 || (size_t)annot >= l->n || !key_holds(key))
        return GLOSS_EVALUE;
    if (str ? !is_utf8(str) : !isfinite(num))
        return GLOSS_EVALUE;
    a = find_attr(l, (size_t)annot, key);
    if ((!a || str) && !publish(d, ATTR_BYTES + strlen(key) + (str ? strlen(str) : 0)))
        return GLOSS_ELIMIT;
    if (str) {
        copy = arena_strndup(&d->arena, str, strlen(str));
        if (!copy)
            return GLOSS_ELIMIT;
    }
    if (!a)
        a = add_attr(d, &l->attrs[annot], key);
    if (!a)
        return GLOSS_ELIMIT;
    a->str = copy;
    a->num = str ? 0 : num;
    return GLOSS_OK;
}

const struct doc_attr *doc_get(const struct doc_layer *l, size_t annot, const char *key)
{
    return annot < l->n ? find_attr(l, annot, key) : NULL;
}

static bool noted(const struct doc *d, const char *plugin, const char *error)
{
    for (const struct doc_error *e = d->errors; e; e = e->next)
        if (strcmp(e->plugin, plugin) == 0 && strcmp(e->error, error) == 0)
            return true;
    return false;
}

/* Notes are published: whatever a plugin said becomes UTF-8. */
static void mend(char *s)
{
    size_t n = strlen(s), at;

    while ((at = utf8_check(s, n)) < n)
        s[at] = '?';
}

static void keep_note(struct doc *d, const char *plugin, const char *error)
{
    struct doc_error *e = arena_alloc(&d->arena, sizeof(*e));
    char *who = arena_strndup(&d->arena, plugin, strlen(plugin));
    char *what = arena_strndup(&d->arena, error, strlen(error));

    if (!e || !who || !what)
        return;
    *e = (struct doc_error){.plugin = who, .error = what};
    if (d->last_error)
        d->last_error->next = e;
    else
        d->errors = e;
    d->last_error = e;
}

void doc_note(struct doc *d, const char *plugin, const char *fmt, ...)
{
    char error[NOTE_BYTES];
    size_t n = 0, used = d->arena.used;
    va_list ap;
    int length;

    va_start(ap, fmt);
    length = vsnprintf(error, sizeof(error), fmt, ap);
    va_end(ap);
    if (length < 0)
        error[0] = '\0';
    mend(error);
    for (const struct doc_error *e = d->errors; e; e = e->next)
        n++;
    if (n >= NOTES_MAX || noted(d, plugin, error))
        return;
    /* There is room to say that there is no room. */
    d->arena.limit = SIZE_MAX;
    keep_note(d, plugin, error);
    d->arena.limit = d->limit;
    d->arena.used = used;
}
