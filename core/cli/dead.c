/* SPDX-License-Identifier: Apache-2.0
 *
 * dead.c - `gloss dead`: dead letters listed, shown, run again, taken away. The hard rule:
 * nothing is changed that was not named, or all of it with --all.
 *
 * The daemon is asked at its replay socket. Where none is at work on the spool of the
 * configuration, list and show read the file.
 */
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/when.h"
#include "daemon/letter.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char help[] =
    "usage: gloss dead list|show|retry|purge [OPTION]... [NUMBER]...\n"
    "Dead letters are documents that could not be published, or were without a plugin\n"
    "that failed on them, with the reason. The daemon keeps them in its spool.\n\n"
    "list   prints a line for each: number, time, reason, plugin, id, message\n"
    "show   prints all about each, with the document\n"
    "retry  gives the documents to the daemon again: each that is accepted leaves the\n"
    "       list, and comes back where it fails again\n"
    "purge  takes letters away for good\n\n"
    "  -r, --reason CODE      only letters with this reason, such as plugin_failed\n"
    "  -p, --plugin NAME      only those on which this plugin failed\n"
    "  -i, --id ID            only those of the document with this id\n"
    "  -s, --since TIME       only those that died since then: ISO 8601, or 2h, 3d\n"
    "  -u, --until TIME       only those that died until then\n"
    "  -a, --all              all of them; retry and purge must be told which\n"
    "  -j, --json             one JSON a line, for list and show\n"
    "  -c, --config FILE      the daemon's configuration, for its endpoint and spool\n"
    "  -e, --endpoint ADDR    the replay endpoint itself (default tcp://127.0.0.1:7104)\n"
    "  -t, --timeout SECONDS  how long to wait for an answer (default 30)\n"
    "  -h, --help             this text\n\n"
    "Exit status: 0 done, 1 a letter is not there or was not accepted, or nobody\n"
    "answered; 2 wrong usage or configuration.\n";

enum verb { LIST, SHOW, RETRY, PURGE, VERBS };
static const char *const verbs[VERBS] = {"list", "show", "retry", "purge"};

struct dead {
    enum verb verb;
    const char *config, *reason, *plugin, *id;
    uint64_t since, until;
    bool all, json;
    char *const *numbers;
    int n_numbers;

    struct ask ask;
    struct progress progress;
    uint64_t done, stay, gone; /* letters */
};

/* ---- for people */

static const char *member(const json_t *letter, const char *name)
{
    const char *s = json_string_value(json_object_get(letter, name));

    return s ? s : "";
}

static void put_column(const char *s, size_t width)
{
    size_t n = 0;

    cli_put(stdout, s);
    for (; *s; s++)
        n += (*s & 0xc0) != 0x80;
    for (; n < width; n++)
        putchar(' ');
    putchar(' ');
}

static void print_line(const json_t *letter)
{
    printf("%6" JSON_INTEGER_FORMAT "  %.19sZ ",
           json_integer_value(json_object_get(letter, "number")), member(letter, "at"));
    put_column(member(letter, "reason"), 13);
    put_column(member(letter, "plugin"), 10);
    put_column(member(letter, "id"), 20);
    cli_put(stdout, member(letter, "message"));
    putchar('\n');
}

static void print_parts(const json_t *parts, const char *what)
{
    const json_t *part;
    size_t i;

    json_array_foreach(parts, i, part)
    {
        put_column(what, 9);
        cli_put(stdout, json_string_value(part));
        putchar('\n');
    }
}

static void print_letter(const json_t *doc, const char *text, size_t n)
{
    static const char *const names[] = {"at", "reason", "plugin", "message", "id", "received"};
    const json_t *letter = json_object_get(json_object_get(doc, "gloss"), "dead");
    const json_t *raw = json_object_get(letter, "raw"), *base64 = json_object_get(letter, "base64");

    printf("number    %" JSON_INTEGER_FORMAT "\n",
           json_integer_value(json_object_get(letter, "number")));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (*member(letter, names[i])) {
            put_column(names[i], 9);
            cli_put(stdout, member(letter, names[i]));
            putchar('\n');
        }
    print_parts(raw, "raw");
    print_parts(base64, "base64");
    if (!raw && !base64) {
        put_column("document", 9);
        cli_put_document(text, n);
    }
    putchar('\n');
}

/* ---- what comes back */

