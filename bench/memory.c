/* SPDX-License-Identifier: Apache-2.0
 *
 * bench/memory.c - does memory stay flat over a million documents? Short ones
 * (and each hundredth long), so that it does not take the night; through all plugins.
 *
 * build/bench/memory [--documents=1000000] [--bytes=200]
 */
#include "bench/support/bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { STEPS = 10, DOCS = 100 };

struct counter {
    uint64_t n, until;
};

static bool on_doc(void *owner, const char *doc, size_t n)
{
    struct counter *c = owner;

    (void)doc;
    (void)n;
    return ++c->n < c->until;
}

static double megabytes(pid_t pid)
{
    return (double)bench_memory(pid, "Rss") / (1 << 20);
}

int main(int argc, char **argv)
{
    uint64_t documents = (uint64_t)bench_number(argc, argv, "documents", 1000000);
    size_t bytes = (size_t)bench_number(argc, argv, "bytes", 200);
    struct bench_docs docs = bench_make_docs(DOCS, bytes);
    struct bench_docs large = bench_make_docs(1, 100 * bytes);
    struct bench_peer p = bench_start_daemon("\"workers\": 2");
    struct bench_sub sub = bench_subscribe(p.out);
    struct counter c = {0};
    pid_t sender, child[2];
    double first[3] = {0}, worst = 0;

    bench_check(bench_children(p.pid, child, 2) == 2, "two workers");
    docs.doc[0] = large.doc[0];
    sender = bench_start_sender(p.in, (struct bench_load){.docs = &docs, .total = documents});
    for (int step = 1; step <= STEPS; step++) {
        double now[3], seconds = bench_now();

        c.until = documents / STEPS * (uint64_t)step;
        bench_receive(&sub, 3600, on_doc, &c);
        seconds = bench_now() - seconds;
        for (int i = 0; i < 3; i++) {
            now[i] = megabytes(i ? child[i - 1] : p.pid);
            if (step == 1)
                first[i] = now[i];
            if (now[i] / first[i] > worst)
                worst = now[i] / first[i];
        }
        printf("%8" PRIu64 " documents (%.0f/s): supervisor %.1f MB, workers %.1f and %.1f MB\n",
               c.n, (double)documents / STEPS / seconds, now[0], now[1], now[2]);
        fflush(stdout);
    }
    printf("most, against the first tenth: %.3f (<= 1.05)\n", worst);
    bench_kill(sender);
    bench_unsubscribe(&sub);
    bench_end(&p);
    return 0;
}
