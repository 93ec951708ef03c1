/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pipeline.c - plugins opened, ordered and run: what becomes of a document,
 * and of a pipeline that can't be had. */
#include "plugin/pipeline.h"
#include "support/bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void empty_pipeline_runs(void **state)
{
    (void)state;
    bed_check("[]", "text", "", "");
}

static void order_follows_needs(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, "[{\"plugin\": \"reader\"}, {\"plugin\": \"shout\"}, {\"plugin\": \"result\"}]");
    bed_run(&b, "TITLE", "one TWO", NULL);
    assert_string_equal(bed_layers(&b), "shout many\n"
                                        "  0..5 caps -\n"
                                        "  10..13 caps -\n"
                                        "result one\n"
                                        "  whole done 0.5 word=\"hello\" number=42\n"
                                        "copy many\n"
                                        "  whole done 0.5 word=\"hello\" number=42\n");
    assert_int_equal(pipeline_size(b.pipeline), 3);
    assert_string_equal(pipeline_info(b.pipeline, 0).name, "shout");
    assert_string_equal(pipeline_info(b.pipeline, 1).name, "result");
    assert_int_equal(pipeline_info(b.pipeline, 1).entry, 2);
    assert_string_equal(pipeline_info(b.pipeline, 1).path, BUILD "/tests/fixtures/result.so");
    assert_string_equal(pipeline_info(b.pipeline, 1).plugin->version, "1.0");
    assert_int_equal(b.doc.n_times, 3);
    assert_string_equal(b.doc.times[2].plugin, "reader");
    bed_close(&b);
}

static void documents_do_not_leak_into_each_other(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, "[{\"plugin\": \"shout\"}]");
    bed_run(&b, NULL, "ONE two", NULL);
    assert_string_equal(bed_layers(&b), "shout many\n  0..3 caps -\n");
    bed_run(&b, NULL, "one", NULL);
    assert_string_equal(bed_layers(&b), "shout many\n");
    assert_string_equal(bed_notes(&b), "");
    bed_close(&b);
}

static void same_plugin_twice_under_two_names(void **state)
{
    (void)state;
    bed_check("[{\"plugin\": \"result\"},"
              " {\"plugin\": \"result\", \"as\": \"second\", \"options\": {\"label\": \"2\", "
              "\"code\": 7}},"
              " {\"plugin\": \"reader\"},"
              " {\"plugin\": \"result\", \"as\": {\"result\": \"third\"}, \"options\": "
              "{\"label\": \"3\"}},"
              " {\"plugin\": \"reader\", \"as\": {\"result\": \"third\", \"copy\": \"copied\"}}]",
              "text",
              "result one\n"
              "  whole done 0.5 word=\"hello\" number=42\n"
              "copy many\n"
              "  whole done 0.5 word=\"hello\" number=42\n"
              "third one\n"
              "  whole 3 0.5 word=\"hello\" number=42\n"
              "copied many\n"
              "  whole 3 0.5 word=\"hello\" number=42\n",
              "result#2: failed: process() gave 7, which it must not\n");
}

static void when_runs_only_where_it_holds(void **state)
{
    static const char *const cases[][2] = {
        {"de", "result one\n  whole de 0.5 word=\"hello\" number=42\nshout many\n  0..2 caps -\n"},
        {"fr", "result one\n  whole fr 0.5 word=\"hello\" number=42\n"},
        {"e", "result one\n  whole e 0.5 word=\"hello\" number=42\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[512];

        snprintf(json, sizeof json,
                 "[{\"plugin\": \"shout\", \"when\": {\"result\": [\"en\", \"de\"]}},"
                 " {\"plugin\": \"result\", \"options\": {\"label\": \"%s\"}}]",
                 cases[i][0]);
        bed_check(json, "UP", cases[i][1], "");
    }
}

static void what_process_returns_is_noted(void **state)
{
    static const char *const cases[][2] = {
        {"{\"code\": -1}", "result: failed on this document and gave no reason\n"},
        {"{\"code\": -1, \"say\": \"no verb\"}", "result: failed: no verb\n"},
        {"{\"code\": -1, \"raw\": true}", "result: failed: bytes ?? of no text\n"},
        {"{\"code\": 7}", "result: failed: process() gave 7, which it must not\n"},
        {"{\"code\": -99}", "result: failed: process() gave -99, which it must not\n"},
        {"{\"code\": -3, \"say\": \"x\"}",
         "result: failed: process() gave -3, which it must not: x\n"},
        {"{\"code\": 1}", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[256];

        snprintf(json, sizeof json, "[{\"plugin\": \"result\", \"options\": %s}]", cases[i][0]);
        bed_check(json, "text", "", cases[i][1]);
    }
}

static void who_needs_what_failed_is_not_run(void **state)
{
    (void)state;
    bed_check("[{\"plugin\": \"result\", \"options\": {\"code\": -1}}, {\"plugin\": \"reader\"}]",
              "text", "",
              "result: failed on this document and gave no reason\n"
              "reader: not run: result, whose layer \"result\" it needs, failed\n");
    bed_check("[{\"plugin\": \"result\", \"options\": {\"code\": 1}}, {\"plugin\": \"reader\"}]",
              "text", "", "");
}

static void fatal_switches_off(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, "[{\"plugin\": \"result\", \"options\": {\"code\": -2, \"say\": \"disk gone\"}}]");
    bed_run(&b, NULL, "text", NULL);
    assert_string_equal(bed_notes(&b), "result: failed and is switched off: disk gone\n");
    assert_int_equal(b.doc.n_times, 1);
    for (int i = 0; i < 2; i++) {
        bed_run(&b, NULL, "text", NULL);
        assert_string_equal(bed_notes(&b),
                            "result: not run: it failed and was switched off: disk gone\n");
        assert_int_equal(b.doc.n_times, 0);
        assert_string_equal(bed_layers(&b), "");
        assert_null(b.doc.dead);
    }
    bed_close(&b);
}

static void on_error_dead_kills_the_document(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, "[{\"plugin\": \"result\", \"on_error\": \"dead\", "
                 "\"options\": {\"code\": -1, \"say\": \"no verb\"}},"
                 " {\"plugin\": \"shout\"}]");
    bed_run(&b, NULL, "text", NULL);
    assert_string_equal(b.doc.dead, "plugin result failed: no verb");
    assert_string_equal(bed_layers(&b), "shout many\n");
    bed_close(&b);
}

