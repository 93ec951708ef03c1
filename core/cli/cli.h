/* SPDX-License-Identifier: Apache-2.0
 *
 * cli.h - the command line: one command, one file, found by its name. The hard
 * rule: results go to stdout, everything said about them to stderr.
 */
#ifndef CLI_H
#define CLI_H

#include "config.h"

#include <stdbool.h>
#include <stdio.h>

/* Exit status of every command. */
enum {
    CLI_OK = 0,
    CLI_FAILED = 1, /* a document failed, or nobody answered */
    CLI_USAGE = 2,  /* wrong usage or configuration */
};

int cli_main(int argc, char **argv);

/* A command: argv[0] is "gloss NAME". It parses its own options (getopt_long) and
 * prints its own help on --help. */
struct cli_command {
    const char *name;
    const char *summary; /* one line for `gloss --help` */
    int (*run)(int argc, char **argv);
};

/* Puts s, with a blank for each control character: what a document brings must not
 * reach a terminal as an escape. */
void cli_put(FILE *to, const char *s);

/* Prints a JSON document on one line of standard output. Line ends can only stand between
 * its parts, so they become blanks. */
void cli_put_document(const char *json, size_t n);

/* Where help is, after getopt_long has said what is wrong; CLI_USAGE, for return. */
int cli_usage_hint(const char *command);

/* Says "gloss COMMAND: what" and where help is; CLI_USAGE, for return. */
__attribute__((format(printf, 2, 3))) int cli_usage(const char *command, const char *fmt, ...);

/* Which of the n verbs word is; -1 where it is none or NULL, as is said then. */
int cli_verb(const char *command, const char *word, const char *const *verbs, size_t n);

/* Says "gloss COMMAND: what" on stderr; status, for return. */
__attribute__((format(printf, 3, 4))) int cli_error(int status, const char *command,
                                                    const char *fmt, ...);

/* Takes back what standard output has not taken, for why not is said. */
void cli_drop_output(void);

/* Says by errno why standard output takes no more, once; CLI_FAILED, for
 * return. A command that does not look leaves it to the end. */
int cli_unwritten(const char *command);

/* The commands, in files of their names. */
int cli_run(int argc, char **argv);
int cli_send(int argc, char **argv);
int cli_tail(int argc, char **argv);
int cli_plugins(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_schema(int argc, char **argv);
int cli_new_plugin(int argc, char **argv);
int cli_dead(int argc, char **argv);
int cli_spool(int argc, char **argv);

/* Whether a client can connect to that endpoint; else it is said. */
bool cli_endpoint(const char *command, const char *address);

/* Loads the configuration (file NULL: all defaults) or says why not. */
bool cli_config(struct config *c, const char *command, const char *file);

#endif
