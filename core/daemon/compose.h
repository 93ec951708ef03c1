/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/compose.h - a published document as it goes out, live or on replay. The hard
 * rule: both ways give the same bytes.
 */
#ifndef DAEMON_COMPOSE_H
#define DAEMON_COMPOSE_H

#include "spool/spool_db.h"
#include "text/arena.h"
#include "wire/json.h"

struct compose {
    const char *log;       /* the name of the log that seq counts in */
    struct json_out whole; /* a document in two parts, made one */
};

/* Zero but for log is a good start. */
void compose_finish(struct compose *c);

/* Writes the document into o, which is empty; json is what json_read made of its head.
 * 0, or -1 without memory. */
int compose_document(struct compose *c, struct json_out *o, const struct spool_published *p,
                     const struct json_doc *json);

/* The same for a document out of the spool, whose head is read again; scratch is reset. */
int compose_kept(struct compose *c, struct arena *scratch, struct json_out *o,
                 const struct spool_published *p);

/* {"gloss":{"log":"..","seq":42}}: a seq alone, as a beat has it. */
void compose_number(const struct compose *c, struct json_out *o, uint64_t seq);

#endif
