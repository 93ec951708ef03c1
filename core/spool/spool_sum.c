/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_sum.c - the sum a row carries, over all that is in it, so that a flipped
 * bit is seen. The hard rule: sums are stored, so a version's are made one way for ever.
 */
#include "spool/spool_parts.h"

#include <string.h>
#include <xxhash.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Each part is hashed on from what came before it, so none can trade places. */
static int64_t sum(const uint64_t *numbers, size_t n, const struct slice *parts, size_t n_parts)
{
    uint64_t so_far = XXH3_64bits(numbers, n * sizeof *numbers);

    for (size_t i = 0; i < n_parts; i++)
        so_far = XXH3_64bits_withSeed(parts[i].p ? parts[i].p : "", parts[i].n, so_far);
    return (int64_t)so_far;
}

int64_t spool_doc_sum(const struct spool_doc *d)
{
    const uint64_t numbers[] = {d->ticket, d->made_id, d->form, d->received_ms};
    const struct slice parts[] = {d->id, d->head, d->body};

    return sum(numbers, COUNT(numbers), parts, COUNT(parts));
}

int64_t spool_published_sum(const struct spool_published *p)
{
    const uint64_t numbers[] = {p->seq, p->doc.ticket, p->prev};
    const struct slice parts[] = {p->topic, p->members};

    return sum(numbers, COUNT(numbers), parts, COUNT(parts));
}

int64_t spool_dead_sum(const struct spool_dead *dead)
{
    const struct spool_doc *d = &dead->doc;
    const uint64_t numbers[] = {dead->ticket, dead->at_ms, d->made_id, d->form, d->received_ms};
    const struct slice parts[] = {dead->reason, dead->plugin, dead->message,
                                  d->id,        d->head,      d->body};

    return sum(numbers, COUNT(numbers), parts, COUNT(parts));
}

int64_t spool_facts_sum(const struct spool_facts *f)
{
    const uint64_t numbers[] = {f->state.ticket,  f->state.seq,  f->state.sent,
                                f->state.pending, f->state.dead, f->published_bytes,
                                f->dead_bytes};
    const struct slice log = {f->state.log, strlen(f->state.log)};

    return sum(numbers, COUNT(numbers), &log, 1);
}
