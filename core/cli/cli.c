/* SPDX-License-Identifier: Apache-2.0
 *
 * cli.c - finds the command by its name. The hard rule of cli.h holds.
 */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio_ext.h>
#include <string.h>

/* In the order of a newcomer's first day. */
static const struct cli_command commands[] = {
    {"run", "run documents through the plugins, here and now", cli_run},
    {"send", "send documents to the daemon", cli_send},
    {"tail", "subscribe to the daemon and print what it publishes", cli_tail},
    {"plugins", "list the plugins, or what one of them takes and gives", cli_plugins},
    {"check", "check a configuration, and print what would run", cli_check},
    {"schema", "print the JSON Schema of the configuration or of the documents", cli_schema},
    {"new-plugin", "write a folder with a plugin that works, to begin from", cli_new_plugin},
    {"dead", "list, show, retry or purge what could not be published", cli_dead},
    {"spool", "look into the daemon's spool, save it when damaged, write it out", cli_spool},
    {NULL, NULL, NULL},
};

static void print_help(FILE *to)
{
    fprintf(to, "usage: gloss COMMAND [OPTION]... [ARGUMENT]...\n"
                "Annotates text by plugins, and talks to glossd, the daemon that does.\n\n");
    for (const struct cli_command *c = commands; c->name; c++)
        fprintf(to, "  %-12s %s\n", c->name, c->summary);
    fprintf(to, "\n`gloss help COMMAND` tells more; so does man gloss.\n"
                "Exit status: 0 done, 1 a document failed, 2 wrong usage or configuration.\n");
}

void cli_put(FILE *to, const char *s)
{
    const unsigned char *c = (const unsigned char *)s;

    for (; *c; c++) {
        bool c1 = c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0;

        c += c1;
        fputc(c1 || *c < ' ' || *c == 0x7f ? ' ' : *c, to);
    }
}

__attribute__((format(printf, 2, 0))) static void say(const char *command, const char *fmt,
                                                      va_list ap)
{
    char text[4096];

    vsnprintf(text, sizeof text, fmt, ap);
    fprintf(stderr, "gloss %s: ", command);
    cli_put(stderr, text);
    fputc('\n', stderr);
}

void cli_put_document(const char *json, size_t n)
{
    const char *end = json + n;

    while (json < end) {
        size_t part = 0;

        while (json + part < end && json[part] != '\n' && json[part] != '\r')
            part++;
        fwrite(json, 1, part, stdout);
        json += part;
        if (json < end)
            putchar(' '), json++;
    }
    putchar('\n');
}

int cli_error(int status, const char *command, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(command, fmt, ap);
    va_end(ap);
    return status;
}

void cli_drop_output(void)
{
    __fpurge(stdout);
    clearerr(stdout);
}

int cli_unwritten(const char *command)
{
    cli_drop_output();
    return cli_error(CLI_FAILED, command, "standard output: %s",
                     errno ? strerror(errno) : "not everything could be written");
}

int cli_usage(const char *command, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(command, fmt, ap);
    va_end(ap);
    return cli_usage_hint(command);
}

int cli_usage_hint(const char *command)
{
    fprintf(stderr, "`gloss %s --help` tells what it takes.\n", command);
    return CLI_USAGE;
}

int cli_verb(const char *command, const char *word, const char *const *verbs, size_t n)
{
    const char *near = word ? config_nearest(word, verbs, n) : NULL;
    char list[256];
    size_t at = 0;

    for (size_t i = 0; word && i < n; i++)
        if (!strcmp(word, verbs[i]))
            return (int)i;
    for (size_t i = 0; i < n && at < sizeof list; i++)
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%s",
                               !i          ? ""
                               : i + 1 < n ? ", "
                                           : " or ",
                               verbs[i]);
    if (near)
        cli_usage(command, "there is no \"%s\"; did you mean \"%s\"?", word, near);
    else
        cli_usage(command, "say what to do: %s", list);
    return -1;
}

static int run_command(const struct cli_command *c, int argc, char **argv)
{
    char name[32]; /* as getopt_long begins what it says */

    snprintf(name, sizeof name, "gloss %s", c->name);
    argv[0] = name;
    return c->run(argc, argv);
}

static int refuse_command(const char *name)
{
    const char *known[sizeof commands / sizeof *commands], *near;
    size_t n = 0;

    for (const struct cli_command *c = commands; c->name; c++)
        known[n++] = c->name;
    near = config_nearest(name, known, n);
    fprintf(stderr, "gloss: there is no command \"%s\"%s%s%s; `gloss --help` lists them.\n", name,
            near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return CLI_USAGE;
}

static int run_named(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (!strcmp(argv[1], "help") && argc == 3) {
        char option[] = "--help", *asked[] = {argv[0], argv[2], option, NULL};
        return run_named(3, asked);
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        print_help(stdout);
        return CLI_OK;
    }
    if (!strcmp(argv[1], "--version")) {
        puts("gloss " GLOSS_VERSION);
        return CLI_OK;
    }
    for (const struct cli_command *c = commands; c->name; c++)
        if (!strcmp(argv[1], c->name))
            return run_command(c, argc - 1, argv + 1);
    return refuse_command(argv[1]);
}

/* What stdio holds back is not written yet: only at the end it shows. */
int cli_main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    int status = run_named(argc, argv);

    errno = 0;
    if (fflush(stdout) || ferror(stdout)) {
        cli_unwritten(command);
        return status ? status : CLI_FAILED;
    }
    return status;
}
