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

static const struct corpus corpora[] = {
    {"conll2003-en.train", 1, ALL, 0, STYLE_LINES, 0},
    {"worldwide-en.train", 1, ALL, 0, 0, 0},
    {"wikigold-en.all", 1, ALL, 0, 0, 1},
    {"gumnews-en.all", 1, ALL, 0, STYLE_HYPHENS, 1},
    {"gumccby-en.all", 0.5f, ALL, 0, STYLE_HYPHENS, 1},
    {"re3d-en.train", 1, ALL, 5, 0, 0},
    {"wnut17-en.train", 0.5f, ALL, 1, 0, 1},
    {"sec-en.train", 0.5f, ALL, 0, 0, 1},
    {"crossner-politics-en.train", 1, ALL, 3, 0, 1},
    {"crossner-politics-en.dev", 1, ALL, 3, 0, 1},
    {"uner-ewt-en.dev", 1, NAMED, 0, STYLE_HYPHENS, 1},
    {"wikineural-en.dev", 1, ALL, 4, 0, 0},
    {"gmb-en.fixed", 0.3f, ALL, 8, 0, 1},
};

enum { CORPORA = sizeof(corpora) / sizeof(*corpora) };

static double env(const char *k, double d)
{
    const char *s = getenv(k);
    return s ? atof(s) : d;
}

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
    const char *use = getenv("USE");
    size_t n, m;

    snprintf(dir, sizeof(dir), "%s/entities/train", data);
    for (int i = 0; i < CORPORA; i++)
        if ((!only_free || corpora[i].free) && (!use || strchr(use, 'a' + i)))
            corpus_read(docs, &corpora[i], dir);
    n = docs->n;
    m = (size_t)env("UPPER", 0);
    static struct corpus up[20];
    for (size_t i = 0; m && i < n; i += m) {
        struct document d = docs->doc[i];
        size_t k = (size_t)(d.corpus - corpora);
        up[k] = *d.corpus;
        up[k].weight *= (float)env("UPW", .3);
        d.corpus = &up[k];
        d = corpus_upper(&d);
        *documents_add(docs) = d;
    }
}

/* The tables that features need come first. */
static void train(const char *data, const char *out, int only_free)
{
    struct documents docs = {0};
    struct set s;
    struct weights w;
    struct second second;
    struct table tables[TABLES] = {0};
    struct entries rows = {.width = ROW};
    float moves[LABELS * LABELS], scale;
    int epochs = (int)env("EPOCHS", 6);
    float margin = (float)env("MARGIN", 20);

    read_corpora(&docs, data, only_free);
    clusters_make(&tables[TABLE_CLUSTERS], &docs);
    names_make(&tables[TABLE_NAMES], data);
    set_build(&s, &docs, (int)env("LEAST", 2), &tables[TABLE_CLUSTERS], &tables[TABLE_NAMES]);
    weights_init(&w, &s);
    learn(&w, &s, epochs, margin, -1);
    weights_average(&w);
    scale = (float)env("CLIP", 2) * 127 / largest(&w);
    add_rows(&rows, &w, &s, scale, cut_of(&w, (size_t)env("KEEP", 200000)));
    if (env("SECOND", 1)) {
        second_learn(&second, &s, &docs, &w, (int)env("EPOCHS2", 4), margin);
        add_rows(&rows, &second.weights, &second.set, scale, 0);
    } else
        second.slope = 1, second.offset = 0;
    table_make(&tables[TABLE_WEIGHTS], &rows);
    for (int i = 0; i < LABELS * LABELS; i++)
        moves[i] = w.moves[i] * scale;
    model_write(out, tables, moves, second.slope / scale, second.offset);
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
