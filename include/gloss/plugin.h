/* SPDX-License-Identifier: Apache-2.0
 *
 * gloss/plugin.h - everything the daemon and a plugin agree on.
 *
 * A plugin is a shared object with one exported symbol, the `gloss_plugin`
 * table. It links against nothing of the daemon: all services come through
 * `struct gloss_host`. Tables only ever grow at the end, so `size` tells each
 * side what the other knows; GLOSS_ABI moves only when growing is not enough.
 *
 * A plugin runs in a worker process with one thread: nothing here is ever
 * called from two threads at once. All text is valid UTF-8 and all offsets are
 * bytes of it. plugins/README.md is the guide; plugins/shout the least plugin.
 */
#ifndef GLOSS_PLUGIN_H
#define GLOSS_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GLOSS_ABI 1u

struct gloss_doc; /* a document; opaque, owned by the daemon */

/* Frozen within one GLOSS_ABI, for they are handed out as arrays. New facts
 * about tokens or annotations become new layers, never new members. */

/* Bytes begin..end-1 of the document's text; both ends on a character's edge. */
struct gloss_span {
    uint32_t begin, end;
};

/* A word, number or mark. White space is in no token. */
struct gloss_token {
    struct gloss_span span;
    uint32_t sentence; /* index into sentences() */
    uint32_t flags;    /* GLOSS_TOKEN_* */
};

/* What a layer holds. label is NULL and score NAN where none was given. */
struct gloss_annot {
    struct gloss_span span;
    const char *label;
    double score;
};

/* The span of an annotation that speaks of the whole document. */
#define GLOSS_WHOLE ((struct gloss_span){0, UINT32_MAX})

enum {
    GLOSS_TOKEN_WORD = 1,    /* letters, with the marks inside: o'clock, e-mail */
    GLOSS_TOKEN_NUMBER = 2,  /* begins with a digit: 1,254.50  3rd  2015 */
    GLOSS_TOKEN_PUNCT = 4,   /* everything else */
    GLOSS_TOKEN_TITLE = 8,   /* a word whose first letter alone is a capital */
    GLOSS_TOKEN_UPPER = 16,  /* a word of two letters or more, all capitals */
    GLOSS_TOKEN_LINK = 32,   /* a URL or an e-mail address */
    GLOSS_TOKEN_SPACED = 64, /* white space stands before it (or the text begins) */
    GLOSS_TOKEN_LINE = 128,  /* the first token of a line */
};

enum { GLOSS_DEBUG, GLOSS_INFO, GLOSS_WARN, GLOSS_ERROR };

enum {                    /* what open and process return */
       GLOSS_OK = 0,      /* done */
       GLOSS_SKIP = 1,    /* nothing to say about this document: its layers are left out */
       GLOSS_EDOC = -1,   /* failed on this document, which is published with a note and
                             without its layers */
       GLOSS_EFATAL = -2, /* the instance can't go on; the worker runs without it */
       GLOSS_ESPAN = -3,  /* writers: span empty, outside the text, inside a character,
                             or across the edge of title and text */
       GLOSS_ELAYER = -4, /* writers: the layer is not in provides, or holds one
                             annotation at most and has it */
       GLOSS_ELIMIT = -5, /* writers: no memory, or more than a document may hold */
       GLOSS_EVALUE = -6, /* writers: no such annotation, no such key, or a value that
                             is not finite or not UTF-8 */
};

#if defined(__GNUC__)
#define GLOSS_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define GLOSS_EXPORT            __attribute__((visibility("default")))
#else
#define GLOSS_PRINTF(fmt, args)
#define GLOSS_EXPORT
#endif

/* What the daemon does for a plugin; one table per instance, so that log
 * lines carry its name and conf_* sees its own block of the configuration.
 * A breach of the contract (a layer not declared, a span out of bounds) is
 * refused with an error and noted in the document, whatever process() returns. */
struct gloss_host {
    uint32_t abi, size;

    /* One line, no newline at its end. The last GLOSS_ERROR logged in open()
     * is given as the reason why the instance did not start. */
    GLOSS_PRINTF(3, 4)
    void (*log)(const struct gloss_host *h, int level, const char *fmt, ...);

    /* Options, already checked and defaulted; valid until close(). NULL, NAN,
     * false, or n = 0 for a key the plugin's option table does not have. */
    const char *(*conf_str)(const struct gloss_host *h, const char *key);
    double (*conf_num)(const struct gloss_host *h, const char *key);
    bool (*conf_bool)(const struct gloss_host *h, const char *key);
    const char *const *(*conf_list)(const struct gloss_host *h, const char *key, size_t *n);

    /* A file mapped read-only, shared by all workers; for models. path is
     * looked for in the model path unless absolute; a GLOSS_FILE option's value
     * is already resolved. Page-aligned; valid until after close(). NULL where
     * it can't be had: the reason has been logged. */
    const void *(*map)(const struct gloss_host *h, const char *path, size_t *len);

    /* Reading. What is returned is the daemon's and lives until process()
     * returns. text is the title (if any), a newline, and the text proper,
     * which begins at byte body(); NUL-terminated, len without the NUL. */
    const char *(*text)(const struct gloss_doc *doc, size_t *len);
    size_t (*body)(const struct gloss_doc *doc);

