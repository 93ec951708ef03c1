/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/replay.h - the replay socket: what the spool keeps is asked for here. The hard
 * rule: one request at a time and a bounded piece of work for each, so that clients who
 * ask can neither grow the daemon nor slow it.
 *
 * A request is one frame, a flat JSON object (from DEALER; from REQ behind its empty
 * delimiter, before which the number of ZMQ_REQ_CORRELATE may stand); the answer is one message: a
 * JSON head, then what the kind of request gives. A request that can't be served is answered by the
 * head alone:
 *   {"error": {"code": "bad_field", "message": "line 1, column 9: ..."}}
 * Codes: invalid_json, invalid_utf8, bad_field, too_large; no_spool where nothing is kept;
 * overloaded where it should be asked again later; damaged.
 *
 * Where the spool is a file, what only reads it does so on a connection of its own, in a
 * thread beside the commits, which go on meanwhile, as it goes on where they can't.
 *
 * The next request is read when the answer to the last is sent; until then requests wait
 * in the socket, from which libzmq takes them client by client. A client that does not read
 * is disconnected, see unread.h.
 */
#ifndef DAEMON_REPLAY_H
#define DAEMON_REPLAY_H

#include "daemon/compose.h"
#include "daemon/spool.h"
#include "daemon/stats.h"
#include "daemon/unread.h"
#include "daemon/zmq_uv.h"
#include "text/arena.h"
#include "wire/request.h"

#include <stdbool.h>
#include <stdint.h>

/* What stands before the head: the client, and what its socket has put there. */
enum { REPLAY_ENVELOPE = 3 };

struct replay_request;

/* A kind of request. Each is a file of its own; replay.c has the table of them. */
struct replay_kind {
    const char *key; /* a request with this key is of this kind; NULL: any other */
    const struct request_field *fields;
    const void *defaults; /* what the fields are read into, before that */
    size_t size;          /* of it */

    /* Whether its run changes the spool, by what it wants. NULL: it only reads. */
    bool (*writes)(const void *wants);

    /* In a thread and a transaction, as spool_task.run and as repeatable: what was answered
     * before is dropped when it is called. Writes r->head, puts frames, or refuses. */
    enum spool_result (*run)(struct replay_request *r, struct spool_db *db, struct fault *f);

    /* On the loop, after the commit and before the answer goes out; true: it goes out when
     * replay_answer is called. NULL: nothing. */
    bool (*done)(struct replay_request *r);

    /* Lets go of what run has found. NULL: nothing. */
    void (*drop)(struct replay_request *r);
};

/* What a client has asked for, and the answer as it grows. */
struct replay_request {
    struct spool_task task;
    struct replay *replay;
    const struct replay_kind *kind;
    void *wants;        /* the kind's, read from the request; may be written to */
    struct arena arena; /* goes with the request */
    zmq_msg_t text;
    zmq_msg_t envelope[REPLAY_ENVELOPE];
    size_t n_envelope;

    struct json_out head;
    zmq_msg_t *frame; /* what comes before and behind the head */
    size_t n_frames, room;
    const char *code; /* the answer is an error: this, with the fault; else NULL */
    struct fault fault;
};

struct replay {
    struct zmq_uv *socket;   /* a ROUTER */
    struct spool *spool;     /* NULL: nothing is kept */
    struct spool_db *reader; /* NULL: reads in the spool's turn */
    uv_work_t work;          /* of the reader */
    struct stats *stats;
    void *owner;            /* for what a kind does on the loop */
    struct compose compose; /* these two are the thread's while a request runs */
    struct arena scratch;
    struct replay_request now;
    struct fault said; /* what was logged last */
    bool running, ended;
    struct unread *unread; /* counts the answers */
};

/* Reads nothing until replay_open. spool NULL: there is none. log, the name of the log, must
 * outlive r. */
void replay_init(struct replay *r, struct zmq_uv *socket, struct spool *spool, struct stats *stats,
                 struct unread *unread, const char *log, void *owner);
void replay_open(struct replay *r);

/* Takes no more requests; the one that runs is answered. May be called twice. */
void replay_end(struct replay *r);

/* When the loop has run dry: the thread may be at work until then. */
void replay_finish(struct replay *r);

/* ---- for the kinds */

/* Adds what was written in o, which is taken, as the next frame; or a copy of s. */
void replay_put(struct replay_request *r, struct json_out *o);
void replay_put_copy(struct replay_request *r, struct slice s);

/* The answer is an error instead. */
PRINTF(3, 4)
void replay_refuse(struct replay_request *r, const char *code, const char *fmt, ...);

/* Sends the answer, which done has held back. */
void replay_answer(struct replay_request *r);

/* {"from": 17, "limit": 100, "topic": "en."}: what was published. */
extern const struct replay_kind replay_published;

/* {"dead": "list", ...}: dead letters; the owner is a struct letters. */
extern const struct replay_kind letters_kind;

#endif
