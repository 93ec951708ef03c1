/* SPDX-License-Identifier: Apache-2.0
 *
 * measure.c - see measure.h.
 */
#include "measure.h"

#include "corpus.h"
#include "plugins/entities/mentions.h"
#include "plugins/entities/tagger.h"
#include "text/arena.h"
#include "text/token.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct tally {
    size_t right[TYPES], got[TYPES], gold[TYPES];
    double seconds;
    size_t bytes;
};

static const char *const names[] = {"PER", "ORG", "LOC", "MISC", "named", "all"};

static void map_model(struct model *m, const char *path)
{
    int fd = open(path, O_RDONLY);
    struct stat st;
    const char *wrong;
    void *p;

    if (fd < 0 || fstat(fd, &st))
        die("can't read %s", path);
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    wrong = p == MAP_FAILED ? "it can't be mapped" : model_open(m, p, (size_t)st.st_size);
    if (wrong)
        die("%s: %s", path, wrong);
    close(fd);
}

static int same(const struct gold *g, const struct mention *x)
{
    return g->begin == x->span.begin && g->end == x->span.end && g->type == x->type;
}

static void show(const char *what, int type, const struct document *d, size_t begin, size_t end)
{
    enum { AROUND = 50 };
    size_t from = begin > AROUND ? begin - AROUND : 0;
    size_t to = end + AROUND < d->len ? end + AROUND : d->len;

    printf("%s %s [%.*s] in ", what, names[type], (int)(end - begin), d->text + begin);
    for (size_t i = from; i < to; i++)
        putchar(d->text[i] == '\n' ? ' ' : d->text[i]);
    putchar('\n');
}

static void compare(struct tally *a, const struct document *d, const struct mentions *m, int errors)
{
    uint8_t *found = need(calloc(d->n_gold + 1, 1));

    for (size_t k = 0; k < m->n; k++) {
        const struct mention *x = &m->list[k];
        size_t i = 0;

        while (i < d->n_gold && !same(&d->gold[i], x))
            i++;
        a->got[x->type]++;
        if (i < d->n_gold) {
            a->right[x->type]++;
            found[i] = 1;
        } else if (errors) {
            show("wrong ", x->type, d, x->span.begin, x->span.end);
        }
    }
    for (size_t i = 0; i < d->n_gold; i++) {
        a->gold[d->gold[i].type]++;
        if (errors && !found[i])
            show("missed", d->gold[i].type, d, d->gold[i].begin, d->gold[i].end);
    }
    free(found);
}

static void print(const char *path, const struct tally *a)
{
    const char *base = strrchr(path, '/');

    printf("%-26s", base ? base + 1 : path);
    for (int row = 0; row < TYPES + 2; row++) {
        size_t right = 0, got = 0, gold = 0;

        for (int t = 0; t < TYPES; t++)
            if (row == t || row == TYPES + 1 || (row == TYPES && t != MISC)) {
                right += a->right[t];
                got += a->got[t];
                gold += a->gold[t];
            }
        if (row >= TYPES)
            printf("  P %.3f R %.3f", (double)right / (double)(got + !got),
                   (double)right / (double)(gold + !gold));
        printf(" %s %.4f", names[row], 2.0 * (double)right / (double)(got + gold + !(got + gold)));
    }
    printf("  %.1f MB/s\n", (double)a->bytes / 1e6 / a->seconds);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void read_document(struct tagger *t, struct mentions *m, const struct document *d,
                          struct arena *arena, struct tally *a, int errors)
{
    struct tokens tokens = {0};

    if (tokens_split(&tokens, arena, d->text, 0, d->len))
        die("a document too large to split");
    for (size_t k = 0; k < tokens.n_tokens;) {
        double begin = now();

        k += tagger_read(t, d->text, tokens.tokens + k, tokens.n_tokens - k);
        mentions_read(m, tagger_block(t), tagger_words(t), tagger_labels(t), tagger_margins(t));
        a->seconds += now() - begin;
        compare(a, d, m, errors);
    }
    a->bytes += d->len;
    arena_reset(arena);
}

static void measure_file(const struct model *model, const char *path, int errors)
{
    struct documents docs = {0};
    struct tagger *t = need(tagger_create(model));
    struct mentions m;
    struct tally a = {0};
    struct arena arena;

    corpus_read_json(&docs, path);
    arena_init(&arena, (size_t)1 << 30);
    if (mentions_init(&m))
        die("out of memory");
    for (size_t i = 0; i < docs.n; i++)
        read_document(t, &m, &docs.doc[i], &arena, &a, errors);
    print(path, &a);
    mentions_finish(&m);
    arena_finish(&arena);
    tagger_destroy(t);
}

void measure_files(const char *model, char **files, int n, int errors)
{
    struct model m;

    map_model(&m, model);
    for (int i = 0; i < n; i++)
        measure_file(&m, files[i], errors);
}
