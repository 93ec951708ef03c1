/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/supervisor.c - the daemon, wired up.
 *
 * The end: the first signal closes the ears, and a timer looks whether all in
 * flight is done; the second signal, or drain_ms, drops what is not. The workers
 * end, the sockets flush, the loop runs dry.
 */
#include "daemon/supervisor.h"

#include "daemon/dispatch.h"
#include "daemon/ingest.h"
#include "daemon/ledger.h"
#include "daemon/letters.h"
#include "daemon/notify.h"
#include "daemon/publish.h"
#include "daemon/reload.h"
#include "daemon/replay.h"
#include "daemon/sockets.h"
#include "daemon/watch.h"
#include "log.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

enum {
    LOOK_MS = 50, /* how often, at the end, it is looked whether all is done */
    LINGER_MS = 100,
    CALM_MS = 2000, /* without a stall of the spool, until that is said */
    HOUR_MS = 3600000,
};

enum { TERM, INT, HUP, USR1, SIGNALS };
static const int signals[SIGNALS] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

struct supervisor {
    uv_loop_t loop;
    const struct config *config; /* of the start; what changes is in dispatch.current */
    struct sockets sockets;
    struct flight flight;
    struct stats stats;
    struct reply reply;
    struct ingest ingest;
    struct dispatch dispatch;
    struct publish publish;
    struct ledger ledger;
    struct replay replay;
    struct letters letters;
    struct notify notify;
    struct reload reload;
    struct watch watch;
    uv_signal_t signal[SIGNALS];
    uv_timer_t look, calm;
    uint64_t stalls; /* of the spool, since it last went on for CALM_MS */
    uint32_t drain_ms;
    uint64_t stopped; /* uv_now() at the first signal; 0: serving */
    bool serving;     /* workers were ready once */
    int status;
};

/* ---- the end */

static void finish_all(struct supervisor *s)
{
    uint64_t took = uv_now(&s->loop) - s->stopped;
    bool flush = s->serving && !s->dispatch.dropping;
    uint64_t linger = !flush ? 0 : took + LINGER_MS < s->drain_ms ? s->drain_ms - took : LINGER_MS;

    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&s->signal[i], NULL);
    uv_close((uv_handle_t *)&s->look, NULL);
    uv_close((uv_handle_t *)&s->calm, NULL);
    dispatch_finish(&s->dispatch);
    watch_finish(&s->watch);
    reload_finish(&s->reload);
    ingest_finish(&s->ingest);
    publish_finish(&s->publish);
    replay_end(&s->replay);
    ledger_finish(&s->ledger);
    notify_finish(&s->notify);
    sockets_close(&s->sockets, (int)linger);
}

static void drop(struct supervisor *s)
{
    if (s->flight.documents > 0 && s->ledger.durable) {
        log_info("supervisor", "%" PRIu64 " documents in flight are run at the next start",
                 s->flight.documents);
    } else if (s->flight.documents > 0) {
        log_warn("supervisor", "%" PRIu64 " documents in flight are dropped", s->flight.documents);
        s->status = 1;
    }
    dispatch_end(&s->dispatch, true);
}

static void on_look(uv_timer_t *timer)
{
    struct supervisor *s = timer->data;

    if (s->flight.documents == 0 && s->ledger.steps->is_idle(&s->ledger)) {
        uv_timer_stop(timer);
        dispatch_end(&s->dispatch, false);
    } else if (uv_now(&s->loop) - s->stopped >= s->drain_ms) {
        uv_timer_stop(timer);
        log_warn("supervisor", "drain_ms (%" PRIu32 " ms) is over", s->drain_ms);
        drop(s);
    }
}

static void stop(struct supervisor *s)
{
    s->stopped = uv_now(&s->loop);
    notify_stopping(&s->notify);
    ingest_end(&s->ingest);
    replay_end(&s->replay);
    s->ledger.steps->end(&s->ledger);
    /* Not at once: what waits on the acknowledged socket shall get its answer. */
    uv_timer_start(&s->look, on_look, LOOK_MS, LOOK_MS);
}

/* It can't start, as has been said. */
static void refuse(struct supervisor *s)
{
    s->status = 2;
    dispatch_end(&s->dispatch, true);
}

/* ---- a document's way: ingest, ledger, dispatch, ledger, publish */

static void leave(struct supervisor *s, struct flight_doc *d)
{
    if (d->letter)
        letters_on_left(&s->letters);
    flight_leave(&s->flight, d);
    ingest_ebb(&s->ingest);
    s->ledger.steps->ebb(&s->ledger);
}

