/* SPDX-License-Identifier: Apache-2.0
 *
 * test_dateline.c - the dateline plugin: golden documents, its options, and files
 * that are no gazetteer.
 *
 * A golden input holds documents, "----" between them, each after lines of
 * "@title ..." or "@published ..." if any. The output has a line for each.
 */
#include "config.h"
#include "plugin/pipeline.h"
#include "support/cases.h"
#include "support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MODEL BUILD "/models/places.model"

/* ---- a pipeline of the one plugin */

struct rig {
    struct config config;
    struct pipeline *pipeline; /* NULL where fault says why */
    struct fault fault;
    struct doc doc;
};

static void rig_open(struct rig *r, const char *options)
{
    char *json;

    memset(r, 0, sizeof *r);
    doc_init(&r->doc, 1 << 20);
    assert_true(asprintf(&json,
                         "{\"plugin_path\": [\"" BUILD "/plugins\"], \"model_path\": [\"" BUILD
                         "/models\"], \"pipeline\": [{\"plugin\": \"dateline\", \"options\": %s}]}",
                         options) > 0);
    if (config_parse(&r->config, "test.json", json, strlen(json), &r->fault) < 0)
        fail_msg("%s", r->fault.text);
    r->pipeline = pipeline_create(&r->config, NULL, NULL, &r->fault);
    free(json);
}

static void rig_close(struct rig *r)
{
    pipeline_destroy(r->pipeline);
    config_finish(&r->config);
    doc_finish(&r->doc);
}

static struct slice slice(const char *s)
{
    return (struct slice){s, s ? strlen(s) : 0};
}

static const struct doc_layer *rig_run(struct rig *r, const char *title, const char *published,
                                       const char *text)
{
    struct doc_fields f = {.id = slice("doc-1"),
                           .title = slice(title),
                           .text = slice(text),
                           .published = slice(published)};

    if (!r->pipeline)
        fail_msg("%s", r->fault.text);
    assert_int_equal(doc_begin(&r->doc, &f), 0);
    pipeline_run(r->pipeline, &r->doc, NULL);
    assert_null(r->doc.errors);
    return doc_layer_find(&r->doc, "dateline");
}

/* ---- golden documents */

static void put_dateline(FILE *to, const struct doc *d, const struct doc_layer *l)
{
    const struct gloss_annot *a;

    if (!l || l->n == 0) {
        fputs("-\n", to);
        return;
    }
    a = &l->annots[0];
    fputc('[', to);
    for (uint32_t i = a->span.begin; i < a->span.end; i++)
        fputc(d->text[i] == '\n' ? ' ' : d->text[i], to);
    fprintf(to, "] %.2f", a->score);
    for (const struct doc_attr *attr = l->attrs[0].first; attr; attr = attr->next)
        if (attr->str)
            fprintf(to, " %s=\"%s\"", attr->key, attr->str);
        else
            fprintf(to, " %s=%.2f", attr->key, attr->num);
    fputc('\n', to);
}

/* Takes "@NAME value\n" off the front of *text: the value, NUL-terminated, or NULL. */
static char *take_field(char **text, const char *name)
{
    size_t n = strlen(name);
    char *value = *text, *end;

    if (strncmp(value, name, n) != 0)
        return NULL;
    end = strchr(value, '\n');
    assert_non_null(end);
    *end = '\0';
    *text = end + 1;
    return value + n;
}

static void run_one(struct rig *r, char *text, FILE *to)
{
    char *title = take_field(&text, "@title ");
    char *published = take_field(&text, "@published ");

    put_dateline(to, &r->doc, rig_run(r, title, published, text));
}

static char *run_documents(const char *path, const char *input, size_t n)
{
    static const char between[] = "\n----\n";
    char *copy = strndup(input, n), *at = copy, *next, *out;
    struct rig r;
    size_t size;
    FILE *to = open_memstream(&out, &size);

    (void)path;
    assert_non_null(copy);
    assert_non_null(to);
    rig_open(&r, "{}");
    for (; at; at = next) {
        next = strstr(at, between);
        if (next) {
            *next = '\0';
            next += sizeof between - 1;
        }
        run_one(&r, at, to);
    }
    rig_close(&r);
    fclose(to);
    free(copy);
    out[size - 1] = '\0'; /* cases_check adds the last newline */
    return out;
}

static void test_golden(void **state)
{
    (void)state;
    cases_check(SOURCE "/tests/plugins/dateline", run_documents);
}

