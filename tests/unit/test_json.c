/* SPDX-License-Identifier: Apache-2.0
 *
 * test_json.c - documents read and written: what is taken, what is refused and
 * how it is said (folders json/accept, json/reject), and that whatever comes in
 * goes out as it was, with one key more. */
#include "support/cases.h"
#include "wire/json.h"

#include <float.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RECEIVED "2026-01-31T10:00:00.000Z"

static char *text_of(struct json_out *o)
{
    char *text;

    json_put(o, "", 1);
    assert_false(o->failed);
    text = o->p;
    *o = (struct json_out){0};
    return text;
}

static void put_field(struct json_out *o, const char *name, const struct slice *s)
{
    if (!s->p)
        return;
    json_puts(o, name);
    json_puts(o, ": ");
    json_put(o, s->p, s->n);
    json_puts(o, "\n");
}

/* The known fields a line each, then the document as it is published. */
static char *describe(const char *json, const struct json_doc *d)
{
    struct json_out o = {0};
    struct json_stamp stamp = {.received = RECEIVED};
    const struct doc_fields *f = &d->fields;

    put_field(&o, "id", &f->id);
    put_field(&o, "title", &f->title);
    put_field(&o, "text", &f->text);
    put_field(&o, "published", &f->published);
    put_field(&o, "url", &f->url);
    put_field(&o, "source", &f->source);
    put_field(&o, "language", &f->language);
    if (d->reply_enriched)
        json_puts(&o, "reply: enriched\n");
    if (!f->id.p)
        stamp.id = (struct slice){"made", 4};
    json_put_document(&o, json, d, &stamp, "\"run\":{}", 8);
    return text_of(&o);
}

/* A copy without a byte to spare, so that sanitizers see a read past the end. */
static char *tight(const char *s, size_t n)
{
    char *copy = malloc(n ? n : 1);

    assert_non_null(copy);
    memcpy(copy, s, n);
    return copy;
}

static char *read_case(const char *path, const char *input, size_t n)
{
    bool head = strstr(path, "/head_") != NULL;
    struct arena scratch;
    struct json_doc d;
    struct fault f = {""};
    char *json = tight(input, n), *text = NULL;
    enum reject r;

    arena_init(&scratch, 1 << 20);
    r = json_read(&d, &scratch, json, n, !head, &f);
    if (r == REJECT_NONE)
        text = describe(json, &d);
    else if (asprintf(&text, "%s: %s", reject_code(r), f.text) < 0)
        text = NULL;
    arena_finish(&scratch);
    free(json);
    assert_non_null(text);
    return text;
}

static void accepted(void **state)
{
    (void)state;
    cases_check(SOURCE "/tests/unit/json/accept", read_case);
}

static void rejected(void **state)
{
    (void)state;
    cases_check(SOURCE "/tests/unit/json/reject", read_case);
}

/* ---- cases that no folder can hold */

static enum reject read_text(const char *text, size_t n, struct fault *f)
{
    struct arena scratch;
    struct json_doc d;
    enum reject r;

    arena_init(&scratch, SIZE_MAX);
    r = json_read(&d, &scratch, text, n, true, f);
    arena_finish(&scratch);
    return r;
}

/* {"text":"x","a":[[[..]]]} with that many brackets. */
static char *nested(size_t depth)
{
    struct json_out o = {0};

    json_puts(&o, "{\"text\":\"x\",\"a\":");
    for (size_t i = 0; i < depth; i++)
        json_puts(&o, i % 2 ? "[" : "{\"k\":");
    json_puts(&o, "1");
    while (depth-- > 0)
        json_puts(&o, depth % 2 ? "]" : "}");
    json_puts(&o, "}");
    return text_of(&o);
}

static void depth_is_bounded(void **state)
{
    struct fault f;
    char *most = nested(511), *more = nested(512), *much = nested(1000000);

    (void)state;
    assert_int_equal(read_text(most, strlen(most), &f), REJECT_NONE);
    assert_int_equal(read_text(more, strlen(more), &f), REJECT_INVALID_JSON);
    assert_string_equal(f.text, "line 1, column 1552: nested more than 512 deep");
    assert_int_equal(read_text(much, strlen(much), &f), REJECT_INVALID_JSON);
    free(most);
    free(more);
    free(much);
}

