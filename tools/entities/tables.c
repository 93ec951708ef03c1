/* SPDX-License-Identifier: Apache-2.0
 *
 * tables.c - see tables.h.
 */
#include "tables.h"

#include "corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void entries_add(struct entries *e, uint64_t hash, const void *value)
{
    if (e->n == e->room) {
        e->room = e->room ? 2 * e->room : 1 << 16;
        e->hash = need(realloc(e->hash, e->room * sizeof(*e->hash)));
        e->values = need(realloc(e->values, e->room * e->width));
    }
    e->hash[e->n] = hash;
    memcpy(e->values + e->n++ * e->width, value, e->width);
}

struct key {
    uint64_t hash;
    size_t index;
};

static int by_hash(const void *a, const void *b)
{
    const struct key *x = a, *y = b;

    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void fill(struct table *t, const struct key *keys, const struct entries *e)
{
    uint32_t *start = need(calloc(((size_t)1 << t->bits) + 1, sizeof(*start)));
    uint32_t *low = need(malloc((e->n + 1) * sizeof(*low)));
    uint8_t *values = need(malloc((e->n + 1) * t->width));

    for (size_t i = 0; i < e->n; i++) {
        const uint8_t *value = e->values + keys[i].index * t->width;

        if (i && keys[i].hash == keys[i - 1].hash) {
            if (t->width == 1)
                values[t->n - 1] |= *value;
            continue;
        }
        start[(keys[i].hash >> (64 - t->bits)) + 1]++;
        low[t->n] = (uint32_t)keys[i].hash;
        memcpy(values + (size_t)t->n++ * t->width, value, t->width);
    }
    for (size_t i = 0; i < (size_t)1 << t->bits; i++)
        start[i + 1] += start[i];
    t->start = start;
    t->keys = low;
    t->values = values;
}

void table_make(struct table *t, struct entries *e)
{
    struct key *keys = need(malloc((e->n + 1) * sizeof(*keys)));

    memset(t, 0, sizeof(*t));
    t->width = e->width;
    t->bits = 4;
    while ((size_t)1 << t->bits < e->n)
        t->bits++;
    for (size_t i = 0; i < e->n; i++)
        keys[i] = (struct key){e->hash[i], i};
    qsort(keys, e->n, sizeof(*keys), by_hash);
    fill(t, keys, e);
    free(keys);
    free(e->hash);
    free(e->values);
    memset(e, 0, sizeof(*e));
}

/* ---- the file */

static char *append(char *file, size_t *len, const void *data, size_t n)
{
    size_t padded = (n + 15) & ~(size_t)15;

    file = need(realloc(file, *len + padded));
    memset(file + *len, 0, padded);
    memcpy(file + *len, data, n);
    *len += padded;
    return file;
}

void model_write(const char *path, const struct table *tables, const float *moves, float slope,
                 float offset)
{
    struct model_head head = {.magic = MODEL_MAGIC, .version = MODEL_VERSION, .order = MODEL_ORDER};
    char *file = NULL;
    size_t len = 0;
    FILE *f = fopen(path, "wb");

    head.slope = slope;
    head.offset = offset;
    memcpy(head.moves, moves, sizeof(head.moves));
    file = append(file, &len, &head, sizeof(head));
    for (int i = 0; i < TABLES; i++) {
        const struct table *t = &tables[i];

        head.tables[i].bits = t->bits;
        head.tables[i].n = t->n;
        head.tables[i].width = t->width;
        file = append(file, &len, t->start, 4 * (((size_t)1 << t->bits) + 1));
        file = append(file, &len, t->keys, 4 * (size_t)t->n);
        file = append(file, &len, t->values, (size_t)t->width * t->n);
    }
    head.size = len;
    head.checksum = model_checksum(file, len);
    memcpy(file, &head, sizeof(head));
    if (!f || fwrite(file, 1, len, f) != len || fclose(f))
        die("can't write %s", path);
    fprintf(stderr, "%s: %zu bytes\n", path, len);
    free(file);
}
