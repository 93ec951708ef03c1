/* SPDX-License-Identifier: Apache-2.0
 *
 * folder.c - see folder.h. */
#include "support/folder.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

char *folder_make(void)
{
    const char *base = getenv("TMPDIR");
    char path[4096], *whole;

    snprintf(path, sizeof path, "%s/gloss-test-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(path))
        fail_msg("%s can't be made", path);
    whole = realpath(path, NULL);
    assert_non_null(whole);
    return whole;
}

void folder_add(const char *folder, const char *name)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(mkdir(path, 0777), 0);
}

static int on_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void folder_remove(char *folder)
{
    nftw(folder, on_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(folder);
}