static char *many_keys(size_t n, const char *last)
{
    struct json_out o = {0};

    json_puts(&o, "{\"text\":\"x\"");
    for (size_t i = 0; i < n; i++) {
        json_puts(&o, ",\"");
        json_put_uint(&o, i);
        json_puts(&o, "\":0");
    }
    json_puts(&o, last);
    return text_of(&o);
}

/* A reply carries the message: a character cut in two would be no UTF-8. */
static void key_cut_between_characters(void **state)
{
    char json[256], wanted[128];
    struct fault f;

    (void)state;
    snprintf(json, sizeof json, "{\"%059d\u00e9\":1,\"%059d\u00e9\":2,\"text\":\"x\"}", 7, 7);
    snprintf(wanted, sizeof wanted, "line 1, column 67: the key \"%059d\" is given twice", 7);
    assert_int_equal(read_text(json, strlen(json), &f), REJECT_BAD_FIELD);
    assert_string_equal(f.text, wanted);
}

static void twice_among_many_keys(void **state)
{
    struct fault f;
    char *once = many_keys(200000, "}"), *twice = many_keys(10000, ",\"77\":0,\"5\":0}");

    (void)state;
    assert_int_equal(read_text(once, strlen(once), &f), REJECT_NONE);
    assert_int_equal(read_text(twice, strlen(twice), &f), REJECT_BAD_FIELD);
    assert_string_equal(f.text, "line 1, column 88903: the key \"77\" is given twice");
    free(once);
    free(twice);
}

/* Every prefix of a document is refused, with a position not past its end. */
static void every_prefix_is_refused(void **state)
{
    static const char whole[] =
        "{\"id\":\"a\\u00e9\\ud83d\\ude00\",\"n\":[-1.5e+3,0,true,false,null,{}],\"text\":\"z\"}";
    struct fault f;

    (void)state;
    assert_int_equal(read_text(whole, sizeof whole - 1, &f), REJECT_NONE);
    for (size_t n = 0; n < sizeof whole - 1; n++) {
        char *part = tight(whole, n);
        size_t column = 0;
        assert_int_equal(read_text(part, n, &f), REJECT_INVALID_JSON);
        assert_int_equal(sscanf(f.text, "line 1, column %zu: ", &column), 1);
        assert_true(column >= 1 && column <= n + 1);
        free(part);
    }
}

/* Each byte in a string, at each place of the eight that are looked at together. */
static void every_byte_in_a_string(void **state)
{
    (void)state;
    for (int c = 0; c < 128; c++)
        for (int at = 0; at < 20; at++) {
            char text[64] = "{\"text\":\"aaaaaaaaaaaaaaaaaaaaaaaaa\"}";
            struct fault f;
            enum reject r,
                want = c < 0x20 || c == '"' || c == '\\' ? REJECT_INVALID_JSON : REJECT_NONE;
            text[9 + at] = (char)c;
            r = read_text(text, 36, &f);
            if (r != want)
                fail_msg("byte %d at %d: %s", c, at, reject_code(r));
        }
}

static void id_is_known_where_a_field_is_bad(void **state)
{
    static const char text[] = "{\"published\":\"today\",\"text\":\"x\",\"id\":\"7\"}";
    struct arena scratch;
    struct json_doc d;

    (void)state;
    arena_init(&scratch, SIZE_MAX);
    assert_int_equal(json_read(&d, &scratch, text, sizeof text - 1, true, NULL), REJECT_BAD_FIELD);
    assert_int_equal(d.fields.id.n, 1);
    assert_memory_equal(d.fields.id.p, "7", 1);
    arena_finish(&scratch);
}

