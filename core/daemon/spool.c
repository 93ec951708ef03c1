/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/spool.c - tasks into groups, groups into commits.
 *
 * While one group is being committed the next one gathers, and a little longer, so that no more
 * than a quarter of the time goes into commits, however fast or slow the disk is. In memory a
 * commit is so short that no thread is worth its while. A group that finds no room is undone and
 * tried again.
 */
#include "daemon/spool.h"

#include "wire/stamp.h"

enum {
    GATHER = 3,    /* times as long as a commit took, the next one gathers, */
    GATHER_MS = 8, /* but no longer than this */
    RETRY_MS = 250,
    TRIM_MS = 60000, /* how often it is looked for what is too old, where nothing else is done */
};

/* ---- in the thread */

static enum spool_result run_all(struct spool *s)
{
    enum spool_result r = spool_db_begin(s->db, &s->fault);

    if (r != SPOOL_OK)
        return r;
    spool_db_sent(s->db, s->running_sent);
    for (struct spool_task *t = s->running; t && r < SPOOL_FULL; t = t->next)
        r = t->run(t, s->db, &s->fault);
    if (r < SPOOL_FULL)
        r = spool_db_trim(s->db, &s->keep, (uint64_t)stamp_now(), &s->more, &s->fault);
    if (r >= SPOOL_FULL) {
        spool_db_rollback(s->db);
        return r;
    }
    return spool_db_commit(s->db, &s->fault);
}

static void on_work(uv_work_t *work)
{
    struct spool *s = work->data;

    s->result = run_all(s);
}

/* ---- on the loop */

static void on_committed(uv_work_t *work, int status);

static bool has_work(const struct spool *s)
{
    return s->first || s->trim_due || (s->settling && s->sent != s->written_sent);
}

static void on_turn(uv_idle_t *turn);

/* Sees to it that there will be a group in the next turn of the loop, so that what came in one
 * turn goes in one. While stalled, with nothing to do too: that is how it is found out that it may
 * go on. */
static void kick(struct spool *s)
{
    if (!s->busy && !s->broken && !s->finished && (has_work(s) || s->stalled) &&
        !uv_is_active((uv_handle_t *)&s->pause))
        uv_idle_start(&s->turn, on_turn);
}

static void on_pause(uv_timer_t *pause)
{
    kick(pause->data);
}

static void on_trim(uv_timer_t *trim)
{
    struct spool *s = trim->data;

    s->trim_due = true;
    kick(s);
}

static void on_turn(uv_idle_t *turn)
{
    struct spool *s = turn->data;

    uv_idle_stop(turn);
    s->trim_due = false;
    s->running = s->first;
    s->first = NULL;
    s->last = &s->first;
    s->running_sent = s->sent;
    s->busy = true;
    if (s->in_memory) {
        on_work(&s->work);
        on_committed(&s->work, 0);
        return;
    }
    s->began = uv_hrtime();
    uv_queue_work(s->loop, &s->work, on_work, on_committed);
}

static void finish_group(struct spool *s)
{
    struct spool_task *t = s->running, *next;

    s->running = NULL;
    s->trim_due |= s->more && !s->settling;
    s->written_sent = s->running_sent;
    for (; t; t = next) {
        next = t->next;
        t->done(t);
    }
    if (s->stalled) {
        s->stalled = false;
        s->ops->on_resume(s);
    }
}

/* The group goes before what was put since, but for those who would rather not wait. */
static void put_back(struct spool *s)
{
    struct spool_task *t = s->running, *next, *rest = s->first;

    s->running = s->first = NULL;
    s->last = &s->first;
    for (int round = 0; round < 2; round++, t = rest)
        for (; t; t = next) {
            next = t->next;
            if (t->give_up)
                t->give_up(t, s->fault.text);
            else
                spool_put(s, t);
        }
}

static void stall(struct spool *s)
{
    if (!s->stalled) {
        s->stalled = true;
        s->ops->on_stall(s, s->fault.text);
    }
    uv_timer_start(&s->pause, on_pause, RETRY_MS, 0);
    put_back(s);
}

/* A commit costs about the same whether it holds one document or fifty. */
static void gather(struct spool *s)
{
    uint64_t ms = s->in_memory ? 1 : GATHER * (uv_hrtime() - s->began) / 1000000;

    if (ms > 0 && s->result < SPOOL_FULL)
        uv_timer_start(&s->pause, on_pause, ms < GATHER_MS ? ms : GATHER_MS, 0);
}

static void drop_all(struct spool_task *t)
{
    struct spool_task *next;

    for (; t; t = next) {
        next = t->next;
        if (t->drop)
            t->drop(t);
    }
}

static void on_committed(uv_work_t *work, int status)
{
    struct spool *s = work->data;

    (void)status;
    s->busy = false;
    if (!s->finished)
        gather(s);
    if (s->finished) {
        drop_all(s->running);
        spool_db_close(s->db);
    } else if (s->result < SPOOL_FULL) {
        finish_group(s);
    } else if (s->result == SPOOL_DAMAGED) {
        s->broken = true;
        put_back(s);
        s->ops->on_damaged(s, s->fault.text);
    } else {
        stall(s);
    }
    kick(s);
}

void spool_init(struct spool *s, uv_loop_t *loop, struct spool_db *db,
                const struct spool_keep *keep, const struct spool_ops *ops, void *owner)
{
    *s = (struct spool){.loop = loop, .ops = ops, .owner = owner, .db = db, .keep = *keep};
    s->last = &s->first;
    s->sent = s->written_sent = spool_db_state(db)->sent;
    s->in_memory = spool_db_is_in_memory(db);
    s->work.data = s->turn.data = s->pause.data = s->trim.data = s;
    uv_idle_init(loop, &s->turn);
    uv_timer_init(loop, &s->pause);
    uv_timer_init(loop, &s->trim);
    uv_timer_start(&s->trim, on_trim, TRIM_MS, TRIM_MS);
}

void spool_finish(struct spool *s)
{
    if (s->finished || !s->db)
        return;
    s->finished = true;
    uv_close((uv_handle_t *)&s->turn, NULL);
    uv_close((uv_handle_t *)&s->pause, NULL);
    uv_close((uv_handle_t *)&s->trim, NULL);
    drop_all(s->first);
    if (!s->busy)
        spool_db_close(s->db);
}

void spool_put(struct spool *s, struct spool_task *t)
{
    t->next = NULL;
    *s->last = t;
    s->last = &t->next;
    kick(s);
}

void spool_sent(struct spool *s, uint64_t seq)
{
    s->sent = seq;
    kick(s);
}

void spool_settle(struct spool *s)
{
    s->settling = true;
    kick(s);
}

bool spool_is_idle(const struct spool *s)
{
    return !s->busy && !has_work(s);
}
