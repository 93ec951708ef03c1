/* SPDX-License-Identifier: Apache-2.0
 *
 * test_topics.c - the last seq of each topic, and how old ones are forgotten. */
#include "daemon/topics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint64_t swap(struct topics *t, const char *topic, uint64_t seq)
{
    return topics_swap(t, topic, strlen(topic), seq);
}

static void gives_the_one_before(void **state)
{
    struct topics *t = topics_create(10);

    (void)state;
    assert_int_equal(swap(t, "en.", 1), 0);
    assert_int_equal(swap(t, "de.", 2), 0);
    assert_int_equal(swap(t, "en.", 3), 1);
    assert_int_equal(swap(t, "en.", 4), 3);
    assert_int_equal(swap(t, "de.", 5), 2);
    assert_int_equal(swap(t, "", 6), 0);
    assert_int_equal(swap(t, "", 7), 6);
    topics_destroy(t);
}

static void bytes_count_not_the_string(void **state)
{
    struct topics *t = topics_create(10);

    (void)state;
    assert_int_equal(topics_swap(t, "a\0b", 3, 1), 0);
    assert_int_equal(topics_swap(t, "a\0c", 3, 2), 0);
    assert_int_equal(topics_swap(t, "a", 1, 3), 0);
    assert_int_equal(topics_swap(t, "a\0b", 3, 4), 1);
    topics_destroy(t);
}

static void forgets_the_longest_unused(void **state)
{
    struct topics *t = topics_create(3);

    (void)state;
    swap(t, "a", 1);
    swap(t, "b", 2);
    swap(t, "c", 3);
    assert_int_equal(swap(t, "a", 4), 1); /* b is now the oldest */
    swap(t, "d", 5);
    assert_int_equal(swap(t, "a", 6), 4);
    assert_int_equal(swap(t, "c", 7), 3);
    assert_int_equal(swap(t, "d", 8), 5);
    assert_int_equal(swap(t, "b", 9), 0);
    topics_destroy(t);
}

static void many_topics(void **state)
{
    enum { MAX = 1000, ALL = 5000 };
    struct topics *t = topics_create(MAX);
    char topic[16];

    (void)state;
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < ALL; i++) {
            snprintf(topic, sizeof topic, "%u.", i);
            assert_int_equal(swap(t, topic, 1 + i), 0);
        }
    for (unsigned i = ALL - MAX; i < ALL; i++) {
        snprintf(topic, sizeof topic, "%u.", i);
        assert_int_equal(swap(t, topic, 1), 1 + i);
    }
    topics_destroy(t);
    topics_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_one_before),
        cmocka_unit_test(bytes_count_not_the_string),
        cmocka_unit_test(forgets_the_longest_unused),
        cmocka_unit_test(many_topics),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