static void skip_is_noted_and_not_run(void **state)
{
    static const char *const skip[] = {NULL, "crashed (SIGSEGV)", NULL};
    struct bed b;

    (void)state;
    bed_open(&b, "[{\"plugin\": \"reader\"},"
                 " {\"plugin\": \"result\", \"on_error\": \"dead\"}, {\"plugin\": \"shout\"}]");
    bed_run(&b, NULL, "UP", skip);
    assert_string_equal(bed_layers(&b), "shout many\n  0..2 caps -\n");
    assert_string_equal(bed_notes(&b),
                        "result: crashed (SIGSEGV)\n"
                        "reader: not run: result, whose layer \"result\" it needs, failed\n");
    assert_string_equal(b.doc.dead, "plugin result crashed (SIGSEGV)");
    bed_run(&b, NULL, "UP", NULL);
    assert_string_equal(bed_notes(&b), "");
    assert_null(b.doc.dead);
    bed_close(&b);
}

static void timeout_is_kept_by_who_asks(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, "[{\"plugin\": \"slow\", \"timeout_ms\": 20}, {\"plugin\": \"shout\"}]");
    bed_run(&b, NULL, "UP", NULL);
    assert_string_equal(bed_notes(&b), "slow: gave up: its timeout_ms of 20 had passed\n");
    assert_string_equal(bed_layers(&b), "shout many\n  0..2 caps -\n");
    assert_true(b.doc.times[0].us >= 20000);
    bed_close(&b);
}

/* Whatever is the last thing that fits, what does not is noted, and nothing breaks. */
static void document_without_memory_is_noted(void **state)
{
    size_t noted = 0;
    struct bed b;

    (void)state;
    bed_open(&b, "[{\"plugin\": \"result\"}, {\"plugin\": \"reader\", \"on_error\": \"dead\"},"
                 " {\"plugin\": \"shout\"}]");
    for (size_t limit = 0; limit < 4000; limit += 16) {
        doc_finish(&b.doc);
        doc_init(&b.doc, limit);
        bed_run(&b, "TITLE", "one TWO three", NULL);
        assert_non_null(pipeline_topic(b.pipeline, &b.doc));
        assert_true(b.doc.errors || b.doc.n_layers == 3);
        noted += b.doc.errors != NULL;
    }
    assert_null(b.doc.errors); /* the last had room for all */
    assert_true(noted > 10);
    bed_close(&b);
}

static void newer_table_runs(void **state)
{
    (void)state;
    bed_check("[{\"plugin\": \"newer_table\"}]", "text", "newer one\n  whole ran -\n", "");
}

static void page_tells_nothing_between_calls(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, "[{\"plugin\": \"shout\"}]");
    assert_int_equal(b.page.phase, PAGE_CORE);
    assert_int_equal(b.page.entry, PAGE_NOBODY);
    bed_run(&b, NULL, "UP", NULL);
    assert_int_equal(b.page.phase, PAGE_CORE);
    assert_int_equal(b.page.entry, PAGE_NOBODY);
    assert_int_equal(b.page.limit_ms, 0);
    assert_true(b.page.since_ms > 0);
    bed_close(&b);
}

