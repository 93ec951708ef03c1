/* SPDX-License-Identifier: Apache-2.0
 *
 * worker/channel.h - the worker's end of the socket: frames read whole, answers
 * gathered and written in batches. The hard rule: no answer waits while the worker
 * has nothing to do, nor for more than one document once CHANNEL_DELAY_US have passed.
 */
#ifndef WORKER_CHANNEL_H
#define WORKER_CHANNEL_H

#include "wire/frame.h"
#include "wire/json.h"

#include <stddef.h>
#include <stdint.h>

enum { CHANNEL_DELAY_US = 200 };

struct channel {
    int fd;
    char *in;
    size_t at, n, room;  /* what is left of in to read begins at `at` */
    struct json_out out; /* answers not written yet */
    uint64_t first_us;   /* when the first of them was put there */
};

void channel_init(struct channel *c, int fd);
void channel_finish(struct channel *c);

/* The next frame; its payload is valid until the next call. Answers are written before
 * it waits. 1, or 0 where the supervisor has closed, or -1 where the socket fails. */
int channel_next(struct channel *c, struct frame_head *head, const char **payload);

/* Begins an answer: append its payload to the json_out, then call channel_end with what
 * begin gave. */
size_t channel_begin(struct channel *c);

/* Ends it: writes what is gathered where it is much or old. 0, or -1. */
int channel_end(struct channel *c, size_t begin, uint32_t type, uint64_t ticket);

/* Writes what is gathered. 0, or -1. */
int channel_flush(struct channel *c);

/* Microseconds of CLOCK_MONOTONIC. */
uint64_t channel_now_us(void);

#endif
