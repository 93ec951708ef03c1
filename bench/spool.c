/* SPDX-License-Identifier: Apache-2.0
 *
 * bench/spool.c - what it costs that nothing is lost: the full pipeline with no spool, with one
 * in memory and with one on disk, in turns; how long the answers to acknowledged documents take
 * at half of that load; how soon a start with many pending documents publishes.
 *
 * build/bench/spool [--rounds=5] [--seconds=5] [--pending=100000] [--data=../shared/data]
 *                   [--folder=/var/tmp]
 */
#include "bench/support/bench.h"
#include "spool/spool_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WARM_UP = 2, ROUNDS = 99, WAYS = 3, STEP = 1000, ASKED = 60000, STARTS = 5 };

/* A folder on a disk for the spool, and the keys of a daemon that uses it. */
struct place {
    char folder[128], file[160], keys[256];
};

static struct place make_place(int argc, char **argv)
{
    struct place p;

    snprintf(p.folder, sizeof p.folder, "%s/gloss-bench-XXXXXX",
             bench_option(argc, argv, "folder", "/var/tmp"));
    bench_check(mkdtemp(p.folder), "no folder for the spool");
    snprintf(p.file, sizeof p.file, "%s/spool.db", p.folder);
    snprintf(p.keys, sizeof p.keys,
             "\"workers\": 2, \"spool\": {\"durability\": \"commit\", \"path\": \"%s\"}", p.file);
    return p;
}

static void clear(const struct place *p)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    char path[192];

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(path, sizeof path, "%s%s", p->file, ends[i]);
        unlink(path);
    }
}

/* ---- throughput */

static double measure_rates(const struct bench_docs *docs, const struct place *place, size_t rounds,
                            double seconds)
{
    const char *keys[WAYS] = {"\"workers\": 2, \"spool\": {\"durability\": \"none\"}",
                              "\"workers\": 2, \"spool\": {\"durability\": \"memory\"}",
                              place->keys};
    const struct bench_load load = {.docs = docs};
    double rate[WAYS][ROUNDS], ratio[WAYS][ROUNDS];

    for (size_t i = 0; i < rounds; i++) {
        struct bench_result r[WAYS];

        for (size_t k = 0; k < WAYS; k++) {
            r[k] = bench_measure(bench_start_daemon(keys[k]), load, WARM_UP, seconds, NULL, NULL);
            clear(place);
            rate[k][i] = r[k].rate;
            ratio[k][i] = r[k].rate / r[0].rate;
        }
        printf(
            "round %zu: none %.0f/s, memory %.0f/s (%.3f), commit %.0f/s (%.3f)\n"
            "  processor, us a document, supervisor and workers: %.0f + %.0f, %.0f + %.0f, %.0f + "
            "%.0f\n",
            i + 1, r[0].rate, r[1].rate, ratio[1][i], r[2].rate, ratio[2][i],
            bench_us(&r[0], r[0].supervisor), bench_us(&r[0], r[0].workers),
            bench_us(&r[1], r[1].supervisor), bench_us(&r[1], r[1].workers),
            bench_us(&r[2], r[2].supervisor), bench_us(&r[2], r[2].workers));
    }
    printf("median: none %.0f/s, memory %.0f/s (%.3f), commit %.0f/s (%.3f, >= 0.95)\n",
           bench_median(rate[0], rounds), bench_median(rate[1], rounds),
           bench_median(ratio[1], rounds), bench_median(rate[2], rounds),
           bench_median(ratio[2], rounds));
    return bench_median(rate[2], rounds);
}

/* ---- answers */

static void measure_answers(const struct bench_docs *docs, const struct place *place, double rate,
                            double seconds)
{
    struct bench_peer p = bench_start_daemon(place->keys);
    size_t n = rate * seconds < ASKED ? (size_t)(rate * seconds) : ASKED;
    double *us = bench_ask(p.ack, docs, rate, n);

    bench_end(&p);
    clear(place);
    bench_median(us, n);
    printf("acknowledged on disk, at %.0f docs/s (%zu documents): p50 %.2f ms, p99 %.2f ms (< 20), "
           "max "
           "%.2f ms\n",
           rate, n, us[n / 2] / 1e3, us[n / 100 * 99] / 1e3, us[n - 1] / 1e3);
    free(us);
}

/* ---- a start with much to do */

static void accept(struct spool_db *db, const struct bench_doc *d, uint64_t ticket)
{
    char id[32];
    struct spool_doc kept = {.ticket = ticket, .form = SPOOL_JSON, .received_ms = 1};
    struct fault f;

    snprintf(id, sizeof id, "%llu", (unsigned long long)ticket);
    kept.id = (struct slice){id, strlen(id)};
    kept.made_id = true;
    kept.head = (struct slice){d->json, d->n_json};
    bench_check(spool_db_accept(db, &kept, &f) == SPOOL_OK, "accept");
}

static void fill(const struct bench_docs *docs, const char *file, uint64_t pending)
{
    struct fault f;
    struct spool_db *db = spool_db_open(file, &f);

    bench_check(db, "can't make the spool");
    for (uint64_t i = 0; i < pending; i++) {
        if (i % STEP == 0)
            bench_check(spool_db_begin(db, &f) == SPOOL_OK, "begin");
        accept(db, &docs->doc[i % docs->n], i + 1);
        if (i % STEP == STEP - 1 || i + 1 == pending)
            bench_check(spool_db_commit(db, &f) == SPOOL_OK, "commit");
    }
    spool_db_close(db);
}

static bool on_first(void *owner, const char *doc, size_t n)
{
    (void)doc;
    (void)n;
    *(double *)owner = bench_now();
    return false;
}

static void measure_start(const struct bench_docs *docs, const struct place *place,
                          uint64_t pending)
{
    double ms[STARTS];

    for (size_t i = 0; i < STARTS; i++) {
        struct bench_peer p;
        struct bench_sub sub;
        double first = 0, began;

        fill(docs, place->file, pending);
        began = bench_now();
        p = bench_start_daemon(place->keys);
        sub = bench_subscribe(p.out);
        bench_receive(&sub, 60, on_first, &first);
        bench_check(first > 0, "nothing came");
        ms[i] = 1e3 * (first - began);
        bench_unsubscribe(&sub);
        bench_kill(p.pid);
        bench_end(&p);
        clear(place);
    }
    bench_median(ms, STARTS);
    printf("a start with %llu pending documents: the first is received after %.0f ms (< 1000), at "
           "most %.0f ms\n",
           (unsigned long long)pending, ms[STARTS / 2], ms[STARTS - 1]);
}

int main(int argc, char **argv)
{
    size_t rounds = (size_t)bench_number(argc, argv, "rounds", 5);
    double seconds = bench_number(argc, argv, "seconds", 5), rate;
    struct place place = make_place(argc, argv);
    struct bench_docs docs;
    char file[512];

    bench_check(rounds > 0 && rounds <= ROUNDS, "--rounds is 1 to 99");
    snprintf(file, sizeof file, "%s/articles/throughput-en.jsonl",
             bench_option(argc, argv, "data", "../shared/data"));
    docs = bench_load_docs(file);
    measure_start(&docs, &place, (uint64_t)bench_number(argc, argv, "pending", 100000));
    rate = measure_rates(&docs, &place, rounds, seconds);
    measure_answers(&docs, &place, rate / 2, 2 * seconds);
    rmdir(place.folder);
    return 0;
}
