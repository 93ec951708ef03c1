/* SPDX-License-Identifier: Apache-2.0
 *
 * check.c - `gloss check`: would it start? The hard rule: what passes here starts
 * on this machine, but for ports that others hold.
 */
#include "cli/cli.h"
#include "cli/places.h"
#include "plugin/pipeline.h"
#include "worker/confine.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: gloss check [CONFIG]\n"
    "Reads a configuration, looks whether its endpoints and its spool can be had, opens\n"
    "every plugin it names with its options and models, confined as in the daemon, and\n"
    "prints what would run, in which order; or says what is wrong and where.\n"
    "Whether another program holds a port is not looked at.\n"
    "Without CONFIG the defaults are checked.\n\n"
    "  -h, --help  this text\n\n"
    "Exit status: 0 it would start, 2 it would not, or without something in a folder.\n";

/* The name a layer is published under. */
static const char *published(const struct config_entry *e, const char *layer)
{
    for (size_t i = 0; i < e->n_as; i++)
        if (!e->as[i].layer || strcmp(e->as[i].layer, layer) == 0)
            return e->as[i].as;
    return layer;
}

static void print_when(const struct config_entry *e)
{
    for (size_t i = 0; i < e->n_when; i++) {
        printf("%s %s is", i ? " and" : "  when", e->when[i].layer);
        for (const char *const *label = e->when[i].labels; *label; label++)
            printf("%s %s", label == e->when[i].labels ? "" : " or", *label);
    }
}

static void print_entry(const struct config *c, const struct pipeline_info *info, size_t place)
{
    const struct config_entry *e = &c->pipeline[info->entry];

    printf("%3zu  %-14s %-8s ->", place, info->name, info->plugin->version);
    for (const struct gloss_layer *l = info->plugin->provides; l && l->name; l++)
        printf(" %s", published(e, l->name));
    print_when(e);
    printf("\n     %s\n", info->path);
}

/* As a worker is: what a plugin does at its start it must be allowed to. A kernel that
 * confines nothing confines no worker. */
static void confine(const struct config *c)
{
    confine_calls(config_allowed(c), -1, NULL);
}

static struct pipeline *open_all(const struct config *c, struct fault *f)
{
    if (places_check(c, f) < 0)
        return NULL;
    confine(c);
    return pipeline_create(c, NULL, NULL, f);
}

static int check(const struct config *c)
{
    struct fault f;
    struct pipeline *p = open_all(c, &f);

    if (p && pipeline_check_topic(p, &f) < 0) {
        config_fault(c, "topic", &f);
        pipeline_destroy(p);
        p = NULL;
    }
    if (!p)
        return cli_error(CLI_USAGE, "check", "%s", f.text);
    printf("%s: good; %u worker%s, each runs %zu plugin%s%s\n", c->file ? c->file : "the defaults",
           (unsigned)c->workers, c->workers == 1 ? "" : "s", pipeline_size(p),
           pipeline_size(p) == 1 ? "" : "s", pipeline_size(p) ? " in this order:" : "");
    for (size_t i = 0; i < pipeline_size(p); i++) {
        struct pipeline_info info = pipeline_info(p, i);
        print_entry(c, &info, i + 1);
    }
    pipeline_destroy(p);
    return CLI_OK;
}

int cli_check(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    struct config c;
    int o, status;

    while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (o != 'h')
            return cli_usage_hint("check");
        fputs(help, stdout);
        return CLI_OK;
    }
    if (argc - optind > 1)
        return cli_usage("check", "one CONFIG at most");
    if (!cli_config(&c, "check", argv[optind]))
        return CLI_USAGE;
    status = check(&c);
    config_finish(&c);
    return status;
}
