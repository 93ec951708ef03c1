/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/plugin.h - a plugin's shared object: found, checked, held. The only
 * dlopen. The hard rule: nothing of a plugin is called and no member of its
 * table is read before abi and size are known to be right; never dlclose.
 */
#ifndef PLUGIN_PLUGIN_H
#define PLUGIN_PLUGIN_H

#include "log.h"

#include <gloss/plugin.h>

struct plugin {
    char *path;                /* of the shared object */
    struct gloss_plugin table; /* a copy: what the plugin's table lacks is zero */
};

/* Opens file and checks its table (names, lists, options, defaults). Where copy is not 0
 * it is the descriptor of what is opened in the file's stead; it may be closed afterwards.
 * 0, or -1 with f saying which file, what is wrong with it and what to do. */
int plugin_open(struct plugin *p, const char *file, int copy, struct fault *f);

/* Looks for NAME.so in the folders (NULL at the end). The file's path, to be
 * freed, or NULL with f naming every folder looked in. */
char *plugin_find(const char *name, const char *const *folders, struct fault *f);

void plugin_finish(struct plugin *p); /* NULL is accepted; the object stays loaded */

#endif
