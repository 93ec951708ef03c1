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

/* A document that goes no further than here: said and counted. */
static void refuse(struct input *in, const char *code, const char *why)
{
    input_say(in->command, in->name, in->line, code, why);
    in->refused++;
}

static void refuse_long(struct input *in)
{
    refuse(in, "too_large", "there is no memory for it");
}

/* Room for one byte more, and often for many. */
static bool make_room(struct input *in)
{
    char *grown;

    if (in->n < in->room)
        return true;
    grown = realloc(in->text, in->room * 2 + 65536);
    if (!grown)
        return false;
    in->text = grown;
    in->room = in->room * 2 + 65536;
    return true;
}

/* Blanks into text. The mark behind them, which stays in the stream; a blank, where there
 * is no room for them. */
static int peek(struct input *in)
{
    int c;

    while (is_blank(c = getc(in->stream)) && make_room(in))
        in->text[in->n++] = (char)c;
    ungetc(c, in->stream);
    return c;
}

/* Past a byte order mark. False where there is only a part of one, which is then in text. */
static bool skip_mark(struct input *in)
{
    static const unsigned char mark[] = {0xEF, 0xBB, 0xBF};
    int c;

    for (in->n = 0; in->n < sizeof mark && make_room(in); in->text[in->n++] = (char)c) {
        c = getc(in->stream);
        if (c != mark[in->n]) {
            ungetc(c, in->stream);
            return in->n == 0;
        }
    }
    in->n = 0;
    return true;
}

/* The lines before the first document count, and are none of it. */
static void drop_lines(struct input *in)
{
    char *from = in->text, *end;

    while (in->n && (end = memchr(from, '\n', in->n))) {
        in->line++;
        in->n -= (size_t)(end + 1 - from);
        from = end + 1;
    }
    memmove(in->text, from, in->n);
}

/* Finds out what the file holds. False where it is nothing that can be taken, as was said. */
static bool begin(struct input *in)
{
    int first;

    in->line = in->given = 0;
    in->plain = !skip_mark(in);
    first = peek(in);
    in->plain |= first != '{';
    if (!in->plain)
        drop_lines(in);
    if (first != '[' || !make_room(in))
        return true;
    in->text[in->n++] = (char)getc(in->stream);
    if (peek(in) != '{')
        return true;
    refuse(in, "invalid_json",
           "an array of documents is not taken: give one a line, as `jq -c .[]` writes them");
    return false;
}

static bool open_next(struct input *in)
{
    while (in->n_files) {
        in->name = *in->files++;
        in->n_files--;
        in->stream = strcmp(in->name, "-") ? fopen(in->name, "r") : stdin;
        if (in->stream && begin(in))
            return true;
        if (in->stream) {
            close_file(in);
            continue;
        }
        cli_error(0, in->command, "%s: %s", in->name, strerror(errno));
        in->failed = true;
    }
    return false;
}

/* Everything that is left of the file, behind what is in text. False where it can't be had:
 * then it has been said, or the stream has its error. */
static bool read_rest(struct input *in)
{
    size_t got;

    do {
        if (!make_room(in)) {
            refuse_long(in);
            return false;
        }
        got = fread(in->text + in->n, 1, in->room - in->n, in->stream);
        in->n += got;
    } while (got);
    return !ferror(in->stream);
}

static bool read_whole(struct input *in)
{
    if (in->given++ || !read_rest(in))
        return false;
    if (in->n || in->stream == stdin)
        return in->n > 0;
    refuse(in, "no_text", "the file is empty");
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

/* The next line that finds room, with its line end, behind what is in text; of one that
 * does not, nothing is kept. False at the end of the file. */
static bool add_line(struct input *in)
{
    int c = 0;

    in->line++;
    while (c != '\n') {
        bool fits = make_room(in);

        c = getc_unlocked(in->stream);
        if (fits && c != EOF) {
            in->text[in->n++] = (char)c;
            continue;
        }
        while (c != '\n' && c != EOF)
            c = getc_unlocked(in->stream);
        if (fits)
            return in->n && !ferror(in->stream);
        refuse_long(in);
        if (c == EOF)
            return false;
        in->n = c = 0;
        in->line++;
        in->given++;
    }
    return true;
}

static bool read_line(struct input *in)
{
    while (add_line(in)) {
        size_t blank = 0, n = in->n;

        while (n && (in->text[n - 1] == '\n' || in->text[n - 1] == '\r'))
            n--;
        while (blank < n && is_blank(in->text[blank]))
            blank++;
        if (blank < n && !in->given++ && !is_complete(in))
            return read_rest(in);
        in->n = n;
        if (blank < n)
            return true;
        in->n = 0;
    }
    return false;
}

bool input_next(struct input *in)
{
    in->n = 0;
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

void input_say(const char *command, const char *name, size_t line, const char *code,
               const char *why)
{
    size_t in_line, column;
    int n = 0;

    if (sscanf(why, "line %zu, column %zu: %n", &in_line, &column, &n) == 2 && n)
        cli_error(0, command, "%s:%zu:%zu: %s: %s", name, (line ? line - 1 : 0) + in_line, column,
                  code, why + n);
    else if (line)
        cli_error(0, command, "%s:%zu: %s: %s", name, line, code, why);
    else
        cli_error(0, command, "%s: %s: %s", name, code, why);
}
