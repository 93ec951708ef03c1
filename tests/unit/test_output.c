/* SPDX-License-Identifier: Apache-2.0
 *
 * test_output.c - what a worker writes, and what of it is in the log, in whose name. */
#include "daemon/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MARK = 0x2a };

static char logged[1 << 20];

static void on_closed(uv_handle_t *handle)
{
    (void)handle;
}

/* Worker 7 writes these bytes, then ends; what is logged of it goes to `logged`, without the
 * times. */
static void write_and_end(const char *bytes, size_t n)
{
    FILE *f = tmpfile();
    int old = dup(STDERR_FILENO), end;
    struct output o;
    uv_loop_t loop;
    char line[8192];

    assert_non_null(f);
    assert_int_equal(uv_loop_init(&loop), 0);
    end = output_open(&o, &loop, 7, MARK);
    assert_true(end >= 0);
    assert_int_equal(write(end, bytes, n), n);
    close(end);
    dup2(fileno(f), STDERR_FILENO);
    output_close(&o, on_closed);
    dup2(old, STDERR_FILENO);
    close(old);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    rewind(f);
    logged[0] = '\0';
    while (fgets(line, sizeof line, f))
        strcat(logged, line + strlen("2026-01-31T10:00:00.123Z "));
    fclose(f);
}

/* '#' in what is written stands for the mark. */
static void check(const char *written, const char *want)
{
    char bytes[512], mark[LOG_MARK + 1];
    size_t n = 0;

    log_write_mark(MARK, mark);
    for (; *written; written++) {
        memcpy(bytes + n, *written == '#' ? mark : written, *written == '#' ? LOG_MARK : 1);
        n += *written == '#' ? LOG_MARK : 1;
    }
    write_and_end(bytes, n);
    assert_string_equal(logged, want);
}

static void own_lines_are_as_they_were(void **state)
{
    (void)state;
    check("#<6>plugin x: it: goes\n#<3>plugin y: not\n",
          "info plugin x: it: goes\nerror plugin y: not\n");
    check("#<4>worker: it keeps much\n", "warn worker 7: it keeps much\n");
}

static void all_else_has_the_workers_number(void **state)
{
    (void)state;
    check("a library's word\n\nlast", "warn worker 7: a library's word\nwarn worker 7: last\n");
    check("<3>reload: all is lost\n", "warn worker 7: <3>reload: all is lost\n");
    check("<3>plugin x: so am I\n", "warn worker 7: <3>plugin x: so am I\n");
    check("<3>worker: and I\n", "warn worker 7: <3>worker: and I\n");
    check("000000000000002b<3>plugin x: nearly\n",
          "warn worker 7: 000000000000002b<3>plugin x: nearly\n");
}

static void nobody_speaks_for_the_daemon(void **state)
{
    (void)state;
    check("#<3>reload: all is lost\n", "warn worker 7: <3>reload: all is lost\n");
    check("#<3>worker 8: I\n", "warn worker 7: <3>worker 8: I\n");
    check("#<3>plugins: we\n", "warn worker 7: <3>plugins: we\n");
    check("#<3>plugin x\n#\n#<\n#<9>plugin x: y\n",
          "warn worker 7: <3>plugin x\nwarn worker 7: <\nwarn worker 7: <9>plugin x: y\n");
}

static void own_lines_are_found_behind_others(void **state)
{
    (void)state;
    check("half a line#<6>plugin x: whole\nthe other half\n",
          "warn worker 7: half a line\ninfo plugin x: whole\nwarn worker 7: the other half\n");
}

static void long_lines_are_cut_not_lost(void **state)
{
    char bytes[10000];
    size_t n = 0;

    (void)state;
    memset(bytes, 'x', sizeof bytes);
    write_and_end(bytes, sizeof bytes);
    for (const char *p = logged; *p; p++)
        n += *p == 'x';
    assert_true(n > sizeof bytes - 200); /* "..." stands where the log's own line is full */
    assert_non_null(strstr(logged, "warn worker 7: x"));
}

static void what_is_too_much_is_counted(void **state)
{
    char bytes[8192];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i += 2)
        memcpy(bytes + i, "y\n", 2);
    write_and_end(bytes, sizeof bytes);
    assert_non_null(strstr(logged, "warn supervisor: worker 7 wrote "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_lines_are_as_they_were),
        cmocka_unit_test(all_else_has_the_workers_number),
        cmocka_unit_test(nobody_speaks_for_the_daemon),
        cmocka_unit_test(own_lines_are_found_behind_others),
        cmocka_unit_test(long_lines_are_cut_not_lost),
        cmocka_unit_test(what_is_too_much_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
