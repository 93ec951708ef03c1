/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/topic.h - under which topic a document is published. Pure.  The hard
 * rule: a value never adds a level to the topic, whatever is in it.
 */
#ifndef PLUGIN_TOPIC_H
#define PLUGIN_TOPIC_H

#include "log.h"
#include "text/doc.h"

/* Is the template in order: braces closed, names in them? 0, or -1 with f. */
int topic_check(const char *template, struct fault *f);

/* The topic by a template in order; in the document's arena, "" without memory. */
const char *topic_make(const char *template, struct doc *d);

#endif
