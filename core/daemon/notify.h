/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/notify.h - what systemd is told: ready, alive, reloading, stopping, and
 * a line of status. The hard rule: without systemd it does nothing, and says nothing.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include "daemon/stats.h"

#include <uv.h>

struct notify {
    const struct stats *stats;
    uv_timer_t watchdog; /* fed from the loop, so that a loop that hangs is found */
    uv_timer_t status;
    uint64_t published; /* at the last status */
};

void notify_init(struct notify *n, uv_loop_t *loop, const struct stats *stats);

/* Closes the timers; the loop must run once more. */
void notify_finish(struct notify *n);

void notify_ready(struct notify *n); /* also when a reload is over, well or not */
void notify_reloading(struct notify *n);
void notify_stopping(struct notify *n);

#endif
