/* SPDX-License-Identifier: Apache-2.0
 *
 * test_host.c - the host table from the plugins' side: what is not declared is not
 * read and not written, what is wrong is refused, and each is noted. */
#include "plugin/host.h"
#include "support/bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void undeclared_layer_reads_as_empty(void **state)
{
    (void)state;
    bed_check("[{\"plugin\": \"result\"}, {\"plugin\": \"reads_undeclared\"}]", "text",
              "result one\n"
              "  whole done 0.5 word=\"hello\" number=42\n"
              "seen one\n"
              "  whole - 0\n",
              "reads_undeclared: read the layer \"result\", which is in "
              "neither needs nor wants\n");
}

static void undeclared_layer_is_not_written(void **state)
{
    (void)state;
    bed_check(
        "[{\"plugin\": \"result\"}, {\"plugin\": \"writes_undeclared\"}]", "text",
        "result one\n"
        "  whole done 0.5 word=\"hello\" number=42\n"
        "sum one\n"
        "  whole - -16\n",
        "writes_undeclared: wrote to the layer \"result\", which is not in provides: refused\n"
        "writes_undeclared: wrote to the layer \"nowhere\", which is not in provides: refused\n"
        "writes_undeclared: wrote to the layer \"\", which is not in provides: refused\n");
}

/* Title "Zoë", newline, body "Ärger am See.": bytes 0..4, 5..19. */
static void wrong_spans_are_refused(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, "[{\"plugin\": \"spans\", \"options\": {\"spans\": "
                 "[\"0-4\", \"5-11\", \"4-5\", \"2-6\", \"3-4\", \"0-3\", \"5-20\", \"9-8\", "
                 "\"8-8\", \"4294967295-4294967295\", \"6-11\"]}}]");
    bed_run(&b, "Zo\xc3\xab", "\xc3\x84rger am See.", NULL);
    assert_string_equal(bed_layers(&b), "spans many\n"
                                        "  0..4 - -\n"
                                        "  5..11 - -\n");
    assert_string_equal(
        bed_notes(&b),
        "spans: annotation 4..5 of \"spans\" refused: it crosses the edge of title and text\n"
        "spans: annotation 2..6 of \"spans\" refused: it ends inside a character\n"
        "spans: annotation 3..4 of \"spans\" refused: it begins inside a character\n"
        "spans: annotation 0..3 of \"spans\" refused: it ends inside a character\n"
        "spans: annotation 5..20 of \"spans\" refused: it ends outside the text\n"
        "spans: annotation 9..8 of \"spans\" refused: it ends before it begins\n"
        "spans: annotation 8..8 of \"spans\" refused: it is empty\n"
        "spans: annotation 4294967295..4294967295 of \"spans\" refused: it ends outside the "
        "text\n"
        "spans: more breaches of the contract, not noted one by one\n");
    bed_close(&b);
}

static void wrong_values_are_refused(void **state)
{
    (void)state;
    bed_check(
        "[{\"plugin\": \"values\"}]", "text",
        "values one\n"
        "  whole first 1 refused=8\n"
        "more many\n",
        "values: annotation (the whole document) of \"values\" refused: the layer holds one at "
        "most and "
        "has it\n"
        "values: annotation (the whole document) of \"more\" refused: its score is not finite\n"
        "values: annotation (the whole document) of \"more\" refused: its label is not UTF-8\n"
        "values: attribute \"key\" of annotation 7 of \"values\" refused: there is no such "
        "annotation\n"
        "values: attribute \"key\" of annotation 0 of \"values\" refused: it is not UTF-8\n"
        "values: attribute \"key\" of annotation 0 of \"values\" refused: it is not a finite "
        "number\n"
        "values: attribute \"label\" of annotation 0 of \"values\" refused: no attribute can be "
        "called so\n");
}

static void full_document_is_said(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, "[{\"plugin\": \"huge\"}, {\"plugin\": \"newer_table\"}]");
    bed_run(&b, NULL, "text", NULL);
    assert_string_equal(
        bed_notes(&b),
        "huge: annotation (the whole document) of \"huge\" refused: the document holds "
        "as much as it may\n"
        "huge: failed on this document and gave no reason\n");
    /* What it took goes with the document, not with the plugin: the next has what is left. */
    assert_string_equal(bed_layers(&b), "newer one\n  whole ran -\n");
    bed_close(&b);
}

