/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/topic.h - under which topic a document is published. Pure. The hard
 * rule: a value never adds a level to the topic, whatever is in it, nor makes it the beat's.
 */
#ifndef PLUGIN_TOPIC_H
#define PLUGIN_TOPIC_H

#include "text/doc.h"

#include <stdbool.h>

/* The name of the next {NAME} behind *at, its length in n, and *at moved behind it; NULL
 * where there is none. */
const char *topic_name(const char **at, size_t *n);

/* Whether a name stands for something in every pipeline, be it "-" or "und". */
bool topic_is_known(const char *name, size_t n);

/* The topic by the configuration's template; in the document's arena, "" without memory. */
const char *topic_make(const char *template, struct doc *d);

#endif
