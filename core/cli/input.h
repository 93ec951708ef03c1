/* SPDX-License-Identifier: Apache-2.0
 *
 * input.h - documents out of files and standard input: JSON where the first mark
 * that is not blank is a brace, else the whole file as one plain text. JSON is one
 * document a line; where the first line does not end with a brace, the whole file is
 * one. The hard rule: a stream of lines is read a line at a time, and what is not
 * given is said.
 */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct input {
    const char *command;      /* who asks, for error lines */
    const char *const *files; /* what is left to read; "-" is standard input */
    int n_files;
    bool failed;    /* a file could not be read: said, and passed over */
    size_t refused; /* documents that are not given: said, and passed over */

    FILE *stream;     /* the file being read, or NULL */
    bool plain;       /* it is plain text */
    const char *name; /* its name, "-" for standard input */
    size_t given;     /* documents of this file so far */
    size_t line;      /* of the document just given, from 1; 0: plain text */
    char *text;       /* the document just given; input.c's own */
    size_t n, room;
};

/* Without files it reads standard input. */
void input_init(struct input *in, const char *command, const char *const *files, int n_files);
void input_finish(struct input *in);

/* The next document into text, n, name, line, plain; blank lines are passed
 * over. false at the end. */
bool input_next(struct input *in);

/* Says what is wrong with the document at that line: "FILE:LINE: CODE: WHY". A why that
 * begins with a place in the document becomes one with the place in the file. */
void input_say(const char *command, const char *name, size_t line, const char *code,
               const char *why);

#endif
