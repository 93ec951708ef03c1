/* SPDX-License-Identifier: Apache-2.0
 *
 * worker/worker.c - the child process. It trusts the supervisor's frames to be
 * whole and nothing else; what goes wrong in a plugin ends this process at
 * worst, and the shared page says where.
 */
#include "worker/worker.h"

#include "config.h"
#include "plugin/pipeline.h"
#include "text/doc.h"
#include "wire/page.h"
#include "worker/channel.h"
#include "worker/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* What a document may use beside its text. */
#define DOC_MEMORY ((size_t)4 << 30)

enum { LOOK_US = 10000 }; /* how often it is looked how much memory is used */

/* A sanitizer maps more than any limit. */
#ifdef SANITIZED
enum { MEMORY_LIMITED = 0 };
#else
enum { MEMORY_LIMITED = 1 };
#endif

struct worker {
    struct channel channel;
    struct page *page;
    struct config config;
    struct pipeline *pipeline;
    bool *at_fault;          /* one for each entry: it is why there is no pipeline */
    struct fault unconfined; /* why calls are not confined, or "" */
    struct doc doc;
    struct frame_skip *skip; /* one for each entry of the pipeline */
    const char **why;        /* the same as pipeline_run wants it */
    char *outcomes;          /* of each entry, an enum frame_outcome */
    uint64_t empty_bytes;    /* of memory before the first document */
    uint64_t looked_us;      /* when it was looked how much memory is used */
};

/* ---- the process */

/* When the machine runs out of memory, a worker is to go, not the daemon. */
static void offer_to_die(void)
{
    static const char score[] = "800"; /* of 1000 */
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    if (write(fd, score, sizeof score - 1) < 0) {
        /* it goes by its size, then */
    }
    close(fd);
}

static void set_process(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "glossd: worker");
    for (int sig = 1; sig < SIGRTMIN; sig++)
        signal(sig, SIG_DFL); /* SIGKILL and SIGSTOP refuse: no matter */
    /* What is meant for the supervisor often goes to the whole group: ^C, hang-up. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    /* A plugin must not speak to systemd in the daemon's name. */
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    offer_to_die();
}

/* On both sides of the page is one that nobody may touch: memory of plugins would lie there, and
 * who writes past the end of it would write to the page. */
static int map_page(struct worker *w)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    char *room = mmap(NULL, 3 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (room == MAP_FAILED)
        return -1;
    w->page =
        mmap(room + size, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, WORKER_PAGE, 0);
    if (w->page == MAP_FAILED)
        return -1;
    close(WORKER_PAGE);
    atomic_store(&w->page->entry, PAGE_NOBODY);
    return 0;
}

static int limit_memory(uint64_t bytes, struct fault *f)
{
    struct rlimit limit = {bytes, bytes};

    if (MEMORY_LIMITED && bytes > 0 && setrlimit(RLIMIT_AS, &limit) < 0)
        return fault_set(f, "limits.worker_bytes can't be set: %s", strerror(errno));
    return 0;
}

