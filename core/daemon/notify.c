/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/notify.c - what systemd is told.
 */
#include "daemon/notify.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>

enum { STATUS_MS = 5000 };

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    sd_notify(0, "WATCHDOG=1");
}

static void on_status(uv_timer_t *timer)
{
    struct notify *n = timer->data;
    char line[512];

    if (n->published == n->stats->published)
        return;
    n->published = n->stats->published;
    stats_write(n->stats, line, sizeof line);
    sd_notifyf(0, "STATUS=%s", line);
}

void notify_init(struct notify *n, uv_loop_t *loop, const struct stats *stats)
{
    uint64_t us;

    n->stats = stats;
    n->published = UINT64_MAX;
    uv_timer_init(loop, &n->watchdog);
    uv_timer_init(loop, &n->status);
    n->status.data = n;
    if (sd_watchdog_enabled(0, &us) > 0)
        uv_timer_start(&n->watchdog, on_watchdog, 0, us / 2000 ? us / 2000 : 1);
}

void notify_finish(struct notify *n)
{
    uv_close((uv_handle_t *)&n->watchdog, NULL);
    uv_close((uv_handle_t *)&n->status, NULL);
}

void notify_ready(struct notify *n)
{
    sd_notify(0, "READY=1");
    uv_timer_start(&n->status, on_status, 0, STATUS_MS);
}

void notify_reloading(struct notify *n)
{
    (void)n;
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, uv_hrtime() / 1000);
}

void notify_stopping(struct notify *n)
{
    uv_timer_stop(&n->status);
    sd_notify(0, "STOPPING=1\nSTATUS=finishing what is in flight");
}
