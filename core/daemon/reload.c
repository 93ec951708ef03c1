/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/reload.c - the configuration put into service.
 */
#include "daemon/reload.h"

#include "log.h"

#include <stdlib.h>
#include <string.h>

enum { TRIES = 3 };

/* What was refused, and said: the same is not said again at every event. */
struct refusal {
    struct refusal *next;
    char *where, *why;
};

/* ---- what is said */

static bool was_said(const struct refusal *said, const char *where, const char *why)
{
    for (; said; said = said->next)
        if (strcmp(said->where, where) == 0 && strcmp(said->why, why) == 0)
            return true;
    return false;
}

static void free_refusal(struct refusal *one)
{
    if (one) {
        free(one->where);
        free(one->why);
    }
    free(one);
}

/* True where it has to be said. */
static bool note(struct reload *r, const char *where, const char *why)
{
    struct refusal *one = calloc(1, sizeof *one);

    if (one && (one->where = strdup(where)) && (one->why = strdup(why))) {
        one->next = r->new;
        r->new = one;
    } else {
        free_refusal(one);
    }
    return !was_said(r->said, where, why);
}

static void free_refusals(struct refusal **list)
{
    while (*list) {
        struct refusal *one = *list;

        *list = one->next;
        free_refusal(one);
    }
}

static void on_refused(void *owner, const char *where, const char *why, bool kept)
{
    if (note(owner, where, why))
        log_error("reload", "%s: %s %s", why, strstr(why, where) ? "it" : where,
                  kept ? "stays as it was" : "is left out");
}

static int refuse_whole(struct reload *r, const char *why)
{
    if (note(r, "", why))
        log_error("reload", "%s%s", why, r->serving ? ": nothing is changed" : "");
    return -1;
}

/* This reload is over: what it has refused is what has been said. */
static void settle(struct reload *r)
{
    free_refusals(&r->said);
    r->said = r->new;
    r->new = NULL;
}

/* It has not tried anything: what was said before stands. */
static void settle_unchanged(struct reload *r)
{
    while (r->new) {
        struct refusal *one = r->new;

        r->new = one->next;
        if (was_said(r->said, one->where, one->why)) {
            free_refusal(one);
        } else {
            one->next = r->said;
            r->said = one;
        }
    }
}

static void say_needs_restart(const char *key)
{
    log_warn("reload", "%s has changed: that needs a restart; the rest is taken over", key);
}

static void compare(const struct config *first, const struct config *c)
{
    if (strcmp(first->endpoints.pull, c->endpoints.pull) != 0)
        say_needs_restart("endpoints.pull");
    if (strcmp(first->endpoints.ack, c->endpoints.ack) != 0)
        say_needs_restart("endpoints.ack");
    if (strcmp(first->endpoints.publish, c->endpoints.publish) != 0)
        say_needs_restart("endpoints.publish");
    if (strcmp(first->endpoints.replay, c->endpoints.replay) != 0)
        say_needs_restart("endpoints.replay");
    if (strcmp(first->spool.path, c->spool.path) != 0 ||
        strcmp(first->spool.durability, c->spool.durability) != 0 ||
        first->spool.keep_hours != c->spool.keep_hours ||
        first->spool.keep_bytes != c->spool.keep_bytes ||
        first->spool.keep_dead_hours != c->spool.keep_dead_hours ||
        first->spool.keep_dead_bytes != c->spool.keep_dead_bytes)
        say_needs_restart("spool");
    if (first->limits.subscriber_documents != c->limits.subscriber_documents ||
        first->limits.subscriber_bytes != c->limits.subscriber_bytes)
        say_needs_restart("limits of subscribers");
    if (first->limits.document_bytes < c->limits.document_bytes)
        say_needs_restart("limits.document_bytes, which is now larger,");
}

/* ---- what is done */

static const struct lineup *serving(const struct reload *r)
{
    static const struct lineup none;

    return r->dispatch->current ? &r->dispatch->current->lineup : &none;
}

static int begin(struct reload *r, enum reload_cause cause)
{
    const struct lineup_ops ops = {on_refused, r};
    struct fault f;
    struct lineup l, asked;

    r->cause = cause;
    r->tries = 0;
    if (cause == RELOAD_ASKED)
        free_refusals(&r->said);
    if (r->asked.object)
        watch_folders(r->watch, &r->asked.config);
    if (lineup_load(&l, r->first->file, serving(r), &r->asked, &ops, &f) < 0)
        return refuse_whole(r, f.text);
    if (lineup_copy(&asked, &l) < 0) {
        lineup_finish(&l);
        return refuse_whole(r, "no memory");
    }
    watch_folders(r->watch, &l.config);
    if (cause == RELOAD_CHANGED && r->asked.object && lineup_same(&l, &r->asked)) {
        lineup_finish(&l);
        lineup_finish(&asked);
        settle_unchanged(r);
        return 0;
    }
    lineup_finish(&r->asked);
    r->asked = asked;
    compare(r->first, &l.config);
    dispatch_start(r->dispatch, &l);
    return 0;
}

int reload_begin(struct reload *r, enum reload_cause cause)
{
    if (r->dispatch->next) {
        if (!r->again || cause == RELOAD_ASKED)
            r->again_cause = cause;
        r->again = true;
        return 0;
    }
    if (begin(r, cause) == 0)
        return 0;
    settle(r);
    return -1;
}

int reload_mend(struct reload *r, const struct generation *g, const bool *at_fault, const char *why)
{
    const struct lineup_ops ops = {on_refused, r};
    struct lineup l;

    if (!at_fault || lineup_copy(&l, &g->lineup) < 0)
        return refuse_whole(r, why);
    if (g->was_killed && r->tries++ < TRIES) {
        dispatch_start(r->dispatch, &l);
        return 0;
    }
    if (lineup_mend(&l, serving(r), at_fault, why, &ops) < 0) {
        lineup_finish(&l);
        return refuse_whole(r, why);
    }
    if (r->cause == RELOAD_CHANGED && r->serving && lineup_same(&l, serving(r)))
        lineup_finish(&l);
    else
        dispatch_start(r->dispatch, &l);
    return 0;
}

int reload_end(struct reload *r)
{
    settle(r);
    if (!r->again)
        return 0;
    r->again = false;
    return reload_begin(r, r->again_cause);
}

void reload_finish(struct reload *r)
{
    lineup_finish(&r->asked);
    free_refusals(&r->said);
    free_refusals(&r->new);
}
