/* SPDX-License-Identifier: Apache-2.0
 *
 * json.c - a document's JSON read once: checked, its known fields found, the
 * place of a "gloss" noted that came in. A field that is wrong does not stop the
 * reading, so that "bad_field" says the JSON itself is sound and the id is known.
 */
#include "wire/json.h"

#include "wire/scan.h"
#include "wire/stamp.h"

#include <stdio.h>
#include <stdlib.h>

#define ID_BYTES 1024

struct reader {
    struct scan s;
    struct json_doc *d;
    struct arena *scratch;
    bool need_text;
    enum reject why;     /* the first thing that is wrong but for the JSON */
    const char *text_at; /* the value of "text" */
    struct json_key {
        struct slice name;
        const char *at;
    } * keys;
    size_t n_keys, room_keys;
};

const char *reject_code(enum reject r)
{
    static const char *const codes[] = {"none",       "invalid_json", "invalid_utf8",
                                        "no_text",    "too_large",    "bad_field",
                                        "overloaded", "unauthorized"};
    return codes[r];
}

/* Notes the first reason; reading goes on. */
PRINTF(4, 5)
static void refuse(struct reader *r, enum reject why, const char *at, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    if (r->why != REJECT_NONE)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    r->why = why;
    scan_fault(&r->s, at, "%s", text);
}

/* ---- the fields that are known */

enum field_kind { FIELD_TEXT, FIELD_ID, FIELD_TIME, FIELD_REPLY };

static const struct field {
    const char *name;
    size_t length;
    enum field_kind kind;
    size_t offset; /* in struct doc_fields */
} fields[] = {
#define FIELD(name, kind, member)                                                                  \
    {                                                                                              \
        name, sizeof(name) - 1, kind, offsetof(struct doc_fields, member)                          \
    }
    FIELD("id", FIELD_ID, id),
    FIELD("title", FIELD_TEXT, title),
    FIELD("text", FIELD_TEXT, text),
    FIELD("published", FIELD_TIME, published),
    FIELD("url", FIELD_TEXT, url),
    FIELD("source", FIELD_TEXT, source),
    FIELD("language", FIELD_TEXT, language),
    {"reply", 5, FIELD_REPLY, 0},
#undef FIELD
};

static const struct field *find_field(const struct slice *key)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].length == key->n && memcmp(fields[i].name, key->p, key->n) == 0)
            return &fields[i];
    return NULL;
}

static bool is(const struct slice *s, const char *word)
{
    return s->n == strlen(word) && memcmp(s->p, word, s->n) == 0;
}

static const char *type_of(char c)
{
    return c == '{'               ? "an object"
           : c == '['             ? "an array"
           : c == 't' || c == 'f' ? "a boolean"
           : c == 'n'             ? "null"
                                  : "a number";
}

/* What else must be true of a field; NULL where it is. */
static const char *wrong(const struct field *field, const struct slice *value)
{
    switch (field->kind) {
    case FIELD_ID:
        if (value->n == 0)
            return "is empty; leave it out and an id is made";
        return value->n > ID_BYTES ? "is longer than 1024 bytes" : NULL;
    case FIELD_TIME:
        return value->n == 0 || stamp_valid(value->p, value->n)
                   ? NULL
                   : "must look like 2026-01-31, 2026-01-31T10:00 or 2026-01-31T10:00:00Z";
    case FIELD_REPLY:
        return is(value, "enriched") || is(value, "accepted")
                   ? NULL
                   : "can be \"enriched\" or \"accepted\"";
    default:
        return NULL;
    }
}

static void take(struct reader *r, const struct field *field, const struct slice *value)
{
    if (field->kind == FIELD_REPLY)
        r->d->reply_enriched = is(value, "enriched");
    else if (value->n || field->kind != FIELD_TIME) /* an empty time is none */
        memcpy((char *)&r->d->fields + field->offset, value, sizeof *value);
}

/* Into to, without escapes. */
static int plain(struct reader *r, const struct scan_string *string, const char *at,
                 struct slice *to)
{
    *to = string->escaped ? scan_unescape(r->scratch, string) : string->raw;
    if (!to->p)
        refuse(r, REJECT_TOO_LARGE, at, "more than a document's memory is needed");
    return to->p ? 0 : -1;
}

