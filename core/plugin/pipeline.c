/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/pipeline.c - the plugins of a configuration: opened, put in order, run.
 * The hard rule: whatever process() returns, the document goes on with the
 * layers that were asked for or with a note that says why one is missing. */
#include "plugin/pipeline.h"

#include "plugin/graph.h"
#include "plugin/host.h"
#include "plugin/naming.h"
#include "plugin/options.h"
#include "plugin/plugin.h"
#include "plugin/topic.h"
#include "wire/frame.h"
#include "wire/page.h"

#include <fenv.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum outcome { NOT_RUN, DONE, FAILED };

struct entry {
    size_t index; /* in the configuration */
    const struct config_entry *conf;
    struct plugin plugin; /* its table's needs and wants are the instance's: the next two */
    const char **needs, **wants;
    char *name; /* the plugin's, with a number where it is there twice */
    struct host *host;
    void *self;
    bool opened;            /* open() was called: close() is due */
    char *off;              /* why it is switched off, or NULL */
    size_t *waits;          /* entries, by place in the order, whose layers it needs */
    size_t n_waits;         /* in waits */
    struct graph_node node; /* its lists are our own */
    enum outcome outcome;   /* of the document being run */
    bool ran;               /* and it is its own */
    int64_t grown;          /* memory used by its process(), while that is weighed */
};

struct pipeline {
    const struct config *conf;
    struct page *page;
    struct maps *maps;
    pid_t pid;             /* whose it is */
    struct entry *entries; /* in the order they run */
    size_t n;
    bool *at_fault;           /* by index in the configuration; while it is set up */
    uint64_t (*memory)(void); /* where it is weighed, else NULL */
};

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A reader in another process may look between any two of these stores. It
 * believes entry, since and limit only while phase says that a plugin is being
 * called, so phase is taken back first and set last. */
static void mark(struct page *page, enum page_phase phase, uint32_t entry, uint32_t limit_ms,
                 uint64_t now)
{
    if (!page)
        return;
    atomic_store_explicit(&page->phase, PAGE_CORE, memory_order_release);
    atomic_store_explicit(&page->entry, entry, memory_order_release);
    atomic_store_explicit(&page->limit_ms, limit_ms, memory_order_release);
    atomic_store_explicit(&page->since_ms, now / 1000000u, memory_order_release);
    atomic_store_explicit(&page->phase, phase, memory_order_release);
}

/* Takes back what a plugin may have changed for all that comes after it: how numbers are
 * rounded and written. What it has forked and let return ends here. */
static void settle(const struct pipeline *p)
{
    fesetenv(FE_DFL_ENV);
    if (strcmp(nl_langinfo(RADIXCHAR), ".") != 0) {
        uselocale(LC_GLOBAL_LOCALE);
        setlocale(LC_NUMERIC, "C");
    }
    if (getpid() != p->pid)
        _exit(0);
}

static void mark_core(struct page *page, uint64_t now)
{
    mark(page, PAGE_CORE, PAGE_NOBODY, 0, now);
}

/* ---- setting up: load, order, open */

static int load(struct pipeline *p, struct entry *e, struct fault *f)
{
    char *found = NULL;
    int rc = -1;

    if (!e->conf->file)
        found = plugin_find(e->conf->plugin, p->conf->plugin_path, f);
    if (e->conf->file || found) {
        rc = plugin_open(&e->plugin, found ? found : e->conf->file, e->conf->copy, f);
        settle(p);
    }
    free(found);
    if (rc < 0)
        return config_fault(p->conf, e->conf->where, f);
    if (!(e->needs = options_layers(p->conf, e->conf, &e->plugin.table, GLOSS_NEEDS, f)) ||
        !(e->wants = options_layers(p->conf, e->conf, &e->plugin.table, GLOSS_WANTS, f)))
        return -1;
    e->plugin.table.needs = e->needs;
    e->plugin.table.wants = e->wants;
    return naming_check(p->conf, e->conf, &e->plugin.table, f);
}

