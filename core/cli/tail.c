/* SPDX-License-Identifier: Apache-2.0
 *
 * tail.c - `gloss tail`: prints what the daemon publishes, or has published. The hard
 * rule is that of follow.h.
 */
#include "cli/cli.h"
#include "cli/follow.h"
#include "cli/pretty.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: gloss tail [OPTION]...\n"
    "Subscribes to glossd and prints each enriched document, one JSON a line. What is\n"
    "missed (by a slow or interrupted subscriber) is got from the replay socket.\n\n"
    "  -c, --config FILE    the daemon's configuration, for its endpoints\n"
    "  -e, --endpoint ADDR  the endpoint itself (default tcp://127.0.0.1:7103)\n"
    "  -r, --replay-endpoint ADDR  where to ask for what was missed (default\n"
    "                       tcp://127.0.0.1:7104; with --endpoint: nowhere)\n"
    "  -f, --from SEQ       begin with this number, gloss.seq, or with \"start\", the first\n"
    "                       that is kept; by default with what comes from now on\n"
    "  -T, --topic PREFIX   only topics that begin so, such as \"en.\"; may be repeated\n"
    "  -n, --count N        stop after N documents\n"
    "  -t, --timeout SECONDS  stop, with status 1, when nothing came for so long\n"
    "  -p, --pretty         for people: titles, entities and tone, not JSON\n"
    "      --topics         print each document's topic and a tab before it\n"
    "  -h, --help           this text\n\n"
    "Each document is printed once, in the order of seq; with --topic, in that order\n"
    "within a topic. What was missed is told on standard error, got or not. Exit\n"
    "status: 0 done, 1 nothing came in time, 2 wrong usage or configuration.\n";

struct tail {
    struct follow follow;
    const char **topics;
    const char *endpoint, *replay; /* as given */
    unsigned long count, printed;
    bool want_pretty, want_topics;
    struct pretty pretty;
    int status;
};

static bool on_document(void *owner, const char *topic, const char *json, size_t n)
{
    struct tail *t = owner;

    if (t->want_topics)
        printf("%s\t", topic);
    if (t->want_pretty)
        pretty_print(&t->pretty, json, n);
    else
        cli_put_document(json, n);
    if (fflush(stdout)) {
        t->status = cli_unwritten("tail");
        return false;
    }
    return ++t->printed != t->count;
}

/* A whole number from 1 to most; 0 where it is none. */
static unsigned long number(const char *s, long most)
{
    char *end;
    long n = strtol(s, &end, 10);

    return *s && !*end && n > 0 && n <= most ? (unsigned long)n : 0;
}

/* A seq, or the word for the first one that is kept. */
static bool take_from(struct follow *f, const char *s)
{
    f->from_given = true;
    f->from = number(s, LONG_MAX - 1);
    return f->from || !strcmp(s, "start") || !strcmp(s, "0");
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
    case 'r':
        t->replay = optarg;
        return true;
    case 'f':
        *good = take_from(&t->follow, optarg) && *good;
        return true;
    case 'T':
        t->topics[t->follow.n_topics++] = optarg;
        return true;
    case 'n':
        *good = *good && (t->count = number(optarg, LONG_MAX - 1));
        return true;
    case 't':
        *good = *good && (t->follow.timeout_ms = (int)number(optarg, INT_MAX / 1000) * 1000);
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
                                            {"replay-endpoint", required_argument, NULL, 'r'},
                                            {"from", required_argument, NULL, 'f'},
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
    while ((o = getopt_long(argc, argv, "c:e:r:f:T:n:t:ph", options, NULL)) != -1) {
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
        *status = cli_usage("tail", "--count and --timeout take a whole number from 1 up, --from "
                                    "also \"start\"");
    else if (optind < argc)
        *status = cli_usage("tail", "it takes no argument, but there is \"%s\"", argv[optind]);
    else if (t->follow.from_given && t->endpoint && !t->replay)
        *status = cli_usage("tail", "--from with --endpoint needs --replay-endpoint too");
    return !*status;
}

static void set_endpoints(struct tail *t, const struct config *c)
{
    t->follow.publish = t->endpoint ? t->endpoint : c->endpoints.publish;
    t->follow.replay = t->replay ? t->replay : t->endpoint ? "" : c->endpoints.replay;
}

static int run(struct tail *t, const struct config *c)
{
    int status;

    set_endpoints(t, c);
    if (t->follow.from_given && !*t->follow.replay)
        return cli_error(CLI_USAGE, "tail",
                         "endpoints.replay is off: there is nobody to ask for what was published");
    if (!cli_endpoint("tail", t->follow.publish) ||
        (*t->follow.replay && !cli_endpoint("tail", t->follow.replay)))
        return CLI_USAGE;
    t->follow.topics = t->topics;
    t->follow.on_document = on_document;
    t->follow.owner = t;
    pretty_init(&t->pretty, stdout);
    status = follow_run(&t->follow);
    return t->status ? t->status : status;
}

int cli_tail(int argc, char **argv)
{
    struct tail t = {.topics = calloc((size_t)argc, sizeof *t.topics)};
    struct config c;
    const char *file = NULL;
    int status;

    if (parse(&t, argc, argv, &file, &status)) {
        status = CLI_USAGE;
        if (cli_config(&c, "tail", file)) {
            status = run(&t, &c);
            config_finish(&c);
        }
    }
    free(t.topics);
    return status;
}
