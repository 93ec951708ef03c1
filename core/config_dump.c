/* SPDX-License-Identifier: Apache-2.0
 *
 * config_dump.c - the structs back into JSON, by the table, with what a key path
 * needs to be pointed at: a worker that refuses an option names the place in the
 * file the user wrote. The hard rule: config_parse makes the same of it.
 */
#include "config_parts.h"

#include <string.h>

static json_t *dump_object(const struct config_key *keys, const void *base);

json_t *config_set(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) == 0)
        return object;
    json_decref(object);
    return NULL;
}

json_t *config_append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) == 0)
        return array;
    json_decref(array);
    return NULL;
}

static json_t *dump_strings(const char *const *list)
{
    json_t *array = json_array();

    for (; list && *list; list++)
        array = config_append(array, json_string(*list));
    return array;
}

static json_t *dump_choice(const struct config_choice *choices, int value)
{
    while (choices->name && choices->value != value)
        choices++;
    return json_string(choices->name);
}

static json_t *dump_words(const struct config_choice *choices, uint32_t words)
{
    json_t *array = json_array();

    for (; choices->name; choices++)
        if (words & (uint32_t)choices->value)
            array = config_append(array, json_string(choices->name));
    return array;
}

static json_t *dump_plugin(const struct config_entry *e)
{
    return json_string(e->file ? e->file : e->plugin);
}

static json_t *dump_when(const struct config_entry *e)
{
    json_t *object = json_object();

    for (size_t i = 0; i < e->n_when; i++)
        object = config_set(object, e->when[i].layer, dump_strings(e->when[i].labels));
    return object;
}

static json_t *dump_as(const struct config_entry *e)
{
    json_t *object;

    if (e->n_as == 1 && !e->as->layer)
        return json_string(e->as->as);
    object = json_object();
    for (size_t i = 0; i < e->n_as; i++)
        object = config_set(object, e->as[i].layer, json_string(e->as[i].as));
    return object;
}

static json_t *dump_option(const struct config_option *o)
{
    switch (o->type) {
    case CONFIG_STRING:
        return json_string(o->str);
    case CONFIG_NUMBER:
        return json_real(o->num);
    case CONFIG_BOOL:
        return json_boolean(o->flag);
    default:
        return dump_strings(o->list);
    }
}

static json_t *dump_options(const struct config_entry *e)
{
    json_t *object = json_object();

    for (size_t i = 0; i < e->n_options; i++)
        object = config_set(object, e->options[i].key, dump_option(&e->options[i]));
    return object;
}

static json_t *dump_pipeline(const struct config *c)
{
    json_t *array = json_array();

    for (size_t i = 0; i < c->n_pipeline; i++)
        array = config_append(array, config_dump_entry(&c->pipeline[i]));
    return array;
}

static json_t *dump_value(const struct config_key *key, const void *base)
{
    const void *at = (const char *)base + key->offset;

    switch (key->kind) {
    case KIND_CHOICE:
        return dump_choice(key->choices, *(const int *)at);
    case KIND_WORDS:
        return dump_words(key->choices, *(const uint32_t *)at);
    case KIND_COUNT32:
        return json_integer(*(const uint32_t *)at);
    case KIND_COUNT64:
        return json_integer((json_int_t) * (const uint64_t *)at);
    case KIND_FOLDERS:
        return dump_strings(*(const char *const *const *)at);
    case KIND_GROUP:
        return dump_object(key->keys, base);
    case KIND_PIPELINE:
        return dump_pipeline(base);
    case KIND_PLUGIN:
        return dump_plugin(base);
    case KIND_WHEN:
        return dump_when(base);
    case KIND_AS:
        return dump_as(base);
    case KIND_OPTIONS:
        return dump_options(base);
    default:
        return json_string(*(const char *const *)at);
    }
}

static json_t *dump_object(const struct config_key *keys, const void *base)
{
    json_t *object = json_object();

    for (; keys->name; keys++)
        object = config_set(object, keys->name, dump_value(keys, base));
    return object;
}

static json_t *dump_sources(const struct config *c)
{
    const struct config_memory *m = c->memory;
    json_t *array = json_array();

    for (size_t i = 0; i < m->n_sources; i++) {
        const struct config_source *s = &m->sources[i];
        array = config_append(array, json_pack("[ss?s]", s->prefix, s->file, s->text));
    }
    return array;
}

json_t *config_dump_entry(const struct config_entry *e)
{
    return dump_object(config_entry_keys, e);
}

char *config_dump(const struct config *c)
{
    json_t *root = dump_object(config_keys, c), *from = json_object(), *where = json_array();
    char *text;

    for (size_t i = 0; i < c->n_pipeline; i++)
        where = config_append(where, json_string(c->pipeline[i].where));
    from = config_set(from, "sources", dump_sources(c));
    from = config_set(from, "where", where);
    root = config_set(root, CONFIG_DUMP_KEY, from);
    text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}

/* Both are given up. */
static bool same(json_t *a, json_t *b)
{
    bool equal = a && b && json_equal(a, b);

    json_decref(a);
    json_decref(b);
    return equal;
}

bool config_same_entry(const struct config_entry *a, const struct config_entry *b)
{
    return strcmp(a->where, b->where) == 0 && same(config_dump_entry(a), config_dump_entry(b));
}

bool config_same(const struct config *a, const struct config *b)
{
    if (!same(dump_object(config_keys, a), dump_object(config_keys, b)))
        return false;
    for (size_t i = 0; i < a->n_pipeline; i++)
        if (strcmp(a->pipeline[i].where, b->pipeline[i].where) != 0)
            return false;
    return true;
}

static int no_dump(struct fault *f)
{
    return fault_set(f, CONFIG_DUMP_KEY ": is not what config_dump writes");
}

int config_restore(struct config *c, const json_t *root, struct fault *f)
{
    struct config_memory *m = c->memory;
    const json_t *from = json_object_get(root, CONFIG_DUMP_KEY), *source;
    size_t i;

    if (!from)
        return 0;
    m->n_sources = 0;
    json_array_foreach(json_object_get(from, "sources"), i, source)
    {
        const char *prefix = json_string_value(json_array_get(source, 0)),
                   *text = json_string_value(json_array_get(source, 2));
        if (!prefix || !text ||
            !config_add_source(c, prefix, json_string_value(json_array_get(source, 1)), text))
            return no_dump(f);
    }
    if (m->n_sources == 0)
        return no_dump(f);
    c->file = m->sources[0].file;
    return 0;
}

int config_restore_entries(struct config *c, const json_t *root, struct fault *f)
{
    const json_t *where = json_object_get(json_object_get(root, CONFIG_DUMP_KEY), "where");

    for (size_t i = 0; where && i < c->n_pipeline; i++) {
        const char *path = json_string_value(json_array_get(where, i));
        c->pipeline[i].where = path ? config_join(c, NULL, path) : NULL;
        if (!c->pipeline[i].where)
            return no_dump(f);
    }
    return 0;
}
