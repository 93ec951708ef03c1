/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/ledger.h - a document's steps through the spool: accepted, published, dead.
 * The hard rule: its owner hears of a step when it is committed, not before.
 */
#ifndef DAEMON_LEDGER_H
#define DAEMON_LEDGER_H

#include "daemon/flight.h"
#include "daemon/spool.h"

struct ledger;

/* What the owner hears, on the loop. d is his again. */
struct ledger_ops {
    void (*on_accepted)(struct ledger *l, struct flight_doc *d); /* or d->duplicate */

    /* The spool has no room, and d's sender waits for an answer. */
    void (*on_overloaded)(struct ledger *l, struct flight_doc *d, const char *why);

    void (*on_published)(struct ledger *l, struct flight_doc *d); /* d->result has seq, prev */
    void (*on_buried)(struct ledger *l, struct flight_doc *d);
};

struct ledger {
    struct spool *spool;
    const struct ledger_ops *ops;
    void *owner;
};

void ledger_accept(struct ledger *l, struct flight_doc *d);

/* Takes copies of what the worker answered. A plugin's failure (error.p) makes a copy of d
 * a dead letter too. 0, or -1 without memory: nothing is put then. */
int ledger_publish(struct ledger *l, struct flight_doc *d, const struct frame_result *result);

/* d becomes a dead letter instead: reason is a code, the result has plugin and error. Its
 * ticket tells whether it was accepted. 0, or -1 as above. */
int ledger_bury(struct ledger *l, struct flight_doc *d, const char *reason,
                const struct frame_result *result);

#endif
