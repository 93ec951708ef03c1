/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_json.c - documents against Jansson: what is taken here it must take, and
 * the other way round but for what is documented as stricter; fields must be
 * equal, and what is published must be the document and one key more. */
#include "wire/json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(true_thing)                                                                          \
    do {                                                                                           \
        if (!(true_thing)) {                                                                       \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #true_thing);               \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Jansson's reading; *limits where it refused what RFC 8259 allows. */
static json_t *peer_load(const char *text, size_t n, bool *limits)
{
    json_error_t e;
    json_t *json;
    size_t mark = n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

    json = json_loadb(text + mark, n - mark, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &e);
    *limits = !json && (json_error_code(&e) == json_error_numeric_overflow ||
                        json_error_code(&e) == json_error_null_byte_in_key ||
                        json_error_code(&e) == json_error_stack_overflow);
    return json;
}

static void check_field(const json_t *root, const char *name, const struct slice *got)
{
    const json_t *want = json_object_get(root, name);

    if (!json_is_string(want)) {
        CHECK(!got->p);
        return;
    }
    CHECK(got->p && got->n == json_string_length(want));
    CHECK(memcmp(got->p, json_string_value(want), got->n) == 0);
}

static void check_fields(const json_t *root, const struct json_doc *d)
{
    check_field(root, "id", &d->fields.id);
    check_field(root, "title", &d->fields.title);
    check_field(root, "text", &d->fields.text);
    if (json_string_length(json_object_get(root, "published")) == 0)
        CHECK(!d->fields.published.p); /* an empty time is none */
    else
        check_field(root, "published", &d->fields.published);
    check_field(root, "url", &d->fields.url);
    check_field(root, "source", &d->fields.source);
    check_field(root, "language", &d->fields.language);
}

/* Where no gloss came in, all bytes up to the last member's end and from there to the
 * brace are those that came. */
static void check_bytes(const char *text, const struct json_doc *d, const struct json_out *o)
{
    size_t begin = (size_t)((const char *)memchr(text, '{', d->close) - text), end = d->close;
    size_t tail;

    while (end > begin + 1 && strchr(" \t\r\n", text[end - 1]))
        end--;
    tail = d->close + 1 - end;
    CHECK(o->n > d->close + 1 - begin);
    CHECK(memcmp(o->p, text + begin, end - begin) == 0);
    CHECK(memcmp(o->p + o->n - tail, text + end, tail) == 0);
}

static void check_published(const char *text, const struct json_doc *d, json_t *root)
{
    struct json_stamp stamp = {.log = "L", .seq = 2, .prev = 1, .received = "now"};
    struct json_out o = {0};
    json_t *out, *gloss;
    bool limits;

    if (!d->fields.id.p)
        stamp.id = (struct slice){"made", 4};
    json_put_document(&o, text, d, &stamp, "\"run\":{}", 8);
    if (!d->gloss_end)
        check_bytes(text, d, &o);
    out = peer_load(o.p, o.n, &limits);
    CHECK(out);
    gloss = json_object_get(out, "gloss");
    CHECK(json_object_size(gloss) == 5);
    json_object_del(out, "gloss");
    json_object_del(root, "gloss");
    if (!d->fields.id.p) {
        CHECK(json_object_get(out, "id"));
        json_object_del(out, "id");
    }
    CHECK(json_equal(out, root));
    json_decref(out);
    json_out_finish(&o);
}

static void check_read(const char *text, size_t n, bool need_text)
{
    struct arena scratch;
    struct json_doc d;
    struct fault f = {""};
    bool limits, sound;
    json_t *root = peer_load(text, n, &limits);
    enum reject r;

    arena_init(&scratch, SIZE_MAX);
    r = json_read(&d, &scratch, text, n, need_text, &f);
    sound = r == REJECT_NONE || r == REJECT_NO_TEXT || r == REJECT_BAD_FIELD;
    CHECK(sound || r == REJECT_INVALID_JSON || r == REJECT_INVALID_UTF8);
    CHECK(r == REJECT_NONE || strncmp(f.text, "line ", 5) == 0);
    if (memchr(text, '\0', n)) /* Jansson passes over some */
        CHECK(!sound);
    else if (sound)
        CHECK(json_is_object(root) || limits);
    else
        CHECK(!json_is_object(root) || strstr(f.text, "nested more than 512 deep"));
    if (r == REJECT_NONE && root) {
        check_fields(root, &d);
        check_published(text, &d, root);
    }
    json_decref(root);
    arena_finish(&scratch);
}

static void check_body(const char *text, size_t n)
{
    struct json_out o = {0};
    struct arena scratch;
    struct json_doc d;
    struct fault f;

    if (json_check_body(NULL, text, n, &f) != REJECT_NONE)
        return;
    arena_init(&scratch, SIZE_MAX);
    json_put_from_body(&o, NULL, NULL, text, n);
    CHECK(json_read(&d, &scratch, o.p, o.n, true, &f) == REJECT_NONE);
    CHECK(d.fields.text.n == n && memcmp(d.fields.text.p, text, n) == 0);
    arena_finish(&scratch);
    json_out_finish(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size ? size : 1); /* ends where the document does */

    if (!text)
        return 0;
    memcpy(text, data, size);
    check_read(text, size, true);
    check_read(text, size, false);
    check_body(text, size);
    free(text);
    return 0;
}
