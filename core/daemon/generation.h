/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/generation.h - the workers of one configuration: started together, each
 * replaced when it dies, ended together. The hard rule: a generation either
 * starts whole or is gone without a trace.
 */
#ifndef DAEMON_GENERATION_H
#define DAEMON_GENERATION_H

#include "daemon/breaker.h"
#include "daemon/child.h"
#include "daemon/lineup.h"

#include <stdbool.h>
#include <stdint.h>

struct generation;

/* What a generation tells its owner, from the loop. */
struct generation_ops {
    /* All its workers are ready, for the first time. */
    void (*on_started)(struct generation *g);

    /* It can't start, why says for what reason, at_fault[i] whether entry i is to blame;
     * NULL: none is. on_ended follows. */
    void (*on_refused)(struct generation *g, const bool *at_fault, const char *why);

    /* A worker has answered; see child.h. */
    void (*on_result)(struct generation *g, struct flight_doc *d, uint32_t type,
                      const char *payload, size_t n);

    /* A worker has died; its documents are in c->queue and must be taken out. */
    void (*on_death)(struct generation *g, struct child *c, const char *how);

    /* Its last worker is gone: it must be destroyed. After a stop or a refusal. */
    void (*on_ended)(struct generation *g);
};

enum generation_state { GENERATION_STARTING, GENERATION_RUNNING, GENERATION_ENDING };

struct generation {
    enum generation_state state;
    uint32_t number;
    struct lineup lineup; /* owned */
    bool was_killed;      /* it was refused for a worker that somebody killed from outside */
    char *pipeline;       /* the names in the order they run; owned */
    struct breakers breakers;

    const struct generation_ops *ops;
    void *owner;
    struct generation *link; /* the owner's, for its list */

    /* generation.c's own */
    uv_loop_t *loop;
    uv_timer_t timer; /* the next try to start a worker; the end */
    uint64_t delay;   /* before that try, ms */
    char *json;       /* the configuration as workers get it */
    struct child **child;
    uint32_t n_child, n_ready;
    unsigned started; /* workers so far, for their numbers */
};

/* Starts the workers; *l is taken in any case. May call on_refused at once. NULL
 * without memory. */
struct generation *generation_start(uv_loop_t *loop, struct lineup *l, uint32_t number,
                                    const struct generation_ops *ops, void *owner);

/* In on_ended. The loop must run once more. */
void generation_destroy(struct generation *g);

/* The ready worker with the least to do that may be given d, or NULL where there is none. */
struct child *generation_pick(const struct generation *g, const struct flight_doc *d);

/* Writes what was given to the workers. */
void generation_flush(struct generation *g);

/* Looks for workers that hang. */
void generation_watch(struct generation *g);

/* Ends each worker when it has no documents left: call it after each result too. */
void generation_end(struct generation *g);

/* Ends them all now. */
void generation_kill(struct generation *g, const char *why);

#endif
