/* SPDX-License-Identifier: Apache-2.0
 *
 * test_language.c - the language plugin as the pipeline runs it. Cases are lines of
 * tests/plugins/language/: a text (title, language, options), and the label expected.
 */
#include "plugin/pipeline.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MODEL SOURCE "/plugins/language/language.model"

/* ---- one pipeline with the plugin alone */

struct rig {
    struct config conf;
    struct pipeline *pipeline;
    struct doc doc;
    struct fault fault;
};

/* options is JSON or NULL. The pipeline stays NULL where the plugin refuses. */
static void start(struct rig *r, const char *options)
{
    char text[4096];
    int n = snprintf(text, sizeof text,
                     "{\"plugin_path\": [\"%s/plugins\"], \"model_path\": [\"%s\"], "
                     "\"pipeline\": [{\"plugin\": \"language\", \"options\": %s}]}",
                     BUILD, SOURCE "/plugins/language", options ? options : "{}");

    memset(r, 0, sizeof *r);
    if (config_parse(&r->conf, "test", text, (size_t)n, &r->fault) != 0)
        fail_msg("%s", r->fault.text);
    r->pipeline = pipeline_create(&r->conf, NULL, NULL, &r->fault);
    doc_init(&r->doc, 1 << 24);
}

static void stop(struct rig *r)
{
    doc_finish(&r->doc);
    pipeline_destroy(r->pipeline);
    config_finish(&r->conf);
}

static struct slice slice(const char *s)
{
    return (struct slice){s, s ? strlen(s) : 0};
}

/* The annotation written on a document. */
static const struct gloss_annot *ask(struct rig *r, const struct doc_fields *f)
{
    const struct doc_layer *l;

    if (!r->pipeline)
        fail_msg("%s", r->fault.text);
    assert_int_equal(doc_begin(&r->doc, f), 0);
    pipeline_run(r->pipeline, &r->doc, NULL);
    assert_null(r->doc.errors);
    l = doc_layer_find(&r->doc, "language");
    assert_non_null(l);
    assert_int_equal(l->n, 1);
    return &l->annots[0];
}

static const struct gloss_annot *ask_text(struct rig *r, const char *text, size_t n)
{
    struct doc_fields f = {.text = {text, n}};

    return ask(r, &f);
}

/* ---- cases */

static const char *str(json_t *line, const char *key)
{
    return json_string_value(json_object_get(line, key));
}

static void run_line(json_t *line)
{
    json_t *given = json_object_get(line, "options");
    char *options = given ? json_dumps(given, 0) : NULL;
    struct doc_fields f = {.text = slice(str(line, "text")),
                           .title = slice(str(line, "title")),
                           .language = slice(str(line, "language"))};
    const struct gloss_annot *a;
    struct rig r;

    start(&r, options);
    a = ask(&r, &f);
    if (strcmp(a->label, str(line, "expect")) != 0)
        fail_msg("%s: expected %s, got %s (%.2f)", str(line, "case") ? str(line, "case") : f.text.p,
                 str(line, "expect"), a->label, a->score);
    assert_true(isnan(a->score) || (a->score >= 0 && a->score <= 1));
    stop(&r);
    free(options);
}

static void run_file(const char *path)
{
    FILE *f = fopen(path, "r");
    json_error_t error;
    json_t *line;
    int n = 0;

    assert_non_null(f);
    while ((line = json_loadf(f, JSON_DISABLE_EOF_CHECK, &error))) {
        run_line(line);
        json_decref(line);
        n++;
    }
    assert_true(feof(f));
    assert_true(n > 20);
    fclose(f);
}

static void sentences_of_every_language(void **state)
{
    (void)state;
    run_file(SOURCE "/tests/plugins/language/sentences.jsonl");
}

static void cases_and_options(void **state)
{
    (void)state;
    run_file(SOURCE "/tests/plugins/language/cases.jsonl");
}

/* ---- what is refused */