/* Bytes of memory this process has mapped. */
static uint64_t memory_used(void)
{
    char text[64] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return 0;
    if (read(fd, text, sizeof text - 1) < 0)
        text[0] = '\0';
    close(fd);
    return strtoull(text, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* A filter is of the process: the entries of a pipeline share what one of them asks for. A
 * kernel without seccomp is no reason not to start. */
static void confine(struct worker *w)
{
    uint32_t allow = config_allowed(&w->config);

    confine_limits(allow);
    confine_reach();
    confine_calls(allow, w->channel.fd, &w->unconfined);
}

/* ---- the start */

/* The copies of the plugins' files that came along, and no other descriptor. */
static void take_copies(struct config *c, int socket)
{
    close_range(WORKER_COPY + (unsigned)c->n_pipeline, (unsigned)socket - 1, 0);
    close_range((unsigned)socket + 1, ~0U, 0);
    for (size_t i = 0; i < c->n_pipeline; i++)
        if (fcntl(WORKER_COPY + (int)i, F_SETFD, FD_CLOEXEC) == 0)
            c->pipeline[i].copy = WORKER_COPY + (int)i;
}

static void close_copies(struct config *c)
{
    for (size_t i = 0; i < c->n_pipeline; i++) {
        if (c->pipeline[i].copy)
            close(c->pipeline[i].copy);
        c->pipeline[i].copy = 0;
    }
}

static int open_pipeline(struct worker *w, const char *json, size_t n, struct fault *f)
{
    if (config_parse(&w->config, "configuration", json, n, f) < 0)
        return -1;
    log_set_level(w->config.log_level);
    take_copies(&w->config, w->channel.fd);
    w->at_fault = calloc(w->config.n_pipeline + 1, sizeof *w->at_fault);
    if (!w->at_fault)
        return fault_set(f, "no memory for the pipeline");
    if (limit_memory(w->config.limits.worker_bytes, f) < 0)
        return -1;
    confine(w);
    w->pipeline = pipeline_create(&w->config, w->page, w->at_fault, f);
    close_copies(&w->config);
    if (!w->pipeline)
        return -1;
    w->skip = calloc(w->config.n_pipeline + 1, sizeof *w->skip);
    w->why = calloc(w->config.n_pipeline + 1, sizeof *w->why);
    w->outcomes = calloc(w->config.n_pipeline + 1, 1);
    return w->skip && w->why && w->outcomes ? 0 : fault_set(f, "no memory for the pipeline");
}

/* What the entry is called in what is published: each is in the pipeline, somewhere. */
static const char *name_of(const struct pipeline *p, size_t entry)
{
    size_t i = 0;

    while (pipeline_info(p, i).entry != entry)
        i++;
    return pipeline_info(p, i).name;
}

/* As frame.h tells it. */
static void put_ready(struct json_out *o, const struct worker *w)
{
    static const char unbounded[] = ": plugins may do whatever the daemon's user may";
    static const char und[] = "; until then \"und\" stands there";
    const struct pipeline *p = w->pipeline;
    struct fault f;

    for (size_t i = 0; i < pipeline_size(p); i++) {
        json_puts(o, i ? ", " : "");
        json_puts(o, pipeline_info(p, i).name);
    }
    if (pipeline_size(p) == 0)
        json_puts(o, "empty");
    json_put(o, "", 1);
    for (size_t i = 0; i < pipeline_size(p); i++)
        json_put(o, name_of(p, i), strlen(name_of(p, i)) + 1);
    if (*w->unconfined.text) {
        json_puts(o, w->unconfined.text);
        json_put(o, unbounded, sizeof unbounded);
    }
    if (pipeline_check_topic(p, &f) < 0) {
        json_puts(o, "topic: ");
        json_puts(o, f.text);
        json_put(o, und, sizeof und);
    }
}

/* Why there is none; before it a mark for each entry, ! where it is to blame. */
static void put_refusal(struct json_out *o, const struct worker *w, const struct fault *f)
{
    for (size_t i = 0; w->at_fault && i < w->config.n_pipeline; i++)
        json_puts(o, w->at_fault[i] ? "!" : ".");
    json_puts(o, f->text);
}

static void mark(struct page *page, uint64_t ticket, uint32_t phase)
{
    /* As pipeline.c does it: since is believed only while phase says so. */
    atomic_store(&page->entry, PAGE_NOBODY);
    atomic_store(&page->since_ms, channel_now_us() / 1000);
    atomic_store(&page->phase, phase);
    atomic_store(&page->ticket, ticket);
}

static int start(struct worker *w)
{
    struct frame_head head;
    const char *payload;
    struct fault f = {""};
    size_t begin;
    int r;

    if (map_page(w) < 0 || channel_next(&w->channel, &head, &payload) <= 0 ||
        head.type != FRAME_CONFIG)
        return -1;
    log_set_mark(head.ticket);
    r = open_pipeline(w, payload, head.size, &f);
    begin = channel_begin(&w->channel);
    if (r == 0)
        put_ready(&w->channel.out, w);
    else
        put_refusal(&w->channel.out, w, &f);
    if (channel_end(&w->channel, begin, r == 0 ? FRAME_READY : FRAME_REFUSED, 0) < 0 ||
        channel_flush(&w->channel) < 0)
        return -1;
    w->empty_bytes = memory_used();
    mark(w->page, 0, PAGE_IDLE);
    return r;
}

/* ---- a document */

static struct slice slice_of(const char *s)
{
    return (struct slice){s, s ? strlen(s) : 0};
}

/* What comes before the members: the topic, what failed first, who passed. */
static int put_result(struct worker *w, const struct doc_error *error, const char *topic)
{
    struct frame_result r = {.topic = slice_of(topic),
                             .plugin = slice_of(error ? error->plugin : NULL),
                             .error = slice_of(error ? error->error : NULL),
                             .outcomes = {w->outcomes, w->config.n_pipeline}};
    char *to;

    if (w->doc.dead) {
        r.error = slice_of(w->doc.dead);
        r.plugin = slice_of(w->doc.dead_plugin);
    }
    to = malloc(frame_result_size(&r)); /* the document's own memory may be used up */
    if (!to)
        return -1;
    frame_result_write(to, &r);
    json_put(&w->channel.out, to, frame_result_size(&r));
    free(to);
    return 0;
}

/* The reasons why plugins are left out, as pipeline_run wants them. */
static int note_skips(struct worker *w, size_t n_skip)
{
    memset(w->why, 0, w->config.n_pipeline * sizeof *w->why);
    for (size_t i = 0; i < n_skip; i++) {
        const struct frame_skip *skip = &w->skip[i];

        if (skip->entry >= w->config.n_pipeline)
            return -1;
        w->why[skip->entry] = arena_strndup(&w->doc.arena, skip->why.p, skip->why.n);
    }
    return 0;
}

static void run(struct worker *w, const struct doc_fields *fields, size_t n_skip)
{
    memset(w->outcomes, FRAME_NOT_RUN, w->config.n_pipeline);
    if (doc_begin(&w->doc, fields) < 0 || note_skips(w, n_skip) < 0) {
        w->doc.dead = "too large for the memory a worker has";
        return;
    }
    pipeline_run(w->pipeline, &w->doc, w->why);
    pipeline_outcomes(w->pipeline, w->outcomes);
}

/* The answer; its type, or -1. */
static int put_answer(struct worker *w, uint64_t started_us)
{
    const char *topic = w->doc.dead ? NULL : pipeline_topic(w->pipeline, &w->doc);

    if (put_result(w, w->doc.errors, topic) < 0)
        return -1;
    if (w->doc.dead)
        return FRAME_DEAD;
    json_put_gloss(&w->channel.out, &w->doc, w->config.offsets,
                   (uint32_t)(channel_now_us() - started_us));
    return FRAME_GLOSS;
}

/* What was found is more than can be kept and published: the document runs again without the
 * plugin that has written the most. */
static void leave_out_largest(struct worker *w, const struct doc_fields *fields, size_t *n_skip)
{
    static const char why[] = "left out: its layers are too large to be published";
    const struct doc_layer *largest = NULL;

    for (const struct doc_layer *l = w->doc.layers; l < w->doc.layers + w->doc.n_layers; l++)
        if (l->bytes > (largest ? largest->bytes : 0))
            largest = l;
    if (!largest || *n_skip >= w->config.n_pipeline) {
        w->doc.dead = "what was found in it is too large to be published";
        return;
    }
    w->skip[*n_skip].entry = (uint32_t)pipeline_provider(w->pipeline, largest->as);
    w->skip[(*n_skip)++].why = (struct slice){why, sizeof why - 1};
    run(w, fields, *n_skip);
}

static int serve(struct worker *w, const struct frame_head *head, const char *payload)
{
    uint64_t started_us = channel_now_us();
    size_t n_skip = w->config.n_pipeline, begin = channel_begin(&w->channel);
    struct doc_fields fields;
    int type;

    mark(w->page, head->ticket, PAGE_CORE);
    if (head->type != FRAME_DOC ||
        frame_doc_read(payload, head->size, &fields, w->skip, &n_skip) < 0)
        return -1;
    run(w, &fields, n_skip);
    type = put_answer(w, started_us);
    while (type == FRAME_GLOSS && w->channel.out.n - begin > frame_most(head->size)) {
        w->channel.out.n = begin;
        channel_begin(&w->channel);
        leave_out_largest(w, &fields, &n_skip);
        type = put_answer(w, started_us);
    }
    if (type < 0 || channel_end(&w->channel, begin, (uint32_t)type, head->ticket) < 0)
        return -1;
    mark(w->page, 0, PAGE_IDLE);
    return 0;
}

/* Whether a fresh worker would do better: a plugin here can't go on, or has kept so much
 * memory that the next large document would have none. */
static bool is_spent(struct worker *w)
{
    const char *who = pipeline_spent(w->pipeline);
    uint64_t now = channel_now_us(), most = w->config.limits.worker_bytes, room, used;

    if (who) {
        log_info("worker", "plugin %s can't go on here: a fresh worker takes over", who);
        return true;
    }
    if (MEMORY_LIMITED == 0 || most == 0 || now - w->looked_us < LOOK_US)
        return false;
    w->looked_us = now;
    used = memory_used();
    room = most - w->empty_bytes;
    if (used <= w->empty_bytes || used - w->empty_bytes <= room / 4)
        return false;
    /* It costs a little with each call, so it is done only where somebody may be to blame. */
    pipeline_weigh(w->pipeline, memory_used);
    if (used - w->empty_bytes <= room / 4 * 3)
        return false;
    who = pipeline_heaviest(w->pipeline);
    log_warn("worker",
             "it keeps %" PRIu64 " MiB of the limit of %" PRIu64
             " (limits.worker_bytes), which a plugin does not free%s%s: a fresh worker takes over",
             used >> 20, most >> 20, who ? "; it has grown most in " : "", who ? who : "");
    return true;
}

/* Documents until the socket closes: 0; or it is used up, or it fails: -1. */
static int work(struct worker *w)
{
    struct frame_head head;
    const char *payload;
    int r;

    while ((r = channel_next(&w->channel, &head, &payload)) > 0) {
        if (serve(w, &head, payload) < 0)
            return -1;
        if (is_spent(w))
            return channel_flush(&w->channel) < 0 ? -1 : FRAME_SPENT;
    }
    return r;
}

static void finish(struct worker *w)
{
    pipeline_destroy(w->pipeline);
    doc_finish(&w->doc);
    channel_finish(&w->channel);
    config_finish(&w->config);
    free(w->at_fault);
    free(w->skip);
    free(w->why);
    free(w->outcomes);
}

int worker_main(int argc, char **argv)
{
    struct worker w = {0};
    int r;

    (void)argc;
    (void)argv;
    if (fcntl(WORKER_PAGE, F_GETFD) < 0) {
        fputs("glossd: --worker is for glossd itself, which starts its workers so\n", stderr);
        return 2;
    }
    set_process();
    channel_init(&w.channel, confine_descriptor(WORKER_SOCKET));
    doc_init(&w.doc, DOC_MEMORY);
    r = start(&w);
    if (r == 0)
        r = work(&w);
    finish(&w);
    return r < 0 ? 1 : r;
}