static void take_status(struct dead *d, const json_t *letter)
{
    const json_t *error = json_object_get(letter, "error");
    const char *status = member(letter, "status");
    json_int_t number = json_integer_value(json_object_get(letter, "number"));

    if (!strcmp(status, "accepted")) {
        d->done++;
        progress_step(&d->progress, 0);
        return;
    }
    progress_clear(&d->progress);
    if (!strcmp(status, "gone")) {
        d->gone++;
        printf("%" JSON_INTEGER_FORMAT ": it is not on the list any more\n", number);
        return;
    }
    d->stay++;
    printf("%" JSON_INTEGER_FORMAT ": it stays: %s: ", number, member(error, "code"));
    cli_put(stdout, member(error, "message"));
    putchar('\n');
}

/* One letter, as the request has it. False where it can't be printed. */
static bool take(struct dead *d, const char *text, size_t n)
{
    json_t *letter = json_loadb(text, n, JSON_ALLOW_NUL, NULL);

    if (d->verb == RETRY) {
        take_status(d, letter);
    } else {
        d->done++;
        if (d->verb == PURGE)
            progress_step(&d->progress, 0);
        else if (d->json)
            cli_put_document(text, n);
        else if (d->verb == LIST)
            print_line(letter);
        else
            print_letter(letter, text, n);
    }
    json_decref(letter);
    if (!ferror(stdout))
        return true;
    cli_unwritten("dead");
    return false;
}

/* ---- asking the daemon */

static void set_string(json_t *request, const char *name, const char *s)
{
    if (s)
        json_object_set_new(request, name, json_string(s));
}

static void set_number(json_t *request, const char *name, uint64_t n)
{
    if (n)
        json_object_set_new(request, name, json_integer((json_int_t)n));
}

static json_t *make_request(const struct dead *d, uint64_t after, uint64_t to)
{
    json_t *r = json_pack("{s:s}", "dead", verbs[d->verb]);

    set_string(r, "reason", d->reason);
    set_string(r, "plugin", d->plugin);
    set_string(r, "id", d->id);
    set_number(r, "since", d->since);
    set_number(r, "until", d->until);
    set_number(r, "after", after);
    set_number(r, "to", to);
    set_number(r, "all", d->all);
    set_number(r, "limit", 1000);
    return r;
}

static bool take_answer(struct dead *d, const struct answer *a)
{
    bool good = true;

    for (size_t i = 0; i < a->n_frames && good; i++)
        good = take(d, zmq_msg_data((zmq_msg_t *)&a->frame[i]),
                    zmq_msg_size((zmq_msg_t *)&a->frame[i]));
    return good;
}

/* A moment, where the daemon says that it takes no more now. False where it has not for the
 * whole timeout; why is said. */
static bool wait_a_moment(struct dead *d, unsigned *waited_ms, const char *why)
{
    const struct timespec moment = {.tv_nsec = 20000000};

    *waited_ms += 20;
    if (*waited_ms > (unsigned)d->ask.timeout_ms) {
        progress_clear(&d->progress);
        cli_error(0, "dead", "%s", why);
        return false;
    }
    nanosleep(&moment, NULL);
    return true;
}

/* Whether to go on asking: 1 from *after, 0 not, for that was all, -1 not, as was said. */
static int go_on(struct dead *d, const struct answer *a, uint64_t *after, uint64_t *to,
                 unsigned *waited_ms)
{
    const json_t *next = json_object_get(a->head, "after");

    if (!take_answer(d, a))
        return -1;
    if (a->n_frames)
        *waited_ms = 0;
    if (json_is_true(json_object_get(a->head, "full")) &&
        !wait_a_moment(d, waited_ms, "the daemon is busy, and takes no more letters"))
        return -1;
    *after = (uint64_t)json_integer_value(next);
    if (!*to) /* what dies meanwhile is not meant */
        *to = (uint64_t)json_integer_value(json_object_get(a->head, "last"));
    return next != NULL;
}

/* One request for letters behind *after; returns as go_on. */
static int ask_once(struct dead *d, uint64_t *after, uint64_t *to, unsigned *waited_ms)
{
    json_t *request = make_request(d, *after, *to);
    struct answer a;
    struct fault f;
    enum ask_result r = ask_daemon(&d->ask, request, &a, &f);
    int more = -1;

    if (r == ASK_OK) {
        more = go_on(d, &a, after, to, waited_ms);
    } else if (r == ASK_REFUSED && !strcmp(answer_code(&a), "overloaded")) {
        more = wait_a_moment(d, waited_ms, f.text) ? 1 : -1;
    } else {
        progress_clear(&d->progress);
        cli_error(0, "dead", "%s", f.text);
    }
    answer_finish(&a);
    json_decref(request);
    return more;
}

