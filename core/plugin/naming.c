/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/naming.c - what a plugin's layers are called in this pipeline. "as"
 * holds for layers read as for layers written, so that of two entries of one
 * plugin a third can read either. The hard rule: a name that fits nothing is refused. */
#include "plugin/naming.h"

#include <stdio.h>
#include <string.h>

static size_t count_provides(const struct gloss_plugin *p)
{
    size_t n = 0;

    while (p->provides && p->provides[n].name)
        n++;
    return n;
}

const char *naming_layer(const struct config_entry *e, const struct gloss_plugin *p,
                         const char *layer)
{
    for (size_t i = 0; i < e->n_as; i++) {
        const char *from = e->as[i].layer ? e->as[i].layer : p->provides[0].name;

        if (strcmp(from, layer) == 0)
            return e->as[i].as;
    }
    return layer;
}

/* The layers a plugin names, at most room of them. */
static size_t all_layers(const struct gloss_plugin *p, const char **to, size_t room)
{
    const char *const *lists[] = {p->needs, p->wants};
    size_t n = 0;

    for (size_t i = 0; i < count_provides(p) && n < room; i++)
        to[n++] = p->provides[i].name;
    for (size_t k = 0; k < 2; k++)
        for (const char *const *l = lists[k]; l && *l && n < room; l++)
            to[n++] = *l;
    return n;
}

static int check_source(const struct gloss_plugin *p, const char *layer, struct fault *f)
{
    const char *known[64];
    size_t n = all_layers(p, known, sizeof known / sizeof *known);
    const char *near;

    for (size_t i = 0; i < n; i++)
        if (strcmp(known[i], layer) == 0)
            return 0;
    near = config_nearest(layer, known, n);
    return fault_set(f, "plugin %s has no layer \"%s\"%s%s%s", p->name, layer,
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int check_one(const struct config_as *as, const struct gloss_plugin *p, struct fault *f)
{
    if (!as->layer && count_provides(p) != 1)
        return fault_set(f, "plugin %s provides %zu layers: say which, as in {\"layer\": \"%s\"}",
                         p->name, count_provides(p), as->as);
    return as->layer ? check_source(p, as->layer, f) : 0;
}

static int check_unique(const struct config_entry *e, const struct gloss_plugin *p, struct fault *f)
{
    size_t n = count_provides(p);

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++) {
            const char *one = naming_layer(e, p, p->provides[i].name);

            if (strcmp(one, naming_layer(e, p, p->provides[k].name)) == 0)
                return fault_set(f, "two layers would be called \"%s\"", one);
        }
    return 0;
}

int naming_check(const struct config *c, const struct config_entry *e, const struct gloss_plugin *p,
                 struct fault *f)
{
    char path[256];
    int rc = 0;

    for (size_t i = 0; i < e->n_as && rc == 0; i++)
        rc = check_one(&e->as[i], p, f);
    if (rc == 0)
        rc = check_unique(e, p, f);
    if (rc == 0)
        return 0;
    snprintf(path, sizeof path, "%s.as", e->where);
    return config_fault(c, path, f);
}
