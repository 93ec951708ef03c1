/* SPDX-License-Identifier: Apache-2.0
 *
 * test_stamp.c - ids that rise, times that are ISO 8601. */
#include "wire/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void id_is_uuid_7(void **state)
{
    struct stamp s = {0};
    char id[STAMP_ID], *end;
    int64_t before = stamp_now(), ms;

    (void)state;
    assert_int_equal(stamp_id(&s, id), 0);
    assert_int_equal(strlen(id), 36);
    assert_int_equal(strspn(id, "0123456789abcdef-"), 36);
    assert_true(id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-');
    assert_int_equal(id[14], '7');
    assert_non_null(strchr("89ab", id[19]));
    memmove(id + 8, id + 9, 4);
    id[12] = '\0';
    ms = strtoll(id, &end, 16);
    assert_true(ms >= before && ms <= stamp_now());
}

static void ids_rise(void **state)
{
    struct stamp s = {0};
    char before[STAMP_ID] = "", id[STAMP_ID];

    (void)state;
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(stamp_id(&s, id), 0);
        assert_true(strcmp(before, id) < 0);
        memcpy(before, id, sizeof id);
    }
}

static void ids_rise_when_the_clock_is_set_back(void **state)
{
    struct stamp s = {0};
    char first[STAMP_ID], second[STAMP_ID];

    (void)state;
    s.last = (uint64_t)(stamp_now() + 3600000) << 12;
    assert_int_equal(stamp_id(&s, first), 0);
    assert_int_equal(stamp_id(&s, second), 0);
    assert_true(strcmp(first, second) < 0);
}

/* The random part of two makers that start in the same instant differs. */
static void makers_differ(void **state)
{
    struct stamp a = {0}, b = {0};
    char first[STAMP_ID], second[STAMP_ID];

    (void)state;
    assert_int_equal(stamp_id(&a, first), 0);
    assert_int_equal(stamp_id(&b, second), 0);
    assert_true(strcmp(first + 19, second + 19) != 0);
}

static void time_is_written(void **state)
{
    char text[STAMP_TIME];

    (void)state;
    stamp_write(text, 0);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    stamp_write(text, 1769853600123);
    assert_string_equal(text, "2026-01-31T10:00:00.123Z");
    stamp_write(text, 951782399999);
    assert_string_equal(text, "2000-02-28T23:59:59.999Z");
}

static void times_that_are_valid(void **state)
{
    static const char *const valid[] = {
        "2026-01-31",
        "2024-02-29",
        "2000-02-29",
        "0000-01-01",
        "2026-01-31T10:00",
        "2026-01-31T10:00Z",
        "2026-01-31t10:00z",
        "2026-01-31 10:00:05",
        "2026-12-31T23:59:60Z",
        "2026-01-31T10:00:05.123Z",
        "2026-01-31T10:00:05,123456789",
        "2026-01-31T10:00+01",
        "2026-01-31T10:00:05-0130",
        "2026-01-31T10:00:05.5+05:45",
    };

    (void)state;
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
        if (!stamp_valid(valid[i], strlen(valid[i])))
            fail_msg("%s is valid", valid[i]);
}

static void times_that_are_not(void **state)
{
    static const char *const invalid[] = {
        "",
        "today",
        "2026",
        "2026-01",
        "20260131",
        "2026-1-31",
        "2026-00-31",
        "2026-13-31",
        "2026-04-31",
        "2026-02-29",
        "1900-02-29",
        "2026-01-00",
        "2026-01-31T",
        "2026-01-31Z",
        "2026-01-31X10:00",
        "2026-01-31T10",
        "2026-01-31T24:00",
        "2026-01-31T10:60",
        "2026-01-31T10:00:61",
        "2026-01-31T10:00:05.",
        "2026-01-31T10:00:05.Z",
        "2026-01-31T10:00 Z",
        "2026-01-31T10:00ZZ",
        "2026-01-31T10:00+",
        "2026-01-31T10:00+1",
        "2026-01-31T10:00+24:00",
        "2026-01-31T10:00+01:",
        "2026-01-31T10:00+01:60",
        "2026-01-31T10:00+01:00 ",
        " 2026-01-31",
    };

    (void)state;
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++)
        if (stamp_valid(invalid[i], strlen(invalid[i])))
            fail_msg("\"%s\" is not valid", invalid[i]);
    assert_false(stamp_valid("2026-01-31\0", 11));
    assert_true(stamp_valid("2026-01-31T10:00", 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(id_is_uuid_7),
        cmocka_unit_test(ids_rise),
        cmocka_unit_test(ids_rise_when_the_clock_is_set_back),
        cmocka_unit_test(makers_differ),
        cmocka_unit_test(time_is_written),
        cmocka_unit_test(times_that_are_valid),
        cmocka_unit_test(times_that_are_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
