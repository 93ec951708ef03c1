/* SPDX-License-Identifier: Apache-2.0
 *
 * test_object.c - copies of plugins' files: whole, sealed, and not of what is being
 * written. */
#include "object/object.h"
#include "support/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define OBJECT BUILD "/tests/fixtures/version.so"

struct file {
    char *folder, path[512], *bytes;
    size_t n;
    int fd; /* open for writing; -1: closed */
};

/* A copy of a plugin in a folder of its own, open for writing. */
static void set_up(struct file *to)
{
    FILE *from = fopen(OBJECT, "rb");

    assert_non_null(from);
    to->bytes = malloc(1 << 20);
    to->n = fread(to->bytes, 1, 1 << 20, from);
    fclose(from);
    to->folder = folder_make();
    snprintf(to->path, sizeof to->path, "%s/x.so", to->folder);
    to->fd = open(to->path, O_RDWR | O_CREAT, 0644);
    assert_int_equal(write(to->fd, to->bytes, to->n), to->n);
}

static void shut(struct file *f)
{
    close(f->fd);
    f->fd = -1;
}

static void tear_down(struct file *f)
{
    if (f->fd >= 0)
        shut(f);
    free(f->bytes);
    folder_remove(f->folder);
}

static void check_refused(const struct file *file, const char *want)
{
    struct fault f = {""};

    assert_null(object_copy(file->path, &f));
    assert_string_equal(f.text, want);
}

static void copy_is_sealed_and_stays(void **state)
{
    struct file file;
    struct object *o;
    struct stat st;
    struct fault f;
    char *bytes;

    (void)state;
    set_up(&file);
    shut(&file);
    o = object_copy(file.path, &f);
    assert_non_null(o);
    assert_int_equal(truncate(file.path, 0), 0);
    assert_int_equal(unlink(file.path), 0);
    assert_int_equal(fstat(o->fd, &st), 0);
    assert_int_equal(st.st_size, file.n);
    bytes = mmap(NULL, file.n, PROT_READ, MAP_PRIVATE, o->fd, 0);
    assert_ptr_not_equal(bytes, MAP_FAILED);
    assert_memory_equal(bytes, file.bytes, file.n);
    munmap(bytes, file.n);
    assert_int_equal(pwrite(o->fd, "x", 1, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(o->fd, 0), -1);
    assert_ptr_equal(object_hold(o), o);
    object_release(o);
    assert_int_equal(fstat(o->fd, &st), 0);
    object_release(o);
    object_release(NULL);
    assert_null(object_hold(NULL));
    tear_down(&file);
}

static void marks_tell_one_content_from_another(void **state)
{
    struct object_mark mark;
    struct file file;
    struct object *o;
    struct fault f;

    (void)state;
    set_up(&file);
    shut(&file);
    o = object_copy(file.path, &f);
    assert_int_equal(object_look(file.path, &mark), 0);
    assert_true(object_is(o, &mark));
    assert_int_equal(truncate(file.path, (off_t)file.n - 1), 0);
    assert_int_equal(object_look(file.path, &mark), 0);
    assert_false(object_is(o, &mark));
    unlink(file.path);
    assert_int_equal(object_look(file.path, &mark), -1);
    object_release(o);
    tear_down(&file);
}

static void what_is_written_to_is_refused(void **state)
{
    struct file file;
    struct object *o;
    struct fault f;

    (void)state;
    set_up(&file);
    check_refused(&file, "is being written to: it is taken when that is done");
    shut(&file);
    o = object_copy(file.path, &f);
    assert_non_null(o);
    object_release(o);
    /* The lease is given back. */
    file.fd = open(file.path, O_WRONLY | O_NONBLOCK);
    assert_true(file.fd >= 0);
    tear_down(&file);
}

/* Of a file that lacks its end, however little, nothing is taken. */
static void what_is_cut_short_is_refused(void **state)
{
    static const char cut[] = "is cut short: copy it again (to another name, then rename it)";
    struct file file;

    (void)state;
    set_up(&file);
    shut(&file);
    for (size_t n = file.n - 1; n >= 64; n -= n / 7 + 1) {
        assert_int_equal(truncate(file.path, (off_t)n), 0);
        check_refused(&file, cut);
    }
    assert_int_equal(truncate(file.path, 63), 0);
    check_refused(&file, "is not a shared object: build it with -shared -fPIC");
    unlink(file.path);
    check_refused(&file, "can't be opened: No such file or directory");
    assert_int_equal(mkfifo(file.path, 0600), 0);
    check_refused(&file, "is not a file");
    tear_down(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copy_is_sealed_and_stays),
        cmocka_unit_test(marks_tell_one_content_from_another),
        cmocka_unit_test(what_is_written_to_is_refused),
        cmocka_unit_test(what_is_cut_short_is_refused),
    };

    signal(SIGIO, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
