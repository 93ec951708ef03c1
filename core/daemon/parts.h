/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/parts.h - a document's parts read: which form it came in, and its fields.
 * The hard rule: the same bytes read the same, from a socket or out of the spool.
 */
#ifndef DAEMON_PARTS_H
#define DAEMON_PARTS_H

#include "daemon/flight.h"
#include "log.h"
#include "text/arena.h"
#include "wire/json.h"

/* Reads d->raw into d->form, d->json and fields, which point into raw or scratch. */
enum reject parts_read(struct flight_doc *d, struct arena *scratch, struct doc_fields *fields,
                       struct fault *f);

/* The parts as the spool keeps them. */
struct spool_doc parts_kept(struct flight_doc *d);

/* The other way: a document out of the spool, with its ticket; no client waits for it.
 * NULL without memory. */
struct flight_doc *parts_restore(const struct spool_doc *kept);

#endif