static int read_field(struct reader *r, const struct field *field)
{
    struct scan_string string;
    struct slice value;
    const char *at = r->s.p, *why;

    if (field->kind == FIELD_TEXT && strcmp(field->name, "text") == 0)
        r->text_at = at;
    if (at == r->s.end || *at != '"') {
        if (scan_value(&r->s) < 0)
            return -1;
        if (*at != 'n' || field->kind == FIELD_ID)
            refuse(r, REJECT_BAD_FIELD, at, "\"%s\" is %s, it must be a string", field->name,
                   type_of(*at));
        return 0;
    }
    if (scan_string(&r->s, &string) < 0)
        return -1;
    if (string.nul) {
        refuse(r, REJECT_BAD_FIELD, at, "\"%s\" holds \\u0000, which no text can", field->name);
        return 0;
    }
    if (plain(r, &string, at, &value) < 0)
        return 0;
    why = wrong(field, &value);
    if (why)
        refuse(r, REJECT_BAD_FIELD, at, "\"%s\" %s", field->name, why);
    else
        take(r, field, &value);
    return 0;
}

/* ---- the members of the object */

static void remember(struct reader *r, const struct slice *key, const char *at)
{
    if (r->n_keys == r->room_keys) {
        size_t room = r->room_keys ? 2 * r->room_keys : 16, size = sizeof *r->keys;
        struct json_key *keys = arena_grow(r->scratch, r->keys, r->room_keys * size, room * size);
        if (!keys) {
            refuse(r, REJECT_TOO_LARGE, at, "more keys than a document's memory can hold");
            return;
        }
        r->keys = keys;
        r->room_keys = room;
    }
    r->keys[r->n_keys++] = (struct json_key){*key, at};
}

/* By name, equal names in the order they came. */
static int compare(const void *left, const void *right)
{
    const struct json_key *a = left, *b = right;
    int order;

    if (a->name.n != b->name.n)
        return a->name.n < b->name.n ? -1 : 1;
    order = memcmp(a->name.p, b->name.p, a->name.n);
    return order ? order : a->at < b->at ? -1 : 1;
}

/* How much of s to show: n bytes at most, and no character cut in two. */
static int front(const struct slice *s, size_t n)
{
    if (s->n <= n)
        return (int)s->n;
    while (n && ((unsigned char)s->p[n] & 0xC0) == 0x80)
        n--;
    return (int)n;
}

/* Sorted, for a document may come with a million keys. */
static void check_twice(struct reader *r)
{
    const struct json_key *twice = NULL;

    if (r->n_keys > 1)
        qsort(r->keys, r->n_keys, sizeof *r->keys, compare);
    for (size_t i = 1; i < r->n_keys; i++) {
        const struct json_key *a = &r->keys[i - 1], *b = &r->keys[i];
        if (a->name.n == b->name.n && memcmp(a->name.p, b->name.p, a->name.n) == 0 &&
            (!twice || b->at < twice->at))
            twice = b;
    }
    if (twice)
        refuse(r, REJECT_BAD_FIELD, twice->at, "the key \"%.*s\" is given twice",
               front(&twice->name, 60), twice->name.p);
}

/* One member; sets gloss where it is that one. */
static int member(struct reader *r, bool *gloss)
{
    struct scan_string string;
    struct slice key;
    const struct field *field;
    const char *at = r->s.p;

    if (scan_key(&r->s, &string) < 0)
        return -1;
    if (plain(r, &string, at, &key) < 0)
        return scan_value(&r->s);
    remember(r, &key, at);
    *gloss = is(&key, "gloss");
    field = find_field(&key);
    if (!field)
        return scan_value(&r->s);
    if (field->kind == FIELD_TEXT && !r->need_text && is(&key, "text"))
        refuse(r, REJECT_BAD_FIELD, at, "\"text\" is given in the head, but the text is the body");
    return read_field(r, field);
}

/* Where to cut so that a gloss which came in is left out: with the comma before
 * it or, where it is the first, up to the member behind it. */
static void cut(struct reader *r, const char *comma, const char *begin, const char *end, bool more)
{
    const char *from = comma ? comma : begin, *to = !comma && more ? r->s.p : end;

    r->d->gloss = (size_t)(from - r->s.text);
    r->d->gloss_end = (size_t)(to - r->s.text);
}

