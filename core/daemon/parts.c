/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/parts.c - a document is one part (JSON, where it begins with a brace, else
 * plain text) or two (a JSON head, and the text).
 */
#include "daemon/parts.h"

#include <stdlib.h>
#include <string.h>

static struct slice part(struct flight_doc *d, size_t i)
{
    if (i >= d->n_raw)
        return (struct slice){"", 0};
    return (struct slice){zmq_msg_data(&d->raw[i]), zmq_msg_size(&d->raw[i])};
}

static bool is_json(struct slice s)
{
    size_t i = s.n >= 3 && memcmp(s.p, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

    while (i < s.n && strchr(" \t\r\n", s.p[i]) && s.p[i])
        i++;
    return i < s.n && s.p[i] == '{';
}

enum reject parts_read(struct flight_doc *d, struct arena *scratch, struct doc_fields *fields,
                       struct fault *f)
{
    struct slice first = part(d, 0), body = part(d, d->n_raw - 1);
    enum reject r;

    if (d->form == SPOOL_FRAMES) {
        fault_set(f, "a document is one frame or two, a head and the text; this has more");
        return REJECT_BAD_FIELD;
    }
    d->form = d->n_raw == 2 ? SPOOL_SPLIT : is_json(first) ? SPOOL_JSON : SPOOL_TEXT;
    if (d->form == SPOOL_TEXT) {
        r = json_check_body(NULL, body.p, body.n, f);
    } else {
        r = json_read(&d->json, scratch, first.p, first.n, d->form == SPOOL_JSON, f);
        *fields = d->json.fields;
    }
    if (d->form == SPOOL_SPLIT && r == REJECT_NONE)
        r = json_check_body(&d->json, body.p, body.n, f);
    if (d->form != SPOOL_JSON)
        fields->text = body;
    return r;
}

struct spool_doc parts_kept(struct flight_doc *d)
{
    return (struct spool_doc){.ticket = d->ticket,
                              .form = d->form,
                              .id = d->id,
                              .made_id = d->made_id,
                              .keyed = !d->made_id && !d->letter,
                              .received_ms = d->received_ms,
                              .head = part(d, 0),
                              .body = part(d, 1)};
}

static int restore_part(struct flight_doc *d, struct slice bytes)
{
    zmq_msg_t *m = &d->raw[d->n_raw];

    if (zmq_msg_init_size(m, bytes.n) < 0)
        return -1;
    memcpy(zmq_msg_data(m), bytes.p, bytes.n);
    d->bytes += bytes.n;
    d->n_raw++;
    return 0;
}

struct flight_doc *parts_restore(const struct spool_doc *kept)
{
    struct flight_doc *d = flight_create();

    if (!d)
        return NULL;
    d->id = (struct slice){strndup(kept->id.p, kept->id.n), kept->id.n};
    if (!d->id.p || restore_part(d, kept->head) < 0 ||
        (kept->form >= SPOOL_SPLIT && restore_part(d, kept->body) < 0)) {
        flight_destroy(d);
        return NULL;
    }
    d->ticket = kept->ticket;
    d->form = kept->form;
    d->made_id = kept->made_id;
    d->received_ms = kept->received_ms;
    return d;
}
