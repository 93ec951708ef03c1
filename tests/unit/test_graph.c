/* SPDX-License-Identifier: Apache-2.0
 *
 * test_graph.c - the order of plugins, and what is said where there is none. */
#include "plugin/graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LIST(...)   ((const char *const[]){__VA_ARGS__, NULL})
#define COUNT(list) (sizeof(list) / sizeof *(list))

static void check_order(const struct graph_node *nodes, size_t n, const size_t *want)
{
    size_t order[16];
    bool at_fault[16] = {false};
    struct fault f = {""};

    assert_int_equal(graph_order(nodes, n, order, at_fault, &f), 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(order[i], want[i]);
}

/* blamed has a ! for each node that is at fault. */
static void check_refused(const struct graph_node *nodes, size_t n, const char *blamed,
                          const char *want)
{
    size_t order[16];
    bool at_fault[16] = {false};
    struct fault f = {""};

    assert_int_equal(graph_order(nodes, n, order, at_fault, &f), -1);
    assert_string_equal(f.text, want);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(at_fault[i], blamed[i] == '!');
}

static void order_given_is_kept(void **state)
{
    const struct graph_node nodes[] = {
        {"c", NULL, NULL, LIST("3")},
        {"a", NULL, NULL, NULL},
        {"b", LIST("3"), NULL, LIST("2")},
        {"d", NULL, LIST("nobody writes this"), NULL},
    };

    (void)state;
    check_order(nodes, COUNT(nodes), (const size_t[]){0, 1, 2, 3});
    check_order(nodes, 0, NULL);
}

static void needs_and_wants_come_after(void **state)
{
    const struct graph_node nodes[] = {
        {"report", LIST("tone", "names"), NULL, LIST("report")},
        {"tone", NULL, LIST("language"), LIST("tone")},
        {"free", NULL, NULL, NULL},
        {"names", LIST("language"), NULL, LIST("names", "other")},
        {"language", NULL, NULL, LIST("language")},
    };

    (void)state;
    check_order(nodes, COUNT(nodes), (const size_t[]){2, 4, 1, 3, 0});
}

static void missing_need_is_refused(void **state)
{
    const struct graph_node nodes[] = {
        {"language", NULL, NULL, LIST("language")},
        {"names", LIST("language", "case"), NULL, LIST("names")},
    };

    (void)state;
    check_refused(nodes, COUNT(nodes), ".!",
                  "names needs the layer \"case\", which no plugin of the pipeline provides: "
                  "add one that does");
}

static void two_providers_are_refused(void **state)
{
    const struct graph_node nodes[] = {
        {"tone", NULL, NULL, LIST("sentences", "tone")},
        {"mood", NULL, NULL, LIST("mood", "tone")},
    };

    (void)state;
    check_refused(nodes, COUNT(nodes), "!!",
                  "tone and mood both provide the layer \"tone\": give one of them another name "
                  "for it with \"as\", or take one out");
}

static void circle_is_refused_with_its_names(void **state)
{
    const struct graph_node nodes[] = {
        {"outside", LIST("1"), NULL, NULL},     {"first", LIST("3"), NULL, LIST("1")},
        {"second", NULL, LIST("1"), LIST("2")}, {"third", LIST("2"), NULL, LIST("3")},
        {"free", NULL, NULL, LIST("free")},
    };

    (void)state;
    check_refused(nodes, COUNT(nodes), ".!!!.",
                  "no order can be had, plugins wait for each other: third needs \"2\" of second, "
                  "second needs \"1\" of first, first needs \"3\" of third");
}

static void plugin_that_waits_for_itself_is_refused(void **state)
{
    const struct graph_node nodes[] = {{"own", NULL, LIST("own"), LIST("own")}};

    (void)state;
    check_refused(nodes, COUNT(nodes), "!",
                  "no order can be had, plugins wait for each other: own needs \"own\" of own");
}

static void long_circle_is_cut_not_overrun(void **state)
{
    static const char *const name[] = {
        "a_plugin_with_a_long_name_so_that_the_message_is_long_too_0",
        "a_plugin_with_a_long_name_so_that_the_message_is_long_too_1",
        "a_plugin_with_a_long_name_so_that_the_message_is_long_too_2",
        "a_plugin_with_a_long_name_so_that_the_message_is_long_too_3",
        "a_plugin_with_a_long_name_so_that_the_message_is_long_too_4",
        "a_plugin_with_a_long_name_so_that_the_message_is_long_too_5",
        "a_plugin_with_a_long_name_so_that_the_message_is_long_too_6",
        "a_plugin_with_a_long_name_so_that_the_message_is_long_too_7",
    };
    const char *lists[8][2] = {{NULL}};
    struct graph_node nodes[8];
    size_t order[8];
    bool at_fault[8] = {false};
    struct fault f;

    (void)state;
    for (size_t i = 0; i < 8; i++)
        lists[i][0] = name[i];
    for (size_t i = 0; i < 8; i++)
        nodes[i] = (struct graph_node){name[i], lists[(i + 1) % 8], NULL, lists[i]};
    assert_int_equal(graph_order(nodes, 8, order, at_fault, &f), -1);
    assert_int_equal(strlen(f.text), sizeof f.text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_given_is_kept),
        cmocka_unit_test(needs_and_wants_come_after),
        cmocka_unit_test(missing_need_is_refused),
        cmocka_unit_test(two_providers_are_refused),
        cmocka_unit_test(circle_is_refused_with_its_names),
        cmocka_unit_test(plugin_that_waits_for_itself_is_refused),
        cmocka_unit_test(long_circle_is_cut_not_overrun),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
