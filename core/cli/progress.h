/* SPDX-License-Identifier: Apache-2.0
 *
 * progress.h - a line on a terminal while there is a lot to do. The hard rule:
 * nothing is written where stderr is no terminal, or before a second has passed.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool shown; /* a line stands there */
    bool on;
    uint64_t start_ms, last_ms;
    uint64_t documents, bytes;
};

/* quiet: never. It is silent too where documents themselves go to the terminal. */
void progress_init(struct progress *p, bool quiet);

/* One document of n bytes done. */
void progress_step(struct progress *p, uint64_t n);

/* Takes the line away, before something else is printed. */
void progress_clear(struct progress *p);

/* Seconds since init. */
double progress_seconds(const struct progress *p);

#endif
