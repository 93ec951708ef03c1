/* SPDX-License-Identifier: Apache-2.0
 *
 * progress.c - see progress.h, whose hard rule holds.
 */
#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void progress_init(struct progress *p, bool quiet)
{
    *p = (struct progress){.on = !quiet && isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO)};
    p->start_ms = p->last_ms = now_ms();
}

double progress_seconds(const struct progress *p)
{
    return (double)(now_ms() - p->start_ms) / 1000;
}

static void draw(struct progress *p)
{
    double seconds = progress_seconds(p);

    fprintf(stderr, "\r%llu documents, %.1f MB, %.0f documents/s \033[K",
            (unsigned long long)p->documents, (double)p->bytes / 1e6,
            (double)p->documents / seconds);
    p->shown = true;
}

void progress_step(struct progress *p, uint64_t n)
{
    uint64_t now;

    p->documents++;
    p->bytes += n;
    if (!p->on || p->documents % 16)
        return;
    now = now_ms();
    if (now - p->start_ms > 1000 && now - p->last_ms > 200) {
        p->last_ms = now;
        draw(p);
    }
}

void progress_clear(struct progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->shown = false;
}
