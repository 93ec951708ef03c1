/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/generation.c - the workers of one configuration.
 */
#include "daemon/generation.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A worker is given documents ahead, so that it never waits for the supervisor:
 * as many as keep both busy, few enough to be run again without much ado. */
enum {
    AHEAD = 64,
    AHEAD_BYTES = 512 * 1024,
    /* Before a worker that could not start is tried again, ms. */
    DELAY_MIN = 100,
    DELAY_MAX = 5000,
};

static void on_ready(struct child *c, const char *payload, size_t n);
static void on_result(struct child *c, struct flight_doc *d, uint32_t type, const char *payload,
                      size_t n);
static void on_gone(struct child *c, const char *how);

static const struct child_ops child_ops = {on_ready, on_result, on_gone};

/* ---- starting */

static int start_child(struct generation *g, uint32_t i, struct fault *f)
{
    g->child[i] = child_start(g->loop, g->json, &g->lineup, ++g->started, &child_ops, g, f);
    return g->child[i] ? 0 : -1;
}

static void refuse(struct generation *g, const bool *at_fault, const char *why)
{
    if (g->state != GENERATION_STARTING)
        return;
    g->state = GENERATION_ENDING;
    g->ops->on_refused(g, at_fault, why);
    generation_kill(g, "is not needed");
}

static void on_respawn(uv_timer_t *timer)
{
    struct generation *g = timer->data;
    struct fault f;

    for (uint32_t i = 0; i < g->n_child && g->state == GENERATION_RUNNING; i++) {
        if (g->child[i] || start_child(g, i, &f) == 0)
            continue;
        log_error("supervisor", "%s", f.text);
        uv_timer_start(timer, on_respawn, DELAY_MAX, 0);
    }
}

/* Replaces the missing: at once, but with patience where they die before they do anything. */
static void respawn(struct generation *g, bool was_of_use)
{
    if (was_of_use)
        g->delay = 0;
    else
        g->delay = g->delay == 0 ? DELAY_MIN : g->delay < DELAY_MAX / 2 ? g->delay * 2 : DELAY_MAX;
    uv_timer_start(&g->timer, on_respawn, g->delay, 0);
}

struct generation *generation_start(uv_loop_t *loop, struct lineup *l, uint32_t number,
                                    const struct generation_ops *ops, void *owner)
{
    struct generation *g = calloc(1, sizeof *g);
    struct fault f;

    if (!g) {
        lineup_finish(l);
        return NULL;
    }
    g->ops = ops;
    g->owner = owner;
    g->loop = loop;
    g->number = number;
    g->lineup = *l;
    memset(l, 0, sizeof *l);
    uv_timer_init(loop, &g->timer);
    g->timer.data = g;
    g->json = config_dump(&g->lineup.config);
    g->child = calloc(g->lineup.config.workers, sizeof(struct child *));
    if (breakers_init(&g->breakers, &g->lineup.config) < 0 || !g->json || !g->child) {
        generation_destroy(g);
        return NULL;
    }
    g->n_child = g->lineup.config.workers;
    for (uint32_t i = 0; i < g->n_child && g->state == GENERATION_STARTING; i++)
        if (start_child(g, i, &f) < 0)
            refuse(g, NULL, f.text);
    return g;
}

static void on_freed(uv_handle_t *timer)
{
    free(timer->data);
}

void generation_destroy(struct generation *g)
{
    breakers_finish(&g->breakers);
    lineup_finish(&g->lineup);
    free(g->pipeline);
    free(g->json);
    free(g->child);
    uv_close((uv_handle_t *)&g->timer, on_freed);
}

/* ---- the end */

static void on_empty(uv_timer_t *timer)
{
    struct generation *g = timer->data;

    g->ops->on_ended(g);
}

static void check_ended(struct generation *g)
{
    for (uint32_t i = 0; i < g->n_child; i++)
        if (g->child[i])
            return;
    uv_timer_start(&g->timer, on_empty, 0, 0);
}

void generation_end(struct generation *g)
{
    g->state = GENERATION_ENDING;
    for (uint32_t i = 0; i < g->n_child; i++)
        if (g->child[i] && g->child[i]->queue.n == 0)
            child_close(g->child[i]);
    check_ended(g);
}

void generation_kill(struct generation *g, const char *why)
{
    g->state = GENERATION_ENDING;
    for (uint32_t i = 0; i < g->n_child; i++)
        if (g->child[i])
            child_kill(g->child[i], "%s", why);
    check_ended(g);
}

/* ---- what the children say */

