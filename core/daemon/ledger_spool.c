/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/ledger_spool.c - the ledger with a spool: what a document's steps write into the
 * spool. The hard rule of ledger.h: the owner hears of a step after its commit.
 */
#include "config.h"
#include "daemon/ledger.h"
#include "daemon/parts.h"
#include "daemon/sockets.h"
#include "wire/stamp.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct flight_doc *document(struct spool_task *t)
{
    return (struct flight_doc *)((char *)t - offsetof(struct flight_doc, task));
}

static void drop(struct spool_task *t)
{
    flight_destroy(document(t));
}

static void put(struct ledger *l, struct flight_doc *d, struct spool_task task)
{
    d->ledger = l;
    d->task = task;
    d->task.drop = drop;
    spool_put(&l->spool, &d->task);
}

/* ---- accepted */

static enum spool_result run_accept(struct spool_task *t, struct spool_db *db, struct fault *f)
{
    struct flight_doc *d = document(t);
    struct spool_doc kept = parts_kept(d);
    enum spool_result r = d->letter ? spool_db_exhume(db, d->letter, f) : SPOOL_OK;

    if (r == SPOOL_OK)
        r = spool_db_accept(db, &kept, f);
    d->duplicate = r == SPOOL_DUPLICATE || r == SPOOL_NONE;
    return r;
}

static void done_accept(struct spool_task *t)
{
    struct flight_doc *d = document(t);

    d->ledger->ops->on_accepted(d->ledger, d);
}

static void give_up_accept(struct spool_task *t, const char *why)
{
    struct flight_doc *d = document(t);

    d->ledger->ops->on_overloaded(d->ledger, d, why);
}

static void accept_document(struct ledger *l, struct flight_doc *d)
{
    put(l, d,
        (struct spool_task){.run = run_accept,
                            .done = done_accept,
                            .give_up = d->acknowledged || d->letter ? give_up_accept : NULL});
}

/* ---- copies */

static struct slice copy(char **to, struct slice s)
{
    struct slice copied = {*to, s.n};

    if (!s.p)
        return (struct slice){NULL, 0};
    memcpy(*to, s.p, s.n);
    *to += s.n;
    return copied;
}

static int keep_result(struct flight_doc *d, const struct frame_result *r)
{
    char *to = malloc(r->topic.n + r->members.n + r->plugin.n + r->error.n + 1);

    if (!to)
        return -1;
    free(d->result.memory);
    d->result = (struct flight_result){.memory = to};
    d->result.of.topic = copy(&to, r->topic);
    d->result.of.members = copy(&to, r->members);
    d->result.of.plugin = copy(&to, r->plugin);
    d->result.of.error = copy(&to, r->error);
    return 0;
}

/* ---- dead */

/* A letter fits a row, whether its document was accepted (a worker has told the message) or not
 * (two frames, each as large as they come in). Beside these there is little. */
_Static_assert(1ull * CONFIG_DOCUMENT_MOST + FRAME_LARGEST + (1 << 20) < SPOOL_ROW_MOST, "fits");
_Static_assert(2ull * SOCKETS_LARGEST(CONFIG_DOCUMENT_MOST) + (1 << 20) < SPOOL_ROW_MOST, "fits");

static struct spool_dead dead_letter(struct flight_doc *d, struct slice reason)
{
    return (struct spool_dead){.ticket = d->ticket,
                               .at_ms = (uint64_t)stamp_now(),
                               .reason = reason,
                               .plugin = d->result.of.plugin,
                               .message = d->result.of.error,
                               .doc = parts_kept(d)};
}

/* It would be run again at the next start, and have two ends. */
static enum spool_result must_be_pending(enum spool_result r, const struct flight_doc *d,
                                         struct fault *f)
{
    if (r != SPOOL_NONE)
        return r;
    fault_set(f, "ticket %" PRIu64 " has a result, but is not pending in the spool", d->ticket);
    return SPOOL_DAMAGED;
}

static enum spool_result run_bury(struct spool_task *t, struct spool_db *db, struct fault *f)
{
    struct flight_doc *d = document(t);
    struct spool_dead dead = dead_letter(d, d->result.of.topic);

    return must_be_pending(spool_db_bury(db, &dead, d->ticket != 0, f), d, f);
}

static void done_bury(struct spool_task *t)
{
    struct flight_doc *d = document(t);

    d->ledger->ops->on_buried(d->ledger, d);
}

/* The reason takes the topic's place: a document has one or the other. */
static int keep_reason(struct flight_doc *d, const char *reason, const struct frame_result *result)
{
    const struct frame_result kept = {
        .topic = {reason, strlen(reason)}, .plugin = result->plugin, .error = result->error};

    return keep_result(d, &kept);
}

