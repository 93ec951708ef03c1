/* SPDX-License-Identifier: Apache-2.0
 *
 * request.c - see request.h, whose hard rule holds.
 */
#include "wire/request.h"

#include "config.h"
#include "text/arena.h"
#include "wire/scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FIELDS = 32 }; /* in a table, at most */

struct reader {
    struct scan s;
    const struct request_field *fields;
    char *to;
    struct arena *a;
    uint32_t given;  /* bit by field */
    enum reject why; /* what the fault is, where there is one */
};

/* What is sound JSON, but not a request. */
PRINTF(3, 4)
static int refuse(struct reader *r, const char *at, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    r->why = REJECT_BAD_FIELD;
    return scan_fault(&r->s, at, "%s", text);
}

/* ---- values */

static int read_number(struct reader *r, const struct request_field *field)
{
    const char *at = r->s.p;
    uint64_t n = 0;

    if (scan_value(&r->s) < 0)
        return -1;
    for (const char *c = at; c < r->s.p; c++) {
        uint64_t digit = (uint64_t)(*c - '0');

        if (*c < '0' || *c > '9' || digit > field->max || n > (field->max - digit) / 10)
            return refuse(r, at, "\"%s\" must be a whole number from 0 to %" PRIu64, field->name,
                          field->max);
        n = n * 10 + digit;
    }
    memcpy(r->to + field->offset, &n, sizeof n);
    return 0;
}

static int read_flag(struct reader *r, const struct request_field *field)
{
    const char *at = r->s.p;
    bool flag = at < r->s.end && *at == 't';

    if (scan_value(&r->s) < 0)
        return -1;
    if (!flag && *at != 'f')
        return refuse(r, at, "\"%s\" must be true or false", field->name);
    memcpy(r->to + field->offset, &flag, sizeof flag);
    return 0;
}

static int read_string(struct reader *r, const struct request_field *field, struct slice *to)
{
    const char *at = r->s.p;
    struct scan_string string;

    if (at == r->s.end || *at != '"')
        return refuse(r, at, "\"%s\" must be a string%s", field->name,
                      field->kind == REQUEST_STRINGS ? ", or an array of strings" : "");
    if (scan_string(&r->s, &string) < 0)
        return -1;
    *to = string.escaped ? scan_unescape(r->a, &string) : string.raw;
    return to->p ? 0 : refuse(r, at, "the request is too large");
}

static int read_strings(struct reader *r, const struct request_field *field)
{
    struct request_strings strings = {NULL, 0};
    struct slice *of = arena_alloc(r->a, field->max * sizeof *of);
    bool many = r->s.p < r->s.end && *r->s.p == '[';
    int more = 1;

    if (!of)
        return refuse(r, r->s.p, "the request is too large");
    strings.of = of;
    if (many && scan_open(&r->s) < 0)
        return -1;
    if (many && r->s.p < r->s.end && *r->s.p == ']')
        more = scan_next(&r->s, ']');
    while (more > 0) {
        if (strings.n == field->max)
            return refuse(r, r->s.p, "\"%s\" takes %" PRIu64 " strings at most", field->name,
                          field->max);
        if (read_string(r, field, &of[strings.n++]) < 0)
            return -1;
        more = many ? scan_next(&r->s, ']') : 0;
    }
    memcpy(r->to + field->offset, &strings, sizeof strings);
    return more;
}

static int read_value(struct reader *r, const struct request_field *field)
{
    struct slice s;

    if (r->s.p < r->s.end && *r->s.p == 'n')
        return scan_value(&r->s);
    if (field->kind == REQUEST_FLAG)
        return read_flag(r, field);
    if (field->kind == REQUEST_NUMBER)
        return read_number(r, field);
    if (field->kind == REQUEST_STRINGS)
        return read_strings(r, field);
    if (read_string(r, field, &s) < 0)
        return -1;
    memcpy(r->to + field->offset, &s, sizeof s);
    return 0;
}

/* ---- members */

static bool is(const struct slice *s, const char *word)
{
    return s->n == strlen(word) && memcmp(s->p, word, s->n) == 0;
}

static int refuse_key(struct reader *r, const char *at, const struct slice *key)
{
    const char *known[FIELDS], *near;
    char name[64];
    size_t n = 0;

    for (; r->fields[n].name; n++)
        known[n] = r->fields[n].name;
    snprintf(name, sizeof name, "%.*s", (int)key->n, key->p);
    near = config_nearest(name, known, n);
    if (near)
        return refuse(r, at, "there is no such key; did you mean \"%s\"?", near);
    return refuse(r, at, "there is no such key; see \"REPLAY\" and \"DEAD LETTERS\" in man glossd");
}

static int member(struct reader *r)
{
    const struct request_field *field = r->fields;
    const char *at = r->s.p;
    struct scan_string key;
    uint32_t bit;

    if (scan_key(&r->s, &key) < 0)
        return -1;
    while (field->name && !is(&key.raw, field->name))
        field++;
    if (!field->name)
        return refuse_key(r, at, &key.raw);
    bit = UINT32_C(1) << (field - r->fields);
    if (r->given & bit)
        return refuse(r, at, "the key \"%s\" is given twice", field->name);
    r->given |= bit;
    return read_value(r, field);
}

static int object(struct reader *r)
{
    struct scan *s = &r->s;
    int more = 1;

    scan_blank(s);
    if (s->p == s->end || *s->p != '{')
        return scan_unexpected(s, s->p, "'{', for a request is a JSON object");
    if (scan_open(s) < 0)
        return -1;
    if (s->p < s->end && *s->p == '}')
        more = scan_next(s, '}');
    while (more > 0) {
        if (member(r) < 0)
            return -1;
        more = scan_next(s, '}');
    }
    if (more < 0)
        return -1;
    scan_blank(s);
    return s->p == s->end ? 0 : scan_unexpected(s, s->p, "nothing after the object");
}

enum reject request_read(const struct request_field *fields, void *to, struct arena *a,
                         const char *json, size_t n, struct fault *f)
{
    struct reader r = {.s = {.text = json, .p = json, .end = json + n, .f = f},
                       .fields = fields,
                       .to = to,
                       .a = a,
                       .why = REJECT_INVALID_JSON};
    size_t bad = utf8_check(json, n);

    if (bad < n) {
        scan_fault(&r.s, json + bad, "the byte 0x%02X is not UTF-8 here", (unsigned char)json[bad]);
        return REJECT_INVALID_UTF8;
    }
    return object(&r) < 0 ? r.why : REJECT_NONE;
}

bool request_has(const char *json, size_t n, const char *key)
{
    struct fault f;
    struct scan s = {.text = json, .p = json, .end = json + n, .f = &f};
    struct scan_string name;
    int more = 1;

    if (utf8_check(json, n) < n)
        return false;
    scan_blank(&s);
    if (s.p == s.end || *s.p != '{' || scan_open(&s) < 0)
        return false;
    while (more > 0) {
        if (scan_key(&s, &name) < 0)
            return false;
        if (is(&name.raw, key))
            return true;
        if (scan_value(&s) < 0)
            return false;
        more = scan_next(&s, '}');
    }
    return false;
}
