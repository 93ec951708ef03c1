/* SPDX-License-Identifier: Apache-2.0
 *
 * doc.h - a document: its text, the fields that are known, and the layers of
 * annotations that plugins write. The hard rule: what is wrong is refused here,
 * so whatever a layer holds can be published.
 */
#ifndef DOC_H
#define DOC_H

#include "text/arena.h"
#include "text/token.h"

#include <gloss/plugin.h>
#include <stdint.h>

/* A piece of somebody's text; p is NULL where there is none. */
struct slice {
    const char *p;
    size_t n;
};

/* The fields of a document that are known. */
struct doc_fields {
    struct slice id, title, text, published, url, source, language;
};

/* A further fact of an annotation. */
struct doc_attr {
    struct doc_attr *next;
    const char *key;
    const char *str; /* NULL: a number */
    double num;
};

struct doc_annot_attrs {
    struct doc_attr *first, *last;
};

/* Annotations under one name. Arrays are in the document's arena. */
struct doc_layer {
    const char *name; /* as the plugin calls it; lives as long as the pipeline */
    const char *as;   /* as it is published */
    uint32_t flags;   /* GLOSS_ONE, GLOSS_MANY, GLOSS_NOTEXT */
    size_t n, room;
    size_t bytes; /* that it took when it was last written as JSON */
    struct gloss_annot *annots;
    struct doc_annot_attrs *attrs; /* one for each annotation */
};

/* What a plugin did wrong or could not do. */
struct doc_error {
    struct doc_error *next;
    const char *plugin, *error;
};

/* What the pipeline spent on an entry. */
struct doc_time {
    const char *plugin; /* the entry's name */
    uint32_t us;
};

struct doc {
    struct arena arena;
    size_t limit;             /* bytes of memory beside the text */
    struct doc_fields fields; /* title and text point into text; the others are
                                 NUL-terminated, p is NULL where absent */
    const char *text;         /* title, newline, text; NUL-terminated */
    size_t len, body;         /* body: where the text proper begins */

    int split; /* tokens have been made */
    struct tokens tokens;

    size_t output; /* what the layers of the plugin that runs take, published: about */

    struct doc_layer *layers; /* in the order of the pipeline */
    size_t n_layers, room_layers;

    struct doc_error *errors, *last_error;
    struct doc_time *times;
    size_t n_times;
    const char *dead;        /* why it must not be published, or NULL */
    const char *dead_plugin; /* whose failure that is, or NULL */
};

/* A document that may use limit bytes of memory beside its text. */
void doc_init(struct doc *d, size_t limit);
void doc_finish(struct doc *d); /* NULL is accepted */

/* Forgets the document before and takes a new one: fields are copied; title and
 * text are valid UTF-8. 0, or -1 without memory or above 1 GiB. */
int doc_begin(struct doc *d, const struct doc_fields *f);

/* Splits at the first call. */
const struct tokens *doc_tokens(struct doc *d);

/* Opens a layer for writing; its number, or -1 without memory. Strings are
 * the caller's and must outlive the document. Names are unique by `as`. */
int doc_layer_add(struct doc *d, const char *name, const char *as, uint32_t flags);

/* Adds an annotation, checked as gloss/plugin.h says; its number or GLOSS_E*. */
int32_t doc_annotate(struct doc *d, struct doc_layer *l, struct gloss_span span, const char *label,
                     double score);

/* Sets or replaces an attribute: a string (num is not read), or a number where
 * str is NULL. GLOSS_OK or GLOSS_E*. */
int doc_set(struct doc *d, struct doc_layer *l, int32_t annot, const char *key, const char *str,
            double num);

/* NULL where the annotation or the key is not there. */
const struct doc_attr *doc_get(const struct doc_layer *l, size_t annot, const char *key);

/* The layer published under this name, or NULL. */
struct doc_layer *doc_layer_find(const struct doc *d, const char *as);

/* Notes what went wrong; the words are copied. The same note is kept once. */
void doc_note(struct doc *d, const char *plugin, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
