/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/publish.c - enriched documents go out.
 */
#include "daemon/publish.h"

#include "daemon/parts.h"
#include "log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BEAT_MS = 1000 };

/* What comes on the XPUB, subscriptions, is libzmq's to keep; it must be read, no more. */
static void on_subscription(void *owner, struct zmq_uv_message *m)
{
    (void)owner;
    (void)m;
}

/* ---- the beat: the last seq, where nothing else was sent for a second */

static void on_beat(uv_timer_t *beat)
{
    struct publish *p = beat->data;
    struct json_out o = {0};
    zmq_msg_t part[2];

    if (p->seq != p->beaten) {
        p->beaten = p->seq;
        return;
    }
    compose_number(&p->compose, &o, p->seq);
    if (unread_message(p->unread, &part[1], &o) < 0)
        return;
    zmq_msg_init_size(&part[0], 1);
    *(char *)zmq_msg_data(&part[0]) = '~';
    zmq_uv_send(p->socket, part, 2);
}

void publish_init(struct publish *p, uv_loop_t *loop, struct zmq_uv *socket, struct reply *reply,
                  struct stats *stats, struct unread *unread, const char *log, uint64_t seq)
{
    *p = (struct publish){
        .socket = socket, .reply = reply, .stats = stats, .unread = unread, .seq = seq};
    p->compose.log = log;
    uv_timer_init(loop, &p->beat);
    p->beat.data = p;
    if (socket->socket) {
        socket->on_message = on_subscription;
        zmq_uv_resume(socket);
        uv_timer_start(&p->beat, on_beat, BEAT_MS, BEAT_MS);
    }
}

void publish_finish(struct publish *p)
{
    compose_finish(&p->compose);
    if (p->beat.data)
        uv_close((uv_handle_t *)&p->beat, NULL);
}

/* ---- a document */

static int make_parts(struct publish *p, struct flight_doc *d, zmq_msg_t part[2])
{
    struct spool_published whole = {.doc = parts_kept(d),
                                    .seq = d->result.seq,
                                    .prev = d->result.prev,
                                    .topic = d->result.of.topic,
                                    .members = d->result.of.members};
    struct json_out o = {0};

    if (compose_document(&p->compose, &o, &whole, &d->json) < 0) {
        json_out_finish(&o);
        return -1;
    }
    if (unread_message(p->unread, &part[1], &o) < 0)
        return -1;
    if (zmq_msg_init_size(&part[0], whole.topic.n) < 0) {
        zmq_msg_close(&part[1]);
        return -1;
    }
    memcpy(zmq_msg_data(&part[0]), whole.topic.p, whole.topic.n);
    return 0;
}

void publish_document(struct publish *p, struct flight_doc *d)
{
    zmq_msg_t part[2];

    p->seq = d->result.seq;
    p->stats->published++;
    if (make_parts(p, d, part) < 0) {
        log_error("publish", "no memory to send seq %" PRIu64 ": replay has it", p->seq);
        return;
    }
    p->stats->bytes_out += zmq_msg_size(&part[1]);
    reply_enriched(p->reply, d, &part[1]);
    if (p->socket->socket) {
        zmq_uv_send(p->socket, part, 2);
    } else {
        zmq_msg_close(&part[0]);
        zmq_msg_close(&part[1]);
    }
}
