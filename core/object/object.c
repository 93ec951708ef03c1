/* SPDX-License-Identifier: Apache-2.0
 *
 * object/object.c - sealed copies of plugins' files. The copy is made under a lease,
 * where the file system and our rights give one: nobody has the file open for writing
 * then, and who wants to waits until it is made. Elsewhere the file must be the same
 * before and after. */
#include "object/object.h"

#include "object/elf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t ns(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct object_mark mark_of(const struct stat *st)
{
    return (struct object_mark){st->st_dev, st->st_ino, (uint64_t)st->st_size, ns(st->st_mtim),
                                ns(st->st_ctim)};
}

static bool same(const struct object_mark *a, const struct object_mark *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified_ns == b->modified_ns && a->changed_ns == b->changed_ns;
}

int object_look(const char *file, struct object_mark *mark)
{
    struct stat st;

    if (stat(file, &st) < 0)
        return -1;
    *mark = mark_of(&st);
    return 0;
}

bool object_is(const struct object *o, const struct object_mark *mark)
{
    return same(&o->mark, mark);
}

static int copy_bytes(int from, int to, uint64_t size)
{
    off_t at = 0;

    while ((uint64_t)at < size) {
        ssize_t n = sendfile(to, from, &at, size - (uint64_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
    }
    return fcntl(to, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
}

/* The copy's descriptor. The name is what /proc/PID/maps shows. */
static int copy_sealed(int from, const char *name, struct object_mark *mark, struct fault *f)
{
    struct stat before, after;
    struct object_mark now;
    int to = -1;

    if (elf_check_fd(from, f) < 0)
        return -1;
    if (fstat(from, &before) < 0 ||
        (to = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING)) < 0 ||
        copy_bytes(from, to, (uint64_t)before.st_size) < 0 || fstat(from, &after) < 0) {
        fault_set(f, "can't be copied: %s", strerror(errno));
        goto fail;
    }
    *mark = mark_of(&before);
    now = mark_of(&after);
    if (same(mark, &now))
        return to;
    fault_set(f, "is being written to: it is taken when that is done");
fail:
    if (to >= 0)
        close(to);
    return -1;
}

/* A lease may be refused because the file is not ours, or its file system has none; that
 * it has writers is the one reason that says something about the file. */
static int copy_leased(int from, const char *name, struct object_mark *mark, struct fault *f)
{
    int to;

    if (fcntl(from, F_SETLEASE, F_RDLCK) < 0 && errno == EAGAIN)
        return fault_set(f, "is being written to: it is taken when that is done");
    to = copy_sealed(from, name, mark, f);
    fcntl(from, F_SETLEASE, F_UNLCK);
    return to;
}

struct object *object_copy(const char *file, struct fault *f)
{
    struct object *o = calloc(1, sizeof *o);
    const char *slash = strrchr(file, '/');
    char name[128]; /* memfd_create takes no more than 249 */
    int from = -1;

    if (!o) {
        fault_set(f, "can't be copied: no memory");
        return NULL;
    }
    snprintf(name, sizeof name, "%s", slash ? slash + 1 : file);
    /* O_NONBLOCK: a FIFO that is called like a plugin must not hang us. */
    from = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    o->users = 1;
    o->fd = from < 0 ? fault_set(f, "can't be opened: %s", strerror(errno))
                     : copy_leased(from, name, &o->mark, f);
    if (from >= 0)
        close(from);
    if (o->fd >= 0)
        return o;
    free(o);
    return NULL;
}

struct object *object_hold(struct object *o)
{
    if (o)
        o->users++;
    return o;
}

void object_release(struct object *o)
{
    if (!o || --o->users > 0)
        return;
    close(o->fd);
    free(o);
}
