/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/watch.h - the folders plugins come from, watched. The hard rule: nothing is
 * polled, and nothing is told while a file is still being changed, but for HOLD_MS at most.
 */
#ifndef DAEMON_WATCH_H
#define DAEMON_WATCH_H

#include "config.h"

#include <stdint.h>
#include <uv.h>

struct watch {
    /* Something may have changed. */
    void (*on_change)(void *owner);
    void *owner;

    /* watch.c's own */
    uv_poll_t poll;
    uv_timer_t quiet;
    uint64_t since; /* the first event not told yet; 0: none */
    int fd;         /* of inotify; -1: none */
    struct watch_folder *folder;
    size_t n;
};

/* on_change and owner are set. Without inotify, which is said, nothing is watched. */
void watch_init(struct watch *w, uv_loop_t *loop);
void watch_finish(struct watch *w); /* the loop must run once more */

/* Watches the folders that c names and the folders of the plugins it uses, those that are
 * not there included, and no others. Where one was not watched before, on_change follows. */
void watch_folders(struct watch *w, const struct config *c);

#endif