static int bury(struct ledger *l, struct flight_doc *d, const char *reason,
                const struct frame_result *result)
{
    if (keep_reason(d, reason, result) < 0)
        return -1;
    put(l, d, (struct spool_task){.run = run_bury, .done = done_bury});
    return 0;
}

/* ---- rejected: there is nothing to write, only to wait until it is the sender's turn */

static enum spool_result run_reject(struct spool_task *t, struct spool_db *db, struct fault *f)
{
    (void)t;
    (void)db;
    (void)f;
    return SPOOL_OK;
}

static void done_reject(struct spool_task *t)
{
    struct flight_doc *d = document(t);

    d->ledger->ops->on_rejected(d->ledger, d);
}

static void give_up_reject(struct spool_task *t, const char *why)
{
    (void)why;
    done_reject(t);
}

static int reject(struct ledger *l, struct flight_doc *d, const char *reason,
                  const struct frame_result *result)
{
    if (keep_reason(d, reason, result) < 0)
        return -1;
    put(l, d,
        (struct spool_task){.run = run_reject, .done = done_reject, .give_up = give_up_reject});
    return 0;
}

/* ---- published */

static enum spool_result run_publish(struct spool_task *t, struct spool_db *db, struct fault *f)
{
    static const struct slice failed = {"plugin_failed", sizeof "plugin_failed" - 1};
    struct flight_doc *d = document(t);
    struct spool_published p = {
        .doc = parts_kept(d), .topic = d->result.of.topic, .members = d->result.of.members};
    enum spool_result r =
        spool_db_publish(db, &p, (uint64_t)stamp_now(), &d->result.seq, &d->result.prev, f);

    if (r == SPOOL_OK && d->result.of.error.p) {
        struct spool_dead dead = dead_letter(d, failed);

        r = spool_db_bury(db, &dead, false, f);
    }
    return must_be_pending(r, d, f);
}

static void done_publish(struct spool_task *t)
{
    struct flight_doc *d = document(t);

    d->ledger->ops->on_published(d->ledger, d);
}

static int publish(struct ledger *l, struct flight_doc *d, const struct frame_result *result)
{
    if (keep_result(d, result) < 0)
        return -1;
    put(l, d, (struct spool_task){.run = run_publish, .done = done_publish});
    return 0;
}

/* ---- what the spool and the backlog say */

static void on_stall(struct spool *spool, const char *why)
{
    struct ledger *l = spool->owner;

    l->ops->on_stall(l, why);
}

static void on_resume(struct spool *spool)
{
    struct ledger *l = spool->owner;

    l->ops->on_resume(l);
}

static void on_damaged(struct spool *spool, const char *why)
{
    struct ledger *l = spool->owner;

    l->ops->on_damaged(l, why);
}

static const struct spool_ops spool_ops = {on_stall, on_resume, on_damaged};

static void on_unsent(void *owner, struct flight_doc *d)
{
    struct ledger *l = owner;

    l->ops->on_unsent(l, d);
}

static void on_pending(void *owner, struct flight_doc *d)
{
    struct ledger *l = owner;

    l->ops->on_pending(l, d);
}

/* ---- the rest of it */

static void start(struct ledger *l)
{
    backlog_start(&l->backlog);
}

static void sent(struct ledger *l, uint64_t seq)
{
    spool_sent(&l->spool, seq);
}

static void ebb(struct ledger *l)
{
    backlog_ebb(&l->backlog);
}

static void end(struct ledger *l)
{
    backlog_end(&l->backlog);
    spool_settle(&l->spool);
}

static bool is_idle(const struct ledger *l)
{
    return spool_is_idle(&l->spool);
}

static const struct ledger_steps steps = {
    .start = start,
    .accept = accept_document,
    .publish = publish,
    .bury = bury,
    .reject = reject,
    .sent = sent,
    .ebb = ebb,
    .end = end,
    .is_idle = is_idle,
};

int ledger_init_spool(struct ledger *l, uv_loop_t *loop, struct flight *flight, const char *path,
                      const struct spool_keep *keep, const struct ledger_ops *ops, void *owner,
                      struct fault *f)
{
    struct spool_db *db = spool_db_open(path, f);
    const struct spool_state *state;

    if (!db)
        return -1;
    state = spool_db_state(db);
    *l = (struct ledger){.steps = &steps,
                         .ops = ops,
                         .owner = owner,
                         .durable = strcmp(path, SPOOL_MEMORY) != 0,
                         .seq = state->sent};
    snprintf(l->log, sizeof l->log, "%s", state->log);
    flight->tickets = state->ticket;
    spool_init(&l->spool, loop, db, keep, &spool_ops, l);
    l->backlog = (struct backlog){.spool = &l->spool,
                                  .flight = flight,
                                  .on_unsent = on_unsent,
                                  .on_pending = on_pending,
                                  .owner = l};
    return 0;
}
