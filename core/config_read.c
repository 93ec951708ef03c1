/* SPDX-License-Identifier: Apache-2.0
 *
 * config_read.c - JSON into the structs, by the table. The hard rule: what is
 * refused is refused with the path of its key and with what is allowed there.
 */
#include "config_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct config *c;
    const char *folder; /* in which relative paths begin */
    struct config_path path;
    struct fault *f;
};

size_t config_path_add(struct config_path *p, const char *fmt, ...)
{
    size_t before = p->n, room = sizeof p->text - p->n;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(p->text + p->n, room, fmt, ap);
    va_end(ap);
    if (n > 0)
        p->n += (size_t)n < room ? (size_t)n : room - 1;
    return before;
}

static size_t enter_key(struct reader *r, const char *key)
{
    return config_path_add(&r->path, "%s%s", r->path.n ? "." : "", key);
}

static size_t enter_item(struct reader *r, size_t i)
{
    return config_path_add(&r->path, "[%zu]", i);
}

static void leave(struct reader *r, size_t before)
{
    r->path.n = before;
    r->path.text[before] = '\0';
}

PRINTF(2, 3)
static int refuse(struct reader *r, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fault_set(r->f, "%s", text);
    return config_fault(r->c, r->path.text, r->f);
}

static int no_memory(struct reader *r)
{
    return refuse(r, "there is no memory for it");
}

static const char *type_name(const json_t *json)
{
    static const char *const names[] = {"an object", "an array", "a string", "a whole number",
                                        "a number",  "true",     "false",    "null"};
    return names[json_typeof(json)];
}

static int check_type(struct reader *r, const json_t *json, json_type type, const char *wanted)
{
    if (json_typeof(json) == type)
        return 0;
    return refuse(r, "is %s, must be %s", type_name(json), wanted);
}

static void *alloc(struct reader *r, size_t n, size_t size)
{
    struct config_memory *m = r->c->memory;
    void *p = arena_alloc(&m->arena, n * size);

    if (p)
        memset(p, 0, n * size);
    else
        no_memory(r);
    return p;
}

/* A copy of a string, NULL where it is refused. */
static const char *copy(struct reader *r, const json_t *json)
{
    struct config_memory *m = r->c->memory;
    const char *s;

    if (check_type(r, json, JSON_STRING, "a string") < 0)
        return NULL;
    s = arena_strndup(&m->arena, json_string_value(json), json_string_length(json));
    if (!s)
        no_memory(r);
    return s;
}

/* The same of a string of at least one character. */
static const char *copy_some(struct reader *r, const json_t *json)
{
    if (json_is_string(json) && json_string_length(json) == 0) {
        refuse(r, "is empty");
        return NULL;
    }
    return copy(r, json);
}

static const struct config_choice *find_choice(const struct config_choice *choices,
                                               const char *name)
{
    for (; choices->name; choices++)
        if (strcmp(choices->name, name) == 0)
            return choices;
    return NULL;
}

static void refuse_choice(struct reader *r, const struct config_choice *choices, const char *name)
{
    char list[256];
    size_t n = 0;

    if (!choices[1].name) {
        refuse(r, "\"%s\" is not available in this version, which has \"%s\" only", name,
               choices->name);
        return;
    }
    for (; choices->name && n < sizeof list; choices++)
        n += (size_t)snprintf(list + n, sizeof list - n, "%s\"%s\"", n ? ", " : "", choices->name);
    refuse(r, "is \"%s\", must be one of %s", name, list);
}

/* ---- one function a kind */

static const struct config_choice *choose(struct reader *r, const struct config_key *key,
                                          const json_t *json)
{
    const struct config_choice *choice;

    if (check_type(r, json, JSON_STRING, "a string") < 0)
        return NULL;
    choice = find_choice(key->choices, json_string_value(json));
    if (!choice)
        refuse_choice(r, key->choices, json_string_value(json));
    return choice;
}

