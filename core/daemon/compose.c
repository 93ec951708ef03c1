/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/compose.c - the splice into the bytes that came in.
 */
#include "daemon/compose.h"

#include "wire/stamp.h"

#include <stdlib.h>

enum { KEEP = 1024 * 1024 }; /* a larger buffer is given back after use */

void compose_finish(struct compose *c)
{
    json_out_finish(&c->whole);
}

/* The document as one JSON: as it came, or made of its parts. doc is where in it the
 * splice goes. */
static struct slice make_whole(struct compose *c, const struct spool_doc *d,
                               const struct json_doc *json, struct json_doc *doc)
{
    struct slice body = d->form == SPOOL_SPLIT ? d->body : d->head;

    *doc = *json;
    if (d->form == SPOOL_JSON)
        return d->head;
    c->whole.n = 0;
    json_put_from_body(&c->whole, d->form == SPOOL_SPLIT ? d->head.p : NULL, json, body.p, body.n);
    *doc = (struct json_doc){.close = c->whole.n - 1};
    return (struct slice){c->whole.failed ? NULL : c->whole.p, c->whole.n};
}

/* Room for all of it at once: growing step by step would copy it again and again. */
static void reserve(struct json_out *o, size_t n)
{
    o->p = malloc(n);
    o->room = o->p ? n : 0;
}

int compose_document(struct compose *c, struct json_out *o, const struct spool_published *p,
                     const struct json_doc *json)
{
    struct json_stamp stamp = {.log = c->log, .seq = p->seq, .prev = p->prev};
    struct json_doc doc;
    struct slice whole = make_whole(c, &p->doc, json, &doc);
    char received[STAMP_TIME];

    if (whole.p) {
        stamp_write(received, (int64_t)p->doc.received_ms);
        stamp.received = received;
        if (p->doc.made_id)
            stamp.id = p->doc.id;
        reserve(o, doc.close + p->members.n + p->doc.id.n + 256);
        json_put_document(o, whole.p, &doc, &stamp, p->members.p, p->members.n);
    }
    if (c->whole.room > KEEP || c->whole.failed)
        json_out_finish(&c->whole);
    return whole.p && !o->failed ? 0 : -1;
}

/* What was accepted once reads well, but for a spool that somebody has written into. */
int compose_kept(struct compose *c, struct arena *scratch, struct json_out *o,
                 const struct spool_published *p)
{
    struct json_doc json = {0};
    struct slice head = p->doc.head;
    enum reject r = REJECT_NONE;
    int status;

    if (p->doc.form != SPOOL_TEXT)
        r = json_read(&json, scratch, head.p, head.n, p->doc.form == SPOOL_JSON, NULL);
    status = r == REJECT_NONE ? compose_document(c, o, p, &json) : -1;
    arena_reset(scratch);
    return status;
}

void compose_number(const struct compose *c, struct json_out *o, uint64_t seq)
{
    json_puts(o, "{\"gloss\":{\"log\":\"");
    json_puts(o, c->log);
    json_puts(o, "\",\"seq\":");
    json_put_uint(o, seq);
    json_puts(o, "}}");
}
