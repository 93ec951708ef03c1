/* SPDX-License-Identifier: Apache-2.0
 *
 * tail.c - `gloss tail`: subscribes to the daemon and prints what it publishes.
 * The hard rule: what was missed is said, by `seq` and `prev`.
 */
#include "cli/cli.h"
#include "cli/pretty.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

static const char help[] =
    "usage: gloss tail [OPTION]...\n"
    "Subscribes to glossd and prints each enriched document, one JSON a line.\n\n"
    "  -c, --config FILE    the daemon's configuration, for its endpoint\n"
    "  -e, --endpoint ADDR  the endpoint itself (default tcp://127.0.0.1:7103)\n"
    "  -T, --topic PREFIX   only topics that begin so, such as \"en.\"; may be repeated\n"
    "  -n, --count N        stop after N documents\n"
    "  -t, --timeout SECONDS  stop, with status 1, when nothing came for so long\n"
    "  -p, --pretty         for people: titles, entities and tone, not JSON\n"
    "      --topics         print each document's topic and a tab before it\n"
    "  -h, --help           this text\n\n"
    "Documents that were missed (a slow or interrupted subscriber) are told on\n"
    "standard error. Exit status: 0 done, 1 nothing came in time, 2 wrong usage or\n"
    "configuration.\n";

/* Topic of the daemon's heartbeat; no document has it. */
#define HEARTBEAT "~"

struct tail {
    void *context, *socket;
    const char *endpoint;
    const char **topics;
    size_t n_topics;
    unsigned long count;
    int timeout_ms; /* 0: none */
    bool want_pretty, want_topics;
    struct pretty pretty;
    char *log;    /* the log that seq counts in */
    json_t *last; /* topic to its last seq */
};

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Heartbeats come without end where documents don't: they buy no time. */
static bool receive(struct tail *t, zmq_msg_t *topic, zmq_msg_t *doc)
{
    uint64_t begin = now_ms(), spent = 0;

    while (!t->timeout_ms || spent < (uint64_t)t->timeout_ms) {
        int left = t->timeout_ms ? t->timeout_ms - (int)spent : -1;

        zmq_setsockopt(t->socket, ZMQ_RCVTIMEO, &left, sizeof left);
        if (zmq_msg_recv(topic, t->socket, 0) < 0 || zmq_msg_recv(doc, t->socket, 0) < 0)
            return false;
        if (zmq_msg_size(topic) != 1 || memcmp(zmq_msg_data(topic), HEARTBEAT, 1) != 0)
            return true;
        spent = now_ms() - begin;
    }
    return false;
}

/* A new log begins where the daemon began anew: nothing before counts. */
static void follow_log(struct tail *t, const char *log)
{
    if (!log || (t->log && !strcmp(log, t->log)))
        return;
    free(t->log);
    t->log = strdup(log);
    json_object_clear(t->last);
}

static void check_gap(struct tail *t, const char *topic, const json_t *doc)
{
    const json_t *gloss = json_object_get(doc, "gloss");
    json_int_t seq = json_integer_value(json_object_get(gloss, "seq"));
    json_int_t prev = json_integer_value(json_object_get(gloss, "prev"));
    json_int_t last;

    follow_log(t, json_string_value(json_object_get(gloss, "log")));
    last = json_integer_value(json_object_get(t->last, topic));
    if (last && prev > last)
        cli_error(0, "tail", "missed documents of topic \"%s\" between seq %lld and %lld", topic,
                  (long long)last, (long long)seq);
    json_object_set_new(t->last, topic, json_integer(seq));
}

static bool print(struct tail *t, const char *topic, const char *json, size_t n)
{
    json_t *doc = json_loadb(json, n, JSON_ALLOW_NUL, NULL);

    if (doc)
        check_gap(t, topic, doc);
    json_decref(doc);
    if (t->want_topics)
        printf("%s\t", topic);
    if (t->want_pretty)
        pretty_print(&t->pretty, json, n);
    else
        cli_put_document(json, n);
    return fflush(stdout) == 0;
}

