/* SPDX-License-Identifier: Apache-2.0
 *
 * config.h - the configuration: JSON in, plain structs out, every key with a
 * default, every unknown key refused with the nearest known one. Jansson stays
 * behind this header. The hard rule: a struct config is complete and checked,
 * nobody looks for a default anywhere else.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "log.h"
#include "text/utf8.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A value of an option, as it stands in the configuration. */
enum config_type { CONFIG_STRING, CONFIG_NUMBER, CONFIG_BOOL, CONFIG_LIST };
struct config_option {
    const char *key;
    enum config_type type;
    const char *str;
    double num;
    bool flag;
    const char *const *list; /* strings; NULL at the end */
};

/* "when": {"language": ["en", "de"]}: the layer's first label is one of these. */
struct config_when {
    const char *layer;         /* as published */
    const char *const *labels; /* NULL at the end */
};

/* "as": "tone", or {"sentiment": "tone"}; layer is NULL in the short form. */
struct config_as {
    const char *layer, *as;
};

/* What becomes of a document on which a plugin failed. */
enum config_on_error {
    CONFIG_PUBLISH, /* published without the layer, with a note: the default */
    CONFIG_DEAD,    /* not published: a dead letter with the reason */
};

/* What an entry asks for beyond reading files and computing; a set of bits. */
enum config_allow { CONFIG_NETWORK = 1, CONFIG_EXEC = 2, CONFIG_FILES = 4 };

/* One entry of the pipeline. */
struct config_entry {
    const char *plugin; /* its name; NAME.so is looked for in the plugin path */
    const char *file;   /* the shared object itself, for a drop-in; else NULL */
    int copy;           /* the descriptor of a copy to load in its stead; 0: none */
    const char *where;  /* key path for errors: "pipeline[2]", "plugins.d/x.json" */
    uint32_t timeout_ms;
    enum config_on_error on_error;
    uint32_t allow;     /* enum config_allow */
    uint32_t off_after; /* failures in a row; 0: never */
    uint32_t retry_s;
    const struct config_when *when;
    size_t n_when;
    const struct config_as *as;
    size_t n_as;
    const struct config_option *options;
    size_t n_options;
};

/* The most that limits.document_bytes may be: whatever becomes of a document fits a row of the
 * spool, which ledger_spool.c holds. */
#define CONFIG_DOCUMENT_MOST (224u << 20)

struct config {
    const char *file; /* as given, or NULL where all is default */
    struct {
        const char *pull, *ack, *publish, *replay; /* ZeroMQ addresses; "" is off */
    } endpoints;
    uint32_t workers;
    struct {
        uint64_t document_bytes, in_flight_documents, in_flight_bytes;
        uint64_t worker_bytes; /* memory of a worker; 0: no limit */
        /* queued for a slow subscriber, then dropped */
        uint64_t subscriber_documents, subscriber_bytes;
    } limits;
    uint32_t drain_ms; /* how long SIGTERM waits for what is in flight */
    struct {
        const char *path;                          /* of the file, absolute; "" unless commit */
        const char *durability;                    /* "none", "memory" or "commit" */
        uint64_t keep_hours, keep_bytes;           /* of what was published */
        uint64_t keep_dead_hours, keep_dead_bytes; /* of dead letters */
    } spool;
    const char *const *plugin_path; /* folders, absolute, NULL at the end */
    const char *const *model_path;
    const char *const *drop_in; /* folders of which every .so is run; may be absent */
    const char *plugins_d;      /* folder of entries, one a file, absolute; "" is none */
    enum utf8_unit offsets;
    const char *topic;
    int log_level; /* LOG_* */
    struct config_entry *pipeline;
    size_t n_pipeline;
    void *memory; /* config.c's own: all of the above lives in it */
};

/* Reads file, or all defaults where it is NULL, with the plugins.d folder beside it
 * and the drop-in folders. 0, or -1 with f saying "FILE:LINE:COLUMN: KEY: what". On
 * success c is the caller's until config_finish. */
int config_load(struct config *c, const char *file, struct fault *f);

/* The same from text alone (no folders are read); name stands for the file in f,
 * and relative paths begin in its folder. */
int config_parse(struct config *c, const char *name, const char *text, size_t n, struct fault *f);

/* The same around files of plugins_d that are broken: each is told, and the entry that it
 * was in `before` (may be NULL) stands in its place, or none. */
struct config_spare {
    const struct config *before;
    void (*on_refused)(void *owner, const char *where, const char *why, bool kept); /* or NULL */
    void *owner;
};
int config_load_sparing(struct config *c, const char *file, const struct config_spare *spare,
                        struct fault *f);

void config_finish(struct config *c); /* NULL is accepted */

/* Gives each entry without a file the one that the plugin path has for it. 0, or -1. */
int config_find_plugins(struct config *c, struct fault *f);

/* Whether an entry was found in a folder, so that the configuration stands without it. */
bool config_is_found(const struct config_entry *e);

/* Whether two entries, of two configurations, ask for the same. */
bool config_same_entry(const struct config_entry *a, const struct config_entry *b);

/* Whether two configurations ask for the same, wherever they were read. */
bool config_same(const struct config *a, const struct config *b);

/* The entry that has this `where`, or n_pipeline. */
size_t config_find_entry(const struct config *c, const char *where);

void config_remove_entry(struct config *c, size_t i);

/* Puts a copy of from's entry k in the place of entry i, or behind the last. 0, or -1. */
int config_put_entry(struct config *c, size_t i, const struct config *from, size_t k,
                     struct fault *f);

/* The whole as JSON that config_parse reads back, with the entries found in
 * folders and what config_fault needs: what a worker is given. Free with free();
 * NULL without memory. */
char *config_dump(const struct config *c);

/* The JSON Schema (2020-12) of the configuration. Free with free(). */
char *config_schema(void);

/* Prefixes f with "FILE:LINE:COLUMN: PATH: " of a key path, an entry's `where` and
 * what follows it, so that who checks options later can still point at them. The
 * place is that of the key, or of what it should be in. -1, for return. */
int config_fault(const struct config *c, const char *path, struct fault *f);

/* What any plugin of the pipeline may do, of enum config_allow: they share a process. */
uint32_t config_allowed(const struct config *c);

/* tcp://ADDRESS:PORT, where a PORT of * leaves the choice to the system; or ipc://FILE. */
bool config_is_endpoint(const char *address);

/* The nearest of the known words, or NULL where none is near. For errors. */
const char *config_nearest(const char *word, const char *const *known, size_t n);

#endif
