/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/output.c - a pipe, lines, a limit. A worker's own lines begin with a mark that
 * it alone was told, and their priority ("3f..<4>plugin x: ..."); any other is a plugin's or a
 * library's and is logged under the worker's number. A plugin may find the mark in the memory
 * it shares with the worker: so even with it nobody speaks but "plugin x" and the worker.
 */
#include "daemon/output.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    AT_ONCE = 64 * 1024,  /* read in one turn of the loop */
    LAST_WORDS = 1 << 20, /* read at the end: a pipe holds no more */
};

/* ---- a line */

static void refill(struct output *o)
{
    uint64_t now = uv_now(o->poll.loop);
    double seconds = (double)(now - o->since) / 1000;

    o->since = now;
    o->lines += seconds * OUTPUT_LINES_A_SECOND;
    o->bytes += seconds * OUTPUT_BYTES_A_SECOND;
    if (o->lines > OUTPUT_LINES)
        o->lines = OUTPUT_LINES;
    if (o->bytes > OUTPUT_BYTES)
        o->bytes = OUTPUT_BYTES;
}

static bool may_log(struct output *o, size_t n)
{
    refill(o);
    if (o->lines >= 1 && o->bytes >= (double)n) {
        o->lines -= 1;
        o->bytes -= (double)n;
        return true;
    }
    if (o->lost_lines++ == 0)
        o->lost_since = o->since;
    o->lost_bytes += n;
    return false;
}

static bool may_speak(const char *module)
{
    return strcmp(module, "worker") == 0 || strncmp(module, "plugin ", strlen("plugin ")) == 0;
}

/* "<4>module: text" taken apart; false where it is none. */
static bool split(char *line, int *level, char **module, char **text)
{
    static const char priorities[] = "7643"; /* of LOG_DEBUG and so on */
    const char *priority = line[0] == '<' && line[1] ? strchr(priorities, line[1]) : NULL;
    char *colon = strstr(line, ": ");

    if (!priority || line[2] != '>' || !colon)
        return false;
    *colon = '\0';
    if (!may_speak(line + 3)) {
        *colon = ':';
        return false;
    }
    *level = (int)(priority - priorities);
    if (line[3] == 'p')
        *module = line + 3;
    *text = colon + 2;
    return true;
}

/* One line, or what is to become one. */
static void say(struct output *o, char *line, bool marked)
{
    char name[32], *module = name, *text = line;
    int level = LOG_WARN;

    if (!*line || !may_log(o, strlen(line)))
        return;
    snprintf(name, sizeof name, "worker %u", o->worker);
    if (marked)
        split(line, &level, &module, &text);
    log_line(level, module, "%s", text);
}

static void end_line(struct output *o)
{
    char *own;

    o->line[o->n] = '\0';
    o->n = 0;
    own = strstr(o->line, o->mark); /* behind what a plugin began and did not end, perhaps */
    if (own)
        *own = '\0';
    say(o, o->line, false);
    if (own)
        say(o, own + LOG_MARK, true);
}

static void take(struct output *o, const char *p, size_t n)
{
    while (n > 0) {
        const char *end = memchr(p, '\n', n);
        size_t part = end ? (size_t)(end - p) : n, room = sizeof o->line - 1 - o->n;

        /* A line too long becomes several. */
        if (part > room) {
            part = room;
            end = NULL;
        }
        for (size_t i = 0; i < part; i++)
            o->line[o->n++] = p[i] ? p[i] : ' ';
        if (end || o->n == sizeof o->line - 1)
            end_line(o);
        part += end != NULL;
        p += part;
        n -= part;
    }
}

/* ---- the pipe */

/* Reads once; false where there is nothing more. */
static bool read_some(struct output *o)
{
    char piece[AT_ONCE];
    ssize_t n = read(o->fd, piece, sizeof piece);

    if (n > 0)
        take(o, piece, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        uv_poll_stop(&o->poll);
    return n > 0;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    read_some((struct output *)poll); /* its first member */
}

static void say_lost(struct output *o)
{
    if (o->lost_lines == 0)
        return;
    log_warn("supervisor",
             "worker %u wrote %" PRIu64 " lines (%" PRIu64 " bytes) more, which are not logged",
             o->worker, o->lost_lines, o->lost_bytes);
    o->lost_lines = o->lost_bytes = 0;
}

void output_watch(struct output *o)
{
    if (o->lost_lines > 0 && uv_now(o->poll.loop) - o->lost_since >= OUTPUT_SAY_MS)
        say_lost(o);
}

int output_open(struct output *o, uv_loop_t *loop, unsigned worker, uint64_t mark)
{
    int end[2], r;

    if (pipe2(end, O_CLOEXEC) < 0)
        return -errno;
    fcntl(end[0], F_SETFL, O_NONBLOCK);
    *o = (struct output){.worker = worker,
                         .fd = end[0],
                         .lines = OUTPUT_LINES,
                         .bytes = OUTPUT_BYTES,
                         .since = uv_now(loop)};
    log_write_mark(mark, o->mark);
    r = uv_poll_init(loop, &o->poll, o->fd);
    if (r < 0) {
        close(end[0]);
        close(end[1]);
        return r;
    }
    uv_poll_start(&o->poll, UV_READABLE, on_readable);
    return end[1];
}

void output_close(struct output *o, uv_close_cb on_closed)
{
    for (size_t n = 0; n < LAST_WORDS && read_some(o); n += AT_ONCE)
        ;
    end_line(o);
    say_lost(o);
    uv_poll_stop(&o->poll);
    uv_close((uv_handle_t *)&o->poll, on_closed);
    close(o->fd);
}
