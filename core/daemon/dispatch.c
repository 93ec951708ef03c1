/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/dispatch.c - documents to workers, and back.
 *
 * When a worker dies, the shared page says which document it was in and which
 * plugin. That document runs again without that plugin; where the page names none, it
 * gets a strike, and from the second on it runs without one plugin after the other, until
 * it passes or all have been tried: then it is given up. The others just run again; where
 * the page names no document, one at a time, until it is known which it was. Who is killed
 * from outside (SIGKILL) while in no document did not die of one; but a plugin can do both,
 * so that is believed three times. A plugin can write to the page: what can't be is not
 * believed, and who hides there is found by running without him.
 */
#include "daemon/dispatch.h"

#include "log.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    WATCH_MS = 20, /* how often workers with documents are looked at */
    IDLE_MS = 500, /* and those without: they may start, or end */
    STRIKES = 2,
    EXCUSES = 3,
};

static void on_watch(uv_timer_t *timer);

/* ---- documents to workers */

static void give_up(struct dispatch *p, struct flight_doc *d, const char *why)
{
    const struct frame_result r = {.error = {why, strlen(why)}}, nothing = {0};

    /* It may be the one a plugin is tried with. */
    if (p->current)
        breakers_note(&p->current->breakers, d->ticket, &nothing, uv_now(p->loop));
    p->documents--;
    p->ops->on_dead(p, d, &r);
}

/* Makes d's frame fit the workers that serve: without the plugins that are switched off.
 * 0, or -1 without memory. */
static int prepare_frame(struct generation *g, struct flight_doc *d)
{
    struct breakers *b = &g->breakers;

    if (flight_prepare(d, g->number) < 0)
        return -1;
    for (uint32_t i = 0; b->off > 0 && i < b->n; i++) {
        const char *why = NULL;

        if (!flight_skips(d, i))
            why = breakers_stop(b, i, &d->id, d->ticket, uv_now(g->loop));
        if (why && !flight_skip_entry(d, i, why))
            return -1;
    }
    return 0;
}

static void on_flush(uv_prepare_t *prepare)
{
    struct dispatch *p = prepare->data;
    struct child *c;

    if (!p->current)
        return;
    while (p->waiting.first && (c = generation_pick(p->current, p->waiting.first))) {
        struct flight_doc *d = flight_pop(&p->waiting);

        if (prepare_frame(p->current, d) == 0)
            child_give(c, d);
        else
            give_up(p, d, "no memory");
    }
    generation_flush(p->current);
}

void dispatch_put(struct dispatch *p, struct flight_doc *d)
{
    flight_push(&p->waiting, d);
    if (p->documents++ == 0)
        uv_timer_start(&p->watch, on_watch, WATCH_MS, WATCH_MS);
}

/* ---- documents back */

/* A document that killed its workers has passed without this entry. */
static void convict(struct generation *g, const struct flight_doc *d)
{
    log_warn("dispatch", "workers died of plugin %s in document %.*s, which passes without it",
             g->breakers.of[d->probe].name, (int)d->id.n, d->id.p);
    breakers_fail(&g->breakers, d->probe, d->ticket, "workers died of it", uv_now(g->loop));
}

static void on_result(struct generation *g, struct flight_doc *d, uint32_t type,
                      const char *payload, size_t n)
{
    struct dispatch *p = g->owner;
    struct frame_result r;

    if (frame_result_read(payload, n, &r) < 0) {
        give_up(p, d, "the worker's answer can't be read");
        return;
    }
    breakers_note(&g->breakers, d->ticket, &r, uv_now(g->loop));
    if (d->probing)
        convict(g, d);
    p->documents--;
    if (type == FRAME_DEAD)
        p->ops->on_dead(p, d, &r);
    else
        p->ops->on_done(p, d, &r);
}

/* The document a dead worker was in, by the page or because there is no other. */
static struct flight_doc *find_victim(const struct child *c)
{
    uint64_t ticket = atomic_load(&c->page->ticket);
    struct flight_doc *first = c->queue.first;

    if (c->spent)
        return NULL;
    for (struct flight_doc *d = first; d; d = d->next)
        if (d->ticket == ticket && !c->hung_up)
            return d;
    if (!first || first->next || (c->signal == SIGKILL && first->excused < EXCUSES))
        return NULL;
    return first;
}

/* Whether the page says that its worker was in this entry with d, and it can be so: the entry
 * was to run, and the time it had is one that it can have had. */
static bool was_in(const struct generation *g, const struct child *c, const struct flight_doc *d,
                   uint32_t entry)
{
    uint64_t limit = atomic_load(&c->page->limit_ms), timeout;

    if (c->hung_up || atomic_load(&c->page->phase) != PAGE_PROCESS ||
        atomic_load(&c->page->ticket) != d->ticket || entry >= g->lineup.config.n_pipeline ||
        flight_skips(d, entry))
        return false;
    timeout = g->lineup.config.pipeline[entry].timeout_ms;
    return limit > 0 && limit % timeout == 0 && limit / timeout <= 1 + (d->n_frame >> 20);
}

