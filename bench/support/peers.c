/* SPDX-License-Identifier: Apache-2.0
 *
 * bench/support/peers.c - the processes that take part in a measurement.
 */
#include "bench/support/bench.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

static pid_t start(void)
{
    pid_t pid;

    fflush(NULL);
    pid = fork();
    bench_check(pid >= 0, "fork");
    if (pid == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return pid;
}

void bench_kill(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* A port that is free now. */
static void find_address(char *to, size_t room)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    bench_check(bind(fd, (struct sockaddr *)&a, n) == 0, "no port is free");
    getsockname(fd, (struct sockaddr *)&a, &n);
    snprintf(to, room, "tcp://127.0.0.1:%d", ntohs(a.sin_port));
    close(fd);
}

static void find_addresses(struct bench_peer *p)
{
    memset(p, 0, sizeof *p);
    find_address(p->in, sizeof p->in);
    do {
        find_address(p->out, sizeof p->out);
        find_address(p->ack, sizeof p->ack);
    } while (!strcmp(p->in, p->out) || !strcmp(p->in, p->ack) || !strcmp(p->out, p->ack));
}

struct bench_peer bench_start_proxy(void)
{
    struct bench_peer p;

    find_addresses(&p);
    p.pid = start();
    if (p.pid == 0) {
        void *context = zmq_ctx_new();
        void *in = zmq_socket(context, ZMQ_PULL), *out = zmq_socket(context, ZMQ_PUB);

        bench_check(zmq_bind(in, p.in) == 0 && zmq_bind(out, p.out) == 0, "bind");
        zmq_proxy(in, out, NULL);
        _exit(0);
    }
    return p;
}

/* ---- the daemon */

static void write_config(const struct bench_peer *p, const char *file, const char *keys)
{
    FILE *f = fopen(file, "w");

    bench_check(f, "can't write the configuration");
    fprintf(f,
            "{\"endpoints\": {\"pull\": \"%s\", \"ack\": \"%s\", \"publish\": \"%s\", \"replay\": "
            "\"\"},"
            " \"drop_in\": [], %s}\n",
            p->in, p->ack, p->out, keys);
    fclose(f);
}

/* The daemon stands beside the program: build/bench/X, build/glossd. */
static void find_daemon(char *to, size_t room)
{
    ssize_t n = readlink("/proc/self/exe", to, room - 1);

    bench_check(n > 0, "/proc/self/exe");
    to[n] = '\0';
    for (int i = 0; i < 2; i++)
        *strrchr(to, '/') = '\0';
    strncat(to, "/glossd", room - strlen(to) - 1);
}

static bool is_ready(const char *log)
{
    char text[8192];
    int fd = open(log, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);

    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return strstr(text, " ready: ");
}

static void exec_daemon(const char *file, const char *log)
{
    char program[512];
    int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    dup2(fd, 2);
    find_daemon(program, sizeof program);
    execl(program, "glossd", "-c", file, (char *)NULL);
    _exit(127);
}

struct bench_peer bench_start_daemon(const char *keys)
{
    struct bench_peer p;
    char file[128], log[128];
    double began = bench_now();

    find_addresses(&p);
    strcpy(p.folder, "/tmp/gloss-bench-XXXXXX");
    bench_check(mkdtemp(p.folder), "no folder in /tmp");
    snprintf(file, sizeof file, "%s/glossd.json", p.folder);
    snprintf(log, sizeof log, "%s/log", p.folder);
    write_config(&p, file, keys);
    began = bench_now();
    p.pid = start();
    if (p.pid == 0)
        exec_daemon(file, log);
    while (!is_ready(log)) {
        if (waitpid(p.pid, NULL, WNOHANG) != 0) {
            fprintf(stderr, "glossd did not start: see %s\n", log);
            exit(1);
        }
        usleep(500);
    }
    p.ready_ms = (bench_now() - began) * 1000;
    return p;
}

void bench_end(struct bench_peer *p)
{
    char path[128];

    kill(p->pid, p->folder[0] ? SIGTERM : SIGKILL);
    waitpid(p->pid, NULL, 0);
    if (!p->folder[0])
        return;
    snprintf(path, sizeof path, "%s/glossd.json", p->folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/log", p->folder);
    unlink(path);
    rmdir(p->folder);
}

/* ---- the sender */

static void send_part(void *socket, const char *p, size_t n, int more)
{
    bench_check(zmq_send(socket, p, n, more) >= 0, "send");
}

static void send_stamped(void *socket, const struct bench_doc *d, double when)
{
    char head[64];
    int n = snprintf(head, sizeof head, "{\"id\":\"%.0f\"}", when * 1e9);

    send_part(socket, head, (size_t)n, ZMQ_SNDMORE);
    send_part(socket, d->text, d->n_text, 0);
}

static void send_doc(void *socket, const struct bench_doc *d, bool split)
{
    if (split)
        send_part(socket, d->head, d->n_head, ZMQ_SNDMORE);
    send_part(socket, split ? d->text : d->json, split ? d->n_text : d->n_json, 0);
}

/* Sleeps until it is time, but not for less than the clock can do. */
static void sleep_until(double when)
{
    double left = when - bench_now();
    struct timespec t = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};

    if (left > 100e-6)
        nanosleep(&t, NULL);
}

static void run_sender(const char *address, const struct bench_load *load)
{
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_PUSH);
    double began = bench_now();

    prctl(PR_SET_TIMERSLACK, 1UL);
    bench_check(zmq_connect(socket, address) == 0, "connect");
    for (uint64_t i = 0; load->total == 0 || i < load->total; i++) {
        const struct bench_doc *d = &load->docs->doc[i % load->docs->n];
        double when = load->rate > 0 ? began + (double)i / load->rate : began;

        if (load->rate > 0)
            sleep_until(when);
        if (load->stamped)
            send_stamped(socket, d, when);
        else
            send_doc(socket, d, load->split);
    }
    zmq_close(socket);
    zmq_ctx_term(context);
}