static int members(struct reader *r)
{
    const char *comma = NULL;
    size_t n = 0;
    int more = 1;

    while (more > 0) {
        const char *begin = r->s.p, *end;
        bool gloss = false;

        if (member(r, &gloss) < 0)
            return -1;
        end = r->s.p;
        more = scan_next(&r->s, '}');
        if (gloss && more >= 0)
            cut(r, comma, begin, end, more);
        else
            n++;
        for (comma = end; more > 0 && *comma != ','; comma++)
            ;
    }
    r->d->empty = n == 0;
    return more;
}

static int object(struct reader *r)
{
    struct scan *s = &r->s;

    scan_blank(s);
    if (s->p == s->end || *s->p != '{')
        return scan_unexpected(s, s->p, "'{', for a document is a JSON object");
    if (scan_open(s) < 0)
        return -1;
    r->d->empty = true;
    if (s->p < s->end && *s->p == '}')
        s->p++;
    else if (members(r) < 0)
        return -1;
    r->d->close = (size_t)(s->p - 1 - s->text);
    scan_blank(s);
    return s->p == s->end ? 0 : scan_unexpected(s, s->p, "nothing after the object");
}

/* ---- the whole */

/* Nothing but white space, in any script. */
static bool is_blank(const struct slice *text)
{
    for (size_t i = 0; i < text->n;) {
        uint32_t c = utf8_next(text->p, text->n, &i);
        if (c > 0x20 && c != 0x85 && c != 0xa0 && c != 0x1680 && !(c >= 0x2000 && c <= 0x200d) &&
            c != 0x2028 && c != 0x2029 && c != 0x202f && c != 0x205f && c != 0x2060 &&
            c != 0x3000 && c != 0xfeff)
            return false;
    }
    return true;
}

static void check_text(struct reader *r)
{
    const struct doc_fields *f = &r->d->fields;

    if (!r->need_text || r->why != REJECT_NONE)
        return;
    if (!f->text.p)
        refuse(r, REJECT_NO_TEXT, r->text_at ? r->text_at : r->s.text + r->d->close,
               r->text_at ? "\"text\" is null" : "the object has no \"text\"");
    else if (is_blank(&f->text) && is_blank(&f->title))
        refuse(r, REJECT_NO_TEXT, r->text_at, "\"text\" is empty, and there is no title");
}

/* The length of the mark some editors put before UTF-8. */
static size_t byte_order_mark(const char *s, size_t n)
{
    return n >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

static bool check_utf8(struct scan *s, size_t n)
{
    size_t bad = utf8_check(s->text, n);

    if (bad < n)
        scan_fault(s, s->text + bad, "the byte 0x%02X is not UTF-8 here: send the text as UTF-8",
                   (unsigned char)s->text[bad]);
    return bad == n;
}

enum reject json_read(struct json_doc *d, struct arena *scratch, const char *json, size_t n,
                      bool need_text, struct fault *f)
{
    struct reader r = {.s = {.text = json, .p = json, .end = json + n, .f = f},
                       .d = d,
                       .scratch = scratch,
                       .need_text = need_text};

    memset(d, 0, sizeof *d);
    if (!check_utf8(&r.s, n))
        return REJECT_INVALID_UTF8;
    r.s.p += byte_order_mark(json, n);
    if (object(&r) < 0)
        return REJECT_INVALID_JSON;
    check_twice(&r);
    check_text(&r);
    return r.why;
}

enum reject json_check_body(const struct json_doc *head, const char *body, size_t n,
                            struct fault *f)
{
    struct scan s = {.text = body, .p = body, .end = body + n, .f = f};
    const char *nul;

    if (!check_utf8(&s, n))
        return REJECT_INVALID_UTF8;
    nul = n ? memchr(body, '\0', n) : NULL;
    if (nul) {
        scan_fault(&s, nul, "found U+0000, which no text can hold");
        return REJECT_BAD_FIELD;
    }
    if (is_blank(&(struct slice){body, n}) && (!head || is_blank(&head->fields.title))) {
        scan_fault(&s, body, "the text is empty, and there is no title");
        return REJECT_NO_TEXT;
    }
    return REJECT_NONE;
}