static void options_are_given_or_defaulted(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, "[{\"plugin\": \"options\", \"options\": {\"string\": \"s\"}}]");
    bed_run(&b, NULL, "text", NULL);
    assert_string_equal(bed_layers(&b),
                        "options one\n"
                        "  whole s - number=0.5 flag=1 items=2 last=\"de\" mapped=-1 same=0 "
                        "strangers=4\n");
    bed_close(&b);
    bed_open(&b, "[{\"plugin\": \"options\", \"options\": {\"string\": \"\", \"number\": -3, "
                 "\"flag\": false, \"list\": [], \"file\": \"ten_bytes.txt\"}}]");
    bed_run(&b, NULL, "text", NULL);
    assert_string_equal(bed_notes(&b), "");
    assert_string_equal(bed_layers(&b),
                        "options one\n"
                        "  whole  - number=-3 flag=0 items=0 mapped=10 same=1 strangers=4\n");
    bed_close(&b);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    bed_check_refused(
        "[{\"plugin\": \"options\", \"options\": {\"string\": \"s\", \"nubmer\": 1}}]",
        "test.json:2:63: pipeline[0].options.nubmer: plugin options has no such option; "
        "did you mean \"number\"?");
    bed_check_refused(
        "[{\"plugin\": \"options\", \"options\": {\"string\": \"s\", \"zebra\": 1}}]",
        "test.json:2:63: pipeline[0].options.zebra: plugin options has no such option; "
        "it has: string, number, flag, list, file");
    bed_check_refused("[{\"plugin\": \"shout\", \"options\": {\"zebra\": 1}}]",
                      "test.json:2:46: pipeline[0].options.zebra: plugin shout has no options");
    bed_check_refused(
        "[{\"plugin\": \"options\", \"options\": {\"number\": 1}}]",
        "test.json:2:36: pipeline[0].options.string: must be given, it has no default: "
        "any words");
    bed_check_refused("[{\"plugin\": \"options\", \"options\": {\"string\": 1}}]",
                      "test.json:2:48: pipeline[0].options.string: must be a string");
    bed_check_refused(
        "[{\"plugin\": \"options\", \"options\": {\"string\": \"\", \"number\": \"1\"}}]",
        "test.json:2:62: pipeline[0].options.number: must be a number");
    bed_check_refused("[{\"plugin\": \"options\", \"options\": {\"string\": \"\", \"flag\": 1}}]",
                      "test.json:2:62: pipeline[0].options.flag: must be true or false");
    bed_check_refused(
        "[{\"plugin\": \"options\", \"options\": {\"string\": \"\", \"list\": \"en\"}}]",
        "test.json:2:62: pipeline[0].options.list: must be a list of strings");
    bed_check_refused(
        "[{\"plugin\": \"options\", \"options\": {\"string\": \"\", \"file\": true}}]",
        "test.json:2:62: pipeline[0].options.file: must be a file's name");
    bed_check_refused(
        "[{\"plugin\": \"options\", \"options\": {\"string\": \"\", \"file\": \"x.bin\"}}]",
        "test.json:2:62: pipeline[0].options.file: no file x.bin in " SOURCE
        "/tests/fixtures: put it there, or add its folder to \"model_path\"");
}

static void check_map(const char *path, const char *want)
{
    char json[4300], full[4600];

    snprintf(json, sizeof json, "[{\"plugin\": \"mapper\", \"options\": {\"path\": \"%s\"}}]",
             path);
    snprintf(full, sizeof full, "test.json:2:14: pipeline[0]: plugin mapper did not start: %s",
             want);
    bed_check_refused(json, full);
}

static void files_that_cannot_be_mapped(void **state)
{
    char empty[] = "/tmp/test_host_XXXXXX", want[128];
    int fd = mkstemp(empty);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    check_map("x.bin", "no file x.bin in " SOURCE "/tests/fixtures: put it there, or add its "
                       "folder to \"model_path\"");
    check_map("/nowhere/x.bin", "can't open /nowhere/x.bin: No such file or directory");
    check_map(SOURCE "/tests", SOURCE "/tests is a folder, not a file");
    check_map("/dev/null", "/dev/null is something else, not a file");
    snprintf(want, sizeof want, "%s is empty", empty);
    check_map(empty, want);
    unlink(empty);
}

static void files_are_mapped_once(void **state)
{
    static const char path[] = SOURCE "/tests/fixtures/ten_bytes.txt";
    struct maps *m = maps_create();
    size_t len = 0;
    struct fault f;
    const char *p = maps_get(m, path, &len, &f);

    (void)state;
    assert_non_null(p);
    assert_int_equal(len, 10);
    assert_memory_equal(p, "ten bytes\n", 10);
    assert_ptr_equal(maps_get(m, path, &len, &f), p);
    assert_null(maps_get(m, "/nowhere", &len, &f));
    maps_destroy(m);
}

static void fields_and_text_are_seen(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, "[{\"plugin\": \"fields\"}]");
    bed_run(&b, "Title", "Body here", NULL);
    assert_string_equal(bed_layers(&b),
                        "fields one\n"
                        "  whole Title\nBody here - len=15 body=6 id=\"doc-1\" source=\"The "
                        "Daily.News\" absent=4 aligned=1 refused=1 tokens=3 sentences=2\n");
    bed_run(&b, NULL, "", NULL);
    assert_string_equal(bed_layers(&b),
                        "fields one\n"
                        "  whole  - len=0 body=0 id=\"doc-1\" source=\"The Daily.News\" absent=4 "
                        "aligned=1 refused=1 tokens=0 sentences=0\n");
    assert_string_equal(bed_notes(&b), "");
    bed_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undeclared_layer_reads_as_empty),
        cmocka_unit_test(undeclared_layer_is_not_written),
        cmocka_unit_test(wrong_spans_are_refused),
        cmocka_unit_test(wrong_values_are_refused),
        cmocka_unit_test(full_document_is_said),
        cmocka_unit_test(options_are_given_or_defaulted),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(files_that_cannot_be_mapped),
        cmocka_unit_test(files_are_mapped_once),
        cmocka_unit_test(fields_and_text_are_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
