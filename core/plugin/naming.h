/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/naming.h - what the layers that a plugin names are called in this
 * pipeline ("as"). The hard rule: every name, read or written, goes through here.
 */
#ifndef PLUGIN_NAMING_H
#define PLUGIN_NAMING_H

#include "config.h"

#include <gloss/plugin.h>

/* Are the entry's "as" in order? 0, or -1 with f, the place in the configuration first. */
int naming_check(const struct config *c, const struct config_entry *e, const struct gloss_plugin *p,
                 struct fault *f);

/* The name under which the layer is published. */
const char *naming_layer(const struct config_entry *e, const struct gloss_plugin *p,
                         const char *layer);

#endif