static int follow(struct tail *t)
{
    zmq_msg_t topic, doc;
    unsigned long n = 0;
    char name[512];
    int status = CLI_OK;

    zmq_msg_init(&topic);
    zmq_msg_init(&doc);
    while (!t->count || n < t->count) {
        if (!receive(t, &topic, &doc)) {
            status = cli_error(CLI_FAILED, "tail", "nothing came from %s for %d s", t->endpoint,
                               t->timeout_ms / 1000);
            break;
        }
        snprintf(name, sizeof name, "%.*s", (int)zmq_msg_size(&topic),
                 (char *)zmq_msg_data(&topic));
        if (!print(t, name, zmq_msg_data(&doc), zmq_msg_size(&doc))) {
            status = cli_error(CLI_FAILED, "tail", "standard output: %s", strerror(errno));
            break;
        }
        n++;
    }
    zmq_msg_close(&topic);
    zmq_msg_close(&doc);
    return status;
}

static int follow_connected(struct tail *t)
{
    int hwm = 100000, status;

    t->context = zmq_ctx_new();
    t->socket = zmq_socket(t->context, ZMQ_SUB);
    zmq_setsockopt(t->socket, ZMQ_RCVHWM, &hwm, sizeof hwm);
    for (size_t i = 0; i < t->n_topics; i++)
        zmq_setsockopt(t->socket, ZMQ_SUBSCRIBE, t->topics[i], strlen(t->topics[i]));
    if (!t->n_topics)
        zmq_setsockopt(t->socket, ZMQ_SUBSCRIBE, "", 0);
    if (zmq_connect(t->socket, t->endpoint))
        status =
            cli_error(CLI_USAGE, "tail", "endpoint \"%s\": %s", t->endpoint, zmq_strerror(errno));
    else
        status = follow(t);
    zmq_close(t->socket);
    zmq_ctx_term(t->context);
    return status;
}

/* A whole number from 1 to most; 0 where it is none. */
static unsigned long number(const char *s, long most)
{
    char *end;
    long n = strtol(s, &end, 10);

    return *s && !*end && n > 0 && n <= most ? (unsigned long)n : 0;
}

static bool take_option(struct tail *t, int o, const char **file, bool *good)
{
    switch (o) {
    case 'c':
        *file = optarg;
        return true;
    case 'e':
        t->endpoint = optarg;
        return true;
    case 'T':
        t->topics[t->n_topics++] = optarg;
        return true;
    case 'n':
        *good = *good && (t->count = number(optarg, LONG_MAX - 1));
        return true;
    case 't':
        *good = *good && (t->timeout_ms = (int)number(optarg, INT_MAX / 1000) * 1000);
        return true;
    case 'p':
        t->want_pretty = true;
        return true;
    case 'S':
        t->want_topics = true;
        return true;
    default:
        return false;
    }
}

static bool parse(struct tail *t, int argc, char **argv, const char **file, int *status)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"endpoint", required_argument, NULL, 'e'},
                                            {"topic", required_argument, NULL, 'T'},
                                            {"count", required_argument, NULL, 'n'},
                                            {"timeout", required_argument, NULL, 't'},
                                            {"pretty", no_argument, NULL, 'p'},
                                            {"topics", no_argument, NULL, 'S'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    bool good = true;
    int o;

    *status = CLI_OK;
    while ((o = getopt_long(argc, argv, "c:e:T:n:t:ph", options, NULL)) != -1) {
        if (o == 'h') {
            fputs(help, stdout);
            return false;
        }
        if (!take_option(t, o, file, &good)) {
            *status = cli_usage_hint("tail");
            return false;
        }
    }
    if (!good)
        *status = cli_usage("tail", "--count and --timeout take a whole number from 1 up");
    else if (optind < argc)
        *status = cli_usage("tail", "it takes no argument, but there is \"%s\"", argv[optind]);
    return !*status;
}

int cli_tail(int argc, char **argv)
{
    struct tail t = {.topics = calloc((size_t)argc, sizeof *t.topics), .last = json_object()};
    struct config c;
    const char *file = NULL;
    int status;

    if (parse(&t, argc, argv, &file, &status)) {
        status = CLI_USAGE;
        if (cli_config(&c, "tail", file)) {
            if (!t.endpoint)
                t.endpoint = c.endpoints.publish;
            pretty_init(&t.pretty, stdout);
            status = follow_connected(&t);
            config_finish(&c);
        }
    }
    free(t.topics);
    free(t.log);
    json_decref(t.last);
    return status;
}