static bool ask_range(void *owner, uint64_t after, uint64_t to)
{
    unsigned waited_ms = 0;
    int more;

    while ((more = ask_once(owner, &after, &to, &waited_ms)) > 0)
        ;
    return more == 0;
}

/* ---- reading the file */

struct reading {
    struct dead *d;
    struct spool_db *db;
    struct compose compose;
    struct arena scratch;
};

static struct slice slice(const char *s)
{
    return (struct slice){s, s ? strlen(s) : 0};
}

static bool is_meant(const struct dead *d, const struct spool_dead *dead)
{
    const struct spool_filter filter = {slice(d->reason), slice(d->plugin), slice(d->id), d->since,
                                        d->until};

    return spool_filter_passes(&filter, dead);
}

static bool take_read(struct reading *r, const struct spool_dead *dead)
{
    struct json_out o = {0};
    bool good;

    if (r->d->verb == LIST)
        letter_put(&o, dead);
    else
        letter_put_document(&r->compose, &r->scratch, &o, dead);
    good = !o.failed && take(r->d, o.p, o.n);
    json_out_finish(&o);
    return good;
}

static bool read_range(void *owner, uint64_t after, uint64_t to)
{
    struct reading *r = owner;
    struct spool_dead dead = {.number = after};
    enum spool_result result;
    struct fault f = {""};
    bool good = true;

    while (good && (result = spool_db_dead(r->db, dead.number, to, &dead, &f)) == SPOOL_OK)
        good = !is_meant(r->d, &dead) || take_read(r, &dead);
    if (good && result != SPOOL_NONE)
        cli_error(0, "dead", "%s", f.text);
    return good && result == SPOOL_NONE;
}

/* ---- which letters */

/* Each number that is named, or all that the options let through. */
static int go_through(struct dead *d, bool (*range)(void *owner, uint64_t after, uint64_t to),
                      void *owner)
{
    if (d->verb == LIST && !d->json)
        puts("number  time                 reason        plugin     id                   message");
    if (!d->n_numbers)
        return range(owner, 0, 0) && !d->stay && !d->gone ? CLI_OK : CLI_FAILED;
    for (int i = 0; i < d->n_numbers; i++) {
        uint64_t number = strtoull(d->numbers[i], NULL, 10), before = d->done + d->stay + d->gone;

        if (!range(owner, number - 1, number))
            return CLI_FAILED;
        if (d->done + d->stay + d->gone == before) {
            d->gone++;
            cli_error(0, "dead", "there is no letter %s (of the kind that is asked for)",
                      d->numbers[i]);
        }
    }
    return d->stay || d->gone ? CLI_FAILED : CLI_OK;
}

static int ask(struct dead *d)
{
    int status;

    d->ask.context = zmq_ctx_new();
    progress_init(&d->progress, false);
    status = go_through(d, ask_range, d);
    progress_clear(&d->progress);
    ask_finish(&d->ask);
    zmq_ctx_term(d->ask.context);
    if (d->verb == RETRY)
        printf("%" PRIu64 " accepted, %" PRIu64 " stay\n", d->done, d->stay);
    else if (d->verb == PURGE)
        printf("%" PRIu64 " purged\n", d->done);
    return status;
}

static int read_file(struct dead *d, const char *path)
{
    struct reading r = {.d = d};
    struct fault f;
    int status;

    if (d->verb > SHOW)
        return cli_error(CLI_FAILED, "dead", "no glossd is at work on %s: start it first", path);
    r.db = spool_db_open_readonly(path, &f);
    if (!r.db)
        return cli_error(CLI_USAGE, "dead", "%s", f.text);
    arena_init(&r.scratch, SIZE_MAX);
    status = go_through(d, read_range, &r);
    arena_finish(&r.scratch);
    compose_finish(&r.compose);
    spool_db_close(r.db);
    return status;
}

/* ---- the command */

static bool set_time(uint64_t *to)
{
    return when_read(optarg, (uint64_t)stamp_now(), to);
}

static bool set_timeout(struct dead *d)
{
    char *end;
    long n = strtol(optarg, &end, 10);

    d->ask.timeout_ms = (int)n * 1000;
    return *optarg && !*end && n > 0 && n <= INT_MAX / 1000;
}

