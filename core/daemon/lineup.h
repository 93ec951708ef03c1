/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/lineup.h - what a generation of workers is started with: a configuration, and a
 * copy of each plugin's file as it was then. What is broken in a folder is left out, or
 * stays as it was in the line-up that serves. The hard rule: of two line-ups that are the
 * same one need not be started.
 */
#ifndef DAEMON_LINEUP_H
#define DAEMON_LINEUP_H

#include "config.h"
#include "object/object.h"

#include <stdbool.h>

struct lineup {
    struct config config;
    struct object **object; /* one for each entry; NULL where there is no file: a worker says so */
};

/* What became of a plugin or an entry of plugins_d that can't be had. */
struct lineup_ops {
    /* where is its place, why the reason; kept: what serves now stays; else it is left out. */
    void (*on_refused)(void *owner, const char *where, const char *why, bool kept);
    void *owner;
};

/* Reads the configuration in file and copies the plugins' files; those that are the same in
 * `serving` or `last`, which was read before, are shared with it; either is all zero where
 * there is none. 0, or -1 with f. */
int lineup_load(struct lineup *l, const char *file, const struct lineup *serving,
                const struct lineup *last, const struct lineup_ops *ops, struct fault *f);
void lineup_finish(struct lineup *l); /* all zero is accepted */

/* A copy, which shares the objects. 0, or -1. */
int lineup_copy(struct lineup *to, const struct lineup *from);

bool lineup_same(const struct lineup *a, const struct lineup *b);

/* Workers could not start on it, why says what for; at_fault[i] is whether entry i is to
 * blame. What is new among those goes back to what serves, or is taken out. 0, or -1 where
 * that can't be: the fault is in the configuration itself. */
int lineup_mend(struct lineup *l, const struct lineup *serving, const bool *at_fault,
                const char *why, const struct lineup_ops *ops);

#endif
