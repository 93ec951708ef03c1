/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/graph.c - the order of plugins. The first plugin, in the order given,
 * whose providers have all been placed goes next; a pipeline has tens of
 * plugins, so plain scans do. The hard rule: no order is guessed. */
#include "plugin/graph.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOBODY SIZE_MAX

static int has(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (strcmp(*names, name) == 0)
            return 1;
    return 0;
}

static size_t provider(const struct graph_node *nodes, size_t n, const char *layer)
{
    for (size_t i = 0; i < n; i++)
        if (has(nodes[i].provides, layer))
            return i;
    return NOBODY;
}

static int check_provides(const struct graph_node *nodes, size_t i, bool *at_fault, struct fault *f)
{
    for (const char *const *l = nodes[i].provides; l && *l; l++) {
        size_t other = provider(nodes, i, *l);

        if (other == NOBODY)
            continue;
        at_fault[other] = at_fault[i] = true;
        return fault_set(f,
                         "%s and %s both provide the layer \"%s\": give one of them another "
                         "name for it with \"as\", or take one out",
                         nodes[other].name, nodes[i].name, *l);
    }
    return 0;
}

static int check_needs(const struct graph_node *nodes, size_t n, size_t i, bool *at_fault,
                       struct fault *f)
{
    for (const char *const *l = nodes[i].needs; l && *l; l++)
        if (provider(nodes, n, *l) == NOBODY) {
            at_fault[i] = true;
            return fault_set(f,
                             "%s needs the layer \"%s\", which no plugin of the pipeline "
                             "provides: add one that does",
                             nodes[i].name, *l);
        }
    return 0;
}

/* A plugin not yet placed that must run before node i, or NOBODY; *layer is why. */
static size_t waits_for(const struct graph_node *nodes, size_t n, const char *placed, size_t i,
                        const char **layer)
{
    const char *const *lists[] = {nodes[i].needs, nodes[i].wants};

    for (size_t k = 0; k < 2; k++)
        for (const char *const *l = lists[k]; l && *l; l++) {
            size_t p = provider(nodes, n, *l);

            if (p != NOBODY && !placed[p]) {
                *layer = *l;
                return p;
            }
        }
    return NOBODY;
}

static size_t next_ready(const struct graph_node *nodes, size_t n, const char *placed)
{
    const char *layer;

    for (size_t i = 0; i < n; i++)
        if (!placed[i] && waits_for(nodes, n, placed, i, &layer) == NOBODY)
            return i;
    return NOBODY;
}

/* Everybody left waits for somebody left: n steps from any of them end in a circle. */
static int refuse_circle(const struct graph_node *nodes, size_t n, const char *placed,
                         bool *at_fault, struct fault *f)
{
    char chain[sizeof f->text] = "";
    const char *layer = "";
    size_t at = 0, used = 0, first;

    while (placed[at])
        at++;
    for (size_t i = 0; i < n; i++)
        at = waits_for(nodes, n, placed, at, &layer);
    first = at;
    do {
        size_t next = waits_for(nodes, n, placed, at, &layer);
        int w = snprintf(chain + used, sizeof chain - used, "%s%s needs \"%s\" of %s",
                         used ? ", " : "", nodes[at].name, layer, nodes[next].name);

        used += (size_t)w < sizeof chain - used ? (size_t)w : sizeof chain - used - 1;
        at_fault[at] = true;
        at = next;
    } while (at != first);
    return fault_set(f, "no order can be had, plugins wait for each other: %s", chain);
}

int graph_order(const struct graph_node *nodes, size_t n, size_t *order, bool *at_fault,
                struct fault *f)
{
    char *placed = calloc(n ? n : 1, 1);
    int rc = -1;

    if (!placed)
        return fault_set(f, "no memory to order the plugins");
    for (size_t i = 0; i < n; i++)
        if (check_provides(nodes, i, at_fault, f) < 0 || check_needs(nodes, n, i, at_fault, f) < 0)
            goto done;
    for (size_t i = 0; i < n; i++) {
        order[i] = next_ready(nodes, n, placed);
        if (order[i] == NOBODY) {
            refuse_circle(nodes, n, placed, at_fault, f);
            goto done;
        }
        placed[order[i]] = 1;
    }
    rc = 0;
done:
    free(placed);
    return rc;
}
