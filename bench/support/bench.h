/* SPDX-License-Identifier: Apache-2.0
 *
 * bench/support/bench.h - what the measurements of the daemon share: a daemon of
 * their own, a proxy, a sender and a subscriber, each a process. The hard
 * rule: whatever is compared goes through the same sender and subscriber.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

double bench_now(void);                        /* seconds */
double bench_median(double *values, size_t n); /* sorts them */

/* Ends with a message where something that must work does not. */
void bench_check(bool good, const char *what);

/* The value of `--name=value` among the arguments, or fallback. */
const char *bench_option(int argc, char **argv, const char *name, const char *fallback);
double bench_number(int argc, char **argv, const char *name, double fallback);

/* ---- documents */

struct bench_doc {
    char *json, *head, *text; /* the same as one part and as two; head may be NULL */
    size_t n_json, n_head, n_text;
};

struct bench_docs {
    struct bench_doc *doc;
    size_t n;
};

/* n documents of this many bytes, made up. */
struct bench_docs bench_make_docs(size_t n, size_t bytes);

/* One a line of a file; with heads where they have {"id", "title", "text", ..}. */
struct bench_docs bench_load_docs(const char *file);

/* ---- processes; all end with bench_end or with this one */

struct bench_peer {
    pid_t pid;
    char in[64], out[64]; /* where it listens for PUSH and for SUB */
    char ack[64];         /* and, if it is a daemon, for DEALER */
    char folder[64];
    double ready_ms; /* from its start until it was ready */
};

/* zmq_proxy between PULL and PUB. */
struct bench_peer bench_start_proxy(void);

/* glossd with these keys of the configuration beside the endpoints: `"workers": 2, ..`. */
struct bench_peer bench_start_daemon(const char *keys);
void bench_end(struct bench_peer *p);

/* Sends documents round and round, as one part or two; rate a second, 0: as fast as it goes.
 * stamped: as {"id":"NANOSECONDS","text":..}, the time at which it should have been sent.
 * total: then ends; 0: until killed. */
struct bench_load {
    const struct bench_docs *docs;
    bool split, stamped;
    double rate;
    uint64_t total;
};
pid_t bench_start_sender(const char *address, struct bench_load load);
void bench_kill(pid_t pid);

/* CPU seconds so far of a process, and of the processes it started. */
double bench_cpu(pid_t pid);
double bench_cpu_children(pid_t pid);
size_t bench_memory(pid_t pid, const char *key); /* bytes, of smaps_rollup: "Rss", "Pss" */
size_t bench_children(pid_t pid, pid_t *to, size_t room);

/* ---- the subscriber */

struct bench_sub {
    void *context, *socket;
};
struct bench_sub bench_subscribe(const char *address);
void bench_unsubscribe(struct bench_sub *s);

/* Calls on_doc for each document that comes within the seconds, until it gives
 * false; the number of them a second. */
double bench_receive(struct bench_sub *s, double seconds,
                     bool (*on_doc)(void *, const char *, size_t), void *owner);

/* ---- all of them at once */

struct bench_result {
    double rate;                /* documents a second */
    double supervisor, workers; /* of a processor */
};

/* What of the load reaches a subscriber of p, which ends, within the seconds after those to warm
 * up; each document is given to on_doc, where that is not NULL. */
struct bench_result bench_measure(struct bench_peer p, struct bench_load load, double warm_up,
                                  double seconds, bool (*on_doc)(void *, const char *, size_t),
                                  void *owner);

/* Microseconds of a processor for each document. */
double bench_us(const struct bench_result *r, double processors);

/* ---- the client who waits for answers */

/* Sends documents at a rate, and gives how long the answers took, in microseconds from the time
 * a document should have been sent. Free with free(). */
double *bench_ask(const char *address, const struct bench_docs *docs, double rate, size_t total);

#endif
