/* SPDX-License-Identifier: Apache-2.0
 *
 * pretty.h - an enriched document for a person at a terminal: title, dateline
 * and tone on top, entities marked in the text and listed below. The hard rule:
 * control characters of a document never reach the terminal.
 */
#ifndef CLI_PRETTY_H
#define CLI_PRETTY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct pretty {
    FILE *to;
    int width;   /* columns */
    bool colour; /* else entities are marked by brackets */
    int lines;   /* of the text that are shown at most; 0: all */
};

/* For this stream: colour and width of the terminal where it is one, and
 * NO_COLOR heeded. Sets the locale's character type, for widths. */
void pretty_init(struct pretty *p, FILE *to);

/* Prints one enriched document; false where json is none. */
bool pretty_print(const struct pretty *p, const char *json, size_t n);

/* A stretch of text to mark, in code points of the text. */
struct pretty_mark {
    size_t start, end;
    const char *label, *style; /* style: an SGR parameter such as "1;34" */
};

/* Wraps text into the width, marks in rising order and apart from each other. */
void pretty_text(const struct pretty *p, const char *text, const struct pretty_mark *marks,
                 size_t n_marks);

/* The columns s takes. */
int pretty_width(const char *s);

/* Prints s in a style (NULL: none), control characters replaced. */
void pretty_puts(const struct pretty *p, const char *style, const char *s);

#endif
