/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/topics.h - the seq last published under each topic. Pure. The hard
 * rule: memory is bounded; the topic longest unused is forgotten first.
 */
#ifndef DAEMON_TOPICS_H
#define DAEMON_TOPICS_H

#include <stddef.h>
#include <stdint.h>

struct topics;

/* Remembers max topics (> 0) at most. NULL without memory. */
struct topics *topics_create(size_t max);
void topics_destroy(struct topics *t); /* NULL is accepted */

/* Notes seq under the topic and gives the one noted before it; 0 where there
 * was none, or it is no longer known. */
uint64_t topics_swap(struct topics *t, const char *topic, size_t n, uint64_t seq);

#endif