/* d stays accepted in the ledger where that is durable, and is run at the next start. */
static void hold_back(struct supervisor *s, struct flight_doc *d, const char *why)
{
    log_error("supervisor", "document %.*s is not done: %s%s", (int)d->id.n, d->id.p, why,
              s->ledger.durable ? ": it is run at the next start" : "");
    leave(s, d);
}

static void on_document(void *owner, struct flight_doc *d)
{
    struct supervisor *s = owner;

    s->ledger.steps->accept(&s->ledger, d);
}

static void tell_rejected(struct supervisor *s, struct flight_doc *d, const char *code,
                          const char *message)
{
    reply_rejected(&s->reply, d, (struct slice){code, strlen(code)},
                   (struct slice){message, strlen(message)});
    leave(s, d);
}

static void on_reject(void *owner, struct flight_doc *d, enum reject why, const char *message)
{
    const struct frame_result r = {.error = {message, strlen(message)}};
    struct supervisor *s = owner;
    const struct ledger_steps *steps = s->ledger.steps;
    int status = -1;

    flight_count(&s->flight, d);
    if (!d->acknowledged)
        status = steps->bury(&s->ledger, d, reject_code(why), &r);
    else if (why != REJECT_OVERLOADED) /* that is told at once: the spool may stand still */
        status = steps->reject(&s->ledger, d, reject_code(why), &r);
    if (status < 0)
        tell_rejected(s, d, reject_code(why), message);
}

static void on_dead(struct dispatch *p, struct flight_doc *d, const struct frame_result *r)
{
    struct supervisor *s = p->owner;

    if (p->dropping) {
        if (s->ledger.durable)
            reply_accepted(&s->reply, d); /* where it waits for more than that */
        else
            reply_dead(&s->reply, d, r->error);
        leave(s, d);
        return;
    }
    if (stats_may_log_dead(&s->stats, uv_now(&s->loop) / 1000))
        log_warn("supervisor", "document %.*s is %s: %.*s", (int)d->id.n, d->id.p,
                 r->plugin.p ? "a dead letter" : "given up", (int)r->error.n, r->error.p);
    if (s->ledger.steps->bury(&s->ledger, d, r->plugin.p ? "plugin_failed" : "given_up", r))
        hold_back(s, d, "no memory for a dead letter");
}

static void on_done(struct dispatch *p, struct flight_doc *d, const struct frame_result *r)
{
    struct supervisor *s = p->owner;

    if (s->ledger.steps->publish(&s->ledger, d, r))
        hold_back(s, d, "no memory for its result");
}

/* ---- what the ledger says */

static void on_accepted(struct ledger *l, struct flight_doc *d)
{
    struct supervisor *s = l->owner;

    if (d->letter)
        letters_on_accepted(&s->letters, d);
    if (d->duplicate) {
        s->stats.duplicates += !d->letter;
        reply_duplicate(&s->reply, d);
        leave(s, d);
        return;
    }
    s->stats.accepted++;
    if (!d->json.reply_enriched)
        reply_accepted(&s->reply, d);
    dispatch_put(&s->dispatch, d);
}

static void on_overloaded(struct ledger *l, struct flight_doc *d, const char *why)
{
    struct supervisor *s = l->owner;

    if (d->letter)
        letters_on_overloaded(&s->letters, d, why);
    else
        s->stats.rejected[REJECT_OVERLOADED]++;
    tell_rejected(s, d, reject_code(REJECT_OVERLOADED), why);
}

static void send_out(struct supervisor *s, struct flight_doc *d)
{
    publish_document(&s->publish, d);
    s->ledger.steps->sent(&s->ledger, d->result.seq);
}

static void on_published(struct ledger *l, struct flight_doc *d)
{
    send_out(l->owner, d);
    leave(l->owner, d);
}

static void on_buried(struct ledger *l, struct flight_doc *d)
{
    struct supervisor *s = l->owner;

    s->stats.dead++;
    reply_dead(&s->reply, d, d->result.of.error);
    leave(s, d);
}

static void on_rejected(struct ledger *l, struct flight_doc *d)
{
    struct supervisor *s = l->owner;

    reply_rejected(&s->reply, d, d->result.of.topic, d->result.of.error);
    leave(s, d);
}

static void on_unsent(struct ledger *l, struct flight_doc *d)
{
    send_out(l->owner, d);
    flight_destroy(d);
}

static void on_pending(struct ledger *l, struct flight_doc *d)
{
    struct supervisor *s = l->owner;

    dispatch_put(&s->dispatch, d);
}

/* On a disk that is nearly full, stalls come and go many times a second: it is said once
 * that there are some, and once that they are over. */
static void on_stall(struct ledger *l, const char *why)
{
    struct supervisor *s = l->owner;

    uv_timer_stop(&s->calm);
    if (s->stalls++ == 0)
        log_error("spool", "%s: nothing more is accepted until that is mended", why);
    if (!s->stopped)
        ingest_close(&s->ingest, "the spool takes nothing for now");
}

