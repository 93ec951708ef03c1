/* SPDX-License-Identifier: Apache-2.0
 *
 * model.c - see model.h.
 */
#include "model.h"

#include "hash.h"

#include <math.h>
#include <string.h>

static const uint32_t widths[TABLES] = {ROW, sizeof(struct cluster), 1};

static size_t padded(size_t n)
{
    return (n + 15) & ~(size_t)15;
}

uint64_t model_checksum(const void *data, size_t len)
{
    return hash_bytes((const char *)data + sizeof(struct model_head),
                      len - sizeof(struct model_head));
}

/* Sets t up from at on; the offset behind it, or 0 where it does not fit. */
static size_t place(struct table *t, const char *data, size_t at, size_t len)
{
    size_t starts = padded(4 * (((size_t)1 << t->bits) + 1));
    size_t keys = padded(4 * (size_t)t->n);
    size_t values = padded((size_t)t->width * t->n);

    if (at + starts + keys + values > len)
        return 0;
    t->start = (const uint32_t *)(const void *)(data + at);
    t->keys = (const uint32_t *)(const void *)(data + at + starts);
    t->values = (const uint8_t *)data + at + starts + keys;
    return at + starts + keys + values;
}

static int ordered(const struct table *t)
{
    uint32_t last = 0;

    for (size_t i = 0; i <= (size_t)1 << t->bits; i++) {
        if (t->start[i] < last || t->start[i] > t->n)
            return 0;
        last = t->start[i];
    }
    return 1;
}

static int numbers_finite(const struct model_head *h)
{
    for (size_t i = 0; i < LABELS * LABELS; i++)
        if (!isfinite(h->moves[i]))
            return 0;
    return isfinite(h->slope) && isfinite(h->offset);
}

static const char *check_head(const struct model_head *h, size_t len)
{
    if (len < sizeof(*h) || memcmp(h->magic, MODEL_MAGIC, sizeof(h->magic)) != 0)
        return "it is not a model of this plugin";
    if (h->order != MODEL_ORDER)
        return "it was made on a machine of another byte order; rebuild it here";
    if (h->version != MODEL_VERSION)
        return "it is of another version; take the model that came with the plugin";
    if (h->size != len)
        return "it is cut short or has something after its end";
    for (int i = 0; i < TABLES; i++)
        if (h->tables[i].bits < 1 || h->tables[i].bits > 24 || h->tables[i].width != widths[i])
            return "it is damaged: a table of impossible size";
    return numbers_finite(h) ? NULL : "it is damaged: a number that is none";
}

const char *model_open(struct model *m, const void *data, size_t len)
{
    const struct model_head *h = data;
    const char *wrong = check_head(h, len);
    size_t at = sizeof(*h);

    if (wrong)
        return wrong;
    if (model_checksum(data, len) != h->checksum)
        return "it is damaged: its checksum differs";
    m->head = h;
    for (int i = 0; i < TABLES; i++) {
        struct table *t = &m->tables[i];

        t->bits = h->tables[i].bits;
        t->n = h->tables[i].n;
        t->width = h->tables[i].width;
        at = place(t, data, at, len);
        if (!at || !ordered(t))
            return "it is damaged: a table does not fit";
    }
    return at == len ? NULL : "it is damaged: its parts do not add up";
}
