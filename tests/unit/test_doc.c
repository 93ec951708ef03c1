/* SPDX-License-Identifier: Apache-2.0
 *
 * What gloss/plugin.h promises of documents: their text, and what is refused of
 * what plugins write.
 */
#include "text/doc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SLICE(s)                                                                                   \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }
#define SPAN(b, e) ((struct gloss_span){b, e})

static const struct doc_fields news = {
    .id = SLICE("a1"),
    .title = SLICE("Café opens"),
    .text = SLICE("PARIS - It opened. 😀 Ok"),
    .published = SLICE("2020-03-02"),
};

/* A document of news with one layer. */
static struct doc_layer *begin(struct doc *d, size_t limit, uint32_t flags)
{
    int layer;

    doc_init(d, limit);
    assert_int_equal(doc_begin(d, &news), 0);
    layer = doc_layer_add(d, "l", "l", flags);
    assert_true(layer >= 0);
    return &d->layers[layer];
}

static void test_text_and_fields(void **state)
{
    struct doc d;

    (void)state;
    begin(&d, 1 << 20, GLOSS_MANY);
    assert_string_equal(d.text, "Café opens\nPARIS - It opened. 😀 Ok");
    assert_int_equal(d.len, strlen(d.text));
    assert_int_equal(d.body, 12);
    assert_int_equal(d.fields.title.n, 11);
    assert_memory_equal(d.fields.title.p, "Café opens", 11);
    assert_string_equal(d.fields.text.p, "PARIS - It opened. 😀 Ok");
    assert_string_equal(d.fields.id.p, "a1");
    assert_string_equal(d.fields.published.p, "2020-03-02");
    assert_null(d.fields.url.p);
    doc_finish(&d);
    doc_finish(NULL);
}

static void test_without_title_or_text(void **state)
{
    struct doc_fields none = {.title = {"", 0}};
    struct doc_fields text = {.text = SLICE("x\0y")};
    struct doc d;

    (void)state;
    doc_init(&d, 1 << 20);
    assert_int_equal(doc_begin(&d, &none), 0);
    assert_int_equal(d.len, 0);
    assert_int_equal(d.body, 0);
    assert_string_equal(d.text, "");
    assert_int_equal(doc_tokens(&d)->n_tokens, 0);
    assert_int_equal(doc_begin(&d, &text), 0);
    assert_int_equal(d.len, 3);
    assert_int_equal(d.body, 0);
    doc_finish(&d);
}

static void test_too_large(void **state)
{
    struct doc_fields huge = {.title = {"x", (size_t)1 << 29}, .text = {"x", (size_t)1 << 29}};
    struct doc d;

    (void)state;
    doc_init(&d, 0);
    assert_int_equal(doc_begin(&d, &huge), -1);
    huge.title.n = SIZE_MAX;
    assert_int_equal(doc_begin(&d, &huge), -1);
    huge.title = (struct slice){NULL, 0};
    huge.text.n = (size_t)1 << 30;
    assert_int_equal(doc_begin(&d, &huge), -1);
    assert_int_equal(d.len, 0);
    doc_finish(&d);
}

static void test_tokens_do_not_cross(void **state)
{
    const struct tokens *t;
    struct doc d;

    (void)state;
    begin(&d, 1 << 20, GLOSS_MANY);
    t = doc_tokens(&d);
    assert_ptr_equal(t, doc_tokens(&d));
    assert_int_equal(t->n_sentences, 3);
    assert_int_equal(t->sentences[0].end, 11);
    assert_int_equal(t->sentences[1].begin, 12);
    assert_int_equal(t->tokens[2].span.begin, 12);
    assert_true(t->tokens[2].flags & GLOSS_TOKEN_LINE);
    doc_finish(&d);
}

static void test_tokens_without_memory(void **state)
{
    struct doc d;

    (void)state;
    doc_init(&d, 32);
    assert_int_equal(doc_begin(&d, &news), 0);
    assert_int_equal(doc_tokens(&d)->n_tokens, 0);
    assert_non_null(d.errors);
    assert_string_equal(d.errors->plugin, "tokens");
    assert_null(d.errors->next);
    doc_finish(&d);
}