static void pipelines_that_cannot_be_had(void **state)
{
    (void)state;
    bed_check_refused("[{\"plugin\": \"shuot\"}]",
                      "test.json:2:14: pipeline[0]: no plugin \"shuot\" (shuot.so) in " BUILD
                      "/tests/fixtures, " BUILD "/plugins; did you mean \"shout\"?");
    bed_check_refused(
        "[{\"plugin\": \"reader\"}]",
        "test.json:2:1: pipeline: reader needs the layer \"result\", which no plugin of "
        "the pipeline provides: add one that does");
    bed_check_refused("[{\"plugin\": \"circle_a\"}, {\"plugin\": \"circle_b\"}]",
                      "test.json:2:1: pipeline: no order can be had, plugins wait for each other: "
                      "circle_a needs \"b\" of circle_b, circle_b needs \"a\" of circle_a");
    bed_check_refused(
        "[{\"plugin\": \"shout\"}, {\"plugin\": \"shout\"}]",
        "test.json:2:1: pipeline: shout and shout#2 both provide the layer \"shout\": "
        "give one of them another name for it with \"as\", or take one out");
    bed_check_refused(
        "[{\"plugin\": \"shout\", \"when\": {\"language\": [\"en\"]}}]",
        "test.json:2:34: pipeline[0].when: no plugin of the pipeline provides the layer "
        "\"language\": add one that does");
    bed_check_refused(
        "[{\"plugin\": \"result\", \"options\": {\"open\": -2, \"say\": \"no model\"}}]",
        "test.json:2:14: pipeline[0]: plugin result did not start: no model");
    bed_check_refused(
        "[{\"plugin\": \"result\", \"options\": {\"open\": 7, \"keep\": true}}]",
        "test.json:2:14: pipeline[0]: plugin result did not start: its open() gave 7 and "
        "logged no reason");
}

static void names_that_do_not_fit(void **state)
{
    (void)state;
    bed_check_refused(
        "[{\"plugin\": \"shout\", \"as\": {\"shuot\": \"loud\"}}]",
        "test.json:2:34: pipeline[0].as: plugin shout has no layer \"shuot\"; did you "
        "mean \"shout\"?");
    bed_check_refused("[{\"plugin\": \"shout\", \"as\": {\"zebra\": \"loud\"}}]",
                      "test.json:2:34: pipeline[0].as: plugin shout has no layer \"zebra\"");
    bed_check_refused(
        "[{\"plugin\": \"values\", \"as\": \"loud\"}]",
        "test.json:2:35: pipeline[0].as: plugin values provides 2 layers: say which, as "
        "in {\"layer\": \"loud\"}");
    bed_check_refused("[{\"plugin\": \"values\", \"as\": {\"values\": \"more\"}}]",
                      "test.json:2:35: pipeline[0].as: two layers would be called \"more\"");
}

static void topic_is_made_of_layers_and_source(void **state)
{
    static const struct {
        const char *template, *label, *want;
    } cases[] = {
        {"{result}.{source}.", "en", "en.The-Daily-News."},
        {"{result}", "a.b c\\td", "a-b-c-d"},
        {"x.{language}.y", "en", "x.und.y"},
        {"{result}", "~", "-"},
        {"{result}.", "", "und."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[1024];
        struct bed b;

        snprintf(json, sizeof json,
                 "{\"plugin_path\": [\"%s/tests/fixtures\"], \"topic\": \"%s\", \"pipeline\": "
                 "[{\"plugin\": \"result\", \"options\": {\"label\": \"%s\"}}]}",
                 BUILD, cases[i].template, cases[i].label);
        bed_open_config(&b, json);
        bed_run(&b, NULL, "text", NULL);
        assert_string_equal(pipeline_topic(b.pipeline, &b.doc), cases[i].want);
        bed_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_pipeline_runs),
        cmocka_unit_test(order_follows_needs),
        cmocka_unit_test(documents_do_not_leak_into_each_other),
        cmocka_unit_test(same_plugin_twice_under_two_names),
        cmocka_unit_test(when_runs_only_where_it_holds),
        cmocka_unit_test(what_process_returns_is_noted),
        cmocka_unit_test(who_needs_what_failed_is_not_run),
        cmocka_unit_test(fatal_switches_off),
        cmocka_unit_test(on_error_dead_kills_the_document),
        cmocka_unit_test(skip_is_noted_and_not_run),
        cmocka_unit_test(timeout_is_kept_by_who_asks),
        cmocka_unit_test(document_without_memory_is_noted),
        cmocka_unit_test(newer_table_runs),
        cmocka_unit_test(page_tells_nothing_between_calls),
        cmocka_unit_test(pipelines_that_cannot_be_had),
        cmocka_unit_test(names_that_do_not_fit),
        cmocka_unit_test(topic_is_made_of_layers_and_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
