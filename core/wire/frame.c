/* SPDX-License-Identifier: Apache-2.0
 *
 * frame.c - a document in a frame: the head; how many plugins to skip; the
 * lengths of the fields in the order of struct doc_fields; their bytes; and of
 * each plugin to skip its entry, the length of the reason, the reason.
 */
#include "wire/frame.h"

#include <string.h>

#define FIELDS (sizeof(struct doc_fields) / sizeof(struct slice))
#define ABSENT UINT32_MAX

static char *put_u32(char *to, uint32_t v)
{
    memcpy(to, &v, sizeof v);
    return to + sizeof v;
}

static char *put_bytes(char *to, const struct slice *s)
{
    if (s->n)
        memcpy(to, s->p, s->n);
    return to + s->n;
}

size_t frame_doc_size(const struct doc_fields *f, const struct frame_skip *skip, size_t n_skip)
{
    const struct slice *field = (const struct slice *)f;
    size_t size = sizeof(struct frame_head) + sizeof(uint32_t) * (1 + FIELDS + 2 * n_skip);

    for (size_t i = 0; i < FIELDS; i++)
        size += field[i].p ? field[i].n : 0;
    for (size_t i = 0; i < n_skip; i++)
        size += skip[i].why.n;
    return size;
}

void frame_doc_write(char *to, uint64_t ticket, const struct doc_fields *f,
                     const struct frame_skip *skip, size_t n_skip)
{
    const struct slice *field = (const struct slice *)f;
    struct frame_head head = {.type = FRAME_DOC, .ticket = ticket};

    head.size = (uint32_t)(frame_doc_size(f, skip, n_skip) - sizeof head);
    memcpy(to, &head, sizeof head);
    to = put_u32(to + sizeof head, (uint32_t)n_skip);
    for (size_t i = 0; i < FIELDS; i++)
        to = put_u32(to, field[i].p ? (uint32_t)field[i].n : ABSENT);
    for (size_t i = 0; i < FIELDS; i++)
        if (field[i].p)
            to = put_bytes(to, &field[i]);
    for (size_t i = 0; i < n_skip; i++) {
        to = put_u32(to, skip[i].entry);
        to = put_u32(to, (uint32_t)skip[i].why.n);
        to = put_bytes(to, &skip[i].why);
    }
}

/* What is left of a payload that is being read. */
struct rest {
    const char *p;
    size_t n;
};

static int get_u32(struct rest *r, uint32_t *v)
{
    if (r->n < sizeof *v)
        return -1;
    memcpy(v, r->p, sizeof *v);
    r->p += sizeof *v;
    r->n -= sizeof *v;
    return 0;
}

static int get_bytes(struct rest *r, size_t n, struct slice *s)
{
    if (r->n < n)
        return -1;
    *s = (struct slice){r->p, n};
    r->p += n;
    r->n -= n;
    return 0;
}

static int get_fields(struct rest *r, struct doc_fields *f)
{
    struct slice *field = (struct slice *)f;
    uint32_t length[FIELDS];

    for (size_t i = 0; i < FIELDS; i++)
        if (get_u32(r, &length[i]) < 0)
            return -1;
    memset(f, 0, sizeof *f);
    for (size_t i = 0; i < FIELDS; i++)
        if (length[i] != ABSENT && get_bytes(r, length[i], &field[i]) < 0)
            return -1;
    return 0;
}

int frame_doc_read(const char *payload, size_t n, struct doc_fields *f, struct frame_skip *skip,
                   size_t *n_skip)
{
    struct rest r = {payload, n};
    uint32_t count, length;

    if (get_u32(&r, &count) < 0 || count > *n_skip || get_fields(&r, f) < 0)
        return -1;
    for (uint32_t i = 0; i < count; i++)
        if (get_u32(&r, &skip[i].entry) < 0 || get_u32(&r, &length) < 0 ||
            get_bytes(&r, length, &skip[i].why) < 0)
            return -1;
    *n_skip = count;
    return r.n == 0 ? 0 : -1;
}

int frame_gloss_read(const char *payload, size_t n, struct slice *topic, struct slice *members)
{
    struct rest r = {payload, n};
    uint32_t length;

    if (get_u32(&r, &length) < 0 || get_bytes(&r, length, topic) < 0)
        return -1;
    return get_bytes(&r, r.n, members);
}
