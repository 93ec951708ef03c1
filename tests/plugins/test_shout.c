/* SPDX-License-Identifier: Apache-2.0
 *
 * test_shout.c - the least plugin: words in capitals, of two letters or more. */
#include "support/bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void capitals_are_marked(void **state)
{
    (void)state;
    bed_check("[{\"plugin\": \"shout\"}]",
              "They said NO, I heard: \xc3\x89"
              "COLE, not \xc3\x89"
              "cole or U2.",
              "shout many\n  10..12 caps -\n  23..29 caps -\n", "");
    bed_check("[{\"plugin\": \"shout\"}]", "", "shout many\n", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(capitals_are_marked)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