pid_t bench_start_sender(const char *address, struct bench_load load)
{
    pid_t pid = start();

    if (pid == 0) {
        run_sender(address, &load);
        _exit(0);
    }
    return pid;
}

/* ---- the subscriber */

struct bench_sub bench_subscribe(const char *address)
{
    struct bench_sub s = {zmq_ctx_new(), NULL};
    int unlimited = 0, patience = 100;

    s.socket = zmq_socket(s.context, ZMQ_SUB);
    zmq_setsockopt(s.socket, ZMQ_SUBSCRIBE, "", 0);
    zmq_setsockopt(s.socket, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
    zmq_setsockopt(s.socket, ZMQ_RCVTIMEO, &patience, sizeof patience);
    bench_check(zmq_connect(s.socket, address) == 0, "connect");
    usleep(200000); /* until the subscription has arrived */
    return s;
}

void bench_unsubscribe(struct bench_sub *s)
{
    int linger = 0;

    zmq_setsockopt(s->socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_close(s->socket);
    zmq_ctx_term(s->context);
}

/* The last part of the next message; false where none came in time, or a beat. */
static bool receive(void *socket, zmq_msg_t *m)
{
    bool beat;

    if (zmq_msg_recv(m, socket, 0) < 0)
        return false;
    beat = zmq_msg_size(m) == 1 && *(char *)zmq_msg_data(m) == '~';
    while (zmq_msg_more(m))
        zmq_msg_recv(m, socket, 0);
    return !beat;
}

double bench_receive(struct bench_sub *s, double seconds,
                     bool (*on_doc)(void *, const char *, size_t), void *owner)
{
    double began = bench_now(), now = began;
    uint64_t n = 0;
    bool more = true;
    zmq_msg_t m;

    zmq_msg_init(&m);
    while (more && now - began < seconds) {
        if (receive(s->socket, &m)) {
            n++;
            more = !on_doc || on_doc(owner, zmq_msg_data(&m), zmq_msg_size(&m));
        }
        if (n % 64 == 0 || on_doc)
            now = bench_now();
    }
    zmq_msg_close(&m);
    return (double)n / (bench_now() - began);
}

/* ---- the client who waits for answers */

/* Answers come in the order in which was sent: the n-th is for the n-th. */
static size_t take_answers(void *socket, double *us, size_t n, size_t sent, double began,
                           double rate)
{
    char answer[512];
    int size;

    while (n < sent && (size = zmq_recv(socket, answer, sizeof answer, ZMQ_DONTWAIT)) >= 0) {
        bench_check(memmem(answer, (size_t)size, "accepted", 8), "a document is not accepted");
        us[n] = (bench_now() - began - (double)n / rate) * 1e6;
        n++;
    }
    return n;
}

double *bench_ask(const char *address, const struct bench_docs *docs, double rate, size_t total)
{
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_DEALER);
    double *us = calloc(total, sizeof *us), began;
    size_t sent = 0, n = 0;

    bench_check(us && zmq_connect(socket, address) == 0, "connect");
    prctl(PR_SET_TIMERSLACK, 1UL);
    began = bench_now();
    while (n < total) {
        double due = sent < total ? began + (double)sent / rate : bench_now() + 1e-3;

        if (bench_now() >= due) {
            const struct bench_doc *d = &docs->doc[sent++ % docs->n];

            send_part(socket, "{}", 2, ZMQ_SNDMORE);
            send_part(socket, d->text, d->n_text, 0);
        } else {
            sleep_until(due); /* not spinning: the processor is the daemon's */
        }
        n = take_answers(socket, us, n, sent, began, rate);
    }
    zmq_close(socket);
    zmq_ctx_term(context);
    return us;
}

/* ---- all of them at once */

struct bench_result bench_measure(struct bench_peer p, struct bench_load load, double warm_up,
                                  double seconds, bool (*on_doc)(void *, const char *, size_t),
                                  void *owner)
{
    struct bench_sub sub = bench_subscribe(p.out);
    pid_t sender = bench_start_sender(p.in, load);
    struct bench_result r;
    double supervisor, workers;

    bench_receive(&sub, warm_up, NULL, NULL);
    supervisor = bench_cpu(p.pid);
    workers = bench_cpu_children(p.pid);
    r.rate = bench_receive(&sub, seconds, on_doc, owner);
    r.supervisor = (bench_cpu(p.pid) - supervisor) / seconds;
    r.workers = (bench_cpu_children(p.pid) - workers) / seconds;
    bench_kill(sender);
    bench_unsubscribe(&sub);
    bench_end(&p);
    return r;
}

double bench_us(const struct bench_result *r, double processors)
{
    return 1e6 * processors / r->rate;
}
