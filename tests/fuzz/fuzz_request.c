/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_request.c - requests against Jansson: what is taken here it must take, with the same
 * values; what is refused is refused with a place. */
#include "text/arena.h"
#include "wire/request.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1000, STRINGS = 4 };

struct wants {
    uint64_t number;
    struct slice string;
    struct request_strings strings;
    bool flag;
};

static const struct request_field fields[] = {
    {"from", REQUEST_NUMBER, offsetof(struct wants, number), MOST},
    {"reason", REQUEST_STRING, offsetof(struct wants, string), 0},
    {"topic", REQUEST_STRINGS, offsetof(struct wants, strings), STRINGS},
    {"documents", REQUEST_FLAG, offsetof(struct wants, flag), 0},
    {0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool so)
{
    if (!so)
        abort();
}

static bool is_same(struct slice s, const json_t *string)
{
    return s.n == json_string_length(string) && memcmp(s.p, json_string_value(string), s.n) == 0;
}

static void check_strings(const struct request_strings *s, const json_t *topic)
{
    check(s->n <= STRINGS);
    if (json_is_string(topic))
        check(s->n == 1 && is_same(s->of[0], topic));
    else
        check(s->n == json_array_size(topic));
    for (size_t i = 0; i < json_array_size(topic); i++)
        check(is_same(s->of[i], json_array_get(topic, i)));
}

static void check_taken(const struct wants *w, const char *text, size_t n)
{
    json_t *json = json_loadb(text, n, JSON_ALLOW_NUL, NULL), *string;

    check(json_is_object(json) && w->number <= MOST);
    check(w->number == (uint64_t)json_integer_value(json_object_get(json, "from")));
    check(w->flag == json_is_true(json_object_get(json, "documents")));
    string = json_object_get(json, "reason");
    check(json_is_string(string) ? is_same(w->string, string) : !w->string.p);
    check_strings(&w->strings, json_object_get(json, "topic"));
    for (size_t i = 0; fields[i].name; i++)
        check(request_has(text, n, fields[i].name) == !!json_object_get(json, fields[i].name));
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wants w = {0};
    struct fault f = {""};
    struct arena a;

    arena_init(&a, SIZE_MAX);
    request_has((const char *)data, size, "topic");
    if (request_read(fields, &w, &a, (const char *)data, size, &f) == REJECT_NONE)
        check_taken(&w, (const char *)data, size);
    else
        check(strncmp(f.text, "line ", 5) == 0);
    arena_finish(&a);
    return 0;
}