static void refused(const char *options, const char *why)
{
    struct rig r;

    start(&r, options);
    assert_null(r.pipeline);
    if (!strstr(r.fault.text, why))
        fail_msg("\"%s\" is not in: %s", why, r.fault.text);
    stop(&r);
}

static void wrong_options(void **state)
{
    (void)state;
    refused("{\"languages\": [\"en\", \"xx\"]}", "the model does not know \"xx\"");
    refused("{\"min_score\": 2}", "min_score: must be from 0 to 1");
    refused("{\"windows\": -1}", "windows: must be from 0");
    refused("{\"window_bytes\": 8}", "window_bytes: must be from 32");
    refused("{\"model\": \"/nowhere/x.model\"}", "/nowhere/x.model");
}

/* A copy of the model, changed, in a file of its own. */
static void refused_model(size_t len, size_t flip, const char *why)
{
    char path[] = "/tmp/test_language_XXXXXX", options[128];
    FILE *from = fopen(MODEL, "rb"), *to;
    int c, fd = mkstemp(path);

    assert_non_null(from);
    assert_true(fd >= 0);
    to = fdopen(fd, "wb");
    for (size_t i = 0; i < len && (c = getc(from)) != EOF; i++)
        putc(i == flip ? c ^ 0x10 : c, to);
    fclose(from);
    fclose(to);
    snprintf(options, sizeof options, "{\"model\": \"%s\"}", path);
    refused(options, why);
    remove(path);
}

static void damaged_models(void **state)
{
    (void)state;
    refused_model(0, SIZE_MAX, "");
    refused_model(40, SIZE_MAX, "is not a language model");
    refused_model(SIZE_MAX, 3, "is not a language model");
    refused_model(SIZE_MAX, 8, "was made for another version");
    refused_model(SIZE_MAX, 13, "its sizes do not fit together");
    refused_model(100000, SIZE_MAX, "it is not as long as it was made");
    refused_model(SIZE_MAX, 100000, "its check sum is wrong");
}

/* ---- long and odd texts */

/* n bytes of the same piece over and over. */
static char *repeat(const char *piece, size_t n)
{
    size_t len = strlen(piece);
    char *s = malloc(n + len + 1);

    assert_non_null(s);
    for (size_t i = 0; i < n; i += len)
        memcpy(s + i, piece, len);
    s[n - n % len] = 0;
    return s;
}

static void long_texts(void **state)
{
    static const char *const pieces[] = {"a", "я", "字", "'", " ", "\xcc\x81", "ab ", "😀"};
    static const char *const options[] = {NULL, "{\"windows\": 0}"};

    (void)state;
    for (size_t o = 0; o < 2; o++)
        for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
            char *text = repeat(pieces[i], o ? 1000000 : 10000000);
            struct rig r;

            start(&r, options[o]);
            ask_text(&r, text, strlen(text));
            stop(&r);
            free(text);
        }
}

/* Letters far from every window are found all the same. */
static void few_letters(void **state)
{
    char *text = repeat("0123456789 ", 110000);
    struct rig r;

    (void)state;
    memcpy(text, "Wetterbericht für Österreich ", strlen("Wetterbericht für Österreich "));
    start(&r, NULL);
    assert_string_equal(ask_text(&r, text, strlen(text))->label, "de");
    stop(&r);
    free(text);
}

/* A window may begin and end anywhere in any script. */
static void every_length(void **state)
{
    char *text = repeat("aя字😀 ’한́", 4000);
    struct rig r;

    (void)state;
    start(&r, "{\"windows\": 3, \"window_bytes\": 32}");
    for (size_t n = 0; n < 1000; n++) {
        while (((unsigned char)text[n] & 0xc0) == 0x80)
            n++;
        ask_text(&r, text, n);
    }
    stop(&r);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences_of_every_language),
        cmocka_unit_test(cases_and_options),
        cmocka_unit_test(wrong_options),
        cmocka_unit_test(damaged_models),
        cmocka_unit_test(long_texts),
        cmocka_unit_test(few_letters),
        cmocka_unit_test(every_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