/* The second entry of one plugin is called NAME#2, and so on. */
static int name_entry(struct pipeline *p, size_t i, struct fault *f)
{
    struct entry *e = &p->entries[i];
    unsigned nth = 1;
    int w;

    for (size_t k = 0; k < i; k++)
        nth += strcmp(p->entries[k].plugin.table.name, e->plugin.table.name) == 0;
    w = nth == 1 ? asprintf(&e->name, "%s", e->plugin.table.name)
                 : asprintf(&e->name, "%s#%u", e->plugin.table.name, nth);
    if (w < 0) {
        e->name = NULL;
        return fault_set(f, "no memory");
    }
    return 0;
}

static const char *const *published(const struct entry *e, const char *const *layers)
{
    size_t n = 0;
    const char **list;

    while (layers && layers[n])
        n++;
    list = calloc(n + e->conf->n_when + 1, sizeof *list);
    for (size_t i = 0; list && i < n; i++)
        list[i] = naming_layer(e->conf, &e->plugin.table, layers[i]);
    return list;
}

/* Who asks for a layer in `when` waits for it like one who wants it. */
static void add_when(struct entry *e, const char **wants)
{
    while (*wants)
        wants++;
    for (size_t i = 0; i < e->conf->n_when; i++)
        wants[i] = e->conf->when[i].layer;
}

static int make_node(struct entry *e, struct fault *f)
{
    const struct gloss_layer *provides = e->plugin.table.provides;
    size_t n = 0;
    const char **out;

    while (provides && provides[n].name)
        n++;
    out = calloc(n + 1, sizeof *out);
    for (size_t i = 0; out && i < n; i++)
        out[i] = naming_layer(e->conf, &e->plugin.table, provides[i].name);
    e->node = (struct graph_node){e->name, published(e, e->plugin.table.needs),
                                  published(e, e->plugin.table.wants), out};
    if (!e->node.needs || !e->node.wants || !out)
        return fault_set(f, "no memory");
    add_when(e, (const char **)e->node.wants);
    return 0;
}

static bool provides(const struct entry *e, const char *layer)
{
    for (const char *const *l = e->node.provides; l && *l; l++)
        if (strcmp(*l, layer) == 0)
            return true;
    return false;
}

static size_t provider(const struct pipeline *p, const char *layer)
{
    size_t i = 0;

    while (i < p->n && !provides(&p->entries[i], layer))
        i++;
    return i;
}

static int check_when(const struct pipeline *p, const struct entry *e, struct fault *f)
{
    for (size_t i = 0; i < e->conf->n_when; i++) {
        const char *layer = e->conf->when[i].layer;
        char path[256];

        if (provider(p, layer) < p->n)
            continue;
        fault_set(f, "no plugin of the pipeline provides the layer \"%s\": add one that does",
                  layer);
        snprintf(path, sizeof path, "%s.when", e->conf->where);
        return config_fault(p->conf, path, f);
    }
    return 0;
}

static int miss_topic(const struct pipeline *p, const char *layer, struct fault *f)
{
    const char *known[64] = {"language", "source"}, *near;
    size_t n = 2;

    for (size_t i = 0; i < p->n; i++)
        for (const char *const *l = p->entries[i].node.provides; *l && n < 64; l++)
            known[n++] = *l;
    near = config_nearest(layer, known, n);
    return fault_set(f, "{%s}: no plugin of the pipeline provides the layer \"%s\"%s%s%s", layer,
                     layer, near ? "; did you mean \"" : ": add one that does", near ? near : "",
                     near ? "\"?" : "");
}

int pipeline_check_topic(const struct pipeline *p, struct fault *f)
{
    const char *at = p->conf->topic, *name;
    size_t n;

    while ((name = topic_name(&at, &n))) {
        char layer[128];

        snprintf(layer, sizeof layer, "%.*s", (int)n, name);
        if (!topic_is_known(name, n) && provider(p, layer) == p->n)
            return miss_topic(p, layer, f);
    }
    return 0;
}

