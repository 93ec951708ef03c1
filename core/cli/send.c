/* SPDX-License-Identifier: Apache-2.0
 *
 * send.c - `gloss send`: documents to the daemon, each acknowledged. The hard
 * rule: it ends only when every document has its answer, or says which have not.
 */
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/pending.h"
#include "cli/progress.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

static const char help[] =
    "usage: gloss send [OPTION]... [FILE|-]...\n"
    "Sends documents to glossd and waits until each is accepted or rejected.\n"
    "A FILE holds NDJSON (one document a line), one JSON document over many lines, or\n"
    "one document as plain text;\n"
    "without FILE, or where it is -, standard input is read.\n\n"
    "  -c, --config FILE      the daemon's configuration, for its endpoint\n"
    "  -e, --endpoint ADDR    the endpoint itself (default tcp://127.0.0.1:7102)\n"
    "  -w, --window N         documents under way without an answer (default 100)\n"
    "  -t, --timeout SECONDS  how long to wait for an answer (default 30)\n"
    "  -v, --verbose          print each answer on standard output\n"
    "  -q, --quiet            no progress line, no summary\n"
    "  -h, --help             this text\n\n"
    "Exit status: 0 all accepted, 1 a document was rejected or had no answer,\n"
    "2 wrong usage or configuration.\n";

struct send {
    void *context, *socket;
    struct pending pending;
    struct progress progress;
    const char *endpoint;
    size_t window;
    long timeout_ms;
    bool verbose, quiet;
    uint64_t accepted, rejected;
};

static void say_rejected(struct send *s, const struct pending_doc *d, const json_t *reply)
{
    const json_t *error = json_object_get(reply, "error");
    const char *code = json_string_value(json_object_get(error, "code"));
    const char *message = json_string_value(json_object_get(error, "message"));

    progress_clear(&s->progress);
    input_say("send", d->name, d->line, code ? code : "rejected",
              message ? message : "the daemon gave no reason");
    s->rejected++;
}

static bool take_reply(struct send *s, const char *text, size_t n)
{
    json_t *reply = json_loadb(text, n, JSON_ALLOW_NUL, NULL);
    const char *status = json_string_value(json_object_get(reply, "status"));
    const char *id = json_string_value(json_object_get(reply, "id"));
    struct pending_doc d;

    if (!reply || !pending_take(&s->pending, id, &d)) {
        json_decref(reply);
        progress_clear(&s->progress);
        cli_error(0, "send", "%s answers what was not asked: is it glossd's ack endpoint?",
                  s->endpoint);
        return false;
    }
    if (status && !strcmp(status, "rejected"))
        say_rejected(s, &d, reply);
    else
        s->accepted++;
    if (s->verbose)
        printf("%.*s\n", (int)n, text);
    progress_step(&s->progress, d.bytes);
    pending_doc_finish(&d);
    json_decref(reply);
    return true;
}

/* Waits for one answer. */
static bool receive(struct send *s)
{
    zmq_msg_t m;
    bool more = true, good = true;

    zmq_msg_init(&m);
    while (more && good) {
        if (zmq_msg_recv(&m, s->socket, 0) < 0) {
            progress_clear(&s->progress);
            cli_error(0, "send", "no answer from %s within %ld s; is glossd running there?",
                      s->endpoint, s->timeout_ms / 1000);
            good = false;
            break;
        }
        more = zmq_msg_more(&m);
        if (!more)
            good = take_reply(s, zmq_msg_data(&m), zmq_msg_size(&m));
    }
    zmq_msg_close(&m);
    return good;
}

static void say_unsent(struct send *s, const struct input *in, int why)
{
    progress_clear(&s->progress);
    if (why == EAGAIN)
        cli_error(0, "send", "%s takes no document within %ld s; is glossd running there?",
                  s->endpoint, s->timeout_ms / 1000);
    else
        input_say("send", in->name, in->line, "not sent", zmq_strerror(why));
}

/* An empty frame stands between envelope and document, as REQ sends it. */
static bool send_one(struct send *s, const struct input *in)
{
    if (zmq_send(s->socket, "", 0, ZMQ_SNDMORE) < 0 ||
        zmq_send(s->socket, in->text, in->n, 0) < 0) {
        say_unsent(s, in, errno);
        return false;
    }
    return pending_add(&s->pending, in);
}

