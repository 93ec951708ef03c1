/* SPDX-License-Identifier: Apache-2.0
 *
 * train_entities - makes the model of the entities plugin out of marked corpora, and measures
 * it with the plugin's own code.
 *
 *   train_entities DATA OUT [free]        DATA holds entities/train and gazetteer
 *   train_entities --eval MODEL GOLD.jsonl...
 */
#include "entities/corpus.h"
#include "entities/learn.h"
#include "entities/tables.h"
#include "plugins/entities/mentions.h"
#include "plugins/entities/tagger.h"
#include "text/arena.h"
#include "text/token.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

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

static void quantise(const struct weights *w, const struct set *s, size_t keep, struct table *t,
                     float *moves)
{
    float *size = need(malloc((w->n + 1) * sizeof(*size)));
    float max = 0, cut = 0;
    struct entries e = {.width = ROW};

    for (uint32_t f = 0; f < w->n; f++) {
        size[f] = 0;
        for (int y = 0; y < ROW; y++) {
            size[f] += fabsf(w->row[f][y]);
            if (fabsf(w->row[f][y]) > max)
                max = fabsf(w->row[f][y]);
        }
    }
    if (keep < w->n) {
        float *sorted = need(malloc((w->n + 1) * sizeof(*size)));
        int cmp(const void *a, const void *b)
        {
            float x = *(float *)a, y = *(float *)b;
            return x < y ? 1 : x > y ? -1 : 0;
        }
        memcpy(sorted, size, w->n * sizeof(*size));
        qsort(sorted, w->n, sizeof(*sorted), cmp);
        cut = sorted[keep];
        free(sorted);
    }
    float scale = 127 / max * (float)env("CLIP", 2);
    fprintf(stderr, "max %f cut %f\n", max, cut);
    for (uint32_t f = 0; f < w->n; f++) {
        int8_t row[ROW];
        int any = 0;
        if (size[f] <= cut)
            continue;
        for (int y = 0; y < ROW; y++) {
            float x = roundf(w->row[f][y] * scale);
            row[y] = (int8_t)(x > 127 ? 127 : x < -127 ? -127 : x);
            any |= row[y];
        }
        if (any)
            entries_add(&e, s->hash[f], row);
    }
    table_make(t, &e);
    for (int i = 0; i < LABELS * LABELS; i++)
        moves[i] = w->moves[i] * scale;
    free(size);
    fprintf(stderr, "%u rows\n", t->n);
}

static void train(const char *data, const char *out, int only_free)
{
    char dir[4096];
    struct documents docs = {0};
    struct set s;
    struct weights w;
    struct table tables[TABLES] = {0};
    float moves[LABELS * LABELS];
    const char *use = getenv("USE");

    snprintf(dir, sizeof(dir), "%s/entities/train", data);
    for (int i = 0; i < CORPORA; i++)
        if ((!only_free || corpora[i].free) && (!use || strchr(use, 'a' + i)))
            corpus_read(&docs, &corpora[i], dir);
    for (int i = 0; i < TABLES; i++) {
        struct entries none = {.width = i == TABLE_CLUSTERS ? sizeof(struct cluster) : 1};
        table_make(&tables[i], &none);
    }
    if (env("CLUSTERS", 1))
        clusters_make(&tables[TABLE_CLUSTERS], &docs);
    if (env("NAMES", 1))
        names_make(&tables[TABLE_NAMES], data);
    set_build(&s, &docs, (int)env("LEAST", 2), &tables[TABLE_CLUSTERS], &tables[TABLE_NAMES]);
    weights_init(&w, &s);
    learn(&w, &s, (int)env("EPOCHS", 6), (float)env("MARGIN", 20), -1);
    weights_average(&w);
    quantise(&w, &s, (size_t)env("KEEP", 200000), &tables[TABLE_WEIGHTS], moves);
    model_write(out, tables, moves, 0.01f, 0);
}

/* ---- measuring */

static void map_model(struct model *m, const char *path)
{
    int fd = open(path, O_RDONLY);
    struct stat st;
    const char *wrong;
    void *p;

    if (fd < 0 || fstat(fd, &st))
        die("can't read %s", path);
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    wrong = p == MAP_FAILED ? "can't be mapped" : model_open(m, p, (size_t)st.st_size);
    if (wrong)
        die("%s: %s", path, wrong);
    close(fd);
}

struct tally {
    size_t right[TYPES], got[TYPES], gold[TYPES];
    double seconds;
    size_t bytes;
};

