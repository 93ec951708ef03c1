/* SPDX-License-Identifier: Apache-2.0
 *
 * bench/proxy.c - what glossd without plugins moves, against zmq_proxy between the
 * same sender and subscriber: documents of 2 kB, as one part of JSON and as head
 * and text; nothing is kept, as the proxy keeps nothing. Then how long a document takes at half the
 * load it can bear.
 *
 * build/bench/proxy [--rounds=5] [--seconds=2] [--bytes=2000] [--workers=2]
 *                   [--durability=none]
 */
#include "bench/support/bench.h"

#include <stdio.h>
#include <stdlib.h>

enum { WARM_UP = 1, ROUNDS = 99, TIMES = 1 << 20 };

struct times {
    double *us;
    size_t n;
};

static struct bench_result measure(struct bench_peer p, struct bench_load load, double seconds)
{
    return bench_measure(p, load, WARM_UP, seconds, NULL, NULL);
}

/* The document begins with {"id":"NANOSECONDS". */
static bool on_doc(void *owner, const char *doc, size_t n)
{
    struct times *t = owner;

    bench_check(n > 32, "a document too short");
    if (t->n < TIMES)
        t->us[t->n++] = (bench_now() - strtod(doc + 7, NULL) / 1e9) * 1e6;
    return true;
}

static void measure_latency(const char *keys, const struct bench_docs *docs, double rate,
                            double seconds)
{
    struct bench_peer p = bench_start_daemon(keys);
    struct bench_sub sub = bench_subscribe(p.out);
    struct bench_load load = {.docs = docs, .split = true, .stamped = true, .rate = rate};
    struct times t = {malloc(TIMES * sizeof(double)), 0};
    pid_t sender = bench_start_sender(p.in, load);

    bench_receive(&sub, WARM_UP, NULL, NULL);
    bench_receive(&sub, seconds, on_doc, &t);
    bench_kill(sender);
    bench_unsubscribe(&sub);
    bench_end(&p);
    bench_check(t.n > 100, "no documents came");
    bench_median(t.us, t.n);
    printf("latency at %.0f docs/s (%zu documents): p50 %.2f ms, p99 %.2f ms, max %.2f ms\n", rate,
           t.n, t.us[t.n / 2] / 1e3, t.us[t.n / 100 * 99] / 1e3, t.us[t.n - 1] / 1e3);
    free(t.us);
}

int main(int argc, char **argv)
{
    size_t rounds = (size_t)bench_number(argc, argv, "rounds", 5);
    double seconds = bench_number(argc, argv, "seconds", 2);
    struct bench_docs docs = bench_make_docs(64, (size_t)bench_number(argc, argv, "bytes", 2000));
    struct bench_load json = {.docs = &docs}, split = {.docs = &docs, .split = true};
    double proxy[ROUNDS], one[ROUNDS], two[ROUNDS], one_ratio[ROUNDS], two_ratio[ROUNDS];
    char keys[128];

    snprintf(keys, sizeof keys,
             "\"pipeline\": [], \"workers\": %.0f, \"spool\": {\"durability\": \"%s\"}",
             bench_number(argc, argv, "workers", 2),
             bench_option(argc, argv, "durability", "none"));
    bench_check(rounds > 0 && rounds <= ROUNDS, "--rounds is 1 to 99");
    for (size_t i = 0; i < rounds; i++) {
        struct bench_result p = measure(bench_start_proxy(), json, seconds);
        struct bench_result o = measure(bench_start_daemon(keys), json, seconds);
        struct bench_result t = measure(bench_start_daemon(keys), split, seconds);

        proxy[i] = p.rate;
        one[i] = o.rate;
        two[i] = t.rate;
        one_ratio[i] = o.rate / p.rate;
        two_ratio[i] = t.rate / p.rate;
        printf(
            "round %zu: zmq_proxy %.0f/s, glossd JSON %.0f/s (%.3f), head and text %.0f/s (%.3f)\n"
            "  processor, us a document: zmq_proxy %.1f; JSON %.1f + %.1f in workers; head and "
            "text %.1f + %.1f\n",
            i + 1, p.rate, o.rate, one_ratio[i], t.rate, two_ratio[i], bench_us(&p, p.supervisor),
            bench_us(&o, o.supervisor), bench_us(&o, o.workers), bench_us(&t, t.supervisor),
            bench_us(&t, t.workers));
    }
    printf("median: zmq_proxy %.0f/s, JSON %.0f/s, head and text %.0f/s\n",
           bench_median(proxy, rounds), bench_median(one, rounds), bench_median(two, rounds));
    printf("ratio: JSON %.3f (>= 0.12), head and text %.3f (>= 0.30)\n",
           bench_median(one_ratio, rounds), bench_median(two_ratio, rounds));
    measure_latency(keys, &docs, bench_median(two, rounds) / 2, 3 * seconds);
    return 0;
}