static void too_little_memory_is_too_large(void **state)
{
    static const char text[] = "{\"text\":\"\\n0123456789012345678901234567890123456789\"}";
    struct arena scratch;
    struct json_doc d;
    struct fault f;

    (void)state;
    for (size_t limit = 0; limit < 2048; limit += 16) {
        enum reject r;
        arena_init(&scratch, limit);
        r = json_read(&d, &scratch, text, sizeof text - 1, true, &f);
        assert_true(r == REJECT_NONE || r == REJECT_TOO_LARGE);
        assert_true(limit > 0 || r == REJECT_TOO_LARGE);
        assert_true(limit < 1024 || r == REJECT_NONE);
        arena_finish(&scratch);
    }
}

/* ---- plain text and head with body */

static void check_body(const char *head, const char *body, const char *want)
{
    struct json_out o = {0};
    struct arena scratch;
    struct json_doc d;
    char *text;

    arena_init(&scratch, SIZE_MAX);
    if (head)
        assert_int_equal(json_read(&d, &scratch, head, strlen(head), false, NULL), REJECT_NONE);
    json_put_from_body(&o, head, head ? &d : NULL, body, strlen(body));
    text = text_of(&o);
    assert_string_equal(text, want);
    assert_int_equal(json_read(&d, &scratch, text, strlen(text), true, NULL), REJECT_NONE);
    assert_int_equal(d.fields.text.n, strlen(body));
    assert_memory_equal(d.fields.text.p, body, strlen(body));
    arena_finish(&scratch);
    free(text);
}

static void body_becomes_text(void **state)
{
    (void)state;
    check_body(NULL, "Plain \"text\"\n\ton two lines \xe2\x82\xac",
               "{\"text\":\"Plain \\\"text\\\"\\n\\ton two lines \xe2\x82\xac\"}");
    check_body("{}", "x", "{\"text\":\"x\"}");
    check_body(" { } ", "x", "{\"text\":\"x\"}");
    check_body("{\"id\":\"1\" , \"n\":1.50 }\n", "\x01\x7f",
               "{\"id\":\"1\" , \"n\":1.50,\"text\":\"\\u0001\x7f\"}");
    check_body("{\"gloss\":1}", "x", "{\"text\":\"x\"}");
    check_body("{\"gloss\":1,\"a\":2}", "x", "{\"a\":2,\"text\":\"x\"}");
    check_body("{\"a\":2,\"gloss\":1}", "x", "{\"a\":2,\"text\":\"x\"}");
}

static void check_plain(const char *title, const char *body, size_t n, enum reject want,
                        const char *why)
{
    struct json_doc head = {.fields.title = {title, strlen(title)}};
    struct fault f = {""};

    assert_int_equal(json_check_body(&head, body, n, &f), want);
    assert_string_equal(f.text, why);
}

static void bodies_are_checked(void **state)
{
    struct fault f;

    (void)state;
    check_plain("", "Text", 4, REJECT_NONE, "");
    check_plain("Title", " ", 1, REJECT_NONE, "");
    check_plain("", "a\n\xe9", 3, REJECT_INVALID_UTF8,
                "line 2, column 1: the byte 0xE9 is not UTF-8 here: send the text as UTF-8");
    check_plain("", "\xc3\xa9z\0z", 5, REJECT_BAD_FIELD,
                "line 1, column 3: found U+0000, which no text can hold");
    check_plain("", " \n\xe3\x80\x80\xc2\xa0", 7, REJECT_NO_TEXT,
                "line 1, column 1: the text is empty, and there is no title");
    assert_int_equal(json_check_body(NULL, "", 0, &f), REJECT_NO_TEXT);
}

/* ---- writing */

static void check_put(void (*put)(struct json_out *, double), double v, const char *want)
{
    struct json_out o = {0};
    char *text;

    put(&o, v);
    text = text_of(&o);
    assert_string_equal(text, want);
    free(text);
}