static int put_in_order(struct pipeline *p, struct fault *f)
{
    struct graph_node *nodes = calloc(p->n + 1, sizeof *nodes);
    struct entry *sorted = calloc(p->n + 1, sizeof *sorted);
    size_t *order = calloc(p->n + 1, sizeof *order);
    int rc = -1;

    if (!nodes || !sorted || !order) {
        fault_set(f, "no memory");
        goto done;
    }
    for (size_t i = 0; i < p->n; i++)
        nodes[i] = p->entries[i].node;
    if (graph_order(nodes, p->n, order, p->at_fault, f) < 0) {
        config_fault(p->conf, "pipeline", f);
        goto done;
    }
    for (size_t i = 0; i < p->n; i++)
        sorted[i] = p->entries[order[i]];
    memcpy(p->entries, sorted, p->n * sizeof *sorted);
    rc = 0;
done:
    free(nodes);
    free(sorted);
    free(order);
    return rc;
}

static int find_waits(struct pipeline *p, struct entry *e, struct fault *f)
{
    const char *const *needs = e->node.needs;

    while (needs[e->n_waits])
        e->n_waits++;
    e->waits = calloc(e->n_waits + 1, sizeof *e->waits);
    if (!e->waits)
        return fault_set(f, "no memory");
    for (size_t i = 0; i < e->n_waits; i++)
        e->waits[i] = provider(p, needs[i]);
    return 0;
}

static int open_entry(struct pipeline *p, struct entry *e, struct fault *f)
{
    const struct gloss_plugin *t = &e->plugin.table;
    const char *why;
    int rc;

    e->host = host_create(p->conf, e->conf, &e->plugin, e->name, p->maps, f);
    if (!e->host)
        return -1;
    if (!t->open) {
        host_opened(e->host);
        return 0;
    }
    e->opened = true;
    rc = t->open(host_table(e->host), &e->self);
    settle(p);
    if (rc == GLOSS_OK) {
        host_opened(e->host);
        return 0;
    }
    why = host_last_error(e->host);
    if (*why)
        fault_set(f, "plugin %s did not start: %s", e->name, why);
    else
        fault_set(f, "plugin %s did not start: its open() gave %d and logged no reason", e->name,
                  rc);
    /* close() is due only where there is something to free. */
    e->opened = e->self != NULL;
    return config_fault(p->conf, e->conf->where, f);
}

static int blame(struct pipeline *p, const struct entry *e)
{
    p->at_fault[e->index] = true;
    return -1;
}

static int set_up(struct pipeline *p, struct fault *f)
{
    for (size_t i = 0; i < p->n; i++) {
        struct entry *e = &p->entries[i];

        e->index = i;
        e->conf = &p->conf->pipeline[i];
        /* Constructors of the object run while it is loaded. */
        mark(p->page, PAGE_OPEN, (uint32_t)i, 0, now_ns());
        if (load(p, e, f) < 0 || name_entry(p, i, f) < 0 || make_node(e, f) < 0)
            return blame(p, e);
    }
    mark_core(p->page, now_ns());
    for (size_t i = 0; i < p->n; i++)
        if (check_when(p, &p->entries[i], f) < 0)
            return blame(p, &p->entries[i]);
    if (put_in_order(p, f) < 0)
        return -1;
    for (size_t i = 0; i < p->n; i++) {
        struct entry *e = &p->entries[i];

        mark(p->page, PAGE_OPEN, (uint32_t)e->index, 0, now_ns());
        if (find_waits(p, e, f) < 0 || open_entry(p, e, f) < 0)
            return blame(p, e);
    }
    mark_core(p->page, now_ns());
    return 0;
}

struct pipeline *pipeline_create(const struct config *c, struct page *page, bool *at_fault,
                                 struct fault *f)
{
    struct pipeline *p = calloc(1, sizeof *p);
    bool *blamed = calloc(c->n_pipeline + 1, sizeof *blamed);

