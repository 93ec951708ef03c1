/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/table.h - is a plugin's table in order? Pure: it reads the table and
 * calls nothing. The hard rule: what passes can be used without another look.
 */
#ifndef PLUGIN_TABLE_H
#define PLUGIN_TABLE_H

#include "log.h"

#include <gloss/plugin.h>

/* 0, or -1 with f saying what is wrong, without the plugin's file. */
int table_check(const struct gloss_plugin *t, struct fault *f);

/* a-z 0-9 _, begins with a letter, 64 at most: plugins, layers, options. */
bool table_is_name(const char *s);

/* A layer's name may not be a member that `gloss` has already: log, seq, run... */
bool table_is_reserved(const char *layer);

#endif