static void test_spans(void **state)
{
    static const struct {
        struct gloss_span span;
        int32_t want;
    } cases[] = {
        {{0, 11}, 0},
        {{0, 1}, 1},
        {{12, 17}, 2},
        {{31, 35}, 3},
        {{35, 38}, 4},
        {{0, UINT32_MAX}, 5},
        {{0, 12}, GLOSS_ESPAN}, /* the newline between */
        {{5, 14}, GLOSS_ESPAN}, /* title and text */
        {{11, 12}, GLOSS_ESPAN},
        {{11, 14}, GLOSS_ESPAN},
        {{4, 6}, GLOSS_ESPAN}, /* inside é */
        {{0, 4}, GLOSS_ESPAN},
        {{33, 36}, GLOSS_ESPAN},
        {{31, 34}, GLOSS_ESPAN},
        {{35, 39}, GLOSS_ESPAN}, /* behind the end */
        {{12, 12}, GLOSS_ESPAN}, /* empty */
        {{17, 12}, GLOSS_ESPAN},
        {{1, UINT32_MAX}, GLOSS_ESPAN},
        {{UINT32_MAX, UINT32_MAX}, GLOSS_ESPAN},
    };
    struct doc d;
    struct doc_layer *l = begin(&d, 1 << 20, GLOSS_MANY);

    (void)state;
    assert_memory_equal(d.text + 31, "😀", 4);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(doc_annotate(&d, l, cases[i].span, "x", NAN), cases[i].want);
    assert_int_equal(l->n, 6);
    doc_finish(&d);
}

static void test_values(void **state)
{
    struct doc d;
    struct doc_layer *l = begin(&d, 1 << 20, GLOSS_MANY);
    char label[] = "PER";

    (void)state;
    assert_int_equal(doc_annotate(&d, l, SPAN(0, 1), label, 0.5), 0);
    label[0] = '?'; /* was copied */
    assert_string_equal(l->annots[0].label, "PER");
    assert_int_equal(doc_annotate(&d, l, SPAN(0, 1), NULL, NAN), 1);
    assert_null(l->annots[1].label);
    assert_true(isnan(l->annots[1].score));
    assert_int_equal(doc_annotate(&d, l, SPAN(0, 1), "\xff", 0), GLOSS_EVALUE);
    assert_int_equal(doc_annotate(&d, l, SPAN(0, 1), "x", INFINITY), GLOSS_EVALUE);
    assert_int_equal(doc_annotate(&d, l, SPAN(0, 1), "x", -INFINITY), GLOSS_EVALUE);

    assert_int_equal(doc_set(&d, l, 0, "name", "Ann", 0), GLOSS_OK);
    assert_int_equal(doc_set(&d, l, 0, "lat_2", NULL, 1.5), GLOSS_OK);
    assert_int_equal(doc_set(&d, l, 0, "name", "Ann Lee", 0), GLOSS_OK); /* replaced */
    assert_string_equal(doc_get(l, 0, "name")->str, "Ann Lee");
    assert_int_equal(doc_set(&d, l, 0, "name", NULL, 3), GLOSS_OK);
    assert_null(doc_get(l, 0, "name")->str);
    assert_true(doc_get(l, 0, "lat_2")->num == 1.5);
    assert_ptr_equal(l->attrs[0].first->next, l->attrs[0].last);
    assert_null(doc_get(l, 0, "none"));
    assert_null(doc_get(l, 1, "name"));
    assert_null(doc_get(l, 2, "name"));

    assert_int_equal(doc_set(&d, l, 2, "name", "x", 0), GLOSS_EVALUE);
    assert_int_equal(doc_set(&d, l, -1, "name", "x", 0), GLOSS_EVALUE);
    assert_int_equal(doc_set(&d, l, 0, "name", "\xC3", 0), GLOSS_EVALUE);
    assert_int_equal(doc_set(&d, l, 0, "name", NULL, NAN), GLOSS_EVALUE);
    assert_int_equal(doc_set(&d, l, 0, "name", NULL, INFINITY), GLOSS_EVALUE);
    doc_finish(&d);
}

static void test_keys(void **state)
{
    static const char *const wrong[] = {"",      "start", "end", "text", "label", "score",
                                        "field", "Name",  "a-b", "a b",  "\"",    "é"};
    struct doc d;
    struct doc_layer *l = begin(&d, 1 << 20, GLOSS_MANY);

    (void)state;
    doc_annotate(&d, l, GLOSS_WHOLE, NULL, NAN);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_int_equal(doc_set(&d, l, 0, wrong[i], "x", 0), GLOSS_EVALUE);
    assert_int_equal(doc_set(&d, l, 0, NULL, "x", 0), GLOSS_EVALUE);
    assert_null(l->attrs[0].first);
    doc_finish(&d);
}

