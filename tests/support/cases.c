/* SPDX-License-Identifier: Apache-2.0
 *
 * cases.c - see cases.h. */
#include "support/cases.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

char *cases_slurp(const char *path, size_t *n)
{
    FILE *from = fopen(path, "re");
    char *text = NULL;
    size_t room = 0;

    if (!from)
        fail_msg("%s can't be read", path);
    for (*n = 0;; *n += fread(text + *n, 1, room - 1 - *n, from)) {
        if (*n + 1 < room)
            break;
        text = realloc(text, room = room ? 2 * room : 4096);
        assert_non_null(text);
    }
    fclose(from);
    text[*n] = '\0';
    return text;
}

static void update(const char *path, const char *text)
{
    FILE *to = fopen(path, "we");

    assert_non_null(to);
    fprintf(to, "%s\n", text);
    fclose(to);
}

static int check(const char *folder, const char *name, cases_run *run)
{
    char path[4096], *input, *want, *got;
    size_t n;
    int differs;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    input = cases_slurp(path, &n);
    got = run(path, input, n);
    free(input);
    snprintf(path + strlen(path) - 3, 5, ".out");
    if (getenv("CASES_UPDATE"))
        update(path, got);
    want = cases_slurp(path, &n);
    if (n && want[n - 1] == '\n')
        want[n - 1] = '\0';
    differs = strcmp(got, want) != 0;
    if (differs)
        print_error("%s: want\n%s\n   got\n%s\n", path, want, got);
    free(want);
    free(got);
    return differs;
}

static int is_input(const struct dirent *e)
{
    size_t n = strlen(e->d_name);

    return n > 3 && strcmp(e->d_name + n - 3, ".in") == 0;
}

void cases_check(const char *folder, cases_run *run)
{
    struct dirent **names = NULL;
    int n = scandir(folder, &names, is_input, alphasort), differ = 0;

    if (n <= 0)
        fail_msg("there is no case in %s", folder);
    for (int i = 0; i < n; i++) {
        differ += check(folder, names[i]->d_name, run);
        free(names[i]);
    }
    free(names);
    if (differ)
        fail_msg("%d of %d cases in %s differ", differ, n, folder);
}