static void say_unanswered(struct send *s)
{
    struct pending_doc d;
    size_t n = 0;

    while (pending_take(&s->pending, NULL, &d)) {
        if (n++ < 10)
            input_say("send", d.name, d.line, "no answer", "the daemon may have it, or not");
        pending_doc_finish(&d);
    }
    if (n > 10)
        cli_error(0, "send", "and %zu more without an answer", n - 10);
}

static int send_all(struct send *s, struct input *in)
{
    bool good = true;

    while (good && input_next(in)) {
        good = send_one(s, in);
        while (good && s->pending.n >= s->window)
            good = receive(s);
    }
    while (good && s->pending.n)
        good = receive(s);
    progress_clear(&s->progress);
    say_unanswered(s);
    if (!s->quiet)
        fprintf(stderr, "%llu accepted, %llu rejected, %.1f s\n", (unsigned long long)s->accepted,
                (unsigned long long)s->rejected + in->refused, progress_seconds(&s->progress));
    return good && !s->rejected && !in->failed && !in->refused ? CLI_OK : CLI_FAILED;
}

static int send_connected(struct send *s, struct input *in)
{
    int timeout = (int)s->timeout_ms, linger = 0, status;

    s->context = zmq_ctx_new();
    s->socket = zmq_socket(s->context, ZMQ_DEALER);
    zmq_setsockopt(s->socket, ZMQ_RCVTIMEO, &timeout, sizeof timeout);
    zmq_setsockopt(s->socket, ZMQ_SNDTIMEO, &timeout, sizeof timeout);
    zmq_setsockopt(s->socket, ZMQ_LINGER, &linger, sizeof linger);
    if (zmq_connect(s->socket, s->endpoint))
        status =
            cli_error(CLI_USAGE, "send", "endpoint \"%s\": %s", s->endpoint, zmq_strerror(errno));
    else
        status = send_all(s, in);
    zmq_close(s->socket);
    zmq_ctx_term(s->context);
    return status;
}

#define NUMBER_MAX 999999

/* A whole number from 1 to that; 0 where it is none. */
static long number(const char *s)
{
    char *end;
    long n = strtol(s, &end, 10);

    return *s && !*end && n > 0 && n <= NUMBER_MAX ? n : 0;
}

static bool parse(struct send *s, int argc, char **argv, const char **file, int *status)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"endpoint", required_argument, NULL, 'e'},
        {"window", required_argument, NULL, 'w'}, {"timeout", required_argument, NULL, 't'},
        {"verbose", no_argument, NULL, 'v'},      {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    long window = 100, seconds = 30;
    int o;

    *status = CLI_OK;
    while ((o = getopt_long(argc, argv, "c:e:w:t:vqh", options, NULL)) != -1)
        switch (o) {
        case 'c':
            *file = optarg;
            break;
        case 'e':
            s->endpoint = optarg;
            break;
        case 'w':
            window = number(optarg);
            break;
        case 't':
            seconds = number(optarg);
            break;
        case 'v':
            s->verbose = true;
            break;
        case 'q':
            s->quiet = true;
            break;
        case 'h':
            fputs(help, stdout);
            return false;
        default:
            *status = cli_usage_hint("send");
            return false;
        }
    if (!window || !seconds)
        *status = cli_usage("send", "--window and --timeout take a whole number from 1 to %d",
                            NUMBER_MAX);
    s->window = (size_t)window;
    s->timeout_ms = seconds * 1000;
    return !*status;
}

int cli_send(int argc, char **argv)
{
    struct send s = {0};
    struct config c;
    struct input in;
    const char *file = NULL;
    int status;

    if (!parse(&s, argc, argv, &file, &status))
        return status;
    if (!cli_config(&c, "send", file))
        return CLI_USAGE;
    if (!s.endpoint)
        s.endpoint = c.endpoints.ack;
    if (!cli_endpoint("send", s.endpoint)) {
        config_finish(&c);
        return CLI_USAGE;
    }
    input_init(&in, "send", (const char *const *)argv + optind, argc - optind);
    progress_init(&s.progress, s.quiet || s.verbose);
    status = send_connected(&s, &in);
    pending_finish(&s.pending);
    input_finish(&in);
    config_finish(&c);
    return status;
}
