/* SPDX-License-Identifier: Apache-2.0
 *
 * object/object.h - a plugin's file as it was at one moment: a sealed copy in memory,
 * from which workers load it, so that no later change of the file touches code that
 * runs, and all workers of a generation run the same. The hard rule: what is copied is
 * whole, and was not being written to.
 */
#ifndef OBJECT_OBJECT_H
#define OBJECT_OBJECT_H

#include "log.h"

#include <stdbool.h>
#include <stdint.h>

/* What a file was when it was looked at: the same mark, the same content. */
struct object_mark {
    uint64_t device, inode, size;
    int64_t modified_ns, changed_ns;
};

struct object {
    struct object_mark mark;
    int fd; /* of the copy, close-on-exec */
    unsigned users;
};

/* 0, or -1 where there is no such file. */
int object_look(const char *file, struct object_mark *mark);
bool object_is(const struct object *o, const struct object_mark *mark);

/* A copy of file, with one user. NULL with f, without the file's name: not there, not
 * whole, being written to. The process must ignore SIGIO, which comes where somebody
 * wants to write meanwhile, and is made to wait. */
struct object *object_copy(const char *file, struct fault *f);

struct object *object_hold(struct object *o); /* one user more; gives o; NULL is accepted */
void object_release(struct object *o);        /* one less, at none it goes; NULL is accepted */

#endif