static int read_word(struct reader *r, const struct config_key *key, json_t *json, void *to)
{
    const struct config_choice *choice = choose(r, key, json);

    if (choice)
        *(const char **)to = choice->name;
    return choice ? 0 : -1;
}

static int read_choice(struct reader *r, const struct config_key *key, json_t *json, void *to)
{
    const struct config_choice *choice = choose(r, key, json);

    if (choice)
        *(int *)to = choice->value;
    return choice ? 0 : -1;
}

static int read_words(struct reader *r, const struct config_key *key, json_t *json, void *to)
{
    uint32_t words = 0;

    if (check_type(r, json, JSON_ARRAY, "an array of words") < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(json); i++) {
        size_t before = enter_item(r, i);
        const struct config_choice *choice = choose(r, key, json_array_get(json, i));
        if (!choice)
            return -1;
        words |= (uint32_t)choice->value;
        leave(r, before);
    }
    *(uint32_t *)to = words;
    return 0;
}

bool config_is_endpoint(const char *s)
{
    const char *colon = strrchr(s, ':');
    size_t digits;

    if (strncmp(s, "ipc://", 6) == 0)
        return s[6] != '\0';
    if (strncmp(s, "tcp://", 6) != 0 || colon <= s + 6)
        return false;
    digits = strspn(colon + 1, "0123456789");
    return strcmp(colon, ":*") == 0 ||
           (digits > 0 && digits < 6 && !colon[1 + digits] && atoi(colon + 1) <= 65535);
}

static int read_endpoint(struct reader *r, const struct config_key *key, json_t *json, void *to)
{
    const char *address = copy(r, json);

    (void)key;
    if (!address)
        return -1;
    if (*address && !config_is_endpoint(address))
        return refuse(r, "is \"%s\", must be tcp://ADDRESS:PORT, ipc://FILE, or \"\" for none",
                      address);
    *(const char **)to = address;
    return 0;
}

