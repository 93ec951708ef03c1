/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/spool.h - the spool on the loop: tasks are gathered and committed in groups
 * on libuv's thread pool. The hard rule: done() is called after the commit, in the
 * order put, and never for what was not committed.
 */
#ifndef DAEMON_SPOOL_H
#define DAEMON_SPOOL_H

#include "spool/spool_db.h"

#include <uv.h>

struct spool;

/* Something to do in the spool; part of what it is about. */
struct spool_task {
    struct spool_task *next;

    /* In the thread, inside a transaction. SPOOL_FULL and worse: the transaction is
     * undone, and all its tasks are run again later, so this must be repeatable. What
     * else it found out it keeps for done(). Must not touch what the loop touches. */
    enum spool_result (*run)(struct spool_task *t, struct spool_db *db, struct fault *f);

    /* On the loop, after the commit. May put further tasks. */
    void (*done)(struct spool_task *t);

    /* On the loop, when the spool stalls before the commit; the task is out of the spool
     * then. NULL: it waits until the spool goes on. */
    void (*give_up)(struct spool_task *t, const char *why);

    /* At the end, where it has not been committed. NULL: its owner sees to it. */
    void (*drop)(struct spool_task *t);
};

struct spool_ops {
    /* There is no room, or the disk fails: nothing more should be put. And: it goes on. */
    void (*on_stall)(struct spool *s, const char *why);
    void (*on_resume)(struct spool *s);

    /* The file is not what was written: nothing more is run. */
    void (*on_damaged)(struct spool *s, const char *why);
};

struct spool {
    uv_loop_t *loop;
    const struct spool_ops *ops;
    void *owner;
    struct spool_db *db;
    struct spool_keep keep;
    struct spool_task *first, **last; /* put, in order */
    struct spool_task *running;       /* in the thread */
    enum spool_result result;         /* of the thread's work */
    struct fault fault;
    uint64_t sent, running_sent; /* the last seq sent, and as the thread sees it */
    uint64_t written_sent;       /* and as it was committed */
    bool busy, stalled, broken;  /* broken: damaged */
    bool settling, finished;
    bool in_memory; /* the work is done on the loop */
    bool more;      /* beyond keep there is more than one commit may take away */
    bool trim_due;  /* there is to be a commit, though there is no task */
    uv_work_t work;
    uint64_t began;   /* uv_hrtime() of the last commit */
    uv_idle_t turn;   /* active: there is a group to start */
    uv_timer_t pause; /* active: none may start */
    uv_timer_t trim;  /* now and then for what is too old */
};

/* Takes an open db, which spool_finish closes. */
void spool_init(struct spool *s, uv_loop_t *loop, struct spool_db *db,
                const struct spool_keep *keep, const struct spool_ops *ops, void *owner);

/* Closes the handles; not while spool_is_idle() is false, unless it is broken. The loop
 * must run once more. */
void spool_finish(struct spool *s);

void spool_put(struct spool *s, struct spool_task *t);

/* Everything up to seq is on its way to the subscribers. */
void spool_sent(struct spool *s, uint64_t seq);

/* From now on, what was sent is committed even where there is no other task: otherwise
 * it goes with the next one. */
void spool_settle(struct spool *s);

/* Nothing is waiting or being committed. */
bool spool_is_idle(const struct spool *s);

#endif