static void on_calm(uv_timer_t *calm)
{
    struct supervisor *s = calm->data;

    if (s->stalls > 1)
        log_info("spool", "it goes on; it has stalled %" PRIu64 " times", s->stalls);
    else
        log_info("spool", "it goes on");
    s->stalls = 0;
}

static void on_resume(struct ledger *l)
{
    struct supervisor *s = l->owner;

    uv_timer_start(&s->calm, on_calm, CALM_MS, 0);
    if (!s->stopped)
        ingest_reopen(&s->ingest);
}

static void on_damaged(struct ledger *l, const char *why)
{
    struct supervisor *s = l->owner;

    log_error("spool", "%s", why);
    s->status = 2;
    if (!s->stopped)
        stop(s);
    uv_timer_stop(&s->look);
    dispatch_end(&s->dispatch, true);
}

static const struct ledger_ops ledger_ops = {
    .on_accepted = on_accepted,
    .on_overloaded = on_overloaded,
    .on_published = on_published,
    .on_buried = on_buried,
    .on_rejected = on_rejected,
    .on_unsent = on_unsent,
    .on_pending = on_pending,
    .on_stall = on_stall,
    .on_resume = on_resume,
    .on_damaged = on_damaged,
};

/* ---- what the dispatch says */

static void adopt(struct supervisor *s, const struct config *c)
{
    log_set_level(c->log_level);
    s->drain_ms = c->drain_ms;
    s->flight.max_documents = c->limits.in_flight_documents;
    s->flight.max_bytes = c->limits.in_flight_bytes;
    if (c->limits.document_bytes < s->config->limits.document_bytes)
        s->ingest.document_bytes = c->limits.document_bytes;
    else
        s->ingest.document_bytes = s->config->limits.document_bytes;
}

static void on_reloaded(struct supervisor *s)
{
    reload_end(&s->reload);
    if (!s->dispatch.next)
        notify_ready(&s->notify);
}

/* What becomes of an accepted document if the daemon is killed. */
static const char *promise(const struct supervisor *s)
{
    if (s->ledger.durable)
        return "durability commit: what is accepted is on disk";
    if (strcmp(s->config->spool.durability, "none") != 0)
        return "durability memory: what is accepted is lost if the daemon is killed";
    return "durability none: what is accepted is lost if the daemon is killed, and nothing is "
           "kept for replay";
}

static void on_started(struct dispatch *p)
{
    struct supervisor *s = p->owner;
    const struct generation *g = p->current;

    adopt(s, &g->lineup.config);
    if (s->serving) {
        log_info("reload", "workers serve the new configuration: %" PRIu32 "; pipeline: %s",
                 g->lineup.config.workers, g->pipeline);
        on_reloaded(s);
        return;
    }
    s->serving = s->reload.serving = true;
    log_info("supervisor",
             "glossd " GLOSS_VERSION
             " ready: pull %s, ack %s, publish %s, replay %s; workers: %" PRIu32
             "; pipeline: %s; %s",
             s->sockets.at[0], s->sockets.at[1], s->sockets.at[2], s->sockets.at[3],
             g->lineup.config.workers, g->pipeline, promise(s));
    if (!s->stopped) {
        s->ledger.steps->start(&s->ledger);
        ingest_open(&s->ingest);
        replay_open(&s->replay);
    }
    on_reloaded(s);
}

static void on_refused(struct dispatch *p, const struct generation *g, const bool *at_fault,
                       const char *why)
{
    struct supervisor *s = p->owner;

    if (reload_mend(&s->reload, g, at_fault, why) < 0 && !s->serving)
        refuse(s);
    else if (!p->next)
        on_reloaded(s);
}

static void on_ended(struct dispatch *p)
{
    finish_all(p->owner);
}

static const struct dispatch_ops dispatch_ops = {on_done, on_dead, on_started, on_refused,
                                                 on_ended};

/* ---- signals */

static void reload(struct supervisor *s, enum reload_cause cause)
{
    if (s->stopped || s->dispatch.ending)
        return;
    reload_begin(&s->reload, cause);
    if (!s->serving)
        return;
    if (cause == RELOAD_ASKED || s->dispatch.next)
        notify_reloading(&s->notify);
    if (!s->dispatch.next)
        notify_ready(&s->notify);
}

static void on_change(void *owner)
{
    reload(owner, RELOAD_CHANGED);
}