/* {NAME} and text in turns. NULL, or what is wrong. */
static const char *check_template(const char *topic)
{
    if (*topic == '~')
        return "can't begin with ~, which is the topic of the beat";
    while (*topic) {
        size_t n;
        topic += strcspn(topic, "{}");
        if (*topic == '\0')
            break;
        if (*topic == '}')
            return "has a } without its {";
        n = strspn(topic + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");
        if (n == 0 || topic[1 + n] != '}')
            return "must have names of a-z, 0-9 and _ between { and }";
        topic += n + 2;
    }
    return NULL;
}

static int read_topic(struct reader *r, const struct config_key *key, json_t *json, void *to)
{
    const char *topic = copy_some(r, json), *wrong;

    (void)key;
    if (!topic)
        return -1;
    wrong = check_template(topic);
    if (wrong)
        return refuse(r, "is \"%s\", %s", topic, wrong);
    *(const char **)to = topic;
    return 0;
}

static int read_count(struct reader *r, const struct config_key *key, json_t *json, void *to)
{
    json_int_t n;

    if (check_type(r, json, JSON_INTEGER, "a whole number") < 0)
        return -1;
    n = json_integer_value(json);
    if (!(n == 0 && key->or_zero) && (n < 0 || (uint64_t)n < key->min || (uint64_t)n > key->max))
        return refuse(r, "is %" JSON_INTEGER_FORMAT ", must be %s%" PRIu64 " to %" PRIu64, n,
                      key->or_zero ? "0 or " : "", key->min, key->max);
    if (key->kind == KIND_COUNT32)
        *(uint32_t *)to = (uint32_t)n;
    else
        *(uint64_t *)to = (uint64_t)n;
    return 0;
}

static int read_folder(struct reader *r, const struct config_key *key, json_t *json, void *to)
{
    const char *path = copy(r, json);

    (void)key;
    if (!path)
        return -1;
    if (*path && !(path = config_join(r->c, r->folder, path)))
        return no_memory(r);
    *(const char **)to = path;
    return 0;
}

static int read_folders(struct reader *r, const struct config_key *key, json_t *json, void *to)
{
    const char **list;

    (void)key;
    if (check_type(r, json, JSON_ARRAY, "an array of folders") < 0)
        return -1;
    list = alloc(r, json_array_size(json) + 1, sizeof *list);
    if (!list)
        return -1;
    for (size_t i = 0; i < json_array_size(json); i++) {
        size_t before = enter_item(r, i);
        const char *path = copy_some(r, json_array_get(json, i));
        if (!path)
            return -1;
        if (!(list[i] = config_join(r->c, r->folder, path)))
            return no_memory(r);
        leave(r, before);
    }
    *(const char *const **)to = list;
    return 0;
}

static int read_strings(struct reader *r, json_t *json, const char *const **to)
{
    const char **list = alloc(r, json_array_size(json) + 1, sizeof *list);

    if (!list)
        return -1;
    for (size_t i = 0; i < json_array_size(json); i++) {
        size_t before = enter_item(r, i);
        if (!(list[i] = copy(r, json_array_get(json, i))))
            return -1;
        leave(r, before);
    }
    *to = list;
    return 0;
}

/* ---- the keys of an entry */

/* A name, or the path of a shared object, of which the name is then made. */
static int read_plugin(struct reader *r, const struct config_key *key, json_t *json, void *to)
{
    struct config_entry *e = (void *)((char *)to - key->offset);
    struct config_memory *m = r->c->memory;
    const char *name = copy_some(r, json), *base;
    size_t n;

    if (!name)
        return -1;
    base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
    n = strlen(base);
    if (n > 3 && strcmp(base + n - 3, ".so") == 0) {
        e->file = config_join(r->c, r->folder, name);
        e->plugin = arena_strndup(&m->arena, base, n - 3);
        return e->file && e->plugin ? 0 : no_memory(r);
    }
    if (base != name)
        return refuse(r, "is \"%s\", must be a plugin's name or a path that ends in .so", name);
    e->plugin = name;
    return 0;
}

static bool is_layer(const char *name)
{
    if (!(*name >= 'a' && *name <= 'z'))
        return false;
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

/* A name that a layer can be published under. */
static int check_layer(struct reader *r, const char *name)
{
    static const char *const taken[] = {"log", "seq", "prev", "received", "run"};

    if (!is_layer(name))
        return refuse(r, "\"%s\" is no layer's name: a-z, 0-9 and _, a letter first", name);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(name, taken[i]) == 0)
            return refuse(r, "\"%s\" is a name that glossd itself publishes under", name);
    return 0;
}

static int read_when(struct reader *r, const struct config_key *key, json_t *json, void *to)
{
    struct config_entry *e = (void *)((char *)to - key->offset);
    struct config_when *when;
    const char *layer;
    json_t *labels;

    if (check_type(r, json, JSON_OBJECT, "an object of labels by layer") < 0)
        return -1;
    when = alloc(r, json_object_size(json), sizeof *when);
    if (!when)
        return -1;
    e->when = when;
    json_object_foreach(json, layer, labels)
    {
        size_t before = enter_key(r, layer);
        if (check_layer(r, layer) < 0 ||
            check_type(r, labels, JSON_ARRAY, "an array of labels, as [\"en\"]") < 0)
            return -1;
        if (json_array_size(labels) == 0)
            return refuse(r, "is empty, so the plugin would never run");
        if (read_strings(r, labels, &when[e->n_when].labels) < 0)
            return -1;
        if (!(when[e->n_when].layer = config_join(r->c, NULL, layer)))
            return no_memory(r);
        e->n_when++;
        leave(r, before);
    }
    return 0;
}

static int read_new_name(struct reader *r, const char *layer, const json_t *json,
                         struct config_as *as)
{
    as->as = copy_some(r, json);
    if (!as->as || check_layer(r, as->as) < 0)
        return -1;
    if (layer && !(as->layer = config_join(r->c, NULL, layer)))
        return no_memory(r);
    return 0;
}

static int read_as(struct reader *r, const struct config_key *key, json_t *json, void *to)
{
    struct config_entry *e = (void *)((char *)to - key->offset);
    struct config_as *as = alloc(r, 1 + json_object_size(json), sizeof *as);
    const char *layer;
    json_t *name;

    if (!as)
        return -1;
    e->as = as;
    if (json_is_string(json)) {
        e->n_as = 1;
        return read_new_name(r, NULL, json, as);
    }
    if (check_type(r, json, JSON_OBJECT, "a name, or an object of names by layer") < 0)
        return -1;
    json_object_foreach(json, layer, name)
    {
        size_t before = enter_key(r, layer);
        if (read_new_name(r, layer, name, &as[e->n_as++]) < 0)
            return -1;
        leave(r, before);
    }
    return 0;
}

static int read_option(struct reader *r, json_t *json, struct config_option *o)
{
    switch (json_typeof(json)) {
    case JSON_STRING:
        o->type = CONFIG_STRING;
        o->str = copy(r, json);
        return o->str ? 0 : -1;
    case JSON_INTEGER:
    case JSON_REAL:
        o->type = CONFIG_NUMBER;
        o->num = json_number_value(json);
        return 0;
    case JSON_TRUE:
    case JSON_FALSE:
        o->type = CONFIG_BOOL;
        o->flag = json_is_true(json);
        return 0;
    case JSON_ARRAY:
        o->type = CONFIG_LIST;
        return read_strings(r, json, &o->list);
    default:
        return refuse(r, "is %s, must be a string, a number, true, false, or an array of strings",
                      type_name(json));
    }
}

static int read_options(struct reader *r, const struct config_key *key, json_t *json, void *to)
{
    struct config_entry *e = (void *)((char *)to - key->offset);
    struct config_option *options;
    const char *name;
    json_t *value;

    if (check_type(r, json, JSON_OBJECT, "an object") < 0)
        return -1;
    options = alloc(r, json_object_size(json), sizeof *options);
    if (!options)
        return -1;
    e->options = options;
    json_object_foreach(json, name, value)
    {
        size_t before = enter_key(r, name);
        struct config_option *o = &options[e->n_options];
        if (json_is_null(value)) {
            leave(r, before);
            continue;
        }
        if (!(o->key = config_join(r->c, NULL, name)))
            return no_memory(r);
        if (read_option(r, value, o) < 0)
            return -1;
        e->n_options++;
        leave(r, before);
    }
    return 0;
}

/* ---- groups */

static int read_object(struct reader *r, const struct config_key *keys, json_t *json, void *base);

static int read_group(struct reader *r, const struct config_key *key, json_t *json, void *to)
{
    return read_object(r, key->keys, json, to);
}

static int read_entry(struct reader *r, json_t *json)
{
    struct config_entry *e = config_add_entry(r->c);

    if (!e || !(e->where = config_join(r->c, NULL, r->path.text)))
        return no_memory(r);
    return read_object(r, config_entry_keys, json, e);
}

static int read_pipeline(struct reader *r, const struct config_key *key, json_t *json, void *to)
{
    (void)key;
    (void)to;
    if (check_type(r, json, JSON_ARRAY, "an array of objects, as [{\"plugin\": \"language\"}]") < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(json); i++) {
        size_t before = enter_item(r, i);
        if (read_entry(r, json_array_get(json, i)) < 0)
            return -1;
        leave(r, before);
    }
    return 0;
}

static int read_value(struct reader *r, const struct config_key *key, json_t *json, void *to)
{
    static int (*const read[])(struct reader *, const struct config_key *, json_t *, void *) = {
        [KIND_ENDPOINT] = read_endpoint, [KIND_TOPIC] = read_topic,
        [KIND_WORD] = read_word,         [KIND_CHOICE] = read_choice,
        [KIND_WORDS] = read_words,       [KIND_COUNT32] = read_count,
        [KIND_COUNT64] = read_count,     [KIND_FOLDER] = read_folder,
        [KIND_FOLDERS] = read_folders,   [KIND_GROUP] = read_group,
        [KIND_PIPELINE] = read_pipeline, [KIND_PLUGIN] = read_plugin,
        [KIND_WHEN] = read_when,         [KIND_AS] = read_as,
        [KIND_OPTIONS] = read_options,
    };
    return read[key->kind](r, key, json, to);
}

static int read_default(struct reader *r, const struct config_key *key, void *to)
{
    json_t *json;
    int status;

    if (!key->def)
        return key->kind == KIND_PLUGIN ? refuse(r, "is missing") : 0;
    json = json_loads(key->def, JSON_DECODE_ANY, NULL);
    if (!json)
        return no_memory(r);
    status = read_value(r, key, json, to);
    json_decref(json);
    return status;
}

static int check_known(struct reader *r, const struct config_key *keys, const char *name)
{
    const char *known[32], *near;
    size_t n = 0, before;

    for (; keys[n].name; n++) {
        if (strcmp(keys[n].name, name) == 0)
            return 0;
        known[n] = keys[n].name;
    }
    if (keys == config_keys &&
        (strcmp(name, CONFIG_DUMP_KEY) == 0 || strcmp(name, CONFIG_SCHEMA_KEY) == 0))
        return 0;
    near = config_nearest(name, known, n);
    before = enter_key(r, name);
    if (near)
        refuse(r, "there is no such key; did you mean \"%s\"?", near);
    else
        refuse(r, "there is no such key; `gloss schema` lists those there are");
    leave(r, before);
    return -1;
}

/* null stands for the default, so that a file can show every key. */
static int read_object(struct reader *r, const struct config_key *keys, json_t *json, void *base)
{
    const char *name;
    json_t *value;

    if (check_type(r, json, JSON_OBJECT, "an object") < 0)
        return -1;
    json_object_foreach(json, name, value) if (check_known(r, keys, name) < 0) return -1;
    for (const struct config_key *key = keys; key->name; key++) {
        size_t before = enter_key(r, key->name);
        int status;
        value = json_object_get(json, key->name);
        if (value && !json_is_null(value))
            status = read_value(r, key, value, (char *)base + key->offset);
        else
            status = read_default(r, key, (char *)base + key->offset);
        if (status < 0)
            return -1;
        leave(r, before);
    }
    return 0;
}

/* ---- the whole */

json_t *config_json(const struct config_source *s, struct fault *f)
{
    json_error_t e = {0};
    json_t *json = json_loads(s->text, JSON_REJECT_DUPLICATES, &e);

    if (json)
        return json;
    if (!*e.text)
        fault_set(f, "%s: no memory to read it", s->file);
    else if (!s->text[strspn(s->text, " \t\r\n")])
        fault_set(f, "%s:1:1: the file is empty: write {} for all defaults", s->file);
    else
        fault_set(
            f, "%s:%d:%d: %s%s", s->file, e.line, e.column ? e.column : 1,
            json_error_code(&e) == json_error_duplicate_key ? "" : "this is not JSON: ", e.text);
    return NULL;
}

int config_read(struct config *c, json_t *root, struct fault *f)
{
    const struct config_memory *m = c->memory;
    struct reader r = {.c = c, .folder = m->folder, .f = f};

    return read_object(&r, config_keys, root, c);
}

int config_read_entry(struct config *c, json_t *json, const char *folder, const char *path,
                      struct fault *f)
{
    struct reader r = {.c = c, .folder = folder, .f = f};

    config_path_add(&r.path, "%s", path);
    return read_entry(&r, json);
}
