/* SPDX-License-Identifier: Apache-2.0
 *
 * test_entities.c - the entities plugin: golden documents, its options, hostile
 * text, and files that are no model.
 *
 * A golden input holds documents, "----" between them, each after a line of
 * "@title ..." if it has one. The output has a line for each name: its label, its
 * words, and the longest form where there is one. The names in them are such as any
 * tagger of use must find, so that a new model changes nothing here.
 */
#include "support/bed.h"
#include "support/cases.h"
#include "support/folder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MODEL BUILD "/models/entities.model"

/* A bed with the plugin alone; options is JSON. */
static void open_plugin(struct bed *b, const char *options)
{
    char *json;

    assert_true(asprintf(&json,
                         "{\"plugin_path\": [\"" BUILD "/plugins\"],"
                         " \"model_path\": [\"" BUILD "/models\"], "
                         "\"pipeline\": [{\"plugin\": \"entities\", \"options\": %s}]}",
                         options) > 0);
    bed_open_config(b, json);
    free(json);
}

static const struct doc_layer *run_text(struct bed *b, const char *title, const char *text)
{
    bed_run(b, title, text, NULL);
    assert_string_equal(bed_notes(b), "");
    return doc_layer_find(&b->doc, "entities");
}

/* ---- golden documents */

static void put_names(FILE *to, const struct doc *d, const struct doc_layer *l)
{
    for (size_t i = 0; l && i < l->n; i++) {
        const struct gloss_annot *a = &l->annots[i];
        const struct doc_attr *name = doc_get(l, i, "name");

        fprintf(to, "%s [%.*s]", a->label, (int)(a->span.end - a->span.begin),
                d->text + a->span.begin);
        if (name)
            fprintf(to, " of [%s]", name->str);
        fputc('\n', to);
    }
}

static char *run_documents(const char *path, const char *input, size_t n)
{
    static const char between[] = "\n----\n";
    char *copy = strndup(input, n), *at = copy, *next, *out;
    struct bed b;
    size_t size;
    FILE *to = open_memstream(&out, &size);

    (void)path;
    assert_non_null(copy);
    assert_non_null(to);
    open_plugin(&b, "{}");
    for (; at; at = next) {
        char *title = NULL;

        next = strstr(at, between);
        if (next) {
            *next = '\0';
            next += sizeof between - 1;
        }
        if (strncmp(at, "@title ", 7) == 0) {
            title = at + 7;
            at = strchr(at, '\n');
            assert_non_null(at);
            *at++ = '\0';
        }
        put_names(to, &b.doc, run_text(&b, title, at));
        fputs(next ? "--\n" : "", to);
    }
    bed_close(&b);
    fclose(to);
    free(copy);
    assert_true(size > 0);
    out[size - 1] = '\0'; /* cases_check adds the last newline */
    return out;
}

static void golden_documents(void **state)
{
    (void)state;
    cases_check(SOURCE "/tests/plugins/entities", run_documents);
}

/* ---- options */

static const char sentence[] =
    "French President Francois Hollande met Angela Merkel in Berlin on Tuesday, Reuters reported.";

static void only_types_asked_for(void **state)
{
    struct bed b;
    const struct doc_layer *l;

    (void)state;
    open_plugin(&b, "{\"types\": [\"PER\"]}");
    l = run_text(&b, NULL, sentence);
    assert_int_equal(l->n, 2);
    assert_string_equal(l->annots[0].label, "PER");
    assert_string_equal(l->annots[1].label, "PER");
    bed_close(&b);
}

static void unsure_names_are_left_out(void **state)
{
    struct bed b;

    (void)state;
    open_plugin(&b, "{\"min_score\": 1.0}");
    assert_int_equal(run_text(&b, NULL, sentence)->n, 0);
    bed_close(&b);
}

static void scores_are_between_0_and_1(void **state)
{
    struct bed b;
    const struct doc_layer *l;

    (void)state;
    open_plugin(&b, "{}");
    l = run_text(&b, NULL, sentence);
    assert_true(l->n >= 4);
    for (size_t i = 0; i < l->n; i++)
        assert_true(l->annots[i].score > 0 && l->annots[i].score <= 1);
    bed_close(&b);
}

static void an_unknown_type_is_refused(void **state)
{
    struct bed b;

    (void)state;
    open_plugin(&b, "{\"types\": [\"PERSON\"]}");
    assert_null(b.pipeline);
    assert_non_null(strstr(b.fault.text, "no type PERSON; there are PER, ORG, LOC, MISC"));
    bed_close(&b);
}

