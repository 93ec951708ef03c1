/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/publish.h - enriched documents go out to whoever subscribes. The hard rule:
 * only what the ledger has published, in the order of seq.
 */
#ifndef DAEMON_PUBLISH_H
#define DAEMON_PUBLISH_H

#include "daemon/compose.h"
#include "daemon/flight.h"
#include "daemon/reply.h"
#include "daemon/stats.h"
#include "daemon/unread.h"
#include "daemon/zmq_uv.h"

#include <stdint.h>
#include <uv.h>

struct publish {
    struct zmq_uv *socket; /* an XPUB */
    struct reply *reply;
    struct stats *stats;
    struct unread *unread; /* counts what is sent */
    struct compose compose;
    uint64_t seq; /* the last sent */
    uv_timer_t beat;
    uint64_t beaten; /* seq at the last beat */
};

/* Goes on after seq, the last sent in the log, whose name must outlive p. */
void publish_init(struct publish *p, uv_loop_t *loop, struct zmq_uv *socket, struct reply *reply,
                  struct stats *stats, struct unread *unread, const char *log, uint64_t seq);

/* Closes the timer; the loop must run once more. */
void publish_finish(struct publish *p);

/* Sends d, whose result has its seq, and to its sender where he waits for it. Where there is
 * no memory for that it is logged: subscribers see the gap, and replay has it. */
void publish_document(struct publish *p, struct flight_doc *d);

#endif
