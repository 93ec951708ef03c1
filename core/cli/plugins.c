/* SPDX-License-Identifier: Apache-2.0
 *
 * plugins.c - `gloss plugins`: what is there, and what each takes and gives.
 * The hard rule: only tables are read, no plugin's code is run.
 */
#include "cli/cli.h"
#include "plugin/plugin.h"
#include "worker/confine.h"

#include <getopt.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: gloss plugins [-c FILE] [NAME]\n"
    "Lists the plugins in the plugin folders and the drop-in folders; with NAME (or\n"
    "the path of a .so) tells all about one: its layers, what it needs, its options.\n\n"
    "  -c, --config FILE  the configuration that names the folders\n"
    "  -h, --help         this text\n\n"
    "Exit status: 0 done, 1 a plugin is broken, 2 wrong usage or configuration.\n";

static void print_names(const char *heading, const char *const *names)
{
    if (!names || !*names)
        return;
    printf("%-10s", heading);
    for (; *names; names++)
        printf(" %s", *names);
    putchar('\n');
}

static void print_layers(const struct gloss_layer *layer)
{
    for (; layer && layer->name; layer++)
        printf("provides   %s (%s): %s\n", layer->name,
               layer->flags & GLOSS_ONE ? "one a document" : "many a document",
               layer->help ? layer->help : "");
}

static const char *type_name(int type)
{
    static const char *const names[] = {[GLOSS_STR] = "string",
                                        [GLOSS_NUM] = "number",
                                        [GLOSS_BOOL] = "true or false",
                                        [GLOSS_FILE] = "file",
                                        [GLOSS_LIST] = "list of strings",
                                        [GLOSS_NEEDS] = "list of layers it needs",
                                        [GLOSS_WANTS] = "list of layers it wants"};

    return names[type];
}

static void print_options(const struct gloss_option *option)
{
    if (option && option->key)
        puts("options");
    for (; option && option->key; option++)
        printf("  %-16s %s, %s%s\n  %-16s %s\n", option->key, type_name(option->type),
               option->def ? "default " : "to be given",
               option->def ? (*option->def ? option->def : "empty") : "", "",
               option->help ? option->help : "");
}

static void print_whole(const struct plugin *p)
{
    printf("%s %s: %s\n", p->table.name, p->table.version, p->table.summary);
    printf("file       %s\n", p->path);
    print_names("needs", p->table.needs);
    print_names("wants", p->table.wants);
    print_layers(p->table.provides);
    print_options(p->table.options);
}

static void print_line(const struct plugin *p)
{
    printf("%-14s %-8s %s\n", p->table.name, p->table.version, p->table.summary);
}

static int show(const char *file, bool whole)
{
    struct plugin p;
    struct fault f;

    if (plugin_open(&p, file, 0, &f))
        return cli_error(CLI_FAILED, "plugins", "%s", f.text);
    if (whole)
        print_whole(&p);
    else
        print_line(&p);
    plugin_finish(&p);
    return CLI_OK;
}

static int list(const char *const *folders)
{
    int status = CLI_OK;
    char pattern[4096];
    glob_t found;

    for (; folders && *folders; folders++) {
        snprintf(pattern, sizeof pattern, "%s/*.so", *folders);
        if (glob(pattern, 0, NULL, &found))
            continue;
        for (size_t i = 0; i < found.gl_pathc; i++)
            if (show(found.gl_pathv[i], false))
                status = CLI_FAILED;
        globfree(&found);
    }
    return status;
}

static int show_named(const struct config *c, const char *name)
{
    struct fault f, ignored;
    char *file = NULL;
    int status;

    if (strchr(name, '/'))
        return show(name, true);
    file = plugin_find(name, c->plugin_path, &f);
    if (!file)
        file = plugin_find(name, c->drop_in, &ignored);
    if (!file)
        return cli_error(CLI_USAGE, "plugins", "%s", f.text);
    status = show(file, true);
    free(file);
    return status;
}

int cli_plugins(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *file = NULL;
    struct config c;
    int o, status;

    while ((o = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (o == 'h') {
            fputs(help, stdout);
            return CLI_OK;
        }
        if (o != 'c')
            return cli_usage_hint("plugins");
        file = optarg;
    }
    if (argc - optind > 1)
        return cli_usage("plugins", "one NAME at most");
    if (!cli_config(&c, "plugins", file))
        return CLI_USAGE;
    /* What is only listed may be anybody's, and has constructors. */
    confine_calls(0, -1, NULL);
    if (optind < argc) {
        status = show_named(&c, argv[optind]);
    } else {
        status = list(c.plugin_path);
        status = list(c.drop_in) == CLI_OK ? status : CLI_FAILED;
    }
    config_finish(&c);
    return status;
}