static void numbers_are_shortest(void **state)
{
    static const struct {
        double v;
        const char *want;
    } cases[] = {
        {0, "0"},
        {-0.0, "0"},
        {1, "1"},
        {-17, "-17"},
        {0.1, "0.1"},
        {48.8566, "48.8566"},
        {-2.35, "-2.35"},
        {0.30000000000000004, "0.30000000000000004"},
        {1e15, "1e+15"},
        {123456789012345, "123456789012345"},
        {1e21, "1e+21"},
        {5e-324, "5e-324"},
        {1e-7, "0.0000001"},
        {0.0000001234, "1.234e-07"},
        {1.0 / 3, "0.3333333333333333"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {NAN, "null"},
        {INFINITY, "null"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_put(json_put_number, cases[i].v, cases[i].want);
}

static void numbers_read_back(void **state)
{
    uint64_t bits = 88172645463325252u;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct json_out o = {0};
        double v, scaled = ldexp((double)(bits >> 40), -(int)(bits % 20));
        char *text;
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        memcpy(&v, &bits, sizeof v);
        v = i % 2 || !isfinite(v) ? scaled : v;
        json_put_number(&o, v);
        text = text_of(&o);
        assert_true(strtod(text, NULL) == v);
        free(text);
    }
}

static void scores_have_four_decimals(void **state)
{
    (void)state;
    check_put(json_put_score, 0.97654321, "0.9765");
    check_put(json_put_score, 0.99996, "1");
    check_put(json_put_score, -0.31, "-0.31");
    check_put(json_put_score, -0.00004, "0");
    check_put(json_put_score, 12.5, "12.5");
    check_put(json_put_score, 3e20, "3e+20");
}

static void strings_are_escaped(void **state)
{
    static const char raw[] = "a\"b\\c/\b\f\n\r\t\x01\x1f\x7f\0\xf0\x9f\x98\x80";
    struct json_out o = {0};
    char *text;

    (void)state;
    json_put_string(&o, raw, sizeof raw - 1);
    text = text_of(&o);
    assert_string_equal(text,
                        "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001F\x7f\\u0000\xf0\x9f\x98\x80\"");
    free(text);
}

/* ---- the gloss */

static void fill(struct doc *d)
{
    int one = doc_layer_add(d, "language", "language", GLOSS_ONE);
    int many = doc_layer_add(d, "entities", "names", GLOSS_MANY);
    int none = doc_layer_add(d, "sentiment", "sentiment", GLOSS_ONE);
    int ran = doc_layer_add(d, "quotes", "quotes", GLOSS_MANY);
    int bare = doc_layer_add(d, "words", "words", GLOSS_MANY | GLOSS_NOTEXT);

    assert_true(one >= 0 && many >= 0 && none >= 0 && ran >= 0 && bare >= 0);
    doc_annotate(d, &d->layers[one], GLOSS_WHOLE, "en", 0.99812);
    doc_annotate(d, &d->layers[many], (struct gloss_span){0, 6}, "PER", 0.5);
    doc_set(d, &d->layers[many], 0, "name", "Ren\xc3\xa9", 0);
    doc_set(d, &d->layers[many], 0, "lat", NULL, -2.5);
    doc_annotate(d, &d->layers[many], (struct gloss_span){16, 20}, NULL, NAN);
    doc_annotate(d, &d->layers[bare], (struct gloss_span){11, 15}, "emoji", NAN);
}

/* Title "Renée !" of 8 bytes, then the text "a 😀 end.". */
static void check_gloss(enum utf8_unit unit, const char *title_end, const char *emoji,
                        const char *end)
{
    static const char title[] = "Ren\xc3\xa9"
                                "e !",
                      body[] = "a \xf0\x9f\x98\x80 end.";
    struct doc_fields fields = {.title = {title, 8}, .text = {body, 11}};
    struct json_out o = {0};
    char want[1024], *text;
    struct doc d;

    doc_init(&d, SIZE_MAX);
    assert_int_equal(doc_begin(&d, &fields), 0);
    fill(&d);
    doc_note(&d, "x", "crashed (%s)", "SIGSEGV");
    json_put_gloss(&o, &d, unit, 310);
    text = text_of(&o);
    snprintf(want, sizeof want,
             "\"language\":{\"label\":\"en\",\"score\":0.9981},"
             "\"names\":[{\"field\":\"title\",\"start\":0,\"end\":%s,\"text\":\"Ren\xc3\xa9"
             "e\",\"label\":\"PER\",\"score\":0.5,\"name\":\"Ren\xc3\xa9\",\"lat\":-2.5},"
             "{\"start\":%s,\"text\":\"end.\"}],\"quotes\":[],"
             "\"words\":[{\"start\":2,\"end\":%s,\"label\":\"emoji\"}],"
             "\"run\":{\"worker_us\":310,\"plugins\":{},"
             "\"errors\":[{\"plugin\":\"x\",\"error\":\"crashed (SIGSEGV)\"}]}",
             title_end, end, emoji);
    assert_string_equal(text, want);
    free(text);
    doc_finish(&d);
}

static void gloss_in_each_unit(void **state)
{
    (void)state;
    check_gloss(UTF8_CODEPOINTS, "5", "3", "4,\"end\":8");
    check_gloss(UTF8_BYTES, "6", "6", "7,\"end\":11");
    check_gloss(UTF8_UTF16, "5", "4", "5,\"end\":9");
}

static void gloss_of_nothing(void **state)
{
    struct doc_fields fields = {.text = {"x", 1}};
    struct doc_time times[] = {{"language", 21}, {"entities", 190}};
    struct json_out o = {0};
    struct doc d;
    char *text;

    (void)state;
    doc_init(&d, SIZE_MAX);
    assert_int_equal(doc_begin(&d, &fields), 0);
    d.times = times;
    d.n_times = 2;
    json_put_gloss(&o, &d, UTF8_CODEPOINTS, 0);
    text = text_of(&o);
    assert_string_equal(text,
                        "\"run\":{\"worker_us\":0,\"plugins\":{\"language\":21,\"entities\":190}}");
    free(text);
    doc_finish(&d);
}

static void stamp_is_put_first(void **state)
{
    static const char json[] = "{\"text\":\"x\" \n} ";
    struct json_stamp stamp = {.log = "L", .seq = 42, .prev = 39, .received = RECEIVED};
    struct json_out o = {0};
    struct arena scratch;
    struct json_doc d;
    char *text;

    (void)state;
    arena_init(&scratch, SIZE_MAX);
    assert_int_equal(json_read(&d, &scratch, json, sizeof json - 1, true, NULL), REJECT_NONE);
    json_put_document(&o, json, &d, &stamp, "\"run\":{}", 8);
    stamp.prev = 0;
    stamp.id = (struct slice){"i\"", 2};
    json_put_document(&o, json, &d, &stamp, "\"run\":{}", 8);
    text = text_of(&o);
    assert_string_equal(
        text,
        "{\"text\":\"x\",\"gloss\":{\"log\":\"L\",\"seq\":42,\"prev\":39,\"received\":\"" RECEIVED
        "\",\"run\":{}} \n}"
        "{\"text\":\"x\",\"id\":\"i\\\"\",\"gloss\":{\"log\":\"L\",\"seq\":42,\"prev\":null,"
        "\"received\":\"" RECEIVED "\",\"run\":{}} \n}");
    free(text);
    arena_finish(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted),
        cmocka_unit_test(rejected),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(key_cut_between_characters),
        cmocka_unit_test(twice_among_many_keys),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(every_byte_in_a_string),
        cmocka_unit_test(id_is_known_where_a_field_is_bad),
        cmocka_unit_test(too_little_memory_is_too_large),
        cmocka_unit_test(body_becomes_text),
        cmocka_unit_test(bodies_are_checked),
        cmocka_unit_test(numbers_are_shortest),
        cmocka_unit_test(numbers_read_back),
        cmocka_unit_test(scores_have_four_decimals),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(gloss_in_each_unit),
        cmocka_unit_test(gloss_of_nothing),
        cmocka_unit_test(stamp_is_put_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
