/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/reply.h - answers on the acknowledged socket. The hard rule: one answer a
 * document; who does not read them loses them, and nobody waits for him.
 */
#ifndef DAEMON_REPLY_H
#define DAEMON_REPLY_H

#include "daemon/flight.h"
#include "daemon/stats.h"
#include "daemon/zmq_uv.h"
#include "wire/json.h"

struct reply {
    struct zmq_uv *socket;
    struct stats *stats;
};

/* All take d's client from it, so that a second answer can't be sent. */

/* {"status":"accepted","id":..} */
void reply_accepted(struct reply *r, struct flight_doc *d);

/* {"status":"accepted","id":..,"duplicate":true} */
void reply_duplicate(struct reply *r, struct flight_doc *d);

/* {"status":"rejected","id":..,"error":{"code":..,"message":..}}; id null where it is
 * not known. */
void reply_rejected(struct reply *r, struct flight_doc *d, struct slice code, struct slice message);

/* {"status":"dead","id":..,"error":{"message":..}}, to who waits for the document */
void reply_dead(struct reply *r, struct flight_doc *d, struct slice why);

/* The enriched document; body is copied by reference. */
void reply_enriched(struct reply *r, struct flight_doc *d, zmq_msg_t *body);

#endif
