/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/backlog.c - what a start finds in the spool. Half of what may be in flight is
 * the backlog's, so that new documents need not wait until it is done.
 */
#include "daemon/backlog.h"

#include "daemon/parts.h"
#include "log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct backlog *backlog(struct spool_task *t)
{
    return (struct backlog *)((char *)t - offsetof(struct backlog, task));
}

static bool is_done(const struct backlog *b)
{
    return b->unsent > b->last_unsent && b->pending >= b->last_pending;
}

/* ---- in the thread */

static void drop_found(struct backlog *b)
{
    while (b->n_found)
        flight_destroy(b->found[--b->n_found]);
}

/* The result of a published document, as the worker gave it. */
static int restore_result(struct flight_doc *d, const struct spool_published *p)
{
    char *to = malloc(p->topic.n + p->members.n + 1);

    if (!to)
        return -1;
    memcpy(to, p->topic.p, p->topic.n);
    memcpy(to + p->topic.n, p->members.p, p->members.n);
    d->result = (struct flight_result){.memory = to,
                                       .of.topic = {to, p->topic.n},
                                       .of.members = {to + p->topic.n, p->members.n},
                                       .seq = p->seq,
                                       .prev = p->prev};
    return 0;
}

/* None may be passed over: it is tried again, as where the disk fails. */
static enum spool_result no_memory(struct fault *f)
{
    fault_set(f, "no memory for what the spool has left");
    return SPOOL_IO;
}

static enum spool_result find_unsent(struct backlog *b, struct spool_db *db, uint64_t from,
                                     struct fault *f)
{
    struct spool_published p;
    enum spool_result r = spool_db_published(db, from, &p, f);
    struct flight_doc *d = r == SPOOL_OK ? parts_restore(&p.doc) : NULL;

    if (r != SPOOL_OK)
        return r;
    if (!d || restore_result(d, &p)) {
        flight_destroy(d);
        return no_memory(f);
    }
    b->found[b->n_found++] = d;
    return SPOOL_OK;
}

static enum spool_result find_pending(struct backlog *b, struct spool_db *db, uint64_t after,
                                      struct fault *f)
{
    struct spool_doc kept;
    enum spool_result r = spool_db_pending(db, after, &kept, f);
    struct flight_doc *d;

    if (r != SPOOL_OK || kept.ticket > b->last_pending)
        return r == SPOOL_OK ? SPOOL_NONE : r;
    d = parts_restore(&kept);
    if (!d)
        return no_memory(f);
    b->found[b->n_found++] = d;
    return SPOOL_OK;
}

static enum spool_result run(struct spool_task *t, struct spool_db *db, struct fault *f)
{
    struct backlog *b = backlog(t);
    bool sending = b->unsent <= b->last_unsent;
    enum spool_result r = SPOOL_OK;

    drop_found(b);
    while (b->n_found < BACKLOG_STEP && r == SPOOL_OK) {
        struct flight_doc *last = b->n_found ? b->found[b->n_found - 1] : NULL;

        r = sending ? find_unsent(b, db, last ? last->result.seq + 1 : b->unsent, f)
                    : find_pending(b, db, last ? last->ticket : b->pending, f);
    }
    spool_db_rest(db);
    return r == SPOOL_NONE ? SPOOL_OK : r;
}

/* ---- on the loop */

/* What was accepted once reads well; that it may not is only for a spool that somebody
 * has written into. */
static void enter(struct backlog *b, struct flight_doc *d)
{
    struct doc_fields fields = {0};
    struct fault f = {""};
    enum reject r = parts_read(d, &b->scratch, &fields, &f);

    fields.id = d->id;
    if (d->result.memory && r == REJECT_NONE) {
        b->on_unsent(b->owner, d);
    } else if (r == REJECT_NONE && flight_enter(b->flight, d, &fields) == 0) {
        b->on_pending(b->owner, d);
    } else {
        log_error("backlog", "ticket %" PRIu64 " in the spool can't be run: %s", d->ticket,
                  r == REJECT_NONE ? "no memory" : f.text);
        flight_destroy(d);
    }
    arena_reset(&b->scratch);
}

static void done(struct spool_task *t)
{
    struct backlog *b = backlog(t);
    bool sending = b->unsent <= b->last_unsent;

    b->running = false;
    if (!b->n_found && sending)
        b->unsent = b->last_unsent + 1;
    else if (!b->n_found)
        b->pending = b->last_pending;
    for (size_t i = 0; i < b->n_found; i++) {
        if (sending)
            b->unsent = b->found[i]->result.seq + 1;
        else
            b->pending = b->found[i]->ticket;
        enter(b, b->found[i]);
    }
    b->n_found = 0;
    if (is_done(b))
        log_info("backlog", "all that the spool had left is under way");
    backlog_ebb(b);
}

void backlog_ebb(struct backlog *b)
{
    if (b->running || b->ended || is_done(b) ||
        (b->flight->documents > 0 && (b->flight->documents > b->flight->max_documents / 2 ||
                                      b->flight->bytes > b->flight->max_bytes / 2)))
        return;
    b->running = true;
    b->task = (struct spool_task){.run = run, .done = done};
    spool_put(b->spool, &b->task);
}

void backlog_start(struct backlog *b)
{
    const struct spool_state *state = spool_db_state(b->spool->db);

    arena_init(&b->scratch, SIZE_MAX);
    b->unsent = state->sent + 1;
    b->last_unsent = state->seq;
    b->last_pending = state->pending ? state->ticket : 0;
    if (is_done(b))
        return;
    log_info("backlog",
             "the spool has %" PRIu64 " documents to run and %" PRIu64 " results to send",
             state->pending, state->seq - state->sent);
    backlog_ebb(b);
}

void backlog_end(struct backlog *b)
{
    b->ended = true;
}

void backlog_finish(struct backlog *b)
{
    drop_found(b);
    arena_finish(&b->scratch);
}
