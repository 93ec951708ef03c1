/* SPDX-License-Identifier: Apache-2.0
 *
 * test_sentiment.c - tone. The cases in sentiment/ say which sentences are what,
 * and which of a block is the better one: a model trained anew must keep to that.
 */
#include "support/bed.h"
#include "support/cases.h"

#include <gloss/layers.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MODEL   SOURCE "/plugins/sentiment/sentiment.model"
#define WITH(x) "[{\"plugin\": \"sentiment\", \"options\": {\"model\": \"" MODEL "\"" x "}}]"

static const struct gloss_annot *annot(struct bed *b, const char *layer, size_t i)
{
    const struct doc_layer *l = doc_layer_find(&b->doc, layer);

    assert_non_null(l);
    assert_true(i < l->n);
    return &l->annots[i];
}

static size_t count(struct bed *b, const char *layer)
{
    const struct doc_layer *l = doc_layer_find(&b->doc, layer);

    return l ? l->n : 0;
}

static const struct gloss_annot *tone(struct bed *b, const char *title, const char *text)
{
    bed_run(b, title, text, NULL);
    assert_string_equal(bed_notes(b), "");
    return annot(b, GLOSS_SENTIMENT, 0);
}

/* ---- cases: blocks of lines; out come the blocks, best line first, with labels */

enum { LINES = 64 };

struct rated {
    const char *text;
    char label[16];
    double score;
};

static int better_first(const void *a, const void *b)
{
    const struct rated *x = a, *y = b;

    return (x->score < y->score) - (x->score > y->score);
}

static void put_block(FILE *to, struct rated *lines, size_t n)
{
    qsort(lines, n, sizeof *lines, better_first);
    for (size_t i = 0; i < n; i++)
        fprintf(to, "%-8s  %s\n", lines[i].label, lines[i].text);
}

static char *rate_blocks(const char *path, const char *input, size_t n)
{
    struct rated lines[LINES];
    char *all = strndup(input, n), *out, *rest = all, *line;
    size_t got = 0, len;
    FILE *to = open_memstream(&out, &len);
    struct bed b;

    (void)path;
    assert_true(all && to);
    bed_open(&b, WITH(""));
    while ((line = strsep(&rest, "\n"))) {
        const struct gloss_annot *a;

        if (!*line) {
            put_block(to, lines, got);
            got = 0;
            if (rest && *rest)
                fputc('\n', to);
            continue;
        }
        assert_true(got < LINES);
        a = tone(&b, NULL, line);
        lines[got] = (struct rated){.text = line, .score = a->score};
        snprintf(lines[got++].label, sizeof lines->label, "%s", a->label);
    }
    put_block(to, lines, got);
    fclose(to);
    bed_close(&b);
    free(all);
    if (len && out[len - 1] == '\n')
        out[len - 1] = '\0';
    return out;
}

static void test_cases(void **state)
{
    (void)state;
    cases_check(SOURCE "/tests/plugins/sentiment", rate_blocks);
}

/* ---- the document out of its sentences */

static const char good[] = "The new bridge is a wonderful success and everyone loves it.";
static const char bad[] = "The old bridge was a dangerous failure that killed three people.";

static void test_sentences(void **state)
{
    struct bed b;
    char text[256];
    double whole;

    (void)state;
    bed_open(&b, WITH(""));
    snprintf(text, sizeof text, "%s %s", good, bad);
    whole = tone(&b, NULL, text)->score;
    assert_int_equal(count(&b, GLOSS_TONES), 2);
    assert_string_equal(annot(&b, GLOSS_TONES, 0)->label, GLOSS_POSITIVE);
    assert_string_equal(annot(&b, GLOSS_TONES, 1)->label, GLOSS_NEGATIVE);
    assert_int_equal(annot(&b, GLOSS_TONES, 0)->span.begin, 0);
    assert_int_equal(annot(&b, GLOSS_TONES, 0)->span.end, strlen(good));
    assert_int_equal(annot(&b, GLOSS_TONES, 1)->span.end, strlen(text));
    assert_true(whole < annot(&b, GLOSS_TONES, 0)->score);
    assert_true(whole > annot(&b, GLOSS_TONES, 1)->score);
    bed_close(&b);
}

static void test_one_sentence_is_the_whole(void **state)
{
    struct bed b;
    double whole;

    (void)state;
    bed_open(&b, WITH(""));
    whole = tone(&b, NULL, good)->score;
    assert_true(whole == annot(&b, GLOSS_TONES, 0)->score);
    assert_true(whole > 0.2 && whole <= 1);
    bed_close(&b);
}

static void test_title_counts_more(void **state)
{
    struct bed once, never;
    double above, below;

    (void)state;
    bed_open(&once, WITH(""));
    bed_open(&never, WITH(", \"title\": 0"));
    above = tone(&once, good, bad)->score;
    below = tone(&once, bad, good)->score;
    assert_true(above > below);
    assert_true(tone(&never, good, bad)->score < above);
    assert_true(tone(&never, good, bad)->score == annot(&never, GLOSS_TONES, 1)->score);
    bed_close(&once);
    bed_close(&never);
}