static void check_count(struct rig *r, const char *title, const char *text, size_t want)
{
    const struct doc_layer *l = rig_run(r, title, NULL, text);

    assert_int_equal(l ? l->n : 0, want);
}

/* ---- options */

static const char weak[] =
    "Doha: The port handled more boxes in the first half of the year than in "
    "any half year before it, its office said.";

static void test_min_score(void **state)
{
    struct rig r;

    (void)state;
    rig_open(&r, "{\"min_score\": 0.5}");
    check_count(&r, NULL, weak, 1);
    rig_close(&r);
    rig_open(&r, "{\"min_score\": 0.9}");
    check_count(&r, NULL, weak, 0);
    rig_close(&r);
}

/* A dateline too weak to be written does not take the date of the page with it. */
static void test_min_score_leaves_the_date(void **state)
{
    const struct doc_layer *l;
    struct rig r;
    char *text;

    (void)state;
    assert_true(asprintf(&text, "A port grows\n\nPublished: 12 May 2015 10:05\n\n%s", weak) > 0);
    rig_open(&r, "{\"min_score\": 0.7}");
    l = rig_run(&r, NULL, NULL, text);
    assert_non_null(l);
    assert_null(doc_get(l, 0, "place"));
    assert_string_equal(doc_get(l, 0, "date")->str, "2015-05-12");
    rig_close(&r);
    free(text);
}

static void test_scan_bytes(void **state)
{
    static const char text[] = "A headline\n\nPARIS (AFP) - The show opened on Monday.";
    struct rig r;

    (void)state;
    rig_open(&r, "{}");
    check_count(&r, NULL, text, 1);
    rig_close(&r);
    rig_open(&r, "{\"scan_bytes\": 10}");
    check_count(&r, NULL, text, 0);
    rig_close(&r);
}

static void test_agencies(void **state)
{
    static const char text[] = "Accra, May 12, Volta Wire - The lake is full.";
    const struct doc_layer *l;
    struct rig r;

    (void)state;
    rig_open(&r, "{\"agencies\": [\"Volta Wire\"]}");
    l = rig_run(&r, NULL, NULL, text);
    assert_non_null(l);
    assert_string_equal(doc_get(l, 0, "source")->str, "Volta Wire");
    rig_close(&r);
}

/* ---- the title is not looked at, and its length shifts the span */

static void test_title(void **state)
{
    const struct doc_layer *l;
    struct rig r;

    (void)state;
    rig_open(&r, "{}");
    l = rig_run(&r, "OSLO (NTB) - A title", NULL, "PARIS (AFP) - The show opened on Monday.");
    assert_non_null(l);
    assert_int_equal(l->annots[0].span.begin, sizeof "OSLO (NTB) - A title");
    assert_string_equal(doc_get(l, 0, "place")->str, "PARIS");
    check_count(&r, "OSLO (NTB) - A title", "The show.", 0);
    check_count(&r, NULL, "", 0);
    rig_close(&r);
}

/* ---- files that are no gazetteer */

static void check_refused(const char *bytes, size_t n, const char *want)
{
    char *folder = folder_make(), *path, *options;
    struct rig r;
    FILE *to;

    assert_true(asprintf(&path, "%s/bad.model", folder) > 0);
    assert_true(asprintf(&options, "{\"model\": \"%s\"}", path) > 0);
    to = fopen(path, "we");
    assert_non_null(to);
    assert_int_equal(fwrite(bytes, 1, n, to), n);
    fclose(to);
    rig_open(&r, options);
    assert_null(r.pipeline);
    if (!strstr(r.fault.text, want) || !strstr(r.fault.text, "bad.model"))
        fail_msg("want \"%s\" and the path in: %s", want, r.fault.text);
    rig_close(&r);
    free(options);
    free(path);
    folder_remove(folder);
}

static void test_bad_models(void **state)
{
    size_t n;
    char *model = cases_slurp(MODEL, &n);

    (void)state;
    check_refused("not a model at all, but long enough to have a header if it were one, you see.",
                  76, "it is not a gazetteer");
    check_refused(model, 40, "it is not a gazetteer");
    check_refused(model, n / 2, "cut short or damaged");
    model[n / 3] ^= 1;
    check_refused(model, n, "cut short or damaged");
    model[n / 3] ^= 1;
    model[7] = '9';
    check_refused(model, n, "of another version");
    free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_min_score),
        cmocka_unit_test(test_scan_bytes),
        cmocka_unit_test(test_agencies),
        cmocka_unit_test(test_title),
        cmocka_unit_test(test_bad_models),
        cmocka_unit_test(test_min_score_leaves_the_date),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