static void compare(struct tally *a, const struct document *d, const struct mentions *m,
                    size_t n_gold_before)
{
    (void)n_gold_before;
    for (size_t k = 0; k < m->n; k++) {
        const struct mention *x = &m->list[k];

        a->got[x->type]++;
        int ok = 0;
        for (size_t i = 0; i < d->n_gold; i++)
            ok |= d->gold[i].begin == x->span.begin && d->gold[i].end == x->span.end &&
                  d->gold[i].type == x->type;
        a->right[x->type] += ok;
        if (!ok && getenv("ERRORS")) {
            int lo = x->span.begin > 50 ? 50 : x->span.begin;
            const char *N[] = {"PER", "ORG", "LOC", "MISC"};
            printf("wrong %s %.0f [%.*s] ...%.*s|%.*s\n", N[x->type], x->margin,
                   (int)(x->span.end - x->span.begin), d->text + x->span.begin, lo,
                   d->text + x->span.begin - lo, 60, d->text + x->span.begin);
        }
    }
    if (getenv("ERRORS"))
        for (size_t i = 0; i < d->n_gold; i++) {
            int ok = 0;
            const char *N[] = {"PER", "ORG", "LOC", "MISC"};
            for (size_t k = 0; k < m->n; k++) {
                const struct mention *x = &m->list[k];
                ok |= d->gold[i].begin == x->span.begin && d->gold[i].end == x->span.end &&
                      d->gold[i].type == x->type;
            }
            if (!ok) {
                int lo = d->gold[i].begin > 50 ? 50 : d->gold[i].begin;
                printf("missed %s [%.*s] ...%.*s|%.*s\n", N[d->gold[i].type],
                       (int)(d->gold[i].end - d->gold[i].begin), d->text + d->gold[i].begin, lo,
                       d->text + d->gold[i].begin - lo, 60, d->text + d->gold[i].begin);
            }
        }
}

static void print(const char *path, const struct tally *a)
{
    static const char *const names[] = {"PER", "ORG", "LOC", "MISC", "PER+ORG+LOC", "all"};
    const char *base = strrchr(path, '/');
    printf("%-24s", base ? base + 1 : path);
    for (int row = 0; row < 6; row++) {
        size_t right = 0, got = 0, gold = 0;
        for (int t = 0; t < TYPES; t++)
            if (row == t || row == 5 || (row == 4 && t != MISC)) {
                right += a->right[t];
                got += a->got[t];
                gold += a->gold[t];
            }
        if (row < 4)
            printf(" %s %.3f", names[row],
                   2.0 * (double)right / (double)(got + gold ? got + gold : 1));
        else
            printf("  %s P %.3f R %.3f F1 %.4f", names[row],
                   (double)right / (double)(got ? got : 1),
                   (double)right / (double)(gold ? gold : 1),
                   2.0 * (double)right / (double)(got + gold ? got + gold : 1));
    }
    printf("  %.1f MB/s\n", (double)a->bytes / 1e6 / a->seconds);
}

static void eval(const struct model *m, const char *path)
{
    struct documents docs = {0};
    struct tagger *t = need(tagger_create(m));
    struct mentions mentions;
    struct tally a = {0};
    struct arena arena;

    corpus_read_json(&docs, path);
    arena_init(&arena, 1u << 30);
    if (mentions_init(&mentions))
        die("out of memory");
    int reps = (int)env("REPS", 1);
    for (int rep = 0; rep < reps; rep++)
        for (size_t i = 0; i < docs.n; i++) {
            const struct document *d = &docs.doc[i];
            struct tokens tk = {0};

            tokens_split(&tk, &arena, d->text, 0, d->len);
            for (size_t g = 0; g < d->n_gold; g++)
                a.gold[d->gold[g].type]++;
            for (size_t k = 0; k < tk.n_tokens;) {
                struct timespec x, y;
                clock_gettime(CLOCK_MONOTONIC, &x);
                k += tagger_read(t, d->text, tk.tokens + k, tk.n_tokens - k);
                mentions_read(&mentions, tagger_block(t), tagger_words(t), tagger_labels(t),
                              tagger_margins(t));
                clock_gettime(CLOCK_MONOTONIC, &y);
                a.seconds += (double)(y.tv_sec - x.tv_sec) + 1e-9 * (double)(y.tv_nsec - x.tv_nsec);
                if (rep == reps - 1)
                    compare(&a, d, &mentions, 0);
            }
            a.bytes += d->len;
            arena_reset(&arena);
        }
    for (int k = 0; k < 4; k++)
        a.gold[k] /= (size_t)reps;
    print(path, &a);
    tagger_destroy(t);
}

int main(int argc, char **argv)
{
    struct model m;

    if (argc >= 4 && strcmp(argv[1], "--eval") == 0) {
        map_model(&m, argv[2]);
        for (int i = 3; i < argc; i++)
            eval(&m, argv[i]);
        return 0;
    }
    if (argc < 3)
        die("usage: train_entities DATA OUT [free] | train_entities --eval MODEL GOLD.jsonl...");
    train(argv[1], argv[2], argc > 3 && strcmp(argv[3], "free") == 0);
    return 0;
}
