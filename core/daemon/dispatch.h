/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/dispatch.h - which worker gets which document, and what becomes of a document
 * whose worker dies. The hard rule: each document put in comes out once, as done or as
 * dead, whatever the workers do.
 */
#ifndef DAEMON_DISPATCH_H
#define DAEMON_DISPATCH_H

#include "daemon/flight.h"
#include "daemon/generation.h"

#include <stdint.h>
#include <uv.h>

struct dispatch;

/* What the dispatch tells its owner, from the loop. */
struct dispatch_ops {
    /* d has been through the pipeline; r is valid in the call only. */
    void (*on_done)(struct dispatch *p, struct flight_doc *d, const struct frame_result *r);

    /* d must not, or can't, be published; r has plugin and error, as above. */
    void (*on_dead)(struct dispatch *p, struct flight_doc *d, const struct frame_result *r);

    /* The generation put last by dispatch_start serves now; or why it does not, and which of
     * its entries are to blame (NULL: none; g is NULL then, where there is no memory for it). */
    void (*on_started)(struct dispatch *p);
    void (*on_refused)(struct dispatch *p, const struct generation *g, const bool *at_fault,
                       const char *why);

    /* After dispatch_end: no worker is left. */
    void (*on_ended)(struct dispatch *p);
};

struct dispatch {
    uv_loop_t *loop;
    const struct dispatch_ops *ops;
    void *owner;
    struct flight_queue waiting;
    struct generation *current, *next; /* serving; being started */
    struct generation *alive;          /* these and those that are ending */
    uint32_t generations;              /* started so far */
    uint64_t documents;                /* put in and not out yet */
    uint64_t deaths;                   /* of workers */
    bool starting;                     /* a generation that is not among the alive yet */
    bool ending, dropping;             /* no worker is needed; no document either */
    uv_prepare_t flush;
    uv_timer_t watch;
};

void dispatch_init(struct dispatch *p, uv_loop_t *loop, const struct dispatch_ops *ops,
                   void *owner);

/* Closes the handles; the loop must run once more. After on_ended, or before any start. */
void dispatch_finish(struct dispatch *p);

/* Starts workers on a line-up, which is taken; those that serve do so until the new
 * ones are ready. Not while others are being started. */
void dispatch_start(struct dispatch *p, struct lineup *l);

/* Takes d, to run it as soon as a worker is free. */
void dispatch_put(struct dispatch *p, struct flight_doc *d);

/* Ends the workers: those that have documents after their answers; now: at once, what they
 * have comes out as dead. */
void dispatch_end(struct dispatch *p, bool now);

#endif
