/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/graph.h - the order of plugins, from what they need and provide. Pure:
 * it knows names only. The hard rule: an order that can't be had is refused
 * with the names that stand in its way; equal claims keep the order given.
 */
#ifndef PLUGIN_GRAPH_H
#define PLUGIN_GRAPH_H

#include "log.h"

#include <stdbool.h>
#include <stddef.h>

struct graph_node {
    const char *name;
    const char *const *needs, *const *wants, *const *provides; /* NULL at the end, or NULL */
};

/* order[i] is the node to run i-th; room for n. 0, or -1 with f: a layer needed
 * that nobody provides, a layer provided twice, a circle (all its names given); at_fault[i]
 * is set then for each node without which it would not be so. */
int graph_order(const struct graph_node *nodes, size_t n, size_t *order, bool *at_fault,
                struct fault *f);

#endif
