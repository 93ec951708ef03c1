/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/sockets.h - the endpoints: opened with their options, bound. The hard
 * rule: either all are bound or none, and the refusal says which, why, what to do.
 */
#ifndef DAEMON_SOCKETS_H
#define DAEMON_SOCKETS_H

#include "config.h"
#include "daemon/unread.h"
#include "daemon/zmq_uv.h"
#include "log.h"

/* The largest frame of a document that comes in; what is larger drops the connection. */
#define SOCKETS_LARGEST(document_bytes) (2 * (document_bytes) + (1 << 20))

struct sockets {
    void *context;
    struct zmq_uv pull, ack, publish, replay; /* not open where the endpoint is off */
    char at[4][256];                          /* where they are bound, in that order; "off" */
    struct unread live, again;                /* what publish and ack send, and replay */
};

/* 0, or -1 with f: nothing is left open then, but the loop must run once more. */
int sockets_open(struct sockets *s, uv_loop_t *loop, const struct config *c, struct fault *f);

/* What to do where an address can't be bound for that error. */
const char *sockets_hint(int error);

/* Closes the sockets; the loop must run once more. */
void sockets_close(struct sockets *s, int linger_ms);

/* Waits until what was sent is with its receivers, linger_ms at most. -1 where a
 * signal came first. */
int sockets_flush(struct sockets *s);

#endif