    /* A field as it came in: "id", "published" (ISO 8601), "url", "source",
     * "language"; NULL where it was not given. */
    const char *(*field)(const struct gloss_doc *doc, const char *name);

    /* Made once, at the first call; in the order of the text. No token and no
     * sentence crosses from title to text. NULL and n = 0 where there are none. */
    const struct gloss_token *(*tokens)(struct gloss_doc *doc, size_t *n);
    const struct gloss_span *(*sentences)(struct gloss_doc *doc, size_t *n);

    /* A layer another plugin wrote, in the order written. A layer not listed
     * in needs or wants reads as empty. annot is an index into the array. */
    const struct gloss_annot *(*layer)(const struct gloss_doc *doc, const char *layer, size_t *n);
    const char *(*get_str)(const struct gloss_doc *doc, const char *layer, size_t annot,
                           const char *key); /* or NULL */
    double (*get_num)(const struct gloss_doc *doc, const char *layer, size_t annot,
                      const char *key); /* or NAN */

    /* Writing, only to layers listed in provides. Strings are copied. label
     * may be NULL, score NAN. annotate() gives the annotation's number in its
     * layer, or an error < 0; set_* give GLOSS_OK or an error. A key is a-z 0-9 _,
     * and none of start, end, text, label, score, field. */
    int32_t (*annotate)(struct gloss_doc *doc, const char *layer, struct gloss_span span,
                        const char *label, double score);
    int (*set_str)(struct gloss_doc *doc, const char *layer, int32_t annot, const char *key,
                   const char *value);
    int (*set_num)(struct gloss_doc *doc, const char *layer, int32_t annot, const char *key,
                   double value);

    /* Memory that goes with the document; 16-byte aligned, not zeroed; NULL
     * where the document's limit is reached. */
    void *(*alloc)(struct gloss_doc *doc, size_t size);

    /* True when the entry's timeout_ms (once, and again for each MiB of text) has
     * passed: return GLOSS_EDOC. A plugin that never asks is killed with its worker
     * at twice that time. */
    bool (*expired)(const struct gloss_doc *doc);
};

/* One configuration key. def is written as in JSON but for the quotes of
 * strings ("0.5", "true", "en,de" for a list); NULL means the user must give it.
 * GLOSS_NEEDS and GLOSS_WANTS are lists of layers that the user wants read: they
 * count as the instance's needs and wants, beside the table's; def is "" or NULL. */
enum { GLOSS_STR = 1, GLOSS_NUM, GLOSS_BOOL, GLOSS_FILE, GLOSS_LIST, GLOSS_NEEDS, GLOSS_WANTS };
struct gloss_option {
    const char *key;
    int type;
    const char *def, *help;
};

/* One layer a plugin writes. In JSON a GLOSS_ONE layer is an object, a
 * GLOSS_MANY layer an array; spans carry their own text unless GLOSS_NOTEXT. */
enum { GLOSS_ONE = 1, GLOSS_MANY = 2, GLOSS_NOTEXT = 4 };
struct gloss_layer {
    const char *name; /* a-z 0-9 _, begins with a letter */
    uint32_t flags;
    const char *help; /* what it holds, its labels, the attributes it sets */
};

/* What a plugin is. needs and wants end with NULL, provides with a zero name,
 * options with a zero key; each may be NULL for none. */
struct gloss_plugin {
    uint32_t abi, size;
    const char *name, *version, *summary;

    const char *const *needs;           /* layers that must be there: sets the order */
    const char *const *wants;           /* layers read if there: sets the order too */
    const struct gloss_layer *provides; /* layers this plugin alone writes */
    const struct gloss_option *options;

    /* Makes an instance: one entry of the pipeline in one worker. Read options,
     * map the model, leave the state in *self. Must not keep threads or change
     * signal handlers. Optional. GLOSS_OK, or anything < 0 after logging why. */
    int (*open)(const struct gloss_host *h, void **self);

    /* Frees what open() made; called once, also where open() failed after
     * setting *self. Optional. */
    void (*close)(const struct gloss_host *h, void *self);

    /* Reads one document and writes its layers. Must not keep pointers into
     * it. GLOSS_OK, GLOSS_SKIP, GLOSS_EDOC or GLOSS_EFATAL. Required. */
    int (*process)(const struct gloss_host *h, void *self, struct gloss_doc *doc);
};

extern GLOSS_EXPORT const struct gloss_plugin gloss_plugin;

#define GLOSS_PLUGIN(...)                                                                          \
    const struct gloss_plugin gloss_plugin = {                                                     \
        .abi = GLOSS_ABI, .size = sizeof(struct gloss_plugin), __VA_ARGS__}
#define GLOSS_LAYERS(...)                                                                          \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define GLOSS_PROVIDES(...)                                                                        \
    (const struct gloss_layer[])                                                                   \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            NULL, 0, NULL                                                                          \
        }                                                                                          \
    }
#define GLOSS_OPTIONS(...)                                                                         \
    (const struct gloss_option[])                                                                  \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            NULL, 0, NULL, NULL                                                                    \
        }                                                                                          \
    }
#define GLOSS_HAS(h, fn) ((h)->size >= offsetof(struct gloss_host, fn) + sizeof((h)->fn) && (h)->fn)

#ifdef __cplusplus
}
#endif
#endif
