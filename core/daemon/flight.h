/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/flight.h - documents in flight: taken from a socket, not yet published.
 * The hard rule: every document and byte in flight is counted here, and what is
 * counted is within the limits, but for a single document that is alone.
 */
#ifndef DAEMON_FLIGHT_H
#define DAEMON_FLIGHT_H

#include "daemon/spool.h"
#include "daemon/zmq_uv.h"
#include "wire/frame.h"
#include "wire/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the pipeline made of a document; all in one piece of memory. */
struct flight_result {
    char *memory;
    struct frame_result of;
    uint64_t seq, prev; /* given by the spool */
};

struct flight_doc {
    struct flight_doc *next; /* in whichever queue it waits */
    uint64_t ticket;

    enum spool_form form; /* SPOOL_JSON, SPOOL_TEXT: raw[0]; from SPOOL_SPLIT on: head, text */
    zmq_msg_t raw[2];     /* the bytes as they came */
    size_t n_raw;
    struct json_doc json; /* of raw[0]; its slices must not be read after ingest */
    struct slice id;      /* what it is called in replies and logs; owned */
    bool made_id;         /* it came without one */
    uint64_t received_ms; /* since 1970 */

    struct spool_task task; /* its next step in the spool */
    struct ledger *ledger;  /* whose step it is */
    bool duplicate;         /* the spool knows its id already; or its letter is gone */
    uint64_t letter;        /* the dead letter it comes from, which goes when it is accepted */
    struct flight_result result;

    bool acknowledged; /* client holds who sent it */
    bool delimiter;    /* the client is a REQ socket: replies need an empty part */
    zmq_msg_t client;

    char *frame; /* the FRAME_DOC made of it */
    size_t n_frame;
    size_t bytes; /* that came: what is counted; in memory it is about twice as much */

    struct frame_skip *skip; /* plugins that must not run on it again; owned */
    size_t n_skip;
    uint32_t generation; /* of workers, whose pipeline skip counts by */
    unsigned strikes;    /* workers that died in it with no plugin to blame */
    unsigned excused;    /* workers that were killed from outside, perhaps, when they had it */
    bool suspect;        /* its worker died, perhaps not of it: it runs alone */
    bool probing;        /* it runs without one entry, to see whether that is to blame: */
    uint32_t probe;
};

struct flight_queue {
    struct flight_doc *first, *last;
    size_t n;
};

struct flight {
    uint64_t max_documents, max_bytes;
    uint64_t documents, bytes; /* in flight */
    uint64_t tickets;          /* given so far */
};

void flight_init(struct flight *f, uint64_t max_documents, uint64_t max_bytes);

/* A document that is not counted yet, or NULL without memory. */
struct flight_doc *flight_create(void);
void flight_destroy(struct flight_doc *d); /* one that is not counted; NULL is accepted */

/* Whether a document of this many bytes may come in now. */
bool flight_has_room(const struct flight *f, size_t bytes);

/* Whether enough has left for reading to go on after has_room said no. */
bool flight_has_ebbed(const struct flight *f);

/* Counts d, gives it a ticket where it has none, and makes its frame from the fields. 0, or -1
 * without memory: it is not counted then. */
int flight_enter(struct flight *f, struct flight_doc *d, const struct doc_fields *fields);

/* Counts d, which is not to be run, but takes room until it leaves. */
void flight_count(struct flight *f, const struct flight_doc *d);

/* Uncounts and destroys it. */
void flight_leave(struct flight *f, struct flight_doc *d);

/* Makes d fit for the workers of a generation: skips found in another are dropped,
 * for they count the entries of another pipeline. 0, or -1 without memory. */
int flight_prepare(struct flight_doc *d, uint32_t generation);

/* Whether entry must not run on d. */
bool flight_skips(const struct flight_doc *d, uint32_t entry);

/* Notes that entry must not run on d again. False where that was known already, or
 * there is no memory: the document then has no way left. */
bool flight_skip_entry(struct flight_doc *d, uint32_t entry, const char *why);

/* The same of the next entry in turn, from the last of n to the first, in the stead of the one
 * before. False when all have been tried. */
bool flight_probe(struct flight_doc *d, uint32_t n, const char *why);

void flight_push(struct flight_queue *q, struct flight_doc *d);
struct flight_doc *flight_pop(struct flight_queue *q); /* NULL when empty */

/* Puts all of from, in its order, before all of q. */
void flight_push_front(struct flight_queue *q, struct flight_queue *from);

#endif
