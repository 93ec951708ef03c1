/* SPDX-License-Identifier: Apache-2.0
 *
 * model.h - the model file, read in place. The hard rule: model_open believes
 * nothing; what it lets through can be read without another check.
 */
#ifndef ENTITIES_MODEL_H
#define ENTITIES_MODEL_H

#include <stddef.h>
#include <stdint.h>

enum { PER, ORG, LOC, MISC, TYPES };

/* A label is 0, outside, or 1 + 4 * type + position. */
enum { BEGIN, INSIDE, LAST, UNIT, POSITIONS };
enum { LABELS = 1 + TYPES * POSITIONS, ROW = LABELS - 1 };

static inline int label_of(int type, int position)
{
    return 1 + POSITIONS * type + position;
}

static inline int label_type(int label)
{
    return (label - 1) / POSITIONS;
}

static inline int label_position(int label)
{
    return (label - 1) % POSITIONS;
}

/* Keys to values of fixed width: the upper bits of a hash choose a bucket, the lower 32 are
 * looked for in it. */
struct table {
    const uint32_t *start; /* (1 << bits) + 1 of them */
    const uint32_t *keys;
    const uint8_t *values;
    uint32_t bits, n, width;
};

static inline const void *table_find(const struct table *t, uint64_t hash)
{
    uint32_t b = (uint32_t)(hash >> (64 - t->bits));

    for (uint32_t i = t->start[b]; i < t->start[b + 1]; i++)
        if (t->keys[i] == (uint32_t)hash)
            return t->values + (size_t)i * t->width;
    return NULL;
}

enum {
    TABLE_WEIGHTS,  /* feature: ROW int8, what it says for each label but outside, which is 0 */
    TABLE_CLUSTERS, /* word as written: struct cluster */
    TABLE_NAMES,    /* words in lower case, one or more: a byte of NAME_* */
    TABLES
};

struct cluster {
    uint16_t fine;
    uint16_t coarse;
};

enum {
    NAME_COUNTRY = 1,
    NAME_REGION = 2,
    NAME_CITY = 4,   /* of 100,000 people and more */
    NAME_TOWN = 8,   /* of fewer */
    NAME_FIRST = 16, /* a given name */
    NAME_LAST = 32,  /* a family name */
    NAME_MORE = 128, /* longer names begin with this */
};

#define MODEL_MAGIC   "GLSSENT"
#define MODEL_VERSION 1u
#define MODEL_ORDER   0x01020304u

/* How the file begins. Sections follow in the order of the enum, each table as start, keys and
 * values, each of these padded to 16 bytes. */
struct model_head {
    char magic[8];
    uint32_t version, order;
    uint64_t size;     /* of the whole file */
    uint64_t checksum; /* of everything after the head */
    struct {
        uint32_t bits, n, width, pad;
    } tables[TABLES];
    float slope, offset;          /* of confidence: 1 / (1 + exp(-(offset + slope * margin))) */
    float moves[LABELS * LABELS]; /* from label (row) to label, in the unit of the weights */
    uint32_t pad[1];
};

struct model {
    const struct model_head *head;
    struct table tables[TABLES];
};

/* Checks the file of len bytes at data. NULL, or what is wrong with it. */
const char *model_open(struct model *m, const void *data, size_t len);

/* The checksum of what follows the head. */
uint64_t model_checksum(const void *data, size_t len);

#endif
