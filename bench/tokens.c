/* SPDX-License-Identifier: Apache-2.0
 *
 * tokens.c - how fast text is parted into tokens and sentences, on one core, beside
 * copying the same bytes and looking at each of them once; and whether it is linear
 * on text made to be hard: 10 MB must take ten times what 1 MB takes.
 *
 * usage: build/bench/tokens [--file=FILE.jsonl]    else ../shared/data/articles/throughput-en.jsonl
 */
#include "bench/support/bench.h"
#include "text/arena.h"
#include "text/token.h"
#include "text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 15 };

/* The texts of a file, one after another, and where each ends. */
struct texts {
    char *bytes, *copy;
    size_t *ends;
    size_t n, len;
};

/* CPU time: what else the machine does does not count. */
static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct texts read_texts(const char *path)
{
    struct bench_docs docs = bench_load_docs(path);
    struct texts t = {NULL, NULL, malloc(docs.n * sizeof(size_t)), docs.n, 0};

    for (size_t i = 0; i < docs.n; i++)
        t.len += docs.doc[i].n_text;
    t.bytes = malloc(t.len);
    t.copy = malloc(t.len);
    bench_check(t.bytes && t.copy && t.ends, "no memory");
    t.len = 0;
    for (size_t i = 0; i < docs.n; i++) {
        memcpy(t.bytes + t.len, docs.doc[i].text, docs.doc[i].n_text);
        t.ends[i] = t.len += docs.doc[i].n_text;
    }
    return t;
}

static size_t split(const struct texts *t)
{
    struct arena a;
    size_t begin = 0, n = 0;

    arena_init(&a, SIZE_MAX);
    for (size_t i = 0; i < t->n; i++) {
        struct tokens tokens = {0};
        tokens_split(&tokens, &a, t->bytes, begin, t->ends[i]);
        n += tokens.n_tokens;
        begin = t->ends[i];
        arena_reset(&a);
    }
    arena_finish(&a);
    return n;
}

static size_t copy(const struct texts *t)
{
    memcpy(t->copy, t->bytes, t->len);
    return (unsigned char)t->copy[t->len / 2];
}

static size_t spaces(const struct texts *t)
{
    size_t n = 0;

    for (size_t i = 0; i < t->len; i++)
        n += t->bytes[i] == ' ';
    return n;
}

static size_t check(const struct texts *t)
{
    return utf8_check(t->bytes, t->len);
}

/* The best of ROUNDS, in MB/s. */
static double speed(size_t (*run)(const struct texts *), const struct texts *t)
{
    volatile size_t sink;
    double best = 1e9;

    for (int i = 0; i < ROUNDS; i++) {
        double begin = now(), took;
        sink = run(t);
        took = now() - begin;
        best = took < best ? took : best;
    }
    (void)sink;
    return (double)t->len / 1e6 / best;
}

/* Text of one thing again and again, n bytes of it and a little more. */
static struct texts repeat(const char *part, size_t n)
{
    size_t len = strlen(part);
    struct texts t = {malloc(n + len), NULL, malloc(sizeof(size_t)), 1, 0};

    bench_check(t.bytes && t.ends, "no memory");
    for (; t.len < n; t.len += len)
        memcpy(t.bytes + t.len, part, len);
    t.ends[0] = t.len;
    return t;
}

static double speed_of(const char *part, size_t n)
{
    struct texts t = repeat(part, n);
    double best = 0;

    for (int i = 0; i < 3; i++) {
        double begin = now(), took;
        split(&t);
        took = now() - begin;
        if ((double)t.len / 1e6 / took > best)
            best = (double)t.len / 1e6 / took;
    }
    free(t.bytes);
    free(t.ends);
    return best;
}

static void hard_texts(void)
{
    static const struct {
        const char *name, *part;
    } texts[] = {
        {"one letter", "a"},
        {"letters alone", "a "},
        {"full stops", "."},
        {"initials", "A."},
        {"U. S. U. S.", "U. S. "},
        {"quotes", "\""},
        {"closing quotes", ".\" "},
        {"brackets", "("},
        {"at signs", "a@"},
        {"domains that are none", "ab.cd."},
        {"www.", "www."},
        {"schemes", "http://"},
        {"hyphens", "a-"},
        {"apostrophes", "a'"},
        {"combining marks", "\xCC\x81"},
        {"soft hyphens", "\xC2\xAD"},
        {"joiners", "\xE2\x80\x8D"},
        {"emoji", "\xF0\x9F\x98\x80\xE2\x80\x8D"},
        {"Chinese", "\xE4\xB8\xAD\xE6\x96\x87"},
        {"Thai", "\xE0\xB9\x80\xE0\xB8\x81"},
        {"short lines", "a\n"},
        {"blank lines", "\n"},
        {"spaces", " "},
    };

    printf("\n10 MB of             MB/s   of 1 MB\n");
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        double big = speed_of(texts[i].part, 10000000), small = speed_of(texts[i].part, 1000000);
        printf("%-22s %5.0f %9.2f\n", texts[i].name, big, big / small);
    }
}

int main(int argc, char **argv)
{
    struct texts t =
        read_texts(bench_option(argc, argv, "file", "../shared/data/articles/throughput-en.jsonl"));
    double tokens = speed(split, &t), memory = speed(copy, &t), plain = speed(spaces, &t);

    printf("%zu documents, %.1f MB, %zu tokens; best of %d rounds, one core\n", t.n,
           (double)t.len / 1e6, split(&t), ROUNDS);
    printf("tokens and sentences %8.0f MB/s\n", tokens);
    printf("UTF-8 check          %8.0f MB/s\n", speed(check, &t));
    printf("memcpy               %8.0f MB/s, ratio %.4f\n", memory, tokens / memory);
    printf("counting spaces      %8.0f MB/s, ratio %.4f\n", plain, tokens / plain);
    free(t.bytes);
    free(t.copy);
    free(t.ends);
    hard_texts();
    return 0;
}
