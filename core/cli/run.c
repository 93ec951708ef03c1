/* SPDX-License-Identifier: Apache-2.0
 *
 * run.c - `gloss run`: the pipeline in one process, without sockets. The hard
 * rule: every document that can't be run is named on stderr, and the rest go on.
 */
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/pretty.h"
#include "cli/progress.h"
#include "plugin/pipeline.h"
#include "wire/json.h"
#include "wire/stamp.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char help[] =
    "usage: gloss run [OPTION]... [FILE|-]...\n"
    "Runs documents through the plugins and prints them enriched, one JSON a line.\n"
    "A FILE holds NDJSON (one document a line), one JSON document over many lines, or\n"
    "one document as plain text;\n"
    "without FILE, or where it is -, standard input is read.\n\n"
    "  -c, --config FILE   the configuration (without: all defaults)\n"
    "  -p, --pretty        for people: titles, entities and tone, not JSON\n"
    "  -q, --quiet         no progress line on the terminal\n"
    "  -h, --help          this text\n\n"
    "Exit status: 0 done, 1 a document failed, 2 wrong usage or configuration.\n";

struct run {
    const struct config *config;
    struct pipeline *pipeline;
    struct doc doc;
    struct arena scratch;
    struct json_out members, out;
    struct stamp stamp;
    struct pretty pretty;
    bool want_pretty;
};

static void say(const struct input *in, const char *code, const char *why)
{
    input_say("run", in->name, in->line, code, why);
}

/* A plain text becomes the JSON it would have come as. */
static enum reject read_plain(struct run *r, const struct input *in, struct json_out *json,
                              struct json_doc *d, struct fault *f)
{
    enum reject why = json_check_body(NULL, in->text, in->n, f);

    if (why != REJECT_NONE)
        return why;
    json_put_from_body(json, NULL, NULL, in->text, in->n);
    if (json->failed) {
        fault_set(f, "there is no memory for it");
        return REJECT_TOO_LARGE;
    }
    return json_read(d, &r->scratch, json->p, json->n, true, f);
}

static uint64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void print(struct run *r)
{
    if (r->want_pretty) {
        pretty_print(&r->pretty, r->out.p, r->out.n);
        return;
    }
    cli_put_document(r->out.p, r->out.n);
}

/* The document that was read: plugins, then out it goes. */
static bool run_read(struct run *r, const struct input *in, const char *json,
                     const struct json_doc *d)
{
    char id[STAMP_ID], received[STAMP_TIME];
    struct json_stamp stamp = {.received = received};
    struct doc_fields fields = d->fields;
    uint64_t start = now_us();

    stamp_write(received, stamp_now());
    if (!fields.id.p) {
        if (stamp_id(&r->stamp, id)) {
            say(in, "no id", "the system gives no random bytes");
            return false;
        }
        stamp.id = fields.id = (struct slice){id, strlen(id)};
    }

    if (doc_begin(&r->doc, &fields)) {
        say(in, reject_code(REJECT_TOO_LARGE), "no memory for it");
        return false;
    }
    pipeline_run(r->pipeline, &r->doc, NULL);
    if (r->doc.dead) {
        say(in, "dead", r->doc.dead);
        return false;
    }
    r->members.n = r->out.n = 0;
    json_put_gloss(&r->members, &r->doc, r->config->offsets, (uint32_t)(now_us() - start));
    json_put_document(&r->out, json, d, &stamp, r->members.p, r->members.n);
    if (r->members.failed || r->out.failed) {
        say(in, reject_code(REJECT_TOO_LARGE), "no memory for it");
        return false;
    }
    print(r);
    return true;
}

/* As the daemon would: json is where a plain text's JSON goes. */
static enum reject read_one(struct run *r, const struct input *in, struct json_out *json,
                            struct json_doc *d, struct fault *f)
{
    uint64_t most = r->config->limits.document_bytes;

    if (in->n > most) {
        fault_set(f, "more than %" PRIu64 " bytes (limits.document_bytes)", most);
        return REJECT_TOO_LARGE;
    }
    return in->plain ? read_plain(r, in, json, d, f)
                     : json_read(d, &r->scratch, in->text, in->n, true, f);
}

static bool run_one(struct run *r, const struct input *in)
{
    struct json_out json = {0};
    struct json_doc d;
    struct fault f;
    enum reject reject;
    bool good;

    arena_reset(&r->scratch);
    reject = read_one(r, in, &json, &d, &f);
    if (reject)
        say(in, reject_code(reject), f.text);
    good = !reject && run_read(r, in, in->plain ? json.p : in->text, &d);
    json_out_finish(&json);
    return good;
}

static int run_all(struct run *r, struct input *in, bool quiet)
{
    struct progress progress;
    bool good = true;

    progress_init(&progress, quiet);
    while (input_next(in)) {
        if (!run_one(r, in)) {
            progress_clear(&progress);
            good = false;
        }
        progress_step(&progress, in->n);
        if (ferror(stdout)) {
            progress_clear(&progress);
            return cli_unwritten("run");
        }
    }
    progress_clear(&progress);
    return good && !in->failed && !in->refused ? CLI_OK : CLI_FAILED;
}

static int run_configured(struct run *r, const struct config *c, struct input *in, bool quiet)
{
    struct fault f;
    int status;

    r->config = c;
    r->pipeline = pipeline_create(c, NULL, NULL, &f);
    if (!r->pipeline)
        return cli_error(CLI_USAGE, "run", "%s", f.text);
    arena_init(&r->scratch, SIZE_MAX);
    doc_init(&r->doc, SIZE_MAX);
    pretty_init(&r->pretty, stdout);
    status = run_all(r, in, quiet);
    json_out_finish(&r->members);
    json_out_finish(&r->out);
    doc_finish(&r->doc);
    arena_finish(&r->scratch);
    pipeline_destroy(r->pipeline);
    return status;
}

int cli_run(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"pretty", no_argument, NULL, 'p'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct run r = {0};
    struct config c;
    struct input in;
    const char *file = NULL;
    bool quiet = false;
    int o, status;

    while ((o = getopt_long(argc, argv, "c:pqh", options, NULL)) != -1)
        switch (o) {
        case 'c':
            file = optarg;
            break;
        case 'p':
            r.want_pretty = true;
            break;
        case 'q':
            quiet = true;
            break;
        case 'h':
            fputs(help, stdout);
            return CLI_OK;
        default:
            return cli_usage_hint("run");
        }
    if (!cli_config(&c, "run", file))
        return CLI_USAGE;
    input_init(&in, "run", (const char *const *)argv + optind, argc - optind);
    status = run_configured(&r, &c, &in, quiet);
    input_finish(&in);
    config_finish(&c);
    return status;
}
