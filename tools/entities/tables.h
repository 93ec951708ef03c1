/* SPDX-License-Identifier: Apache-2.0
 *
 * tables.h - the tables of a model as they are made: see struct table in model.h.
 */
#ifndef TRAIN_TABLES_H
#define TRAIN_TABLES_H

#include "corpus.h"
#include "plugins/entities/model.h"

/* Entries as they come; a later value for the same hash is merged with or into the first. */
struct entries {
    uint64_t *hash;
    uint8_t *values;
    size_t n, room;
    uint32_t width;
};

void entries_add(struct entries *e, uint64_t hash, const void *value);

/* Sorts and joins: values of one byte are or-ed, of others the first is kept. */
void table_make(struct table *t, struct entries *e);

/* What a word of the clusters and the names is. */
void clusters_make(struct table *t, const struct documents *docs);
void names_make(struct table *t, const char *dir);

/* Writes the model; the tables in the order of the enum. */
void model_write(const char *path, const struct table *tables, const float *moves, float slope,
                 float offset);

#endif