static void test_furniture_is_silent(void **state)
{
    static const char page[] = "Terrible\nFree gifts\n\n%s\n\nShare: love\nWin great prizes";
    struct bed b;
    char text[512];
    double alone;

    (void)state;
    bed_open(&b, WITH(""));
    alone = tone(&b, NULL, bad)->score;
    snprintf(text, sizeof text, page, bad);
    assert_true(tone(&b, NULL, text)->score == alone);
    assert_string_equal(tone(&b, NULL, "Wonderful")->label, GLOSS_POSITIVE);
    bed_close(&b);
}

/* ---- options */

static void test_sentences_can_be_left_out(void **state)
{
    struct bed b;

    (void)state;
    bed_open(&b, WITH(", \"sentences\": false"));
    assert_string_equal(tone(&b, NULL, good)->label, GLOSS_POSITIVE);
    assert_int_equal(count(&b, GLOSS_TONES), 0);
    bed_close(&b);
}

static void test_neutral_is_set(void **state)
{
    struct bed never, always;

    (void)state;
    bed_open(&never, WITH(", \"neutral\": 0.000001"));
    bed_open(&always, WITH(", \"neutral\": 100000"));
    assert_string_not_equal(tone(&never, NULL, "The committee meets on Tuesday.")->label,
                            GLOSS_NEUTRAL);
    assert_string_equal(tone(&always, NULL, good)->label, GLOSS_NEUTRAL);
    bed_close(&never);
    bed_close(&always);
}

static void test_bad_options_are_refused(void **state)
{
    static const char *const options[] = {", \"neutral\": 0", ", \"neutral\": -1",
                                          ", \"title\": -1"};
    char pipeline[1024];

    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        struct bed b;

        snprintf(pipeline, sizeof pipeline,
                 "[{\"plugin\": \"sentiment\", \"options\": {\"model\": \"%s\"%s}}]", MODEL,
                 options[i]);
        bed_open(&b, pipeline);
        assert_null(b.pipeline);
        assert_non_null(strstr(b.fault.text, "must be"));
        bed_close(&b);
    }
}

/* ---- text that is no news */

static void test_odd_text(void **state)
{
    static const char *const texts[] = {
        "",
        " \n\n ",
        "!!!",
        "1,254.50",
        ":-) :-(",
        "\xF0\x9F\x98\x80\xF0\x9F\x98\xA1",
        "\xE6\x9C\x9D\xE6\x97\xA5\xE6\x96\xB0\xE8\x81\x9E\xE3\x81\xAF",
        "a-b-c-d-e-f-g-h-i-j",
        "Das ist ein sch\xC3\xB6ner Tag, nicht wahr?",
        "n't n't n't",
        "http://example.org/good"};
    struct bed b;

    (void)state;
    bed_open(&b, WITH(""));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct gloss_annot *a = tone(&b, NULL, texts[i]);

        assert_non_null(a->label);
        assert_true(a->score >= -1 && a->score <= 1);
    }
    bed_close(&b);
}

/* One sentence far longer than is taken at once, and words longer than any. */
static void test_long_text(void **state)
{
    enum { TIMES = 20000 };
    static const char words[] = "great well-known ";
    size_t n = sizeof words - 1;
    char *text = malloc(TIMES * n + 1);
    struct bed b;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < TIMES; i++)
        memcpy(text + i * n, words, n);
    text[TIMES * n] = '\0';
    bed_open(&b, WITH(""));
    doc_finish(&b.doc);
    doc_init(&b.doc, 1 << 26);
    assert_string_equal(tone(&b, NULL, text)->label, GLOSS_POSITIVE);
    memset(text, 'o', TIMES * n);
    assert_string_equal(tone(&b, NULL, text)->label, GLOSS_NEUTRAL);
    bed_close(&b);
    free(text);
}

/* ---- the model file */

static char *damaged(const char *model, size_t n)
{
    char *path = strdup("/tmp/sentiment-XXXXXX");
    int fd = mkstemp(path);
    FILE *to = fdopen(fd, "w");

    assert_non_null(to);
    assert_int_equal(fwrite(model, 1, n, to), n);
    fclose(to);
    return path;
}

static void check_refused(const char *model, size_t n, const char *why)
{
    char *path = damaged(model, n), pipeline[1024];
    struct bed b;

    snprintf(pipeline, sizeof pipeline,
             "[{\"plugin\": \"sentiment\", \"options\": {\"model\": \"%s\"}}]", path);
    bed_open(&b, pipeline);
    assert_null(b.pipeline);
    if (!strstr(b.fault.text, why))
        fail_msg("want \"%s\" in: %s", why, b.fault.text);
    bed_close(&b);
    remove(path);
    free(path);
}

static void test_damaged_models_are_refused(void **state)
{
    size_t n;
    char *model = cases_slurp(MODEL, &n);

    (void)state;
    check_refused(model, 16, "not a sentiment model");
    check_refused(model, n - 1, "cut short");
    check_refused(model, n / 2, "cut short");
    model[n / 2] ^= 1;
    check_refused(model, n, "damaged");
    model[n / 2] ^= 1;
    model[8] ^= 1;
    check_refused(model, n, "another version");
    model[0] ^= 1;
    check_refused(model, n, "not a sentiment model");
    free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_one_sentence_is_the_whole),
        cmocka_unit_test(test_title_counts_more),
        cmocka_unit_test(test_furniture_is_silent),
        cmocka_unit_test(test_sentences_can_be_left_out),
        cmocka_unit_test(test_neutral_is_set),
        cmocka_unit_test(test_bad_options_are_refused),
        cmocka_unit_test(test_odd_text),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_damaged_models_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
