/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/breaker.c - plugins switched off, and on again.
 *
 * Documents that were with a worker when a plugin went off still bring their outcomes: while
 * it is off none of them counts, but for that of the document it is tried with.
 */
#include "daemon/breaker.h"

#include "log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int breakers_init(struct breakers *b, const struct config *c)
{
    *b = (struct breakers){.of = calloc(c->n_pipeline + 1, sizeof *b->of), .n = c->n_pipeline};
    if (!b->of)
        return -1;
    for (size_t i = 0; i < b->n; i++) {
        b->of[i].entry = &c->pipeline[i];
        if (breakers_rename(b, i, c->pipeline[i].plugin) < 0)
            return -1;
    }
    return 0;
}

void breakers_finish(struct breakers *b)
{
    for (size_t i = 0; b->of && i < b->n; i++)
        free(b->of[i].name);
    free(b->of);
    *b = (struct breakers){0};
}

int breakers_rename(struct breakers *b, size_t entry, const char *name)
{
    char *own = strdup(name);

    if (!own)
        return -1;
    free(b->of[entry].name);
    b->of[entry].name = own;
    return 0;
}

const char *breakers_stop(struct breakers *b, size_t entry, const struct slice *id, uint64_t ticket,
                          uint64_t now)
{
    struct breaker *one = &b->of[entry];

    if (one->state == BREAKER_OFF && now >= one->retry) {
        one->state = BREAKER_TRIAL;
        one->ticket = ticket;
        log_info("dispatch", "plugin %s is tried again, with document %.*s", one->name, (int)id->n,
                 id->p);
    }
    if (one->state == BREAKER_ON || (one->state == BREAKER_TRIAL && one->ticket == ticket))
        return NULL;
    one->without++;
    return one->why;
}

static void switch_off(struct breaker *one, uint64_t now)
{
    one->state = BREAKER_OFF;
    one->retry = now + one->entry->retry_s * UINT64_C(1000);
}

static void fail(struct breakers *b, struct breaker *one, uint64_t ticket, struct slice how,
                 uint64_t now)
{
    if (one->state == BREAKER_TRIAL && one->ticket == ticket) {
        one->failures++;
        switch_off(one, now);
        log_warn("dispatch", "plugin %s stays off for %" PRIu32 " s: %.*s", one->name,
                 one->entry->retry_s, (int)how.n, how.p);
    }
    if (one->state != BREAKER_ON || ++one->failures != one->entry->off_after)
        return;
    b->off++;
    one->without = 0;
    switch_off(one, now);
    snprintf(one->why, sizeof one->why, "switched off after %" PRIu32 " failures in a row",
             one->failures);
    log_error(
        "dispatch", "plugin %s is %s, and tried again in %" PRIu32 " s; %s; the last failure: %.*s",
        one->name, one->why, one->entry->retry_s,
        one->entry->on_error == CONFIG_DEAD ? "what it is to run on is a dead letter until then"
                                            : "documents go on without it",
        (int)how.n, how.p);
}

void breakers_fail(struct breakers *b, size_t entry, uint64_t ticket, const char *how, uint64_t now)
{
    fail(b, &b->of[entry], ticket, (struct slice){how, strlen(how)}, now);
}

static void pass(struct breakers *b, struct breaker *one, uint64_t ticket)
{
    if (one->state == BREAKER_TRIAL && one->ticket == ticket) {
        one->state = BREAKER_ON;
        b->off--;
        log_info("dispatch", "plugin %s is on again, after %" PRIu64 " documents without it",
                 one->name, one->without);
    }
    if (one->state == BREAKER_ON)
        one->failures = 0;
}

/* It has told nothing about the plugin: the next document may. */
static void miss(struct breaker *one, uint64_t ticket, uint64_t now)
{
    if (one->state != BREAKER_TRIAL || one->ticket != ticket)
        return;
    one->state = BREAKER_OFF;
    one->retry = now;
}

/* What it said: a result has the first failure only, which may be another's. */
static struct slice reason(const struct breaker *one, const struct frame_result *r)
{
    static const char unknown[] = "it reported an error, see gloss.run.errors";

    if (r->error.p && r->plugin.p && r->plugin.n == strlen(one->name) &&
        memcmp(r->plugin.p, one->name, r->plugin.n) == 0)
        return r->error;
    return (struct slice){unknown, sizeof unknown - 1};
}

void breakers_note(struct breakers *b, uint64_t ticket, const struct frame_result *r, uint64_t now)
{
    for (size_t i = 0; i < b->n; i++) {
        struct breaker *one = &b->of[i];

        if (i < r->outcomes.n && r->outcomes.p[i] == FRAME_PASSED)
            pass(b, one, ticket);
        else if (i < r->outcomes.n && r->outcomes.p[i] == FRAME_FAILED)
            fail(b, one, ticket, reason(one, r), now);
        else
            miss(one, ticket, now);
    }
}

void breakers_write(const struct breakers *b, char *to, size_t room)
{
    size_t n = 0;

    *to = '\0';
    for (size_t i = 0; i < b->n && n < room; i++)
        if (b->of[i].state != BREAKER_ON)
            n += (size_t)snprintf(to + n, room - n, "%s%s (%" PRIu64 " documents without it)",
                                  n ? ", " : "", b->of[i].name, b->of[i].without);
}
