/* SPDX-License-Identifier: Apache-2.0
 *
 * frame.c - slices in a frame are their lengths, then their bytes. A document: the
 * head; how many plugins to skip; the fields in the order of struct doc_fields; and of
 * each plugin to skip its entry and the reason. A result: topic, plugin, error, the
 * outcomes, and the members as the rest.
 */
#include "wire/frame.h"

#include <string.h>

#define FIELDS (sizeof(struct doc_fields) / sizeof(struct slice))
#define ABSENT UINT32_MAX

enum { RESULT_PARTS = 4 }; /* of struct frame_result: topic, plugin, error, outcomes */

static char *put_u32(char *to, uint32_t v)
{
    memcpy(to, &v, sizeof v);
    return to + sizeof v;
}

static size_t slices_size(const struct slice *s, size_t n)
{
    size_t size = n * sizeof(uint32_t);

    for (size_t i = 0; i < n; i++)
        size += s[i].p ? s[i].n : 0;
    return size;
}

static char *put_slices(char *to, const struct slice *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to = put_u32(to, s[i].p ? (uint32_t)s[i].n : ABSENT);
    for (size_t i = 0; i < n; i++) {
        if (!s[i].p || !s[i].n)
            continue;
        memcpy(to, s[i].p, s[i].n);
        to += s[i].n;
    }
    return to;
}

size_t frame_doc_size(const struct doc_fields *f, const struct frame_skip *skip, size_t n_skip)
{
    size_t size =
        sizeof(struct frame_head) + sizeof(uint32_t) + slices_size((const struct slice *)f, FIELDS);

    for (size_t i = 0; i < n_skip; i++)
        size += sizeof(uint32_t) + slices_size(&skip[i].why, 1);
    return size;
}

void frame_doc_write(char *to, uint64_t ticket, const struct doc_fields *f,
                     const struct frame_skip *skip, size_t n_skip)
{
    struct frame_head head = {.type = FRAME_DOC, .ticket = ticket};

    head.size = (uint32_t)(frame_doc_size(f, skip, n_skip) - sizeof head);
    memcpy(to, &head, sizeof head);
    to = put_u32(to + sizeof head, (uint32_t)n_skip);
    to = put_slices(to, (const struct slice *)f, FIELDS);
    for (size_t i = 0; i < n_skip; i++)
        to = put_slices(put_u32(to, skip[i].entry), &skip[i].why, 1);
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

static int get_slices(struct rest *r, struct slice *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t length;

        if (get_u32(r, &length) < 0)
            return -1;
        s[i] = (struct slice){NULL, length};
    }
    for (size_t i = 0; i < n; i++) {
        if (s[i].n == ABSENT)
            s[i].n = 0;
        else if (get_bytes(r, s[i].n, &s[i]) < 0)
            return -1;
    }
    return 0;
}

int frame_doc_read(const char *payload, size_t n, struct doc_fields *f, struct frame_skip *skip,
                   size_t *n_skip)
{
    struct rest r = {payload, n};
    uint32_t count;

    if (get_u32(&r, &count) < 0 || count > *n_skip || get_slices(&r, (struct slice *)f, FIELDS) < 0)
        return -1;
    for (uint32_t i = 0; i < count; i++)
        if (get_u32(&r, &skip[i].entry) < 0 || get_slices(&r, &skip[i].why, 1) < 0)
            return -1;
    *n_skip = count;
    return r.n == 0 ? 0 : -1;
}

uint64_t frame_most(uint64_t n)
{
    uint64_t most = (UINT64_C(256) << 20) + 32 * n;

    return most < FRAME_LARGEST ? most : FRAME_LARGEST;
}

size_t frame_result_size(const struct frame_result *r)
{
    return slices_size(&r->topic, RESULT_PARTS);
}

void frame_result_write(char *to, const struct frame_result *r)
{
    put_slices(to, &r->topic, RESULT_PARTS);
}

int frame_result_read(const char *payload, size_t n, struct frame_result *r)
{
    struct rest rest = {payload, n};

    if (get_slices(&rest, &r->topic, RESULT_PARTS) < 0)
        return -1;
    return get_bytes(&rest, rest.n, &r->members);
}
