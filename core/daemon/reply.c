/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/reply.c - answers on the acknowledged socket.
 */
#include "daemon/reply.h"

#include <string.h>

/* Sends body, which is taken, to the one who sent d. */
static void send_to_client(struct reply *r, struct flight_doc *d, zmq_msg_t *body)
{
    zmq_msg_t part[3];
    size_t n = 0;

    d->acknowledged = false;
    zmq_msg_init(&part[n]);
    zmq_msg_move(&part[n++], &d->client);
    if (d->delimiter)
        zmq_msg_init(&part[n++]);
    zmq_msg_init(&part[n]);
    zmq_msg_move(&part[n++], body);
    zmq_msg_close(body);
    if (zmq_uv_send(r->socket, part, n) != 0)
        r->stats->replies_lost++;
}

/* Sends what was written in o, which is finished. */
static void send_json(struct reply *r, struct flight_doc *d, struct json_out *o)
{
    zmq_msg_t body;

    if (o->failed || zmq_msg_init_size(&body, o->n) < 0) {
        d->acknowledged = false; /* what is sent to it later would not be what it asked for */
        r->stats->replies_lost++;
    } else {
        memcpy(zmq_msg_data(&body), o->p, o->n);
        send_to_client(r, d, &body);
    }
    json_out_finish(o);
}

static void put_head(struct json_out *o, const char *status, const struct flight_doc *d)
{
    json_puts(o, "{\"status\":\"");
    json_puts(o, status);
    json_puts(o, "\",\"id\":");
    if (d->id.p)
        json_put_string(o, d->id.p, d->id.n);
    else
        json_puts(o, "null");
}

static void accepted(struct reply *r, struct flight_doc *d, const char *rest)
{
    struct json_out o = {0};

    if (!d->acknowledged)
        return;
    put_head(&o, "accepted", d);
    json_puts(&o, rest);
    send_json(r, d, &o);
}

void reply_accepted(struct reply *r, struct flight_doc *d)
{
    accepted(r, d, "}");
}

void reply_duplicate(struct reply *r, struct flight_doc *d)
{
    accepted(r, d, ",\"duplicate\":true}");
}

void reply_rejected(struct reply *r, struct flight_doc *d, struct slice code, struct slice message)
{
    struct json_out o = {0};

    if (!d->acknowledged)
        return;
    put_head(&o, "rejected", d);
    json_puts(&o, ",\"error\":{\"code\":");
    json_put_string(&o, code.p, code.n);
    json_puts(&o, ",\"message\":");
    json_put_string(&o, message.p, message.n);
    json_puts(&o, "}}");
    send_json(r, d, &o);
}

void reply_dead(struct reply *r, struct flight_doc *d, struct slice why)
{
    struct json_out o = {0};

    if (!d->acknowledged)
        return;
    put_head(&o, "dead", d);
    json_puts(&o, ",\"error\":{\"message\":");
    json_put_string(&o, why.p, why.n);
    json_puts(&o, "}}");
    send_json(r, d, &o);
}

void reply_enriched(struct reply *r, struct flight_doc *d, zmq_msg_t *body)
{
    zmq_msg_t copy;

    if (!d->acknowledged)
        return;
    zmq_msg_init(&copy);
    if (zmq_msg_copy(&copy, body) == 0)
        send_to_client(r, d, &copy);
    else
        r->stats->replies_lost++;
}
