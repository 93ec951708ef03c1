/* SPDX-License-Identifier: Apache-2.0
 *
 * train_entities - makes the model of the entities plugin out of marked corpora, and measures
 * it, with the plugin's own code. What may be done with a model depends on the corpora: see
 * plugins/entities/CARD.md.
 */
#include "entities/corpus.h"
#include "entities/learn.h"
#include "entities/measure.h"
#include "entities/second.h"
#include "entities/tables.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL   15u
#define NAMED 7u /* without MISC */

/* File, weight of an update, types it marks, documents taken, sentences a document, style,
 * licence. GMB is tagged by machine: beside the others it does more harm than good. */
static const struct corpus corpora[] = {
    {"conll2003-en.train", 1, ALL, 1, 0, STYLE_LINES | STYLE_WHOLE, LICENCE_RESTRICTED},
    {"worldwide-en.train", 1, ALL, 1, 0, STYLE_WHOLE, LICENCE_RESTRICTED},
    {"wikigold-en.all", 1, ALL, 1, 0, STYLE_WHOLE, LICENCE_FREE},
    {"gumnews-en.all", 1, ALL, 1, 0, STYLE_HYPHENS, LICENCE_FREE},
    {"gumccby-en.all", 0.5f, ALL, 1, 0, STYLE_HYPHENS, LICENCE_FREE},
    {"re3d-en.train", 1, ALL, 1, 5, 0, LICENCE_RESTRICTED},
    {"wnut17-en.train", 0.5f, ALL, 1, 1, 0, LICENCE_FREE},
    {"sec-en.train", 0.5f, ALL, 1, 0, 0, LICENCE_FREE},
    {"crossner-politics-en.train", 1, ALL, 1, 3, 0, LICENCE_FREE},
    {"crossner-politics-en.dev", 1, ALL, 1, 3, 0, LICENCE_FREE},
    {"uner-ewt-en.dev", 1, NAMED, 1, 0, STYLE_HYPHENS, LICENCE_FREE},
    {"wikineural-en.dev", 1, ALL, 1, 4, 0, LICENCE_RESTRICTED},
    {"gmb-en.fixed", 0.3f, ALL, 3, 8, 0, LICENCE_STAND_IN},
};

enum { CORPORA = sizeof(corpora) / sizeof(*corpora) };

enum {
    LEAST = 2,        /* times a feature must be seen */
    EPOCHS = 6,       /* of the first reading */
    EPOCHS_PARTS = 3, /* of first readings that the second learns from */
    EPOCHS_AGAIN = 6, /* of the second reading */
    KEEP = 200000,    /* features of the first reading that go into the model */
};

#define MARGIN       20.0f
#define MARGIN_AGAIN 80.0f
#define CLIPPED      2.0f /* the largest weights are cut to one in so many */

static float largest(const struct weights *w)
{
    float max = 0;

    for (uint32_t f = 0; f < w->n; f++)
        for (int y = 0; y < ROW; y++)
            max = fmaxf(max, fabsf(w->row[f][y]));
    return max;
}

static float size_of(const float *row)
{
    float sum = 0;

    for (int y = 0; y < ROW; y++)
        sum += fabsf(row[y]);
    return sum;
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return x < y ? 1 : x > y ? -1 : 0;
}

/* The size below which rows are dropped so that keep are left. */
static float cut_of(const struct weights *w, size_t keep)
{
    float *size = need(malloc((w->n + 1) * sizeof(*size))), cut;

    for (uint32_t f = 0; f < w->n; f++)
        size[f] = size_of(w->row[f]);
    qsort(size, w->n, sizeof(*size), by_size);
    cut = keep < w->n ? size[keep] : 0;
    free(size);
    return cut;
}

static void add_rows(struct entries *e, const struct weights *w, const struct set *s, float scale,
                     float cut)
{
    for (uint32_t f = 0; f < w->n; f++) {
        int8_t row[ROW], any = 0;

        if (size_of(w->row[f]) <= cut)
            continue;
        for (int y = 0; y < ROW; y++) {
            row[y] = (int8_t)lrintf(fminf(fmaxf(w->row[f][y] * scale, -127), 127));
            any |= row[y];
        }
        if (any)
            entries_add(e, s->hash[f], row);
    }
}

static void read_corpora(struct documents *docs, const char *data, int only_free)
{
    char dir[4096];

    snprintf(dir, sizeof(dir), "%s/entities/train", data);
    for (int i = 0; i < CORPORA; i++)
        if (corpora[i].licence == LICENCE_FREE ||
            corpora[i].licence == (only_free ? LICENCE_STAND_IN : LICENCE_RESTRICTED))
            corpus_read(docs, &corpora[i], dir);
}

static void write_model(const char *out, struct table *tables, const struct weights *w,
                        const struct set *s, const struct second *second)
{
    struct entries rows = {.width = ROW};
    float moves[LABELS * LABELS], scale = CLIPPED * 127 / largest(w);

    add_rows(&rows, w, s, scale, cut_of(w, KEEP));
    add_rows(&rows, &second->weights, &second->set, scale, 0);
    table_make(&tables[TABLE_WEIGHTS], &rows);
    for (int i = 0; i < LABELS * LABELS; i++)
        moves[i] = w->moves[i] * scale;
    model_write(out, tables, moves, second->slope / scale, second->offset);
}

/* The tables that features need come first. */
static void train(const char *data, const char *out, int only_free)
{
    struct documents docs = {0};
    struct set s;
    struct weights w;
    struct second second;
    struct table tables[TABLES] = {0};
    const struct course first = {EPOCHS, MARGIN, 1, -1, 0};
    const struct course parts = {EPOCHS_PARTS, MARGIN, 1, -1, 0};
    const struct course again = {EPOCHS_AGAIN, MARGIN_AGAIN, 1, -1, STYLE_WHOLE};

    read_corpora(&docs, data, only_free);
    clusters_make(&tables[TABLE_CLUSTERS], &docs);
    names_make(&tables[TABLE_NAMES], data);
    set_build(&s, &docs, LEAST, &tables[TABLE_CLUSTERS], &tables[TABLE_NAMES]);
    weights_init(&w, &s);
    learn(&w, &s, &first);
    weights_average(&w);
    second_learn(&second, &s, &docs, &w, &parts, &again);
    write_model(out, tables, &w, &s, &second);
}

int main(int argc, char **argv)
{
    if (argc >= 4 && strcmp(argv[1], "--eval") == 0)
        measure_files(argv[2], argv + 3, argc - 3, 0);
    else if (argc >= 4 && strcmp(argv[1], "--errors") == 0)
        measure_files(argv[2], argv + 3, argc - 3, 1);
    else if (argc >= 3 && argv[1][0] != '-')
        train(argv[1], argv[2], argc > 3 && strcmp(argv[3], "free") == 0);
    else
        die("usage: train_entities DATA MODEL [free]\n"
            "       train_entities --eval|--errors MODEL GOLD.jsonl...");
    return 0;
}
