/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/ingest.h - a message comes in, a checked document goes on, or its sender is
 * told why not. The hard rule: nothing is read from a socket that there is no room
 * for; what was read and does not fit is held, and that socket stands still.
 */
#ifndef DAEMON_INGEST_H
#define DAEMON_INGEST_H

#include "daemon/flight.h"
#include "daemon/reply.h"
#include "daemon/stats.h"
#include "daemon/zmq_uv.h"
#include "text/arena.h"
#include "wire/stamp.h"

#include <stdbool.h>
#include <stdint.h>

struct ingest;

/* A socket that documents come from. */
struct ingest_source {
    struct ingest *ingest;
    struct zmq_uv *socket;
    bool acknowledged; /* a ROUTER: the first part is the client */
    bool holds;        /* held is a message that there was no room for */
    struct zmq_uv_message held;
};

struct ingest {
    struct ingest_source pull, ack;
    struct flight *flight;
    struct reply *reply;
    struct stats *stats;
    uint64_t document_bytes; /* the limit */
    const char *closed;      /* why whatever comes is told to come again; NULL: it is not */
    struct arena scratch;
    struct stamp ids;

    /* d is checked, counted and has its frame; its sender waits. */
    void (*on_document)(void *owner, struct flight_doc *d);

    /* d is not counted, and its sender, who may be told, waits. */
    void (*on_reject)(void *owner, struct flight_doc *d, enum reject why, const char *message);
    void *owner;
};

/* The members above are the caller's to set; this sets the rest. Sockets that are not open
 * are left alone. */
void ingest_init(struct ingest *in, struct zmq_uv *pull, struct zmq_uv *ack);
void ingest_finish(struct ingest *in);

/* Checks d, which has its parts: names it, counts it and makes its frame, or says why not. */
enum reject ingest_check(struct ingest *in, struct flight_doc *d, struct fault *f);

/* Starts reading. */
void ingest_open(struct ingest *in);

/* Stops reading PULL; what comes or waits on ROUTER is rejected as overloaded, with why. */
void ingest_close(struct ingest *in, const char *why);

/* Reads on after that. */
void ingest_reopen(struct ingest *in);

/* Closes for good: what was read already is taken. */
void ingest_end(struct ingest *in);

/* Documents have left: reads on where there is room again. */
void ingest_ebb(struct ingest *in);

#endif
