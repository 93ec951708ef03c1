/* SPDX-License-Identifier: Apache-2.0
 *
 * spool.c - `gloss spool`: looks into a spool's file, saves what can be saved of it, and
 * writes it out. The hard rule: the file it is given is only read.
 */
#include "cli/cli.h"
#include "daemon/letter.h"
#include "spool/spool_check.h"
#include "spool/spool_salvage.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: gloss spool check [FILE]\n"
    "       gloss spool salvage FILE NEW\n"
    "       gloss spool export [OPTION]... [FILE]\n"
    "Looks into the spool of glossd. FILE is the spool; without it, that of the\n"
    "configuration.\n\n"
    "check    reads every row, and says what is there and what is wrong with it; a\n"
    "         daemon may be at work on it\n"
    "salvage  makes the spool NEW of all that can be read of FILE, however damaged,\n"
    "         and says what is lost; no daemon may be at work on it\n"
    "export   prints documents, one JSON a line: those published as they went out, and\n"
    "         those pending and dead as they came, with \"gloss\" saying which\n\n"
    "  -c, --config FILE  the daemon's configuration, for the path of its spool\n"
    "      --pending      export what is accepted and not yet published\n"
    "      --published    export what is published\n"
    "      --dead         export dead letters; without one of these three, all\n"
    "      --from SEQ     of what is published, only from this number on\n"
    "  -h, --help         this text\n\n"
    "Exit status: 0 all is well, 1 there are faults or something is lost, 2 wrong usage\n"
    "or configuration, or there is no such spool.\n";

struct options {
    const char *config;
    bool pending, published, dead;
    uint64_t from;
};

/* ---- check */

static void on_fault(void *owner, const char *what)
{
    (void)owner;
    fputs("fault: ", stdout);
    cli_put(stdout, what);
    putchar('\n');
}

static void on_note(void *owner, const char *what)
{
    (void)owner;
    fputs("note: ", stdout);
    cli_put(stdout, what);
    putchar('\n');
}

static void print_times(const struct spool_check *c)
{
    char oldest[STAMP_TIME], newest[STAMP_TIME];

    if (!c->documents)
        return;
    stamp_write(oldest, (int64_t)c->oldest_ms);
    stamp_write(newest, (int64_t)c->newest_ms);
    printf("documents  came from %s to %s\n", oldest, newest);
}

static void print_summary(const struct spool_check *c, const char *path)
{
    printf("%s: a spool of version %d, %" PRIu64 " pages of %" PRIu64 " bytes\n", path, c->version,
           c->pages, c->page_size);
    printf("log        %s, last seq %" PRIu64 ", sent up to %" PRIu64 "\n", c->log, c->seq,
           c->sent);
    printf("pending    %" PRIu64 ", accepted and not yet published\n", c->pending);
    printf("published  %" PRIu64, c->published);
    if (c->published)
        printf(", seq %" PRIu64 " to %" PRIu64 ", %" PRIu64 " bytes", c->from, c->to,
               c->published_bytes);
    printf("\ndead       %" PRIu64, c->dead);
    if (c->dead)
        printf(", %" PRIu64 " bytes", c->dead_bytes);
    putchar('\n');
    print_times(c);
}

static int check(const char *path)
{
    struct spool_check c = {.on_fault = on_fault, .on_note = on_note};
    struct fault f;

    if (spool_check(&c, path, &f))
        return cli_error(CLI_USAGE, "spool", "%s", f.text);
    print_summary(&c, path);
    if (!c.faults) {
        puts("no fault is found");
        return CLI_OK;
    }
    printf("%" PRIu64 " fault%s: stop glossd, save what can be saved by `gloss spool salvage FILE "
           "NEW`,\nmove FILE away with its -wal, -shm and .lock, and put NEW in its place\n",
           c.faults, c.faults == 1 ? "" : "s");
    return CLI_FAILED;
}

/* ---- salvage */

static void on_loss(void *owner, const char *what)
{
    (void)owner;
    fputs("lost: ", stdout);
    cli_put(stdout, what);
    putchar('\n');
}

static int salvage(const char *from, const char *to)
{
    struct spool_salvage s = {.on_loss = on_loss};
    struct fault f;

    if (spool_salvage(&s, from, to, &f))
        return cli_error(CLI_USAGE, "spool", "%s", f.text);
    printf("%s: saved %" PRIu64 " pending, %" PRIu64 " published", to, s.pending, s.published);
    if (s.published)
        printf(" (seq %" PRIu64 " to %" PRIu64 ")", s.from, s.to);
    printf(", %" PRIu64 " dead\n", s.dead);
    if (s.new_log)
        printf("the log has a new name, %s, for %s: more may have been given in it than is known; "
               "subscribers start over\n",
               s.log, s.doubt);
    else
        printf("the log keeps its name, %s\n", s.log);
    printf("the next seq is %" PRIu64 "\n", s.seq + 1);
    if (!s.losses)
        puts("nothing is lost");
    return s.losses ? CLI_FAILED : CLI_OK;
}

/* ---- export */

struct export
{
    struct spool_db *db;
    struct compose published, kept; /* what went out, with its log; and the others */
    struct arena scratch;
    struct fault f;
};

static enum spool_result print(struct export *e, struct json_out *o, bool good)
{
    if (good)
        cli_put_document(o->p, o->n);
    json_out_finish(o);
    if (good && !ferror(stdout))
        return SPOOL_OK;
    fault_set(&e->f, "standard output: %s", good ? strerror(errno) : "no memory for a document");
    if (good)
        cli_drop_output();
    return SPOOL_IO;
}

