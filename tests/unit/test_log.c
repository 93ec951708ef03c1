/* SPDX-License-Identifier: Apache-2.0
 *
 * One line a call, whatever the text holds; a fault cut where it is too long.
 */
#include "log.h"
#include "text/utf8.h"

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

/* What log_line wrote while stderr was a file. */
static char written[16384];

static void say(int level, const char *module, const char *text)
{
    FILE *f = tmpfile();
    int old = dup(STDERR_FILENO);

    assert_non_null(f);
    fflush(stderr);
    dup2(fileno(f), STDERR_FILENO);
    if (getenv("TEST_JOURNAL")) {
        struct stat st;
        char stream[64];
        fstat(STDERR_FILENO, &st);
        snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
                 (unsigned long long)st.st_ino);
        setenv("JOURNAL_STREAM", stream, 1);
    }
    log_line(level, module, "%s", text);
    dup2(old, STDERR_FILENO);
    close(old);
    rewind(f);
    written[fread(written, 1, sizeof(written) - 1, f)] = '\0';
    fclose(f);
}

/* The line after "2026-01-31T10:00:00.123Z ". */
static const char *after_time(void)
{
    assert_true(strlen(written) > 25);
    assert_int_equal(written[10], 'T');
    assert_int_equal(written[19], '.');
    assert_memory_equal(written + 23, "Z ", 2);
    return written + 25;
}

static void test_time_and_module(void **state)
{
    (void)state;
    say(LOG_WARN, "ingest", "a sender waits");
    assert_string_equal(after_time(), "warn ingest: a sender waits\n");
}

static void test_priority_under_systemd(void **state)
{
    (void)state;
    setenv("TEST_JOURNAL", "1", 1);
    say(LOG_ERROR, "worker 2", "gone");
    unsetenv("TEST_JOURNAL");
    assert_string_equal(written, "<3>worker 2: gone\n");

    /* stderr is elsewhere now: the variable alone does not make it the journal */
    setenv("JOURNAL_STREAM", "1:1", 1);
    say(LOG_ERROR, "worker 2", "gone");
    unsetenv("JOURNAL_STREAM");
    assert_string_equal(after_time(), "error worker 2: gone\n");
}

static void test_one_line_whatever_it_holds(void **state)
{
    (void)state;
    say(LOG_INFO, "x",
        "a\nb\r\x1b[31m\x7f\tc\xC2\x9B"
        "d \xC3\xA9");
    assert_string_equal(after_time(), "info x: a\\x0Ab\\x0D\\x1B[31m\\x7F\\x09c\\x9Bd \xC3\xA9\n");
}

static void test_long_line_is_cut_on_a_character(void **state)
{
    char text[10000];

    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        size_t n = shift;
        memset(text, 'x', shift);
        for (; n + 4 < sizeof(text); n += 4)
            memcpy(text + n, "\xF0\x9F\x98\x80", 4);
        text[n] = '\0';
        say(LOG_INFO, "x", text);
        n = strlen(written);
        assert_in_range(n, 4000, 4096);
        assert_string_equal(written + n - 4, "...\n");
        assert_int_equal(utf8_check(written, n), n);
    }
}

static void test_level(void **state)
{
    (void)state;
    assert_int_equal(log_level("debug"), LOG_DEBUG);
    assert_int_equal(log_level("error"), LOG_ERROR);
    assert_int_equal(log_level("loud"), -1);
    say(LOG_DEBUG, "x", "not seen");
    assert_string_equal(written, "");
    log_set_level(LOG_DEBUG);
    say(LOG_DEBUG, "x", "seen");
    assert_string_equal(after_time(), "debug x: seen\n");
    log_set_level(LOG_ERROR);
    say(LOG_WARN, "x", "not seen");
    assert_string_equal(written, "");
    log_set_level(LOG_INFO);
}

static void test_fault(void **state)
{
    struct fault f;
    char text[3000];

    (void)state;
    assert_int_equal(fault_set(NULL, "nobody asked"), -1);
    assert_int_equal(fault_set(&f, "line %d, column %d: what", 1, 17), -1);
    assert_string_equal(f.text, "line 1, column 17: what");

    for (size_t i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xC3\xA9", 3);
    for (int shift = 0; shift < 2; shift++) {
        fault_set(&f, "%s%s", shift ? "x" : "", text);
        assert_in_range(strlen(f.text), sizeof(f.text) - 3, sizeof(f.text) - 1);
        assert_int_equal(utf8_check(f.text, strlen(f.text)), strlen(f.text));
        assert_string_equal(f.text + strlen(f.text) - 3, "...");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_and_module),
        cmocka_unit_test(test_priority_under_systemd),
        cmocka_unit_test(test_one_line_whatever_it_holds),
        cmocka_unit_test(test_long_line_is_cut_on_a_character),
        cmocka_unit_test(test_level),
        cmocka_unit_test(test_fault),
    };

    unsetenv("JOURNAL_STREAM");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