    if (!p || !blamed) {
        fault_set(f, "no memory");
        goto fail;
    }
    p->conf = c;
    p->page = page;
    p->pid = getpid();
    p->n = c->n_pipeline;
    p->at_fault = blamed;
    p->entries = calloc(p->n + 1, sizeof *p->entries);
    p->maps = maps_create();
    if (!p->entries || !p->maps) {
        fault_set(f, "no memory");
        goto fail;
    }
    if (set_up(p, f) < 0)
        goto fail;
    free(blamed);
    return p;
fail:
    for (size_t i = 0; at_fault && blamed && i < c->n_pipeline; i++)
        at_fault[i] = blamed[i];
    free(blamed);
    pipeline_destroy(p);
    return NULL;
}

static void destroy_entry(struct pipeline *p, struct entry *e)
{
    if (e->opened && e->plugin.table.close) {
        mark(p->page, PAGE_CLOSE, (uint32_t)e->index, 0, now_ns());
        e->plugin.table.close(host_table(e->host), e->self);
        mark_core(p->page, now_ns());
    }
    host_destroy(e->host);
    plugin_finish(&e->plugin);
    free((void *)e->node.needs);
    free((void *)e->node.wants);
    free((void *)e->node.provides);
    free(e->needs);
    free(e->wants);
    free(e->waits);
    free(e->off);
    free(e->name);
}

void pipeline_destroy(struct pipeline *p)
{
    if (!p)
        return;
    for (size_t i = p->n; p->entries && i > 0; i--)
        destroy_entry(p, &p->entries[i - 1]);
    maps_destroy(p->maps);
    free(p->entries);
    free(p);
}

/* ---- running */

PRINTF(3, 4)
static void fail(struct entry *e, struct doc *d, const char *fmt, ...)
{
    char why[600], *dead = NULL;
    va_list ap;
    int n;

    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    e->outcome = FAILED;
    doc_note(d, e->name, "%s", why);
    if (e->conf->on_error != CONFIG_DEAD || d->dead)
        return;
    n = snprintf(NULL, 0, "plugin %s %s", e->name, why);
    dead = arena_alloc(&d->arena, (size_t)n + 1);
    if (dead)
        snprintf(dead, (size_t)n + 1, "plugin %s %s", e->name, why);
    d->dead_plugin = e->name;
    d->dead = dead ? dead : "a plugin failed, and the document's memory is used up";
}

static bool when_holds(const struct entry *e, const struct doc *d)
{
    for (size_t i = 0; i < e->conf->n_when; i++) {
        const struct config_when *w = &e->conf->when[i];
        const struct doc_layer *l = doc_layer_find(d, w->layer);
        const char *label = l && l->n ? l->annots[0].label : NULL;
        const char *const *any = w->labels;

        while (label && *any && strcmp(*any, label) != 0)
            any++;
        if (!label || !*any)
            return false;
    }
    return true;
}

/* A needed layer may be missing because its plugin failed, which is worth a note,
 * or because its `when` did not hold or it had nothing to say, which is not. */
static bool needs_met(const struct pipeline *p, struct entry *e, struct doc *d)
{
    for (size_t i = 0; i < e->n_waits; i++) {
        const struct entry *other = &p->entries[e->waits[i]];

        if (other->outcome == FAILED)
            fail(e, d, "not run: %s, whose layer \"%s\" it needs, failed", other->name,
                 e->node.needs[i]);
        if (other->outcome != DONE)
            return false;
    }
    return true;
}

static void fail_fatal(struct entry *e, struct doc *d)
{
    const char *why = host_last_error(e->host);

    fail(e, d, "failed and is switched off%s%s", *why ? ": " : "", why);
    if (asprintf(&e->off, "not run: it failed and was switched off%s%s", *why ? ": " : "", why) < 0)
        e->off = NULL;
}

