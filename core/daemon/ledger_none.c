/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/ledger_none.c - the ledger that keeps nothing: each step is taken at once.
 * The hard rule: it costs no more than the counting of seq.
 */
#include "daemon/ledger.h"

#include <string.h>

enum { TOPICS = 65536 }; /* whose last seq is remembered */

static void accept_document(struct ledger *l, struct flight_doc *d)
{
    l->ops->on_accepted(l, d);
}

static int publish(struct ledger *l, struct flight_doc *d, const struct frame_result *result)
{
    d->result.of = *result;
    d->result.seq = ++l->seq;
    d->result.prev = topics_swap(l->topics, result->topic.p, result->topic.n, l->seq);
    l->ops->on_published(l, d);
    return 0;
}

static int bury(struct ledger *l, struct flight_doc *d, const char *reason,
                const struct frame_result *result)
{
    (void)reason;
    d->result.of = *result;
    l->ops->on_buried(l, d);
    return 0;
}

static int reject(struct ledger *l, struct flight_doc *d, const char *reason,
                  const struct frame_result *result)
{
    d->result.of = *result;
    d->result.of.topic = (struct slice){reason, strlen(reason)};
    l->ops->on_rejected(l, d);
    return 0;
}

static void sent(struct ledger *l, uint64_t seq)
{
    (void)l;
    (void)seq;
}

static void nothing(struct ledger *l)
{
    (void)l;
}

static bool is_idle(const struct ledger *l)
{
    (void)l;
    return true;
}

static const struct ledger_steps steps = {
    .start = nothing,
    .accept = accept_document,
    .publish = publish,
    .bury = bury,
    .reject = reject,
    .sent = sent,
    .ebb = nothing,
    .end = nothing,
    .is_idle = is_idle,
};

int ledger_init_none(struct ledger *l, const struct ledger_ops *ops, void *owner, struct fault *f)
{
    struct stamp ids = {0};

    *l = (struct ledger){.steps = &steps, .ops = ops, .owner = owner};
    l->topics = topics_create(TOPICS);
    if (!l->topics)
        return fault_set(f, "no memory");
    return stamp_id(&ids, l->log) < 0 ? fault_set(f, "the system gives no random bytes") : 0;
}
