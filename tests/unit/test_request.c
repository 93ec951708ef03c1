/* SPDX-License-Identifier: Apache-2.0
 *
 * test_request.c - requests as flat objects: what is taken, what keeps its default, and
 * what is refused, with its place.
 */
#include "text/arena.h"
#include "wire/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct wants {
    uint64_t from, small;
    struct slice name;
    struct request_strings names;
    bool flag;
};

static const struct request_field fields[] = {
    {"from", REQUEST_NUMBER, offsetof(struct wants, from), UINT64_MAX},
    {"small", REQUEST_NUMBER, offsetof(struct wants, small), 5},
    {"name", REQUEST_STRING, offsetof(struct wants, name), 0},
    {"names", REQUEST_STRINGS, offsetof(struct wants, names), 3},
    {"flag", REQUEST_FLAG, offsetof(struct wants, flag), 0},
    {0},
};

static struct arena arena;
static struct fault fault;

/* Reads a copy without a byte to spare, so that sanitizers see a read past the end. */
static enum reject read_tight(const char *json, struct wants *w)
{
    size_t n = strlen(json);
    char *tight = malloc(n ? n : 1);
    enum reject r;

    memcpy(tight, json, n);
    fault.text[0] = '\0';
    r = request_read(fields, w, &arena, tight, n, &fault);
    request_has(tight, n, "names");
    free(tight);
    return r;
}

static void is_slice(struct slice s, const char *text)
{
    assert_int_equal(s.n, strlen(text));
    assert_memory_equal(s.p, text, s.n);
}

static void test_taken(void **state)
{
    const char *json = " {\"from\": 18446744073709551615, \"small\":5 ,\"name\":\"a\\u00e9\", "
                       "\"names\":[\"x\",\"\\n\"], \"flag\":true}\n";
    struct wants w = {.from = 7};

    (void)state;
    assert_int_equal(request_read(fields, &w, &arena, json, strlen(json), &fault), REJECT_NONE);
    assert_true(w.from == UINT64_MAX && w.small == 5 && w.flag);
    is_slice(w.name, "aé");
    assert_int_equal(w.names.n, 2);
    is_slice(w.names.of[0], "x");
    is_slice(w.names.of[1], "\n");
    json = "{\"names\":\"one\",\"flag\":false,\"small\":0}";
    assert_int_equal(request_read(fields, &w, &arena, json, strlen(json), &fault), REJECT_NONE);
    assert_true(!w.flag && w.small == 0 && w.names.n == 1);
    is_slice(w.names.of[0], "one");
    assert_int_equal(read_tight("{\"names\":[]}", &w), REJECT_NONE);
    assert_int_equal(w.names.n, 0);
}

static void test_defaults_stay(void **state)
{
    struct wants w = {.from = 7, .flag = true, .names.n = 9};

    (void)state;
    assert_int_equal(read_tight("{}", &w), REJECT_NONE);
    assert_int_equal(read_tight("{\"from\":null,\"flag\":null,\"names\":null,\"name\":null}", &w),
                     REJECT_NONE);
    assert_true(w.from == 7 && w.flag && w.names.n == 9 && !w.name.p);
}

static void test_refused(void **state)
{
    static const struct {
        const char *json, *message;
        enum reject why;
    } cases[] = {
        {"", "line 1, column 1: ", REJECT_INVALID_JSON},
        {"7", "line 1, column 1: found '7', expected '{'", REJECT_INVALID_JSON},
        {"{\"from\":", "line 1, column 9: ", REJECT_INVALID_JSON},
        {"{\"from\":1,}", "line 1, column 11: ", REJECT_INVALID_JSON},
        {"{\"from\":1}{}", "line 1, column 11: ", REJECT_INVALID_JSON},
        {"{\"from\":nil}", "line 1, column 9: ", REJECT_INVALID_JSON},
        {"{\"names\":[\"a\"", "line 1, column 14: ", REJECT_INVALID_JSON},
        {"{\"name\":\"\xff\"}", "line 1, column 10: ", REJECT_INVALID_UTF8},
        {"{\"from\":18446744073709551616}", "line 1, column 9: \"from\" must be", REJECT_BAD_FIELD},
        {"{\"small\":6}", "line 1, column 10: \"small\" must be a whole number from 0 to 5",
         REJECT_BAD_FIELD},
        {"{\"small\":-0}", "line 1, column 10: ", REJECT_BAD_FIELD},
        {"{\"small\":{}}", "line 1, column 10: ", REJECT_BAD_FIELD},
        {"{\"name\":[\"a\"]}", "line 1, column 9: \"name\" must be a string", REJECT_BAD_FIELD},
        {"{\"names\":[1]}", "line 1, column 11: ", REJECT_BAD_FIELD},
        {"{\"names\":[\"1\",\"2\",\"3\",\"4\"]}", "line 1, column 23: \"names\" takes 3",
         REJECT_BAD_FIELD},
        {"{\"flag\":1}", "line 1, column 9: \"flag\" must be true or false", REJECT_BAD_FIELD},
        {"{\"nmae\":1}", "line 1, column 2: there is no such key; did you mean \"name\"?",
         REJECT_BAD_FIELD},
        {"{\"\":1}", "line 1, column 2: there is no such key", REJECT_BAD_FIELD},
        {"{\"flag\":true,\"flag\":true}", "line 1, column 14: the key \"flag\" is given twice",
         REJECT_BAD_FIELD},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wants w = {0};

        assert_int_equal(read_tight(cases[i].json, &w), cases[i].why);
        if (strncmp(fault.text, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("%s: %s", cases[i].json, fault.text);
    }
}

static bool has(const char *json, const char *key)
{
    return request_has(json, strlen(json), key);
}

static void test_has(void **state)
{
    (void)state;
    assert_true(has("{\"dead\":1}", "dead"));
    assert_true(has(" {\"a\":[{\"b\":{}}], \"dead\" : nonsense", "dead"));
    assert_false(has("{\"a\":{\"dead\":1}}", "dead"));
    assert_false(has("{\"a\":\"dead\"}", "dead"));
    assert_false(has("[\"dead\"]", "dead"));
    assert_false(has("", "dead"));
    assert_false(has("{", "dead"));
    assert_false(has("{}", "dead"));
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, SIZE_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_defaults_stay),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_has),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