static void judge(struct entry *e, struct doc *d, int rc)
{
    const char *why = host_last_error(e->host);

    switch (rc) {
    case GLOSS_OK:
        e->outcome = DONE;
        return;
    case GLOSS_SKIP:
        return;
    case GLOSS_EFATAL:
        fail_fatal(e, d);
        return;
    case GLOSS_EDOC:
        if (host_was_late(e->host))
            fail(e, d, "gave up: its timeout_ms of %u had passed%s%s", host_time_ms(e->host, d),
                 *why ? ": " : "", why);
        else
            fail(e, d, "failed%s%s", *why ? ": " : " on this document and gave no reason", why);
        return;
    default:
        fail(e, d, "failed: process() gave %d, which it must not%s%s", rc, *why ? ": " : "", why);
    }
}

/* Calls process(); the time it ended. */
static uint64_t call(struct pipeline *p, struct entry *e, struct doc *d, uint64_t start)
{
    struct gloss_doc *doc = host_enter(e->host, d, start);
    uint64_t before = p->memory ? p->memory() : 0, end;
    int rc;

    if (!doc) {
        fail(e, d, "not run: the document holds as much as it may");
        return start;
    }
    mark(p->page, PAGE_PROCESS, (uint32_t)e->index, host_time_ms(e->host, d), start);
    rc = e->plugin.table.process(host_table(e->host), e->self, doc);
    settle(p);
    e->ran = true;
    e->grown += p->memory ? (int64_t)(p->memory() - before) : 0;
    end = now_ns();
    mark_core(p->page, end);
    host_leave(e->host, rc == GLOSS_OK);
    judge(e, d, rc);
    return end;
}

/* Runs it where it is to be run; the time now. */
static uint64_t run_entry(struct pipeline *p, struct entry *e, struct doc *d, const char *skip,
                          uint64_t start)
{
    uint64_t end;

    if (!when_holds(e, d))
        return start;
    if (skip) {
        fail(e, d, "%s", skip);
        return start;
    }
    if (e->off) {
        e->ran = true;
        fail(e, d, "%s", e->off);
        return start;
    }
    if (!needs_met(p, e, d))
        return start;
    end = call(p, e, d, start);
    if (d->times)
        d->times[d->n_times++] = (struct doc_time){e->name, (uint32_t)((end - start) / 1000u)};
    return end;
}

void pipeline_run(struct pipeline *p, struct doc *d, const char *const *skip)
{
    uint64_t now = now_ns();

    mark_core(p->page, now);
    d->times = arena_alloc(&d->arena, p->n * sizeof *d->times);
    d->n_times = 0;
    for (size_t i = 0; i < p->n; i++) {
        p->entries[i].outcome = NOT_RUN;
        p->entries[i].ran = false;
    }
    for (size_t i = 0; i < p->n; i++)
        now = run_entry(p, &p->entries[i], d, skip ? skip[p->entries[i].index] : NULL, now);
}

void pipeline_outcomes(const struct pipeline *p, char *to)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct entry *e = &p->entries[i];

        to[e->index] = !e->ran ? FRAME_NOT_RUN : e->outcome == FAILED ? FRAME_FAILED : FRAME_PASSED;
    }
}

size_t pipeline_provider(const struct pipeline *p, const char *layer)
{
    return p->entries[provider(p, layer)].index;
}

const char *pipeline_spent(const struct pipeline *p)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->entries[i].off)
            return p->entries[i].name;
    return NULL;
}

void pipeline_weigh(struct pipeline *p, uint64_t (*memory)(void))
{
    p->memory = memory;
}

const char *pipeline_heaviest(const struct pipeline *p)
{
    const struct entry *heaviest = NULL;
    int64_t most = 0;

    for (size_t i = 0; i < p->n; i++)
        if (p->entries[i].grown > most) {
            heaviest = &p->entries[i];
            most = heaviest->grown;
        }
    return heaviest ? heaviest->name : NULL;
}

/* ---- what it is */

size_t pipeline_size(const struct pipeline *p)
{
    return p->n;
}

struct pipeline_info pipeline_info(const struct pipeline *p, size_t i)
{
    const struct entry *e = &p->entries[i];

    return (struct pipeline_info){e->name, e->plugin.path, e->index, &e->plugin.table};
}

const char *pipeline_topic(const struct pipeline *p, struct doc *d)
{
    return topic_make(p->conf->topic, d);
}
