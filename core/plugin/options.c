/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/options.c - the options of one entry of the pipeline. The hard rule:
 * what is refused is refused with its key path and what would be right. */
#include "plugin/options.h"

#include "plugin/maps.h"
#include "plugin/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct gloss_option *options_find(const struct gloss_option *table, const char *key)
{
    for (; table && table->key; table++)
        if (strcmp(table->key, key) == 0)
            return table;
    return NULL;
}

static size_t count(const struct gloss_option *table)
{
    size_t n = 0;

    while (table && table[n].key)
        n++;
    return n;
}

const char *options_type(int type)
{
    switch (type) {
    case GLOSS_NUM:
        return "a number";
    case GLOSS_BOOL:
        return "true or false";
    case GLOSS_LIST:
        return "a list of strings";
    case GLOSS_NEEDS:
    case GLOSS_WANTS:
        return "a list of layers";
    case GLOSS_FILE:
        return "a file's name";
    default:
        return "a string";
    }
}

static int parse_number(const char *s, double *num)
{
    char *end;

    *num = strtod(s, &end);
    return end != s && !*end && isfinite(*num) ? 0 : -1;
}

int options_check_default(const struct gloss_option *o)
{
    double num;

    if (!o->def)
        return 0;
    if (o->type == GLOSS_NUM)
        return parse_number(o->def, &num);
    if (o->type == GLOSS_BOOL)
        return strcmp(o->def, "true") == 0 || strcmp(o->def, "false") == 0 ? 0 : -1;
    if (o->type == GLOSS_NEEDS || o->type == GLOSS_WANTS)
        return *o->def ? -1 : 0; /* what is always read stands in the table */
    return 0;
}

/* ---- one value */

/* "en,de" into an array of strings, in one piece of memory. */
static int split_list(struct option_value *v, const char *def)
{
    size_t n = *def ? 1 : 0;
    const char **list;
    char *s;

    for (s = strchr(def, ','); s; s = strchr(s + 1, ','))
        n++;
    v->memory = list = malloc((n + 1) * sizeof *list + strlen(def) + 1);
    if (!list)
        return -1;
    s = memcpy((char *)(list + n + 1), def, strlen(def) + 1);
    for (size_t i = 0; i < n; i++)
        list[i] = strsep(&s, ",");
    list[n] = NULL;
    v->list = list;
    v->n = n;
    return 0;
}

static int take_default(struct option_value *v, const struct gloss_option *o)
{
    switch (o->type) {
    case GLOSS_NUM:
        return parse_number(o->def, &v->num);
    case GLOSS_BOOL:
        v->flag = strcmp(o->def, "true") == 0;
        return 0;
    case GLOSS_LIST:
    case GLOSS_NEEDS:
    case GLOSS_WANTS:
        return split_list(v, o->def);
    default:
        v->str = o->def;
        return 0;
    }
}

static bool fits(int type, enum config_type given)
{
    switch (type) {
    case GLOSS_NUM:
        return given == CONFIG_NUMBER;
    case GLOSS_BOOL:
        return given == CONFIG_BOOL;
    case GLOSS_LIST:
    case GLOSS_NEEDS:
    case GLOSS_WANTS:
        return given == CONFIG_LIST;
    default:
        return given == CONFIG_STRING;
    }
}

static void take_given(struct option_value *v, const struct config_option *given)
{
    v->str = given->str;
    v->num = given->num;
    v->flag = given->flag;
    v->list = given->list;
    while (given->type == CONFIG_LIST && v->list && v->list[v->n])
        v->n++;
}

/* ---- the entry's options against the table */

static int fault_at(const struct config *c, const struct config_entry *e, const char *key,
                    struct fault *f)
{
    char path[256];

    snprintf(path, sizeof path, "%s.options.%s", e->where, key);
    return config_fault(c, path, f);
}

