/* SPDX-License-Identifier: Apache-2.0
 *
 * input.c - see input.h, whose hard rule holds.
 */
#include "cli/input.h"

#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const standard_input[] = {"-"};

void input_init(struct input *in, const char *command, const char *const *files, int n_files)
{
    *in = (struct input){.command = command, .files = files, .n_files = n_files};
    if (!n_files) {
        in->files = standard_input;
        in->n_files = 1;
    }
}

static void close_file(struct input *in)
{
    if (in->stream && in->stream != stdin)
        fclose(in->stream);
    in->stream = NULL;
}

void input_finish(struct input *in)
{
    close_file(in);
    free(in->text);
    in->text = NULL;
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A brace first, after blanks or a byte order mark: JSON. */
static bool is_json(FILE *f)
{
    char head[256];
    size_t n = 0;
    int c;

    while (n < sizeof head && (c = getc(f)) != EOF) {
        head[n++] = (char)c;
        if (!is_blank(c) && c != 0xEF && c != 0xBB && c != 0xBF)
            break;
    }
    bool json = n && head[n - 1] == '{';

    while (n)
        ungetc((unsigned char)head[--n], f);
    return json;
}

static bool open_next(struct input *in)
{
    while (in->n_files) {
        in->name = *in->files++;
        in->n_files--;
        in->line = in->given = 0;
        in->stream = strcmp(in->name, "-") ? fopen(in->name, "r") : stdin;
        if (in->stream) {
            in->plain = !is_json(in->stream);
            return true;
        }
        cli_error(0, in->command, "%s: %s", in->name, strerror(errno));
        in->failed = true;
    }
    return false;
}

/* Everything that is left of the file, behind what is in text. */
static bool read_rest(struct input *in)
{
    size_t got;

    do {
        if (in->room - in->n < 65536) {
            char *grown = realloc(in->text, in->room * 2 + 65536);

            if (!grown)
                return false;
            in->text = grown;
            in->room = in->room * 2 + 65536;
        }
        got = fread(in->text + in->n, 1, in->room - in->n, in->stream);
        in->n += got;
    } while (got);
    return true;
}

static bool read_whole(struct input *in)
{
    in->n = 0;
    if (in->line)
        return false;
    in->line = 1;
    if (!read_rest(in))
        return false;
    if (in->n || in->stream == stdin)
        return in->n > 0;
    cli_error(0, in->command, "%s: no_text: the file is empty", in->name);
    in->failed = true;
    return false;
}

/* The last mark that is not blank is a brace. */
static bool is_complete(const struct input *in)
{
    size_t n = in->n;

    while (n && is_blank(in->text[n - 1]))
        n--;
    return n && in->text[n - 1] == '}';
}

static bool read_line(struct input *in)
{
    ssize_t n;

    while ((n = getline(&in->text, &in->room, in->stream)) >= 0) {
        size_t blank = 0;

        in->line++;
        in->n = (size_t)n;
        while (in->n && (in->text[in->n - 1] == '\n' || in->text[in->n - 1] == '\r'))
            in->n--;
        while (blank < in->n && is_blank(in->text[blank]))
            blank++;
        if (blank == in->n)
            continue;
        if (in->given++ || is_complete(in))
            return true;
        in->n = (size_t)n; /* with its line end */
        return read_rest(in);
    }
    return false;
}

bool input_next(struct input *in)
{
    for (;;) {
        if (!in->stream && !open_next(in))
            return false;
        if (in->plain ? read_whole(in) : read_line(in))
            return true;
        if (ferror(in->stream)) {
            cli_error(0, in->command, "%s: %s", in->name, strerror(errno));
            in->failed = true;
        }
        close_file(in);
    }
}
