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
#include "plugin/maps.h"
#include "plugin/plugin.h"
#include "text/doc.h"

#include <stdbool.h>

struct host; /* one instance's side of the daemon */

/* Options are checked against p's table and defaulted here. name is what logs
 * and notes call the instance; maps holds the files it maps. All arguments must
 * outlive the host. NULL with f (key path, nearest known key) where an option is
 * wrong. */
struct host *host_create(const struct config *c, const struct config_entry *e,
                         const struct plugin *p, const char *name, struct maps *maps,
                         struct fault *f);
void host_destroy(struct host *h); /* NULL is accepted */

/* The table to hand to the plugin. */
const struct gloss_host *host_table(struct host *h);

/* The last error the plugin logged since host_create or host_enter, or "". */
const char *host_last_error(const struct host *h);

/* Its open() has succeeded. Until then an error it logs is held back: it is the reason why it
 * did not start, and said as that. */
void host_opened(struct host *h);

/* Brackets a call of process(): opens the layers it provides under the names they
 * are published as, starts the clock of timeout_ms at now (CLOCK_MONOTONIC), and
 * gives the handle by which the plugin knows the document until host_leave. NULL
 * without memory. */
struct gloss_doc *host_enter(struct host *h, struct doc *d, uint64_t now_ns);

/* keep is false where the call failed: what it wrote is taken back. */
void host_leave(struct host *h, bool keep);

/* Was the plugin told, by expired(), that its time is up? */
bool host_was_late(const struct host *h);

/* How long process() may take over d: the entry's timeout_ms, and as much again for each MiB
 * of its text. */
uint32_t host_time_ms(const struct host *h, const struct doc *d);

#endif