static enum spool_result export_pending(struct export *e)
{
    enum spool_result r;
    struct spool_published p = {.doc.ticket = 0};

    while ((r = spool_db_pending(e->db, p.doc.ticket, &p.doc, &e->f)) == SPOOL_OK) {
        struct json_out o = {0};
        char members[64];

        p.members.n = (size_t)snprintf(members, sizeof members,
                                       "\"pending\":{\"ticket\":%" PRIu64 "}", p.doc.ticket);
        p.members.p = members;
        r = print(e, &o, compose_kept(&e->kept, &e->scratch, &o, &p) == 0);
        if (r != SPOOL_OK)
            break;
    }
    return r;
}

static enum spool_result export_published(struct export *e, uint64_t from)
{
    enum spool_result r;
    struct spool_published p;

    while ((r = spool_db_published(e->db, from, &p, &e->f)) == SPOOL_OK) {
        struct json_out o = {0};

        from = p.seq + 1;
        r = print(e, &o, compose_kept(&e->published, &e->scratch, &o, &p) == 0);
        if (r != SPOOL_OK)
            break;
    }
    return r;
}

static enum spool_result export_dead(struct export *e)
{
    struct spool_dead dead = {0};
    enum spool_result r;

    while ((r = spool_db_dead(e->db, dead.number, 0, &dead, &e->f)) == SPOOL_OK) {
        struct json_out o = {0};

        r = print(e, &o, letter_put_document(&e->kept, &e->scratch, &o, &dead) == 0);
        if (r != SPOOL_OK)
            break;
    }
    return r;
}

static int export_all(const char *path, const struct options *o)
{
    bool all = !o->pending && !o->published && !o->dead;
    struct export e = {0};
    enum spool_result r = SPOOL_NONE;

    e.db = spool_db_open_readonly(path, &e.f);
    if (!e.db)
        return cli_error(CLI_USAGE, "spool", "%s", e.f.text);
    e.published.log = spool_db_state(e.db)->log;
    arena_init(&e.scratch, SIZE_MAX);
    if (spool_db_begin_reading(e.db, &e.f) != SPOOL_OK)
        r = SPOOL_IO;
    else if (o->published || all)
        r = export_published(&e, o->from);
    if (r == SPOOL_NONE && (o->pending || all))
        r = export_pending(&e);
    if (r == SPOOL_NONE && (o->dead || all))
        r = export_dead(&e);
    arena_finish(&e.scratch);
    compose_finish(&e.published);
    compose_finish(&e.kept);
    spool_db_close(e.db);
    return r == SPOOL_NONE ? CLI_OK : cli_error(CLI_FAILED, "spool", "%s", e.f.text);
}

/* ---- the command */

static bool take_option(struct options *o, int c, bool *good)
{
    char *end;

    switch (c) {
    case 'c':
        o->config = optarg;
        return true;
    case 'P':
        o->pending = true;
        return true;
    case 'O':
        o->published = true;
        return true;
    case 'D':
        o->dead = true;
        return true;
    case 'F':
        o->from = strtoull(optarg, &end, 10);
        *good = *optarg >= '0' && *optarg <= '9' && !*end;
        return true;
    default:
        return false;
    }
}

static int run(const char *what, const char *path, const char *to, const struct options *o)
{
    if (access(path, F_OK))
        return cli_error(CLI_USAGE, "spool", "%s: %s", path, strerror(errno));
    if (!strcmp(what, "check"))
        return check(path);
    if (!strcmp(what, "export"))
        return export_all(path, o);
    return salvage(path, to);
}

/* The file that is named, or that of the configuration. */
static int find_file(int argc, char **argv, const struct options *o)
{
    bool salvages = !strcmp(argv[0], "salvage");
    struct config c;
    int status;

    if (argc > (salvages ? 3 : 2) || (salvages && argc < 3))
        return cli_usage("spool", salvages ? "salvage takes FILE and NEW" : "one FILE at most");
    if (argc > 1)
        return run(argv[0], argv[1], argv[2], o);
    if (!cli_config(&c, "spool", o->config))
        return CLI_USAGE;
    if (*c.spool.path)
        status = run(argv[0], c.spool.path, NULL, o);
    else
        status = cli_error(CLI_USAGE, "spool", "%s has no spool.path: give the FILE",
                           c.file ? c.file : "the default configuration");
    config_finish(&c);
    return status;
}

int cli_spool(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"pending", no_argument, NULL, 'P'},
                                            {"published", no_argument, NULL, 'O'},
                                            {"dead", no_argument, NULL, 'D'},
                                            {"from", required_argument, NULL, 'F'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct options o = {0};
    static const char *const verbs[] = {"check", "salvage", "export"};
    bool good = true, exports;
    int c, verb;

    while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (c == 'h') {
            fputs(help, stdout);
            return CLI_OK;
        }
        if (!take_option(&o, c, &good))
            return cli_usage_hint("spool");
    }
    if (!good)
        return cli_usage("spool", "--from takes a whole number");
    argc -= optind;
    argv += optind;
    verb = cli_verb("spool", argv[0], verbs, sizeof verbs / sizeof *verbs);
    if (verb < 0)
        return CLI_USAGE;
    exports = !strcmp(verbs[verb], "export");
    if (!exports && (o.pending || o.published || o.dead || o.from))
        return cli_usage("spool", "--pending, --published, --dead and --from are for export");
    return find_file(argc, argv, &o);
}
