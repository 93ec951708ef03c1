/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/output.h - what a worker writes to its standard output and error, read and put
 * into the log line by line. The hard rule: whatever a worker writes, it is read, and the
 * log grows by so much a second and no more; the rest is counted and said. And nothing it
 * writes looks like the daemon's own.
 */
#ifndef DAEMON_OUTPUT_H
#define DAEMON_OUTPUT_H

#include "log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/* What may be logged at once, and how it comes back. */
enum {
    OUTPUT_LINES = 100,
    OUTPUT_BYTES = 64 * 1024,
    OUTPUT_LINES_A_SECOND = 10,
    OUTPUT_BYTES_A_SECOND = 8 * 1024,
    OUTPUT_SAY_MS = 5000, /* how often it is said what was left out */
};

struct output {
    uv_poll_t poll;  /* first; its data is the owner's */
    unsigned worker; /* its number */
    int fd;
    char mark[LOG_MARK + 1]; /* of the worker's own lines */
    char line[4096];         /* the beginning of the next */
    size_t n;
    double lines, bytes;             /* that may be logged now */
    uint64_t since;                  /* when these were worked out, uv_now() */
    uint64_t lost_lines, lost_bytes; /* not logged */
    uint64_t lost_since;             /* when the first of them was not */
};

/* Makes the pipe and reads it from the loop; mark is what the worker's own lines begin with, see
 * log_set_mark. The worker's end, or a negative UV error: then there is nothing to close. */
int output_open(struct output *o, uv_loop_t *loop, unsigned worker, uint64_t mark);

/* Says what was left out, when it is time. */
void output_watch(struct output *o);

/* The worker has ended: reads the rest, says all. Then closes, which ends in on_closed. */
void output_close(struct output *o, uv_close_cb on_closed);

#endif
