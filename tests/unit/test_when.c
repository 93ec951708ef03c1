/* SPDX-License-Identifier: Apache-2.0
 *
 * test_when.c - times as people give them: what is understood, and what is not.
 */
#include "cli/when.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NOW 1800000000000u

static void ago(void **state)
{
    static const struct {
        const char *given;
        uint64_t ms;
    } cases[] = {{"45s", 45000}, {"30m", 1800000}, {"2h", 7200000}, {"3d", 259200000}, {"0s", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t ms = 0;

        assert_true(when_read(cases[i].given, NOW, &ms));
        assert_int_equal(ms, NOW - cases[i].ms);
    }
}

static void longer_ago_than_there_is(void **state)
{
    uint64_t ms = 0;

    (void)state;
    assert_true(when_read("99999999d", NOW, &ms));
    assert_int_equal(ms, 1);
}

static void iso_8601(void **state)
{
    static const struct {
        const char *given;
        uint64_t ms;
    } cases[] = {
        {"2027-01-15", 1799971200000u}, {"2027-01-15T08:00", NOW},
        {"2027-01-15 08:00:00", NOW},   {"2027-01-15T08:00:00.250Z", NOW + 250},
        {"2027-01-15T08:00Z", NOW},     {"2027-01-15T09:30+01:30", NOW},
        {"2027-01-15T09:30+0130", NOW}, {"2027-01-15T03:00:00-05", NOW},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t ms = 0;

        if (!when_read(cases[i].given, 1, &ms) || ms != cases[i].ms)
            fail_msg("%s: %llu", cases[i].given, (unsigned long long)ms);
    }
}

static void not_understood(void **state)
{
    static const char *const cases[] = {"",   "2",    "h",          "-2h",        "2 h",      "2hh",
                                        "2w", "1e3s", "2027-13-01", "2027-02-30", "yesterday"};
    uint64_t ms = 7;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (when_read(cases[i], NOW, &ms))
            fail_msg("\"%s\" is taken", cases[i]);
    assert_int_equal(ms, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ago),
        cmocka_unit_test(longer_ago_than_there_is),
        cmocka_unit_test(iso_8601),
        cmocka_unit_test(not_understood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