static void test_one(void **state)
{
    struct doc d;
    struct doc_layer *l = begin(&d, 1 << 20, GLOSS_ONE);

    (void)state;
    assert_int_equal(doc_annotate(&d, l, GLOSS_WHOLE, "en", 1), 0);
    assert_int_equal(doc_annotate(&d, l, GLOSS_WHOLE, "de", 1), GLOSS_ELAYER);
    assert_int_equal(l->n, 1);
    assert_string_equal(l->annots[0].label, "en");
    doc_finish(&d);
}

static void test_layers(void **state)
{
    static char names[100][16];
    struct doc d;

    (void)state;
    begin(&d, 1 << 20, GLOSS_MANY);
    assert_int_equal(doc_layer_add(&d, "other", "l", GLOSS_ONE), 0); /* it is there */
    for (int i = 0; i < 100; i++) {
        snprintf(names[i], sizeof(names[i]), "n%d", i);
        assert_int_equal(doc_layer_add(&d, "n", names[i], GLOSS_MANY), i + 1);
    }
    assert_string_equal(doc_layer_find(&d, "n77")->as, "n77");
    assert_null(doc_layer_find(&d, "n"));
    assert_int_equal(doc_begin(&d, &news), 0);
    assert_null(doc_layer_find(&d, "l"));
    doc_finish(&d);
}

static void test_notes(void **state)
{
    struct doc d;
    char long_note[5000];

    (void)state;
    doc_init(&d, 0); /* no memory at all: there is room for notes */
    assert_int_equal(doc_begin(&d, &news), 0);
    doc_note(&d, "p", "failed on %d", 7);
    doc_note(&d, "p", "failed on %d", 7);
    doc_note(&d, "q", "failed on %d", 7);
    doc_note(&d, "q", "%s", "bad \xff byte");
    assert_string_equal(d.errors->error, "failed on 7");
    assert_string_equal(d.errors->next->plugin, "q");
    assert_string_equal(d.errors->next->next->error, "bad ? byte");
    assert_null(d.errors->next->next->next);
    memset(long_note, 'x', sizeof(long_note));
    long_note[sizeof(long_note) - 1] = '\0';
    for (int i = 0; i < 1000; i++)
        doc_note(&d, "r", "%d %s", i, long_note);
    assert_int_equal(doc_layer_add(&d, "l", "l", GLOSS_ONE), -1);
    doc_finish(&d);
}

/* Each limit from none to enough: an error, never less than was there before. */
static void test_limits(void **state)
{
    size_t full = 0;

    (void)state;
    for (size_t limit = 0; limit < 16384; limit += 16) {
        struct doc d;
        int layer;
        doc_init(&d, limit);
        assert_int_equal(doc_begin(&d, &news), 0);
        doc_tokens(&d);
        layer = doc_layer_add(&d, "l", "l", GLOSS_MANY);
        for (int i = 0; layer >= 0 && i < 40; i++) {
            struct doc_layer *l = &d.layers[layer];
            int32_t n = doc_annotate(&d, l, SPAN(12, 17), "LOC", 0.5);
            if (n == GLOSS_ELIMIT)
                break;
            assert_int_equal(n, i);
            n = doc_set(&d, l, n, "name", "Paris", 0);
            assert_true(n == GLOSS_OK || n == GLOSS_ELIMIT);
            full += i == 39;
        }
        for (size_t i = 0; layer >= 0 && i < d.layers[layer].n; i++)
            assert_string_equal(d.layers[layer].annots[i].label, "LOC");
        doc_finish(&d);
    }
    assert_true(full > 0);
}

/* The hot path: from the second document on the memory is there. */
static void test_begin_again(void **state)
{
    struct doc d;
    const char *text;

    (void)state;
    begin(&d, 1 << 20, GLOSS_MANY);
    doc_tokens(&d);
    text = d.text;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(doc_begin(&d, &news), 0);
        assert_ptr_equal(d.text, text);
        assert_int_equal(d.n_layers, 0);
        assert_int_equal(d.arena.used, 0);
        assert_int_equal(doc_tokens(&d)->n_sentences, 3);
    }
    doc_finish(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_and_fields),
        cmocka_unit_test(test_without_title_or_text),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_tokens_do_not_cross),
        cmocka_unit_test(test_tokens_without_memory),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_one),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_begin_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
