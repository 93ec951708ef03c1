/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/publish.c - enriched documents go out.
 */
#include "daemon/publish.h"

#include <stdlib.h>
#include <string.h>

enum {
    TOPICS = 65536, /* whose last seq is remembered */
    BEAT_MS = 1000,
    KEEP = 1024 * 1024, /* a larger buffer is given back after use */
};

/* What comes on the XPUB, subscriptions, is libzmq's to keep; it must be read, no more. */
static void on_subscription(void *owner, struct zmq_uv_message *m)
{
    (void)owner;
    (void)m;
}

/* ---- the beat: the last seq, where nothing else was sent for a second */

static void free_json(void *p, void *hint)
{
    (void)hint;
    free(p);
}

/* Turns what was written into a message without copying it. 0, or -1. */
static int make_message(zmq_msg_t *m, struct json_out *o)
{
    if (!o->failed && zmq_msg_init_data(m, o->p, o->n, free_json, NULL) == 0)
        return 0;
    json_out_finish(o);
    return -1;
}

static void on_beat(uv_timer_t *beat)
{
    struct publish *p = beat->data;
    struct json_out o = {0};
    zmq_msg_t part[2];

    if (p->seq != p->beaten) {
        p->beaten = p->seq;
        return;
    }
    json_puts(&o, "{\"gloss\":{\"log\":\"");
    json_puts(&o, p->log);
    json_puts(&o, "\",\"seq\":");
    json_put_uint(&o, p->seq);
    json_puts(&o, "}}");
    if (make_message(&part[1], &o) < 0)
        return;
    zmq_msg_init_size(&part[0], 1);
    *(char *)zmq_msg_data(&part[0]) = '~';
    zmq_uv_send(p->socket, part, 2);
}

int publish_init(struct publish *p, uv_loop_t *loop, struct zmq_uv *socket, struct reply *reply,
                 struct stats *stats)
{
    struct stamp ids = {0};

    memset(p, 0, sizeof *p);
    p->socket = socket;
    p->reply = reply;
    p->stats = stats;
    p->topics = topics_create(TOPICS);
    if (!p->topics || stamp_id(&ids, p->log) < 0)
        return -1;
    uv_timer_init(loop, &p->beat);
    p->beat.data = p;
    if (socket->socket) {
        socket->on_message = on_subscription;
        zmq_uv_resume(socket);
        uv_timer_start(&p->beat, on_beat, BEAT_MS, BEAT_MS);
    }
    return 0;
}

void publish_finish(struct publish *p)
{
    topics_destroy(p->topics);
    json_out_finish(&p->whole);
    if (p->beat.data)
        uv_close((uv_handle_t *)&p->beat, NULL);
}

/* ---- a document */

/* The document as one JSON: as it came, or made of its two parts. doc is where in
 * it the splice goes. */
static const char *make_whole(struct publish *p, struct flight_doc *d, struct json_doc *doc)
{
    zmq_msg_t *body = &d->raw[d->n_raw - 1];
    const char *head = d->form == FLIGHT_SPLIT ? zmq_msg_data(&d->raw[0]) : NULL;

    *doc = d->json;
    if (d->form == FLIGHT_JSON)
        return zmq_msg_data(&d->raw[0]);
    p->whole.n = 0;
    json_put_from_body(&p->whole, head, &d->json, zmq_msg_data(body), zmq_msg_size(body));
    *doc = (struct json_doc){.close = p->whole.n - 1};
    return p->whole.failed ? NULL : p->whole.p;
}

/* Room for all of it at once: growing step by step would copy it again and again. */
static void reserve(struct json_out *o, size_t n)
{
    o->p = malloc(n);
    o->room = o->p ? n : 0;
}

static void compose(struct publish *p, struct flight_doc *d, struct json_out *o, uint64_t prev,
                    struct slice members)
{
    struct json_doc doc;
    const char *json = make_whole(p, d, &doc);
    char received[STAMP_TIME];
    struct json_stamp stamp = {p->log, p->seq + 1, prev, received,
                               d->made_id ? d->id : (struct slice){0}};

    if (!json) {
        json_out_finish(&p->whole);
        o->failed = true;
        return;
    }
    stamp_write(received, (int64_t)d->received_ms);
    reserve(o, doc.close + members.n + d->id.n + 256);
    json_put_document(o, json, &doc, &stamp, members.p, members.n);
    if (p->whole.room > KEEP)
        json_out_finish(&p->whole);
}

int publish_document(struct publish *p, struct flight_doc *d, struct slice topic,
                     struct slice members)
{
    struct json_out o = {0};
    zmq_msg_t part[2];
    uint64_t prev;

    if (zmq_msg_init_size(&part[0], topic.n) < 0)
        return -1;
    memcpy(zmq_msg_data(&part[0]), topic.p, topic.n);
    prev = topics_swap(p->topics, topic.p, topic.n, p->seq + 1);
    compose(p, d, &o, prev, members);
    if (make_message(&part[1], &o) < 0) {
        topics_swap(p->topics, topic.p, topic.n, prev);
        zmq_msg_close(&part[0]);
        return -1;
    }
    p->seq++;
    p->stats->published++;
    p->stats->bytes_out += zmq_msg_size(&part[1]);
    reply_enriched(p->reply, d, &part[1]);
    if (p->socket->socket) {
        zmq_uv_send(p->socket, part, 2);
    } else {
        zmq_msg_close(&part[0]);
        zmq_msg_close(&part[1]);
    }
    return 0;
}
