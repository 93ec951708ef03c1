/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/options.h - the options of one entry: what the configuration says,
 * checked against the plugin's table, and its defaults for the rest. The hard
 * rule: every option of the table has a value of its type.
 */
#ifndef PLUGIN_OPTIONS_H
#define PLUGIN_OPTIONS_H

#include "config.h"

#include <gloss/plugin.h>

struct option_value {
    const char *str; /* GLOSS_STR, GLOSS_FILE (resolved) */
    double num;
    bool flag;
    const char *const *list;
    size_t n;
    void *memory; /* what of the above is our own */
};

struct options {
    const struct gloss_option *table;
    struct option_value *values; /* one for each of the table */
};

/* 0, or -1 with f, which begins with the place in the configuration. c and e must
 * outlive o. options_finish is due in both cases. */
int options_init(struct options *o, const struct config *c, const struct config_entry *e,
                 const struct gloss_plugin *p, struct fault *f);
void options_finish(struct options *o);

/* The value of a key, or NULL where the table has none of this key and type; for
 * GLOSS_STR a GLOSS_FILE does too. */
const struct option_value *options_get(const struct options *o, const char *key, int type);

/* The layers that an instance needs (GLOSS_NEEDS) or wants (GLOSS_WANTS): the table's, and
 * those its options of that type name. NULL at the end; to be freed, the names are p's and
 * e's. NULL with f, the place in the configuration first. */
const char **options_layers(const struct config *c, const struct config_entry *e,
                            const struct gloss_plugin *p, int type, struct fault *f);

/* For the check of a table. */
const struct gloss_option *options_find(const struct gloss_option *table, const char *key);
int options_check_default(const struct gloss_option *o); /* 0, or -1 where it is not of its type */
const char *options_type(int type);                      /* "a number", for messages */

#endif
