/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/child.h - one worker process as the supervisor sees it: started, given
 * documents, read from, buried. The hard rule: it answers in the order it was
 * asked; one that does not is killed, with all it has started, and whatever it had not
 * answered is handed back.
 */
#ifndef DAEMON_CHILD_H
#define DAEMON_CHILD_H

#include "daemon/flight.h"
#include "daemon/lineup.h"
#include "daemon/output.h"
#include "log.h"
#include "wire/page.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

struct child;

/* What a child tells its owner, from the loop. None may destroy the child. */
struct child_ops {
    /* The pipeline is open; payload is the FRAME_READY. Once. */
    void (*on_ready)(struct child *c, const char *payload, size_t n);

    /* The answer to d, which is no longer the child's: FRAME_GLOSS or FRAME_DEAD. */
    void (*on_result)(struct child *c, struct flight_doc *d, uint32_t type, const char *payload,
                      size_t n);

    /* The process has ended, how says in which way. Documents it has not answered are
     * in c->queue and must be taken out. The child frees itself afterwards. */
    void (*on_gone)(struct child *c, const char *how);
};

enum child_state { CHILD_STARTING, CHILD_READY, CHILD_CLOSED };

struct child {
    enum child_state state;
    unsigned number;           /* for the log */
    struct flight_queue queue; /* given to it and not answered, oldest first */
    size_t bytes;              /* of their frames */
    char *refused;             /* what its FRAME_REFUSED said, or NULL */
    int signal;                /* what ended it, where it was a signal from outside */
    bool spent;                /* it ended because a fresh one would do better */
    bool answered;             /* a document, at least */
    bool hung_up; /* it was killed for what it did to its socket, and has gone on since:
                     the page says nothing about that */
    const struct page *page;

    const struct child_ops *ops;
    void *owner;

    /* child.c's own */
    uv_process_t process;
    uv_poll_t poll;
    struct output output;
    uint64_t mark; /* of its own lines in that */
    int open_handles;
    bool ended;                /* the process was reaped */
    uint64_t since;            /* when it was started, closed, or hung up: uv_now() */
    uint64_t heard;            /* when it answered last, or was given the first of its documents */
    uint64_t patience_ms;      /* from then on, for each MiB begun */
    uint64_t watched, resumed; /* when it was looked at last, and after a pause */
    int fd;
    bool blocked; /* the socket takes no more for now */
    char *hello;  /* the FRAME_CONFIG, freed when written */
    size_t n_hello;
    struct flight_doc *unsent; /* the first of queue not wholly written */
    size_t sent;               /* bytes of hello, or of unsent, that were */
    char *in;                  /* what it said and was not looked at yet */
    size_t n_in, room_in;
    char killed[96]; /* why we killed it */
};

/* Starts a worker on the configuration, which is l's, and the copies in l. NULL with f where
 * the system refuses. */
struct child *child_start(uv_loop_t *loop, const char *config, const struct lineup *l,
                          unsigned number, const struct child_ops *ops, void *owner,
                          struct fault *f);

/* Gives it a document; written at the next flush. The child must be ready. */
void child_give(struct child *c, struct flight_doc *d);

/* Writes what it can take. Cheap where there is nothing to write. */
void child_flush(struct child *c);

/* Closes the socket: it ends by itself. Only where it has no documents. */
void child_close(struct child *c);

/* Kills it where it has hung: twice the time its plugin has, by the shared page; or, whatever
 * that says, so long without an answer as all its plugins together may take. now is uv_now(),
 * which is the page's clock. */
void child_watch(struct child *c, uint64_t now);

/* Kills it; why is what on_gone will be told. */
PRINTF(2, 3)
void child_kill(struct child *c, const char *why, ...);

#endif