static int refuse_unknown(const struct gloss_plugin *p, const char *key, struct fault *f)
{
    const char *known[64];
    const char *near;
    char list[512] = "";
    size_t n = count(p->options), used = 0;

    if (n == 0)
        return fault_set(f, "plugin %s has no options", p->name);
    for (size_t i = 0; i < n && i < sizeof known / sizeof *known; i++) {
        known[i] = p->options[i].key;
        if (used < sizeof list)
            used +=
                (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", known[i]);
    }
    near = config_nearest(key, known, n < 64 ? n : 64);
    if (near)
        return fault_set(f, "plugin %s has no such option; did you mean \"%s\"?", p->name, near);
    return fault_set(f, "plugin %s has no such option; it has: %s", p->name, list);
}

static int refuse_strangers(const struct config *c, const struct config_entry *e,
                            const struct gloss_plugin *p, struct fault *f)
{
    for (size_t i = 0; i < e->n_options; i++)
        if (!options_find(p->options, e->options[i].key)) {
            refuse_unknown(p, e->options[i].key, f);
            return fault_at(c, e, e->options[i].key, f);
        }
    return 0;
}

static const struct config_option *given(const struct config_entry *e, const char *key)
{
    for (size_t i = 0; i < e->n_options; i++)
        if (strcmp(e->options[i].key, key) == 0)
            return &e->options[i];
    return NULL;
}

/* An empty name stays empty: a file that may be left out has "" as its default. */
static int resolve(struct option_value *v, const struct config *c, struct fault *f)
{
    if (!*v->str)
        return 0;
    v->memory = maps_find(v->str, c->model_path, f);
    v->str = v->memory;
    return v->memory ? 0 : -1;
}

static int take(struct option_value *v, const struct config *c, const struct config_entry *e,
                const struct gloss_option *o, struct fault *f)
{
    const struct config_option *g = given(e, o->key);

    if (g && !fits(o->type, g->type))
        return fault_set(f, "must be %s", options_type(o->type));
    if (g)
        take_given(v, g);
    else if (!o->def)
        return fault_set(f, "must be given, it has no default: %s", o->help);
    else if (take_default(v, o) < 0)
        return fault_set(f, "no memory");
    return o->type == GLOSS_FILE ? resolve(v, c, f) : 0;
}

int options_init(struct options *o, const struct config *c, const struct config_entry *e,
                 const struct gloss_plugin *p, struct fault *f)
{
    size_t n = count(p->options);

    o->table = p->options;
    o->values = calloc(n ? n : 1, sizeof *o->values);
    if (!o->values)
        return fault_set(f, "no memory");
    if (refuse_strangers(c, e, p, f) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (take(&o->values[i], c, e, &p->options[i], f) < 0)
            return fault_at(c, e, p->options[i].key, f);
    return 0;
}

/* ---- options that name layers */

/* What the entry names under the key: appended to `to` where that is not NULL. The number. */
static size_t name_layers(const struct config_entry *e, const char *key, const char **to)
{
    const struct config_option *g = given(e, key);
    size_t n = 0;

    for (; g && g->type == CONFIG_LIST && g->list[n]; n++)
        if (to)
            to[n] = g->list[n];
    return n;
}

static int check_layers(const struct gloss_plugin *p, const char *const *layers, struct fault *f)
{
    for (; *layers; layers++) {
        if (!table_is_name(*layers))
            return fault_set(f, "\"%s\" is no layer's name: a-z, 0-9 and _, a letter first",
                             *layers);
        for (const struct gloss_layer *l = p->provides; l && l->name; l++)
            if (strcmp(l->name, *layers) == 0)
                return fault_set(f, "\"%s\" is the layer that %s writes itself", *layers, p->name);
    }
    return 0;
}

const char **options_layers(const struct config *c, const struct config_entry *e,
                            const struct gloss_plugin *p, int type, struct fault *f)
{
    const char *const *own = type == GLOSS_NEEDS ? p->needs : p->wants;
    const char **all;
    size_t n = 0;

    for (const struct gloss_option *o = p->options; o && o->key; o++)
        n += o->type == type ? name_layers(e, o->key, NULL) : 0;
    for (size_t i = 0; own && own[i]; i++)
        n++;
    all = calloc(n + 1, sizeof *all);
    if (!all) {
        fault_set(f, "no memory");
        return NULL;
    }
    for (n = 0; own && own[n]; n++)
        all[n] = own[n];
    for (const struct gloss_option *o = p->options; o && o->key; o++) {
        if (o->type != type)
            continue;
        name_layers(e, o->key, all + n);
        if (check_layers(p, all + n, f) < 0) {
            fault_at(c, e, o->key, f);
            free(all);
            return NULL;
        }
        n += name_layers(e, o->key, NULL);
    }
    return all;
}

void options_finish(struct options *o)
{
    size_t n = count(o->table);

    for (size_t i = 0; o->values && i < n; i++)
        free(o->values[i].memory);
    free(o->values);
    o->values = NULL;
}

const struct option_value *options_get(const struct options *o, const char *key, int type)
{
    const struct gloss_option *found = key ? options_find(o->table, key) : NULL;

    if (!found)
        return NULL;
    if (found->type != type && !(type == GLOSS_STR && found->type == GLOSS_FILE) &&
        !(type == GLOSS_LIST && (found->type == GLOSS_NEEDS || found->type == GLOSS_WANTS)))
        return NULL;
    return &o->values[found - o->table];
}
