/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/flight.c - documents in flight: counted, framed, queued.
 */
#include "daemon/flight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void flight_init(struct flight *f, uint64_t max_documents, uint64_t max_bytes)
{
    memset(f, 0, sizeof *f);
    f->max_documents = max_documents;
    f->max_bytes = max_bytes;
}

struct flight_doc *flight_create(void)
{
    struct flight_doc *d = calloc(1, sizeof *d);

    if (d) {
        zmq_msg_init(&d->raw[0]);
        zmq_msg_init(&d->raw[1]);
        zmq_msg_init(&d->client);
    }
    return d;
}

static void drop_skips(struct flight_doc *d)
{
    while (d->n_skip > 0)
        free((char *)d->skip[--d->n_skip].why.p);
}

void flight_destroy(struct flight_doc *d)
{
    if (!d)
        return;
    zmq_msg_close(&d->raw[0]);
    zmq_msg_close(&d->raw[1]);
    zmq_msg_close(&d->client);
    free((char *)d->id.p);
    free(d->frame);
    free(d->result.memory);
    drop_skips(d);
    free(d->skip);
    free(d);
}

bool flight_has_room(const struct flight *f, size_t bytes)
{
    if (f->documents == 0)
        return true;
    return f->documents < f->max_documents && f->bytes + bytes <= f->max_bytes;
}

bool flight_has_ebbed(const struct flight *f)
{
    /* A quarter free: so that reading does not stop and start at each document. */
    return f->documents <= f->max_documents - f->max_documents / 4 - (f->max_documents < 4) &&
           f->bytes <= f->max_bytes - f->max_bytes / 4;
}

/* Makes d's frame of the fields and of the skips noted. */
static int make_frame(struct flight_doc *d, const struct doc_fields *fields)
{
    size_t n = frame_doc_size(fields, d->skip, d->n_skip);
    char *frame = malloc(n);

    if (!frame)
        return -1;
    frame_doc_write(frame, d->ticket, fields, d->skip, d->n_skip);
    free(d->frame);
    d->frame = frame;
    d->n_frame = n;
    return 0;
}

/* The same again after the skips have changed; the fields are read from the old
 * frame, which has old skips. */
static int remake_frame(struct flight_doc *d, size_t old)
{
    const size_t head = sizeof(struct frame_head);
    struct frame_skip *spare = calloc(old + 1, sizeof *spare);
    struct doc_fields fields;
    int r = -1;

    if (spare && frame_doc_read(d->frame + head, d->n_frame - head, &fields, spare, &old) == 0)
        r = make_frame(d, &fields);
    free(spare);
    return r;
}

int flight_enter(struct flight *f, struct flight_doc *d, const struct doc_fields *fields)
{
    uint64_t ticket = d->ticket;

    if (!d->ticket)
        d->ticket = ++f->tickets;
    if (make_frame(d, fields) < 0) {
        d->ticket = ticket;
        return -1;
    }
    flight_count(f, d);
    return 0;
}

void flight_count(struct flight *f, const struct flight_doc *d)
{
    f->documents++;
    f->bytes += d->bytes;
}

void flight_leave(struct flight *f, struct flight_doc *d)
{
    f->documents--;
    f->bytes -= d->bytes;
    flight_destroy(d);
}

int flight_prepare(struct flight_doc *d, uint32_t generation)
{
    size_t old = d->n_skip;
    bool same = d->generation == generation || old == 0;

    d->generation = generation;
    if (same)
        return 0;
    drop_skips(d);
    d->probing = false;
    return remake_frame(d, old);
}

bool flight_skips(const struct flight_doc *d, uint32_t entry)
{
    for (size_t i = 0; i < d->n_skip; i++)
        if (d->skip[i].entry == entry)
            return true;
    return false;
}

bool flight_skip_entry(struct flight_doc *d, uint32_t entry, const char *why)
{
    struct frame_skip *skip;
    char *copy;

    if (flight_skips(d, entry))
        return false;
    skip = realloc(d->skip, (d->n_skip + 1) * sizeof *skip);
    if (!skip)
        return false;
    d->skip = skip;
    copy = strdup(why);
    if (!copy)
        return false;
    skip[d->n_skip++] = (struct frame_skip){entry, {copy, strlen(copy)}};
    return remake_frame(d, d->n_skip) == 0;
}

static void unskip(struct flight_doc *d, uint32_t entry)
{
    size_t i = 0;

    while (i < d->n_skip && d->skip[i].entry != entry)
        i++;
    if (i == d->n_skip)
        return;
    free((char *)d->skip[i].why.p);
    d->skip[i] = d->skip[--d->n_skip];
}

bool flight_probe(struct flight_doc *d, uint32_t n, const char *why)
{
    uint32_t next = d->probing ? d->probe : n;

    if (d->probing)
        unskip(d, d->probe);
    while (next > 0 && flight_skips(d, next - 1))
        next--;
    d->probing = next > 0;
    if (!d->probing)
        return false;
    d->probe = next - 1;
    return flight_skip_entry(d, d->probe, why);
}

void flight_push(struct flight_queue *q, struct flight_doc *d)
{
    d->next = NULL;
    *(q->last ? &q->last->next : &q->first) = d;
    q->last = d;
    q->n++;
}

struct flight_doc *flight_pop(struct flight_queue *q)
{
    struct flight_doc *d = q->first;

    if (!d)
        return NULL;
    q->first = d->next;
    if (!q->first)
        q->last = NULL;
    q->n--;
    return d;
}

void flight_push_front(struct flight_queue *q, struct flight_queue *from)
{
    if (!from->first)
        return;
    from->last->next = q->first;
    q->first = from->first;
    if (!q->last)
        q->last = from->last;
    q->n += from->n;
    memset(from, 0, sizeof *from);
}
