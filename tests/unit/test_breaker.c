/* SPDX-License-Identifier: Apache-2.0
 *
 * test_breaker.c - plugins that keep failing: when they go off, are tried, come back. */
#include "daemon/breaker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SLICE(s) ((struct slice){s, sizeof(s) - 1})

enum { FAILS = FRAME_FAILED, PASSES = FRAME_PASSED, IDLES = FRAME_NOT_RUN };

/* Two entries; the second is never switched off. */
struct bench {
    struct config config;
    struct config_entry entry[2];
    struct breakers b;
    uint64_t ticket;
};

static void setup(struct bench *t)
{
    memset(t, 0, sizeof *t);
    t->entry[0] = (struct config_entry){.plugin = "a", .off_after = 3, .retry_s = 10};
    t->entry[1] = (struct config_entry){.plugin = "b", .retry_s = 10};
    t->config.pipeline = t->entry;
    t->config.n_pipeline = 2;
    assert_int_equal(breakers_init(&t->b, &t->config), 0);
    log_set_level(LOG_ERROR + 1);
}

static const char *stop(struct bench *t, uint64_t ticket, uint64_t now)
{
    struct slice id = SLICE("id");

    return breakers_stop(&t->b, 0, &id, ticket, now);
}

static void note(struct bench *t, uint64_t ticket, char first, char second, uint64_t now)
{
    const char outcomes[] = {first, second};
    struct frame_result r = {.plugin = SLICE("a"), .error = SLICE("no"), .outcomes = {outcomes, 2}};

    breakers_note(&t->b, ticket, &r, now);
}

static void switch_off(struct bench *t, uint64_t now)
{
    for (int i = 0; i < 3; i++) {
        assert_int_equal(t->b.off, 0);
        note(t, ++t->ticket, FAILS, PASSES, now);
    }
    assert_int_equal(t->b.off, 1);
}

static void goes_off_after_failures_in_a_row(void **state)
{
    struct bench t;
    char line[100];

    (void)state;
    setup(&t);
    note(&t, 1, FAILS, FAILS, 0);
    note(&t, 2, FAILS, FAILS, 0);
    note(&t, 3, PASSES, FAILS, 0);
    assert_null(stop(&t, 4, 0));
    /* A crash counts as what it reports does; being not run is nothing. */
    note(&t, 4, FAILS, FAILS, 0);
    note(&t, 5, IDLES, FAILS, 0);
    breakers_fail(&t.b, 0, 6, "crashed", 0);
    assert_int_equal(t.b.off, 0);
    breakers_fail(&t.b, 0, 7, "crashed", 0);
    assert_string_equal(stop(&t, 8, 0), "switched off after 3 failures in a row");
    breakers_write(&t.b, line, sizeof line);
    assert_string_equal(line, "a (1 documents without it)");
    breakers_finish(&t.b);
}

static void is_tried_with_one_document(void **state)
{
    struct bench t;

    (void)state;
    setup(&t);
    switch_off(&t, 1000);
    assert_non_null(stop(&t, 10, 10999));
    assert_null(stop(&t, 11, 11000));
    assert_non_null(stop(&t, 12, 11000));
    assert_null(stop(&t, 11, 11001)); /* it is run again: it is the one still */
    note(&t, 12, PASSES, PASSES, 11001);
    assert_non_null(stop(&t, 13, 11002)); /* another's outcome does not count */
    note(&t, 11, PASSES, PASSES, 11003);
    assert_int_equal(t.b.off, 0);
    assert_null(stop(&t, 14, 11004));
    switch_off(&t, 12000); /* and all of its failures are forgotten */
    breakers_finish(&t.b);
}

static void a_trial_that_fails_waits_again(void **state)
{
    struct bench t;

    (void)state;
    setup(&t);
    switch_off(&t, 0);
    assert_null(stop(&t, 11, 10000));
    note(&t, 11, FAILS, PASSES, 10001);
    assert_non_null(stop(&t, 12, 20000));
    assert_null(stop(&t, 13, 20001));
    breakers_fail(&t.b, 0, 13, "crashed", 20002);
    assert_non_null(stop(&t, 14, 30001));
    assert_null(stop(&t, 15, 30002));
    breakers_finish(&t.b);
}

static void a_trial_that_tells_nothing_is_made_again(void **state)
{
    const struct frame_result nothing = {0};
    struct bench t;

    (void)state;
    setup(&t);
    switch_off(&t, 0);
    assert_null(stop(&t, 11, 10000));
    note(&t, 11, IDLES, PASSES, 10001);
    assert_null(stop(&t, 12, 10001));
    breakers_note(&t.b, 12, &nothing, 10002); /* it was given up */
    assert_null(stop(&t, 13, 10002));
    note(&t, 13, PASSES, PASSES, 10003);
    assert_int_equal(t.b.off, 0);
    breakers_finish(&t.b);
}

static void outcomes_under_way_do_not_count(void **state)
{
    struct bench t;

    (void)state;
    setup(&t);
    switch_off(&t, 0);
    note(&t, 7, PASSES, PASSES, 1);
    note(&t, 8, FAILS, PASSES, 5000);
    assert_non_null(stop(&t, 9, 9999));
    assert_null(stop(&t, 9, 10000));
    breakers_finish(&t.b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_off_after_failures_in_a_row),
        cmocka_unit_test(is_tried_with_one_document),
        cmocka_unit_test(a_trial_that_fails_waits_again),
        cmocka_unit_test(a_trial_that_tells_nothing_is_made_again),
        cmocka_unit_test(outcomes_under_way_do_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
