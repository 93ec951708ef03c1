/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/publish.h - enriched documents go out: stamped, spliced, sent. The hard
 * rule: seq rises by one with each document sent, and is never given twice.
 */
#ifndef DAEMON_PUBLISH_H
#define DAEMON_PUBLISH_H

#include "daemon/flight.h"
#include "daemon/reply.h"
#include "daemon/stats.h"
#include "daemon/topics.h"
#include "daemon/zmq_uv.h"
#include "wire/stamp.h"

#include <stdint.h>
#include <uv.h>

struct publish {
    struct zmq_uv *socket; /* an XPUB */
    struct reply *reply;
    struct stats *stats;
    char log[STAMP_ID];
    uint64_t seq; /* the last given */
    struct topics *topics;
    struct json_out whole; /* a document in two parts, made one */
    uv_timer_t beat;
    uint64_t beaten; /* seq at the last beat */
};

/* 0, or -1 without memory or random bytes. */
int publish_init(struct publish *p, uv_loop_t *loop, struct zmq_uv *socket, struct reply *reply,
                 struct stats *stats);

/* Closes the timer; the loop must run once more. */
void publish_finish(struct publish *p);

/* Publishes d under the topic, and to its sender where he waits for it. 0, or -1
 * without memory: nothing was sent and no seq is used up. */
int publish_document(struct publish *p, struct flight_doc *d, struct slice topic,
                     struct slice members);

#endif
