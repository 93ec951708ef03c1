/* SPDX-License-Identifier: Apache-2.0
 *
 * config_parts.h - what the files of the configuration share, and nobody else
 * includes. The hard rule: one table says what a key is; reading, dumping and
 * the schema follow it, so that they can't disagree.
 */
#ifndef CONFIG_PARTS_H
#define CONFIG_PARTS_H

#include "config.h"
#include "text/arena.h"

#include <jansson.h>

/* ---- the table */

enum config_kind {
    KIND_ENDPOINT, /* const char *: a ZeroMQ address or "" */
    KIND_TOPIC,    /* const char *: a template */
    KIND_WORD,     /* const char *: one of choices */
    KIND_CHOICE,   /* int: the value of one of choices */
    KIND_WORDS,    /* uint32_t: the sum of the values of some of choices */
    KIND_COUNT32,  /* uint32_t from min to max */
    KIND_COUNT64,  /* uint64_t from min to max */
    KIND_FOLDER,   /* const char *: a path, made absolute, or "" */
    KIND_FOLDERS,  /* const char *const *: of the same */
    KIND_GROUP,    /* keys of its own, in the same struct */
    KIND_PIPELINE, /* entries, in struct config */
    KIND_PLUGIN,   /* below: of an entry, in struct config_entry */
    KIND_WHEN,
    KIND_AS,
    KIND_OPTIONS,
};

struct config_choice {
    const char *name; /* NULL ends a list */
    int value;
};

struct config_key {
    const char *name; /* NULL ends a table */
    enum config_kind kind;
    bool or_zero;    /* 0 may be, too, where min is more */
    size_t offset;   /* in its struct */
    const char *def; /* as JSON; NULL: worked out where it runs, or required */
    uint64_t min, max;
    const struct config_choice *choices;
    const struct config_key *keys; /* of a group */
    const char *help;              /* for the schema */
};

extern const struct config_key config_keys[], config_entry_keys[];

/* Under this key a dump says where its parts came from. No user writes it. */
#define CONFIG_DUMP_KEY "(dump)"

/* Under this one a file tells an editor where its schema is; nobody else reads it. */
#define CONFIG_SCHEMA_KEY "$schema"

/* ---- memory */

/* A text that was read, kept so that faults can point into it. */
struct config_source {
    const char *prefix; /* of key paths that are in it: "", "plugins.d/x.json" */
    const char *file;
    const char *text;
};

struct config_memory {
    struct arena arena;
    struct config_source *sources;
    size_t n_sources;
    const char *folder; /* of the file, absolute: relative paths begin in it */
};

/* NULL without memory, and c untouched. */
struct config_source *config_add_source(struct config *c, const char *prefix, const char *file,
                                        const char *text);

/* ---- reading: 0, or -1 with f complete */

/* Where a key is: "a.b[2].c". Cut where it is too long. */
struct config_path {
    char text[256];
    size_t n;
};

/* Appends, and gives the length to go back to. */
PRINTF(2, 3)
size_t config_path_add(struct config_path *p, const char *fmt, ...);

json_t *config_json(const struct config_source *s, struct fault *f);

/* The root object into c. */
int config_read(struct config *c, json_t *root, struct fault *f);

/* One more entry of the pipeline, which is at path; relative paths begin in folder. */
int config_read_entry(struct config *c, json_t *json, const char *folder, const char *path,
                      struct fault *f);

/* Room for one more at the end of the pipeline, all zero; NULL without memory. */
struct config_entry *config_add_entry(struct config *c);

/* folder/path, or path where it is absolute; in c's memory. */
char *config_join(struct config *c, const char *folder, const char *path);

/* ---- writing */

/* The object or array with value, which is taken over; NULL where any is NULL or there
 * is no memory, and all freed: so a chain of these is checked once, at its end. */
json_t *config_set(json_t *object, const char *key, json_t *value);
json_t *config_append(json_t *array, json_t *value);

json_t *config_dump_entry(const struct config_entry *e);

/* ---- what a dump says beside the keys; nothing is done where root is no dump */

/* The sources and the file's name, before the rest is read. */
int config_restore(struct config *c, const json_t *root, struct fault *f);

/* Where the entries came from, after it. */
int config_restore_entries(struct config *c, const json_t *root, struct fault *f);

/* ---- files and folders */

/* A file's text, NUL-terminated, to be freed; or NULL with f. */
char *config_slurp(const char *file, size_t *n, struct fault *f);

/* Refuses folders the user named that are not there. */
int config_check_folders(const struct config *c, struct fault *f);

/* Folders that were not named: beside the executable, or where it is installed. */
int config_default_folders(struct config *c, struct fault *f);

/* Appends the entries of plugins_d, by default plugins.d beside the file where that is
 * there; then those of drop_in. spare may be NULL. */
int config_add_folders(struct config *c, const struct config_spare *spare, struct fault *f);

/* ---- places */

/* The offset in text, valid JSON, of the key or list element at path, or of the
 * innermost of what it should be in. */
size_t config_locate(const char *text, size_t n, const char *path);

#endif
