/* SPDX-License-Identifier: Apache-2.0
 *
 * bench/pipeline.c - glossd with its four plugins on real news: documents a
 * second over the sockets, what of the processor is not the plugins', two workers
 * against one, the time to start, the memory workers share, and a document of
 * 10 MB against one of 1 MB.
 *
 * build/bench/pipeline [--rounds=3] [--seconds=5] [--data=../shared/data]
 *                      [--durability=memory]
 */
#include "bench/support/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WARM_UP = 2, ROUNDS = 99, SIZES = 4 };

/* The time workers spent on the documents that came, and plugins of it. */
struct spent {
    double worker_us, plugins_us;
};

/* Adds up "worker_us":310,"plugins":{"language":21,..}, the last of that name. */
static bool on_doc(void *owner, const char *doc, size_t n)
{
    static const char key[] = "\"worker_us\":";
    struct spent *s = owner;
    const char *p = doc + n;
    char *end;

    while (--p > doc && memcmp(p, key, sizeof key - 1) != 0)
        ;
    s->worker_us += strtod(p + sizeof key - 1, &end);
    for (p = strchr(end, '{'); *p != '}'; p = end) {
        p = strchr(p, ':');
        s->plugins_us += strtod(p + 1, &end);
    }
    return true;
}

/* Of both that is not the plugins'. They are timed by the clock on the wall, which also runs while
 * a worker has to wait for a processor: so their part of the workers' time counts, not the sum. */
static double not_plugins(const struct bench_result *r, const struct spent *spent)
{
    return 1 - r->workers * spent->plugins_us / spent->worker_us / (r->supervisor + r->workers);
}

static void measure_rate(const struct bench_docs *docs, const char *durability, size_t rounds,
                         double seconds)
{
    const struct bench_load load = {.docs = docs};
    double one[ROUNDS], two[ROUNDS], gain[ROUNDS], rest[ROUNDS];
    char keys[2][96];

    for (int k = 0; k < 2; k++)
        snprintf(keys[k], sizeof keys[k], "\"workers\": %d, \"spool\": {\"durability\": \"%s\"}",
                 k + 1, durability);
    for (size_t i = 0; i < rounds; i++) {
        struct spent spent = {0};
        struct bench_result a =
            bench_measure(bench_start_daemon(keys[0]), load, WARM_UP, seconds, NULL, NULL);
        struct bench_result b =
            bench_measure(bench_start_daemon(keys[1]), load, WARM_UP, seconds, on_doc, &spent);

        one[i] = a.rate;
        two[i] = b.rate;
        gain[i] = b.rate / a.rate;
        rest[i] = not_plugins(&b, &spent);
        printf("round %zu: one worker %.0f/s, two %.0f/s (%.2f); not the plugins' %.1f %%; "
               "processors: supervisor %.2f, workers %.2f\n",
               i + 1, a.rate, b.rate, gain[i], 100 * rest[i], b.supervisor, b.workers);
    }
    printf("median: one worker %.0f/s, two %.0f/s (>= 3000), gain %.2f (>= 1.8), "
           "not the plugins' %.1f %% (<= 15)\n",
           bench_median(one, rounds), bench_median(two, rounds), bench_median(gain, rounds),
           100 * bench_median(rest, rounds));
}

static void measure_start(void)
{
    double ms[9];
    pid_t child[8];

    for (size_t i = 0; i < 9; i++) {
        struct bench_peer p = bench_start_daemon("\"workers\": 2");

        ms[i] = p.ready_ms;
        bench_end(&p);
    }
    printf("start to ready: %.0f ms (< 200)\n", bench_median(ms, 9));
    for (uint32_t workers = 1; workers <= 4; workers *= 2) {
        char keys[32];
        struct bench_peer p;
        double rss = 0, pss = 0;
        size_t n;

        snprintf(keys, sizeof keys, "\"workers\": %u", workers);
        p = bench_start_daemon(keys);
        n = bench_children(p.pid, child, 8);
        for (size_t i = 0; i < n; i++) {
            rss += (double)bench_memory(child[i], "Rss") / (1 << 20);
            pss += (double)bench_memory(child[i], "Pss") / (1 << 20);
        }
        printf("%zu workers: resident %.1f MB, proportional %.1f MB in all\n", n, rss, pss);
        bench_end(&p);
    }
}

/* Notes whether a plugin gave up: then the time says nothing. */
static bool on_one(void *owner, const char *doc, size_t n)
{
    static const char key[] = "\"errors\":[";
    const char **note = owner;

    if (memmem(doc, n, key, sizeof key - 1))
        *note = ", but a plugin gave up";
    return false;
}

/* A document made of the others' texts. */
static struct bench_doc join(const struct bench_docs *docs, size_t bytes)
{
    static char head[] = "{}";
    struct bench_doc d = {.head = head, .n_head = 2, .text = malloc(bytes)};

    bench_check(d.text, "no memory");
    for (size_t i = 0; d.n_text < bytes; i = (i + 1) % docs->n) {
        size_t n = docs->doc[i].n_text;

        if (n + 1 > bytes - d.n_text)
            break;
        memcpy(d.text + d.n_text, docs->doc[i].text, n);
        d.text[d.n_text + n] = '\n';
        d.n_text += n + 1;
    }
    return d;
}

/* With more time than 10 MB need, while others keep the processor busy. */
static const char patient[] =
    "\"workers\": 1, \"pipeline\": [{\"plugin\": \"language\", \"timeout_ms\": 60000}, "
    "{\"plugin\": \"dateline\", \"timeout_ms\": 60000}, "
    "{\"plugin\": \"entities\", \"timeout_ms\": 60000}, "
    "{\"plugin\": \"sentiment\", \"timeout_ms\": 60000}]";

static void measure_size(const struct bench_docs *docs)
{
    static const size_t mb[SIZES] = {1, 2, 5, 10};
    struct bench_peer p = bench_start_daemon(patient);
    struct bench_sub sub = bench_subscribe(p.out);

    for (size_t i = 0; i < SIZES; i++) {
        struct bench_doc d = join(docs, mb[i] << 20);
        struct bench_docs just = {&d, 1};
        const char *note = "";
        double times[3];

        for (size_t k = 0; k < 3; k++) {
            pid_t sender;

            times[k] = bench_now();
            sender = bench_start_sender(
                p.in, (struct bench_load){.docs = &just, .split = true, .total = 1});
            bench_receive(&sub, 100, on_one, &note);
            times[k] = bench_now() - times[k];
            bench_kill(sender);
        }
        printf("a document of %zu MB: %.0f ms, %.1f ms/MB%s\n", mb[i], 1e3 * bench_median(times, 3),
               1e3 * times[1] / (double)d.n_text * (1 << 20), note);
        free(d.text);
    }
    bench_unsubscribe(&sub);
    bench_end(&p);
}

int main(int argc, char **argv)
{
    size_t rounds = (size_t)bench_number(argc, argv, "rounds", 3);
    char file[512];
    struct bench_docs docs;

    bench_check(rounds > 0 && rounds <= ROUNDS, "--rounds is 1 to 99");
    snprintf(file, sizeof file, "%s/articles/throughput-en.jsonl",
             bench_option(argc, argv, "data", "../shared/data"));
    docs = bench_load_docs(file);
    measure_start();
    measure_size(&docs);
    measure_rate(&docs, bench_option(argc, argv, "durability", "memory"), rounds,
                 bench_number(argc, argv, "seconds", 5));
    return 0;
}
