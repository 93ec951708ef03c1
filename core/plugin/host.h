/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/host.h - the host table each instance of a plugin is given, and the
 * enforcement behind it: what is not declared is not read and not written.
 * The hard rule: a plugin's mistake ends up in the document's notes or in the
 * log, never in another plugin's layer.
 */
#ifndef PLUGIN_HOST_H
#define PLUGIN_HOST_H

#include "config.h"
#include "plugin/plugin.h"
#include "text/doc.h"

struct host; /* one instance's side of the daemon */

/* Options are checked against p's table and defaulted here. name is what logs
 * and notes call the instance. All arguments must outlive the host. NULL with f
 * (key path, nearest known key) where an option is wrong. */
struct host *host_create(const struct config *c, const struct config_entry *e,
                         const struct plugin *p, const char *name, struct fault *f);
void host_destroy(struct host *h); /* NULL is accepted; unmaps its files */

/* The table to hand to the plugin. */
const struct gloss_host *host_table(struct host *h);

/* The last error the plugin logged, or "". */
const char *host_last_error(const struct host *h);

/* Brackets a call of process(): opens the layers it provides under the names they
 * are published as, starts the clock of timeout_ms, and gives the handle by which
 * the plugin knows the document until host_leave. NULL without memory. */
struct gloss_doc *host_enter(struct host *h, struct doc *d);
void host_leave(struct host *h);

#endif