/* NULL, or what is wrong with the option. */
static const char *take_option(struct dead *d, int o)
{
    switch (o) {
    case 'c':
        d->config = optarg;
        return NULL;
    case 'e':
        d->ask.endpoint = optarg;
        return NULL;
    case 'r':
        d->reason = optarg;
        return NULL;
    case 'p':
        d->plugin = optarg;
        return NULL;
    case 'i':
        d->id = optarg;
        return NULL;
    case 's':
        return set_time(&d->since) ? NULL : "--since takes a time: 2026-01-31T10:00, 2h, 3d";
    case 'u':
        return set_time(&d->until) ? NULL : "--until takes a time: 2026-01-31T10:00, 2h, 3d";
    case 't':
        return set_timeout(d) ? NULL : "--timeout takes a whole number from 1 up";
    case 'a':
        d->all = true;
        return NULL;
    default:
        d->json = true;
        return NULL;
    }
}

static bool are_numbers(const struct dead *d)
{
    for (int i = 0; i < d->n_numbers; i++)
        if (!*d->numbers[i] || strspn(d->numbers[i], "0123456789") != strlen(d->numbers[i]) ||
            strlen(d->numbers[i]) > 18 || !strtoull(d->numbers[i], NULL, 10))
            return false;
    return true;
}

/* A code that no letter can have is a slip, not a choice of none. */
static int check_reason(const char *reason)
{
    const char *known[REJECT_UNAUTHORIZED + 3], *near;
    char list[256] = "";
    size_t n = 0, at = 0;

    for (int i = REJECT_NONE + 1; i < REJECT_UNAUTHORIZED; i++)
        known[n++] = reject_code((enum reject)i);
    known[n++] = "plugin_failed";
    known[n++] = "given_up";
    known[n++] = "result_lost";
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(reason, known[i]))
            return CLI_OK;
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", i ? ", " : "", known[i]);
    }
    near = config_nearest(reason, known, n);
    return near ? cli_usage("dead", "--reason %s: there is no such code; did you mean %s?", reason,
                            near)
                : cli_usage("dead", "--reason %s: there is no such code; there are %s", reason,
                            list);
}

static int check_choice(const struct dead *d)
{
    bool chosen = d->reason || d->plugin || d->id || d->since || d->until || d->n_numbers;

    if (!are_numbers(d))
        return cli_usage("dead", "behind %s come numbers of letters", verbs[d->verb]);
    if (d->verb > SHOW && !chosen && !d->all)
        return cli_usage("dead",
                         "%s which? Give numbers, --reason, --plugin, --id, --since, "
                         "--until, or --all",
                         verbs[d->verb]);
    if (d->all && chosen)
        return cli_usage("dead", "--all goes with no choice");
    return d->reason ? check_reason(d->reason) : CLI_OK;
}

static int run(struct dead *d)
{
    struct config c;
    int status;

    if (!cli_config(&c, "dead", d->config))
        return CLI_USAGE;
    if (!d->ask.endpoint && *c.spool.path && !spool_db_is_served(c.spool.path)) {
        status = read_file(d, c.spool.path);
    } else {
        if (!d->ask.endpoint)
            d->ask.endpoint = c.endpoints.replay;
        status = cli_endpoint("dead", d->ask.endpoint) ? ask(d) : CLI_USAGE;
    }
    config_finish(&c);
    return status;
}

int cli_dead(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"endpoint", required_argument, NULL, 'e'},
        {"reason", required_argument, NULL, 'r'}, {"plugin", required_argument, NULL, 'p'},
        {"id", required_argument, NULL, 'i'},     {"since", required_argument, NULL, 's'},
        {"until", required_argument, NULL, 'u'},  {"timeout", required_argument, NULL, 't'},
        {"all", no_argument, NULL, 'a'},          {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    struct dead d = {.verb = VERBS, .ask.timeout_ms = 30000};
    const char *wrong = NULL;
    int o, status;

    while ((o = getopt_long(argc, argv, "c:e:r:p:i:s:u:t:ajh", options, NULL)) != -1) {
        if (o == 'h') {
            fputs(help, stdout);
            return CLI_OK;
        }
        if (o == '?')
            return cli_usage_hint("dead");
        if (!wrong)
            wrong = take_option(&d, o);
    }
    if (wrong)
        return cli_usage("dead", "%s", wrong);
    status = cli_verb("dead", argv[optind], verbs, VERBS);
    if (status < 0)
        return CLI_USAGE;
    d.verb = (enum verb)status;
    d.numbers = argv + optind + 1;
    d.n_numbers = argc - optind - 1;
    status = check_choice(&d);
    return status ? status : run(&d);
}
