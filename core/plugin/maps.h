/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/maps.h - files mapped read-only, each once a process however many
 * plugins ask. The hard rule: what was handed out stays until maps_destroy.
 */
#ifndef PLUGIN_MAPS_H
#define PLUGIN_MAPS_H

#include "log.h"

#include <stddef.h>

struct maps;

struct maps *maps_create(void);    /* NULL without memory */
void maps_destroy(struct maps *m); /* NULL is accepted; unmaps everything */

/* Where path is: itself if absolute, else in the first of the folders (NULL at the
 * end) that has it. To be freed; NULL with f saying where it was looked for. */
char *maps_find(const char *path, const char *const *folders, struct fault *f);

/* The content of a file, mapped at the first call for this path. NULL with f
 * where it can't be had: not there, not readable, a folder, empty. */
const void *maps_get(struct maps *m, const char *path, size_t *len, struct fault *f);

#endif