static void say_stats(const struct supervisor *s)
{
    char line[512], off[512] = "";

    stats_write(&s->stats, line, sizeof line);
    if (s->dispatch.current)
        breakers_write(&s->dispatch.current->breakers, off, sizeof off);
    log_info("supervisor", "%s, in flight %" PRIu64 ", workers died %" PRIu64 "%s%s", line,
             s->flight.documents, s->dispatch.deaths, *off ? ", switched off: " : "", off);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct supervisor *s = handle->data;

    if (number == SIGHUP) {
        reload(s, RELOAD_ASKED);
    } else if (number == SIGUSR1) {
        say_stats(s);
    } else if (!s->stopped) {
        log_info("supervisor", "SIG%s: finishing what is in flight (%" PRIu64 " documents)",
                 sigabbrev_np(number), s->flight.documents);
        stop(s);
    } else if (!s->dispatch.ending) {
        uv_timer_stop(&s->look);
        drop(s);
    }
}

/* ---- the start */

/* What is accepted is kept in a file, in memory, or not at all. */
static int open_ledger(struct supervisor *s, struct fault *f)
{
    const struct config *c = s->config;
    const struct spool_keep keep = {c->spool.keep_hours * HOUR_MS, c->spool.keep_bytes,
                                    c->spool.keep_dead_hours * HOUR_MS, c->spool.keep_dead_bytes};
    const char *path = *c->spool.path ? c->spool.path : SPOOL_MEMORY;
    int r =
        strcmp(c->spool.durability, "none")
            ? ledger_init_spool(&s->ledger, &s->loop, &s->flight, path, &keep, &ledger_ops, s, f)
            : ledger_init_none(&s->ledger, &ledger_ops, s, f);

    if (r < 0)
        return r;
    publish_init(&s->publish, &s->loop, &s->sockets.publish, &s->reply, &s->stats, &s->sockets.live,
                 s->ledger.log, s->ledger.seq);
    s->letters = (struct letters){&s->ingest, &s->flight, &s->ledger, &s->replay, 0, 0};
    replay_init(&s->replay, &s->sockets.replay, s->ledger.spool.db ? &s->ledger.spool : NULL,
                &s->stats, &s->sockets.again, s->ledger.log, &s->letters);
    return 0;
}

static void wire_up(struct supervisor *s)
{
    dispatch_init(&s->dispatch, &s->loop, &dispatch_ops, s);
    flight_init(&s->flight, s->config->limits.in_flight_documents,
                s->config->limits.in_flight_bytes);
    s->reply = (struct reply){&s->sockets.ack, &s->stats};
    s->ingest.flight = &s->flight;
    s->ingest.reply = &s->reply;
    s->ingest.stats = &s->stats;
    s->ingest.on_document = on_document;
    s->ingest.on_reject = on_reject;
    s->ingest.owner = s;
    ingest_init(&s->ingest, &s->sockets.pull, &s->sockets.ack);
    s->watch = (struct watch){.on_change = on_change, .owner = s};
    watch_init(&s->watch, &s->loop);
    s->reload = (struct reload){.dispatch = &s->dispatch, .watch = &s->watch, .first = s->config};
    notify_init(&s->notify, &s->loop, &s->stats);
    uv_timer_init(&s->loop, &s->look);
    uv_timer_init(&s->loop, &s->calm);
    s->look.data = s->calm.data = s;
    for (int i = 0; i < SIGNALS; i++) {
        uv_signal_init(&s->loop, &s->signal[i]);
        s->signal[i].data = s;
        uv_signal_start(&s->signal[i], on_signal, signals[i]);
    }
    adopt(s, s->config);
}

static void serve(struct supervisor *s)
{
    struct fault f;

    wire_up(s);
    if (open_ledger(s, &f) < 0) {
        log_error("supervisor", "%s", f.text);
        refuse(s);
    } else if (reload_begin(&s->reload, RELOAD_ASKED) < 0) {
        refuse(s);
    }
    uv_run(&s->loop, UV_RUN_DEFAULT);
    replay_finish(&s->replay);
    sockets_flush(&s->sockets);
}

int supervisor_run(const struct config *c)
{
    struct supervisor s = {.config = c};
    struct fault f;
    char line[512];

    signal(SIGPIPE, SIG_IGN);
    signal(SIGIO, SIG_IGN); /* see object_copy */
    if (uv_loop_init(&s.loop) < 0) {
        log_error("supervisor", "no memory for the event loop");
        return 2;
    }
    if (sockets_open(&s.sockets, &s.loop, c, &f) == 0) {
        serve(&s);
    } else {
        log_error("supervisor", "%s", f.text);
        s.status = 2;
        uv_run(&s.loop, UV_RUN_DEFAULT);
    }
    uv_loop_close(&s.loop);
    if (s.serving) {
        stats_write(&s.stats, line, sizeof line);
        log_info("supervisor", "stopped: %s", line);
    }
    return s.status;
}
