/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/topic.h - under which topic a document is published. Pure. The hard
 * rule: a value never adds a level to the topic, whatever is in it.
 */
#ifndef PLUGIN_TOPIC_H
#define PLUGIN_TOPIC_H

#include "text/doc.h"

/* The topic by the configuration's template; in the document's arena, "" without memory. */
const char *topic_make(const char *template, struct doc *d);

#endif
