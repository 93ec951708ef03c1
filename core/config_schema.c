/* SPDX-License-Identifier: Apache-2.0
 *
 * config_schema.c - the table as a JSON Schema (2020-12), for editors. The hard
 * rule: what it allows config_parse allows, but for what a schema can't say.
 */
#include "config_parts.h"

#include <string.h>

#define LAYER "^(?!(log|seq|prev|received|run)$)[a-z][a-z0-9_]*$"

static json_t *schema_object(const struct config_key *keys);

static json_t *one_of(const struct config_choice *choices)
{
    json_t *array = json_array();

    for (; choices->name; choices++)
        array = config_append(array, json_string(choices->name));
    return json_pack("{so}", "enum", array);
}

static json_t *count(const struct config_key *key)
{
    if (key->or_zero)
        return json_pack("{ss s[{si} {sI sI}]}", "type", "integer", "anyOf", "const", 0, "minimum",
                         (json_int_t)key->min, "maximum", (json_int_t)key->max);
    return json_pack("{ss sI sI}", "type", "integer", "minimum", (json_int_t)key->min, "maximum",
                     (json_int_t)key->max);
}

static json_t *string(const char *pattern)
{
    return json_pack("{ss ss}", "type", "string", "pattern", pattern);
}

/* An object with any keys that are layers. */
static json_t *by_layer(json_t *value)
{
    return json_pack("{ss s{ss} so}", "type", "object", "propertyNames", "pattern", LAYER,
                     "additionalProperties", value);
}

static json_t *schema_options(void)
{
    return json_pack("{ss s{s[sssss] s{ss}}}", "type", "object", "additionalProperties", "type",
                     "string", "number", "boolean", "array", "null", "items", "type", "string");
}

static json_t *schema_kind(const struct config_key *key)
{
    switch (key->kind) {
    case KIND_ENDPOINT:
        return string("^$|^ipc://.|^tcp://.+:([*]|[0-5]?[0-9]{1,4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|"
                      "655[0-2][0-9]|6553[0-5])$");
    case KIND_TOPIC:
        return string("^([^{}]|\\{[a-z0-9_]+\\})+$");
    case KIND_WORD:
    case KIND_CHOICE:
        return one_of(key->choices);
    case KIND_WORDS:
        return json_pack("{ss so}", "type", "array", "items", one_of(key->choices));
    case KIND_COUNT32:
    case KIND_COUNT64:
        return count(key);
    case KIND_FOLDER:
        return json_pack("{ss}", "type", "string");
    case KIND_FOLDERS:
        return json_pack("{ss s{ss si}}", "type", "array", "items", "type", "string", "minLength",
                         1);
    case KIND_GROUP:
        return schema_object(key->keys);
    case KIND_PIPELINE:
        return json_pack("{ss so}", "type", "array", "items", schema_object(config_entry_keys));
    case KIND_PLUGIN:
        return string("^([^/]+|.*[^/]\\.so)$");
    case KIND_WHEN:
        return by_layer(
            json_pack("{ss si s{ss}}", "type", "array", "minItems", 1, "items", "type", "string"));
    case KIND_AS:
        return json_pack("{s[o o]}", "anyOf", string(LAYER), by_layer(string(LAYER)));
    case KIND_OPTIONS:
        return schema_options();
    }
    return NULL;
}

/* null stands for the default of every key. */
static json_t *or_null(json_t *schema)
{
    return json_pack("{s[o {ss}]}", "anyOf", schema, "type", "null");
}

static json_t *schema_key(const struct config_key *key)
{
    bool required = key->kind == KIND_PLUGIN;
    json_t *schema = required ? schema_kind(key) : or_null(schema_kind(key));

    schema = config_set(schema, "description", json_string(key->help));
    if (!required)
        schema = config_set(schema, "default",
                            key->def ? json_loads(key->def, JSON_DECODE_ANY, NULL) : json_null());
    return schema;
}

static json_t *schema_object(const struct config_key *keys)
{
    json_t *properties = json_object(), *required = json_array();

    for (; keys->name; keys++) {
        properties = config_set(properties, keys->name, schema_key(keys));
        if (keys->kind == KIND_PLUGIN)
            required = config_append(required, json_string(keys->name));
    }
    return json_pack("{ss so so sb}", "type", "object", "properties", properties, "required",
                     required, "additionalProperties", 0);
}

char *config_schema(void)
{
    json_t *schema =
        json_pack("{ss ss ss}", "$schema", "https://json-schema.org/draft/2020-12/schema", "title",
                  "Configuration of glossd", "description",
                  "Every key may be left out, or null: it then has its default.");
    json_t *object = schema_object(config_keys);
    json_t *own =
        json_pack("{ss ss}", "type", "string", "description", "For editors: this schema.");
    char *text = NULL;

    if (json_object_set_new(json_object_get(object, "properties"), CONFIG_SCHEMA_KEY, own) == 0 &&
        json_object_update(schema, object) == 0)
        text = json_dumps(schema, JSON_INDENT(2));
    json_decref(object);
    json_decref(schema);
    return text;
}
