/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/backlog.h - what a start finds in the spool: results that may not have been
 * sent are sent again, documents without a result are run. The hard rule: a piece at a
 * time, so that a long backlog takes no more memory than a short one.
 */
#ifndef DAEMON_BACKLOG_H
#define DAEMON_BACKLOG_H

#include "daemon/flight.h"
#include "daemon/spool.h"
#include "text/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum { BACKLOG_STEP = 64 }; /* documents a piece */

struct backlog {
    struct spool *spool;
    struct flight *flight;

    /* A result to send, d->result whole; d is the caller's. */
    void (*on_unsent)(void *owner, struct flight_doc *d);
    /* A document to run: counted and framed. */
    void (*on_pending)(void *owner, struct flight_doc *d);
    void *owner;

    struct spool_task task;
    struct arena scratch;
    uint64_t unsent, last_unsent;   /* seq: the next to send, the last there was */
    uint64_t pending, last_pending; /* tickets: the last taken, the last there was */
    struct flight_doc *found[BACKLOG_STEP];
    size_t n_found;
    bool running; /* the task is in the spool */
    bool ended;
};

/* The members above task are the caller's to set; this sets the rest from the spool's
 * state, and begins. */
void backlog_start(struct backlog *b);

/* Documents have left: takes up the next piece where there is room. */
void backlog_ebb(struct backlog *b);

/* Takes up no more. */
void backlog_end(struct backlog *b);

void backlog_finish(struct backlog *b);

#endif