/* Notes on d what its worker died of. False where it must be given up. */
static bool blame(struct generation *g, const struct child *c, struct flight_doc *d,
                  const char *how)
{
    uint32_t entry = atomic_load(&c->page->entry);
    char after[160];

    if (was_in(g, c, d, entry)) {
        log_warn("dispatch",
                 "worker %u (process %d) %s in plugin %s, document %.*s: run again without it",
                 c->number, c->process.pid, how, g->breakers.of[entry].name, (int)d->id.n, d->id.p);
        breakers_fail(&g->breakers, entry, d->ticket, how, uv_now(g->loop));
        return flight_skip_entry(d, entry, how);
    }
    log_warn("dispatch", "worker %u (process %d) %s in document %.*s", c->number, c->process.pid,
             how, (int)d->id.n, d->id.p);
    d->suspect = true;
    snprintf(after, sizeof after, "its worker %s, but not without it", how);
    return ++d->strikes < STRIKES || flight_probe(d, (uint32_t)g->lineup.config.n_pipeline, after);
}

/* Nobody knows which of its documents a worker died of: each runs alone. */
static void suspect_all(const struct child *c, const char *how)
{
    log_warn("dispatch", "worker %u (process %d) %s; %zu documents run again", c->number,
             c->process.pid, how, c->queue.n);
    for (struct flight_doc *d = c->queue.first; d; d = d->next)
        if (c->signal != SIGKILL || ++d->excused >= EXCUSES)
            d->suspect = true;
}

static void on_death(struct generation *g, struct child *c, const char *how)
{
    struct dispatch *p = g->owner;
    struct flight_doc *victim = find_victim(c), *d;
    struct flight_queue again = {0};
    bool good = false;
    char why[128];

    snprintf(why, sizeof why, "a worker %s in it", how);
    p->deaths += !c->spent;
    if (!victim && !c->spent)
        suspect_all(c, how);
    else if (victim && !p->dropping)
        good = blame(g, c, victim, how);
    while ((d = flight_pop(&c->queue))) {
        if (p->dropping || (d == victim && !good))
            give_up(p, d, p->dropping ? how : why);
        else
            flight_push(&again, d);
    }
    flight_push_front(&p->waiting, &again);
}

/* ---- generations */

static void on_started(struct generation *g)
{
    struct dispatch *p = g->owner;
    struct generation *old = p->current;

    p->next = NULL;
    p->current = g;
    if (old)
        generation_end(old);
    p->ops->on_started(p);
}

static void on_refused(struct generation *g, const bool *at_fault, const char *why)
{
    struct dispatch *p = g->owner;

    p->next = NULL;
    p->ops->on_refused(p, g, at_fault, why);
}

static void on_ended(struct generation *g)
{
    struct dispatch *p = g->owner;
    struct generation **at = &p->alive;

    while (*at != g)
        at = &(*at)->link;
    *at = g->link;
    generation_destroy(g);
    if (!p->alive && p->ending)
        p->ops->on_ended(p);
}

static const struct generation_ops generation_ops = {on_started, on_refused, on_result, on_death,
                                                     on_ended};

void dispatch_start(struct dispatch *p, struct lineup *l)
{
    struct generation *g;

    p->starting = true; /* it may be refused, and all end, within the call */
    g = generation_start(p->loop, l, ++p->generations, &generation_ops, p);
    p->starting = false;
    if (!g) {
        p->ops->on_refused(p, NULL, NULL, "no memory");
        return;
    }
    g->link = p->alive;
    p->alive = g;
    if (g->state == GENERATION_STARTING)
        p->next = g;
}

static void on_watch(uv_timer_t *timer)
{
    struct dispatch *p = timer->data;

    for (struct generation *g = p->alive; g; g = g->link)
        generation_watch(g);
    if (p->documents == 0)
        uv_timer_start(timer, on_watch, IDLE_MS, IDLE_MS);
}

void dispatch_init(struct dispatch *p, uv_loop_t *loop, const struct dispatch_ops *ops, void *owner)
{
    memset(p, 0, sizeof *p);
    p->loop = loop;
    p->ops = ops;
    p->owner = owner;
    uv_prepare_init(loop, &p->flush);
    uv_timer_init(loop, &p->watch);
    p->flush.data = p->watch.data = p;
    uv_prepare_start(&p->flush, on_flush);
    uv_timer_start(&p->watch, on_watch, WATCH_MS, WATCH_MS);
}

void dispatch_finish(struct dispatch *p)
{
    uv_close((uv_handle_t *)&p->flush, NULL);
    uv_close((uv_handle_t *)&p->watch, NULL);
}

void dispatch_end(struct dispatch *p, bool now)
{
    static const char why[] = "was stopped";
    struct flight_doc *d;

    p->ending = true;
    p->dropping = now;
    while (now && (d = flight_pop(&p->waiting)))
        give_up(p, d, why);
    for (struct generation *g = p->alive; g; g = g->link)
        if (now || g == p->next)
            generation_kill(g, why);
        else
            generation_end(g);
    p->current = p->next = NULL;
    if (!p->alive && !p->starting)
        p->ops->on_ended(p);
}
