/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/ledger.h - a document's steps: accepted, published, dead. There are two of it:
 * with a spool, on disk or in memory, and with none, where each step is taken at once.
 * The hard rule: the owner hears of a step when it will hold, not before.
 */
#ifndef DAEMON_LEDGER_H
#define DAEMON_LEDGER_H

#include "daemon/backlog.h"
#include "daemon/flight.h"
#include "daemon/spool.h"
#include "daemon/topics.h"
#include "wire/stamp.h"

#include <stdbool.h>
#include <stdint.h>

struct ledger;

/* What the owner hears, on the loop; without a spool within the call. d is his again. */
struct ledger_ops {
    void (*on_accepted)(struct ledger *l, struct flight_doc *d); /* or d->duplicate */

    /* There is no room, and d's sender waits for an answer. */
    void (*on_overloaded)(struct ledger *l, struct flight_doc *d, const char *why);

    void (*on_published)(struct ledger *l, struct flight_doc *d); /* d->result has seq, prev */
    void (*on_buried)(struct ledger *l, struct flight_doc *d);    /* d->result has the error */

    /* All steps taken before are told; d->result has the code as topic, and the error. */
    void (*on_rejected)(struct ledger *l, struct flight_doc *d);

    /* What a start finds: a result that may not have been sent, not counted in flight; and
     * an accepted document to run, counted. */
    void (*on_unsent)(struct ledger *l, struct flight_doc *d);
    void (*on_pending)(struct ledger *l, struct flight_doc *d);

    /* There is no room, or the disk fails: nothing more should be accepted. And: it goes on. */
    void (*on_stall)(struct ledger *l, const char *why);
    void (*on_resume)(struct ledger *l);

    /* What was written can't be read back: nothing more is done. */
    void (*on_damaged)(struct ledger *l, const char *why);
};

/* How the steps are taken. */
struct ledger_steps {
    /* Workers are ready: takes up what the last run has left. */
    void (*start)(struct ledger *l);

    void (*accept)(struct ledger *l, struct flight_doc *d);

    /* result is read in the call only. A plugin's failure (error.p) makes a copy of d a dead
     * letter too. 0, or -1 without memory: d is the owner's still. */
    int (*publish)(struct ledger *l, struct flight_doc *d, const struct frame_result *result);

    /* d becomes a dead letter instead: reason is a code, the result has plugin and error. Its
     * ticket tells whether it was accepted. 0, or -1 as above. */
    int (*bury)(struct ledger *l, struct flight_doc *d, const char *reason,
                const struct frame_result *result);

    /* d is not accepted, which its sender is to hear in turn. As bury, but nothing is kept. */
    int (*reject)(struct ledger *l, struct flight_doc *d, const char *reason,
                  const struct frame_result *result);

    /* Everything up to seq is on its way to the subscribers. */
    void (*sent)(struct ledger *l, uint64_t seq);

    /* Documents have left: takes up more of what there is to run. */
    void (*ebb)(struct ledger *l);

    /* Nothing new comes: writes down what was sent, and is idle when that is done. */
    void (*end)(struct ledger *l);
    bool (*is_idle)(const struct ledger *l);
};

struct ledger {
    const struct ledger_steps *steps;
    const struct ledger_ops *ops;
    void *owner;
    bool durable;       /* what is accepted outlives the daemon */
    char log[STAMP_ID]; /* the name of the log that seq counts in */
    uint64_t seq;       /* without a spool: the last given; else: the last sent before the start */

    struct topics *topics; /* without a spool: the last seq of each */

    struct spool spool;
    struct backlog backlog;
};

/* Each sets all of l. 0, or -1 with f. */
int ledger_init_none(struct ledger *l, const struct ledger_ops *ops, void *owner, struct fault *f);

/* path may be SPOOL_MEMORY. */
int ledger_init_spool(struct ledger *l, uv_loop_t *loop, struct flight *flight, const char *path,
                      const struct spool_keep *keep, const struct ledger_ops *ops, void *owner,
                      struct fault *f);

/* Closes what either has opened; all zero is accepted. The loop must run once more. */
void ledger_finish(struct ledger *l);

#endif