/* The first word of the first worker of a generation. */
static void take_ready(struct generation *g, const char *payload, size_t n)
{
    size_t at = strnlen(payload, n) + 1;

    g->pipeline = strndup(payload, at - 1);
    for (size_t i = 0; i < g->breakers.n && at < n; i++) {
        const char *name = payload + at;

        at += strnlen(name, n - at) + 1;
        if (at > n || breakers_rename(&g->breakers, i, name) < 0)
            return;
    }
    for (; at < n; at += strnlen(payload + at, n - at) + 1)
        log_warn("supervisor", "%.*s", (int)(n - at), payload + at);
}

static void on_ready(struct child *c, const char *payload, size_t n)
{
    struct generation *g = c->owner;

    if (!g->pipeline)
        take_ready(g, payload, n);
    if (g->state != GENERATION_STARTING || ++g->n_ready < g->n_child)
        return;
    g->state = GENERATION_RUNNING;
    g->ops->on_started(g);
}

static void on_result(struct child *c, struct flight_doc *d, uint32_t type, const char *payload,
                      size_t n)
{
    struct generation *g = c->owner;

    g->ops->on_result(g, d, type, payload, n);
    if (g->state == GENERATION_ENDING && c->queue.n == 0)
        child_close(c);
}

static bool dies_in(const struct generation *g, const struct child *c, uint32_t entry)
{
    return entry < g->lineup.config.n_pipeline && atomic_load(&c->page->phase) == PAGE_OPEN;
}

/* Why a worker did not become ready: its own words, or where it died. */
static void explain(const struct generation *g, const struct child *c, const char *how,
                    bool *at_fault, char *why, size_t room)
{
    uint32_t entry = atomic_load(&c->page->entry);
    size_t n = c->refused ? strspn(c->refused, ".!") : 0;

    n = n < g->lineup.config.n_pipeline ? 0 : g->lineup.config.n_pipeline;
    for (size_t i = 0; i < n; i++)
        at_fault[i] = c->refused[i] == '!';
    if (c->refused)
        snprintf(why, room, "%s", c->refused + n);
    else if (dies_in(g, c, entry))
        snprintf(why, room, "%s: plugin %s %s while it was opened: remove it or repair it",
                 g->lineup.config.pipeline[entry].where, g->lineup.config.pipeline[entry].plugin,
                 how);
    else
        snprintf(why, room, "a worker %s at its start", how);
    if (!c->refused && dies_in(g, c, entry))
        at_fault[entry] = true;
}

static void forget(struct generation *g, const struct child *c)
{
    for (uint32_t i = 0; i < g->n_child; i++)
        if (g->child[i] == c)
            g->child[i] = NULL;
}

static void on_gone(struct child *c, const char *how)
{
    struct generation *g = c->owner;
    bool was_ready = c->state == CHILD_READY;
    bool was_of_use = was_ready && (c->answered || c->queue.n > 0);
    char why[1200];

    forget(g, c);
    if (c->state == CHILD_STARTING && g->state != GENERATION_ENDING) {
        bool *at_fault = calloc(g->lineup.config.n_pipeline + 1, sizeof *at_fault);

        if (at_fault)
            explain(g, c, how, at_fault, why, sizeof why);
        else
            snprintf(why, sizeof why, "no memory");
        if (g->state == GENERATION_RUNNING)
            log_error("supervisor", "a worker can't be started: %s", why);
        g->was_killed = !c->refused && c->signal == SIGKILL;
        refuse(g, at_fault, why);
        free(at_fault);
    }
    if (c->queue.n > 0 || (was_ready && g->state == GENERATION_RUNNING))
        g->ops->on_death(g, c, how);
    if (g->state == GENERATION_RUNNING)
        respawn(g, was_of_use);
    else if (g->state == GENERATION_ENDING)
        check_ended(g);
}

/* ---- work */

static bool may_have(const struct child *c, const struct flight_doc *d)
{
    const struct flight_doc *first = c->queue.first;

    if (c->state != CHILD_READY || c->killed[0] || c->hung_up)
        return false;
    if (first && (first->suspect || d->suspect))
        return false;
    return c->queue.n < AHEAD && c->bytes < AHEAD_BYTES;
}

struct child *generation_pick(const struct generation *g, const struct flight_doc *d)
{
    struct child *best = NULL;
    uint64_t least = UINT64_MAX;

    for (uint32_t i = 0; i < g->n_child; i++) {
        struct child *c = g->child[i];
        uint64_t load;

        if (!c || !may_have(c, d))
            continue;
        load = c->bytes + 1024 * c->queue.n; /* a document costs by itself, too */
        if (load < least) {
            least = load;
            best = c;
        }
    }
    return best;
}

void generation_flush(struct generation *g)
{
    for (uint32_t i = 0; i < g->n_child; i++)
        if (g->child[i])
            child_flush(g->child[i]);
}

void generation_watch(struct generation *g)
{
    uint64_t now = uv_now(g->loop);

    for (uint32_t i = 0; i < g->n_child; i++)
        if (g->child[i])
            child_watch(g->child[i], now);
}
