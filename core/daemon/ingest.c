/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/ingest.c - messages into documents.
 *
 * On a ROUTER the client's name comes before the document's parts, and an empty part
 * where the client is a REQ socket.
 */
#include "daemon/ingest.h"

#include "daemon/parts.h"
#include "log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- from message to document */

/* Moves the parts of m to where they belong. */
static void unpack(const struct ingest_source *s, struct zmq_uv_message *m, struct flight_doc *d)
{
    size_t at = 0;

    if (s->acknowledged) {
        d->acknowledged = true;
        zmq_msg_move(&d->client, &m->part[at++]);
        d->delimiter = m->n >= 3 && zmq_msg_size(&m->part[at]) == 0;
        at += d->delimiter;
    }
    while (at < m->n && d->n_raw < 2)
        zmq_msg_move(&d->raw[d->n_raw++], &m->part[at++]);
    if (at < m->n)
        d->form = SPOOL_FRAMES;
}

static enum reject read_parts(struct ingest *in, struct flight_doc *d, struct doc_fields *fields,
                              struct fault *f)
{
    enum reject r = parts_read(d, &in->scratch, fields, f);
    size_t n = 0;

    for (size_t i = 0; i < d->n_raw; i++)
        n += zmq_msg_size(&d->raw[i]);
    if (n <= in->document_bytes)
        return r;
    fault_set(f, "more than %" PRIu64 " bytes (limits.document_bytes)", in->document_bytes);
    return REJECT_TOO_LARGE;
}

static bool set_id(struct flight_doc *d, const char *id, size_t n)
{
    char *copy = malloc(n + 1);

    if (!copy)
        return false;
    memcpy(copy, id, n);
    free((char *)d->id.p);
    d->id = (struct slice){copy, n};
    return true;
}

/* Gives d the id it came with, or a new one where it is to go on. */
static bool name(struct ingest *in, struct flight_doc *d, struct doc_fields *fields, bool goes_on)
{
    char made[STAMP_ID];

    if (d->made_id) {
        /* out of the spool, where it has had a name */
    } else if (fields->id.p) {
        if (!set_id(d, fields->id.p, fields->id.n))
            return false;
    } else if (goes_on) {
        if (stamp_id(&in->ids, made) < 0 || !set_id(d, made, strlen(made)))
            return false;
        d->made_id = true;
    }
    fields->id = d->id;
    return true;
}

enum reject ingest_check(struct ingest *in, struct flight_doc *d, struct fault *f)
{
    struct doc_fields fields = {0};
    enum reject r = read_parts(in, d, &fields, f);
    bool good = name(in, d, &fields, r == REJECT_NONE);

    if (in->closed) {
        fault_set(f, "%s: send it again", in->closed);
        r = REJECT_OVERLOADED;
    } else if (r == REJECT_NONE && (!good || flight_enter(in->flight, d, &fields) < 0)) {
        fault_set(f, "the daemon is out of memory: send it again");
        r = REJECT_OVERLOADED;
    }
    arena_reset(&in->scratch);
    return r;
}

static void reject(struct ingest *in, struct flight_doc *d, enum reject why, const char *message)
{
    in->stats->rejected[why]++;
    if (!d->acknowledged && stats_may_log(in->stats, d->received_ms / 1000))
        log_warn("ingest", "a document on the pull socket is rejected: %s: %s%s%.*s",
                 reject_code(why), message, d->id.p ? ": id " : "", (int)d->id.n,
                 d->id.p ? d->id.p : "");
    in->on_reject(in->owner, d, why, message);
}

static size_t size_of(struct zmq_uv_message *m)
{
    size_t n = 0;

    for (size_t i = 0; i < m->n && i < ZMQ_UV_PARTS; i++)
        n += zmq_msg_size(&m->part[i]);
    return n;
}

static void take(struct ingest_source *s, struct zmq_uv_message *m)
{
    struct ingest *in = s->ingest;
    struct flight_doc *d = flight_create();
    struct fault f = {""};
    enum reject r;

    if (!d) {
        log_error("ingest", "no memory for a document: it is lost");
        return;
    }
    d->bytes = size_of(m);
    d->received_ms = (uint64_t)stamp_now();
    in->stats->bytes_in += d->bytes;
    unpack(s, m, d);
    r = ingest_check(in, d, &f);
    if (r == REJECT_NONE)
        in->on_document(in->owner, d);
    else
        reject(in, d, r, f.text);
}

/* ---- from the socket */

static void hold(struct ingest_source *s, struct zmq_uv_message *m)
{
    s->holds = true;
    s->held.n = m->n;
    for (size_t i = 0; i < m->n && i < ZMQ_UV_PARTS; i++) {
        zmq_msg_init(&s->held.part[i]);
        zmq_msg_move(&s->held.part[i], &m->part[i]);
    }
    zmq_uv_pause(s->socket);
}

static void close_held(struct ingest_source *s)
{
    for (size_t i = 0; i < s->held.n && i < ZMQ_UV_PARTS; i++)
        zmq_msg_close(&s->held.part[i]);
}

static void release(struct ingest_source *s)
{
    if (s->holds)
        close_held(s);
    s->holds = false;
}

/* Room or not, whether s may be read now. */
static bool may_take(const struct ingest_source *s, size_t cost)
{
    const struct ingest *in = s->ingest;

    if (in->closed)
        return s->acknowledged;
    return flight_has_room(in->flight, cost);
}

static void on_message(void *owner, struct zmq_uv_message *m)
{
    struct ingest_source *s = owner;

    if (may_take(s, size_of(m)))
        take(s, m);
    else
        hold(s, m);
}

/* It may leave at once, which lets held messages in: so it is not held any more then. */
static void take_held(struct ingest_source *s)
{
    if (!s->holds)
        return;
    s->holds = false;
    take(s, &s->held);
    close_held(s);
}

static void ebb(struct ingest_source *s)
{
    if (!s->holds || !may_take(s, size_of(&s->held)))
        return;
    take_held(s);
    zmq_uv_resume(s->socket);
}

void ingest_ebb(struct ingest *in)
{
    if ((!in->pull.holds && !in->ack.holds) || !flight_has_ebbed(in->flight))
        return;
    ebb(&in->ack);
    ebb(&in->pull);
}

static void set_source(struct ingest *in, struct ingest_source *s, struct zmq_uv *socket,
                       bool acknowledged)
{
    s->ingest = in;
    s->socket = socket;
    s->acknowledged = acknowledged;
    socket->on_message = on_message;
    socket->owner = s;
}

void ingest_init(struct ingest *in, struct zmq_uv *pull, struct zmq_uv *ack)
{
    set_source(in, &in->pull, pull, false);
    set_source(in, &in->ack, ack, true);
    arena_init(&in->scratch, SIZE_MAX);
}

void ingest_finish(struct ingest *in)
{
    release(&in->pull);
    release(&in->ack);
    arena_finish(&in->scratch);
}

void ingest_open(struct ingest *in)
{
    zmq_uv_resume(in->pull.socket);
    zmq_uv_resume(in->ack.socket);
}

void ingest_close(struct ingest *in, const char *why)
{
    zmq_uv_pause(in->pull.socket);
    in->closed = why;
    take_held(&in->ack);
    zmq_uv_resume(in->ack.socket);
}

void ingest_end(struct ingest *in)
{
    take_held(&in->pull); /* nobody could tell its sender to send it again */
    ingest_close(in, "shutting down");
}

void ingest_reopen(struct ingest *in)
{
    in->closed = NULL;
    ebb(&in->pull);
    if (!in->pull.holds)
        zmq_uv_resume(in->pull.socket);
}