/* ---- hostile text */

/* What a document gets must not depend on those before it, nor on the table of words having been
 * full in between. */
static void documents_do_not_meet(void **state)
{
    struct bed b;
    char *alone, *after;

    (void)state;
    open_plugin(&b, "{}");
    run_text(&b, NULL, sentence);
    alone = strdup(bed_layers(&b));
    for (int i = 0; i < 170; i++) {
        char words[4096] = "";
        size_t n = 0;

        for (int k = 0; k < 300; k++)
            n += (size_t)snprintf(words + n, sizeof words - n, "Ab%dx%d ", i, k);
        run_text(&b, NULL, words);
    }
    run_text(&b, NULL, sentence);
    after = strdup(bed_layers(&b));
    assert_string_equal(alone, after);
    free(alone);
    free(after);
    bed_close(&b);
}

/* More than a block of one sentence, of nothing but capitals, marks and joints. */
static void long_documents_pass(void **state)
{
    static const char *const pieces[] = {"Anna ", "AB-CD/Ef-", "'s ", "\xc3\x89\xe2\x80\x99s", "-"};
    enum { SIZE = 1 << 17 };
    char *text = malloc(SIZE + 64);
    struct bed b;

    (void)state;
    assert_non_null(text);
    open_plugin(&b, "{}");
    for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
        size_t n = 0;

        while (n < SIZE)
            n += (size_t)snprintf(text + n, 64, "%s", pieces[k]);
        doc_finish(&b.doc);
        doc_init(&b.doc, (size_t)1 << 28);
        run_text(&b, NULL, text);
    }
    bed_close(&b);
    free(text);
}

static void no_text_no_names(void **state)
{
    struct bed b;

    (void)state;
    open_plugin(&b, "{}");
    assert_int_equal(run_text(&b, NULL, "")->n, 0);
    assert_int_equal(run_text(&b, NULL, " \n ")->n, 0);
    assert_int_equal(run_text(&b, NULL, "'s")->n, 0);
    bed_close(&b);
}

/* ---- files that are no model */

/* The model with the byte at `at` changed (SIZE_MAX: none) and cut to n bytes. */
static void check_refused(size_t at, size_t cut, const char *want)
{
    size_t n;
    char *bytes = cases_slurp(MODEL, &n), *folder = folder_make(), *options, *file;
    struct bed b;
    FILE *f;

    assert_true(asprintf(&file, "%s/bad.model", folder) > 0);
    assert_true(asprintf(&options, "{\"model\": \"%s\"}", file) > 0);
    if (at < n)
        bytes[at] ^= 0x10;
    f = fopen(file, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n - cut, f), n - cut);
    fclose(f);
    open_plugin(&b, options);
    assert_null(b.pipeline);
    if (!strstr(b.fault.text, want))
        fail_msg("want \"%s\", got \"%s\"", want, b.fault.text);
    bed_close(&b);
    folder_remove(folder);
    free(options);
    free(file);
    free(bytes);
}

static void damaged_models_are_refused(void **state)
{
    (void)state;
    check_refused(0, 0, "it is not a model of this plugin");
    check_refused(8, 0, "it is of another version");
    check_refused(12, 0, "another byte order");
    check_refused(SIZE_MAX, 16, "it is cut short");
    check_refused(40, 0, "it is damaged");
    check_refused(5000, 0, "it is damaged: its checksum differs");
    check_refused(1000000, 0, "it is damaged: its checksum differs");
}

static void a_missing_model_is_refused(void **state)
{
    struct bed b;

    (void)state;
    open_plugin(&b, "{\"model\": \"nowhere.model\"}");
    assert_null(b.pipeline);
    assert_non_null(strstr(b.fault.text, "nowhere.model"));
    bed_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_documents),           cmocka_unit_test(only_types_asked_for),
        cmocka_unit_test(unsure_names_are_left_out),  cmocka_unit_test(scores_are_between_0_and_1),
        cmocka_unit_test(an_unknown_type_is_refused), cmocka_unit_test(documents_do_not_meet),
        cmocka_unit_test(long_documents_pass),        cmocka_unit_test(no_text_no_names),
        cmocka_unit_test(damaged_models_are_refused), cmocka_unit_test(a_missing_model_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
