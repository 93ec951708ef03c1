/* SPDX-License-Identifier: Apache-2.0
 *
 * new_plugin.c - `gloss new-plugin`: a folder that builds, is tested and loads.
 * The hard rule: nothing that is there already is touched.
 */
#include "cli/cli.h"
#include "plugin/table.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <gloss/layers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "usage: gloss new-plugin NAME\n"
    "Writes a folder NAME with a small plugin that works: its source, a Makefile that\n"
    "builds, tests and installs it, a README. NAME is also the name of its layer:\n"
    "a-z 0-9 _, a letter first.\n\n"
    "  -h, --help   this text\n\n"
    "Exit status: 0 done, 1 it could not be written, 2 wrong usage.\n";

/* A file of the new folder. */
struct template
{
    const char *name;
    mode_t mode;
    const char *text;
};

#include "new_plugin.inc"

#define MARK "@NAME@"

static void expand(FILE *to, const char *text, const char *name)
{
    for (const char *at; (at = strstr(text, MARK)); text = at + strlen(MARK)) {
        fwrite(text, 1, (size_t)(at - text), to);
        fputs(name, to);
    }
    fputs(text, to);
}

static char *expanded(const char *text, const char *name)
{
    char *s = NULL;
    size_t n;
    FILE *to = open_memstream(&s, &n);

    if (!to)
        return NULL;
    expand(to, text, name);
    return fclose(to) == 0 ? s : NULL;
}

static int write_file(int folder, const struct template *t, const char *name)
{
    char *path = expanded(t->name, name);
    int fd = path ? openat(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, t->mode) : -1;
    FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
    int rc = CLI_OK;

    if (to)
        expand(to, t->text, name);
    if (!to || fclose(to))
        rc = cli_error(CLI_FAILED, "new-plugin", "can't write %s/%s: %s", name, path ? path : "",
                       strerror(errno));
    free(path);
    return rc;
}

static int write_folder(const char *name)
{
    int rc = CLI_OK, folder;

    if (mkdir(name, 0777) < 0)
        return errno == EEXIST
                   ? cli_error(CLI_USAGE, "new-plugin",
                               "%s is there already: choose another name, or move it away", name)
                   : cli_error(CLI_FAILED, "new-plugin", "can't make the folder %s: %s", name,
                               strerror(errno));
    folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || mkdirat(folder, "tests", 0777) < 0)
        rc = cli_error(CLI_FAILED, "new-plugin", "can't write into %s: %s", name, strerror(errno));
    for (size_t i = 0; rc == CLI_OK && i < sizeof templates / sizeof *templates; i++)
        rc = write_file(folder, &templates[i], name);
    if (folder >= 0)
        close(folder);
    return rc;
}

/* A plugin under one of these names could not run beside glossd's own. */
static bool is_taken(const char *name)
{
    static const char *const taken[] = {GLOSS_LANGUAGE, GLOSS_SENTIMENT, GLOSS_TONES,
                                        GLOSS_DATELINE, GLOSS_ENTITIES,  "shout"};

    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(taken[i], name) == 0)
            return true;
    return table_is_reserved(name);
}

int cli_new_plugin(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    const char *name;
    int rc;

    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (c != 'h')
            return cli_usage("new-plugin", "it takes a name and no options");
        fputs(help, stdout);
        return CLI_OK;
    }
    if (argc - optind != 1)
        return cli_usage("new-plugin", "give one name");
    name = argv[optind];
    if (!table_is_name(name))
        return cli_usage("new-plugin", "\"%s\" is no name: a-z 0-9 _, a letter first, 64 at most",
                         name);
    if (is_taken(name))
        return cli_usage("new-plugin", "\"%s\" is a name glossd uses itself: choose another", name);
    rc = write_folder(name);
    if (rc == CLI_OK)
        printf("%s/ is ready. Next: cd %s && make test\n", name, name);
    return rc;
}
