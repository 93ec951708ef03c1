/* SPDX-License-Identifier: Apache-2.0
 *
 * worker/channel.c - the worker's end of the socket.
 */
#include "worker/channel.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    ROOM = 256 * 1024,  /* of the read buffer, until a frame needs more */
    BATCH = 64 * 1024,  /* bytes of answers that are worth a write */
    KEEP = 1024 * 1024, /* a larger buffer is given back after use */
};

void channel_init(struct channel *c, int fd)
{
    memset(c, 0, sizeof *c);
    c->fd = fd;
}

void channel_finish(struct channel *c)
{
    free(c->in);
    json_out_finish(&c->out);
}

uint64_t channel_now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

int channel_flush(struct channel *c)
{
    size_t at = 0;

    while (at < c->out.n) {
        ssize_t n = send(c->fd, c->out.p + at, c->out.n - at, MSG_NOSIGNAL);

        if (n >= 0)
            at += (size_t)n;
        else if (errno != EINTR)
            return -1;
    }
    c->out.n = 0;
    if (c->out.room > KEEP)
        json_out_finish(&c->out);
    return 0;
}

/* Makes room for a frame of size bytes at `at`, what was read of it staying there. */
static int make_room(struct channel *c, size_t size)
{
    size_t room = size > ROOM ? size : ROOM;
    char *in;

    if (c->at + size <= c->room)
        return 0;
    if (c->at > 0) {
        memmove(c->in, c->in + c->at, c->n);
        c->at = 0;
    }
    if (size <= c->room)
        return 0;
    in = realloc(c->in, room);
    if (!in)
        return -1;
    c->in = in;
    c->room = room;
    return 0;
}

static int read_more(struct channel *c)
{
    ssize_t n;

    do
        n = recv(c->fd, c->in + c->at + c->n, c->room - c->at - c->n, 0);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        c->n += (size_t)n;
    return n > 0 ? 1 : (int)n;
}

/* Gives memory back after a large frame; what is unread is less than ROOM then. */
static void shrink(struct channel *c)
{
    if (c->n > 0)
        return;
    c->at = 0;
    if (c->room > KEEP) {
        free(c->in);
        c->in = NULL;
        c->room = 0;
    }
}

/* Whether the next frame has come; else need is what must be there to know more. */
static bool is_whole(const struct channel *c, struct frame_head *head, size_t *need)
{
    *need = sizeof *head;
    if (c->n < *need)
        return false;
    memcpy(head, c->in + c->at, sizeof *head);
    *need += head->size;
    return c->n >= *need;
}

int channel_next(struct channel *c, struct frame_head *head, const char **payload)
{
    size_t need;

    shrink(c);
    while (!is_whole(c, head, &need)) {
        int r;

        if (make_room(c, need) < 0 || channel_flush(c) < 0)
            return -1;
        r = read_more(c);
        if (r <= 0)
            return r;
    }
    *payload = c->in + c->at + sizeof *head;
    c->at += need;
    c->n -= need;
    return 1;
}

size_t channel_begin(struct channel *c)
{
    struct frame_head head = {0};
    size_t begin = c->out.n;

    json_put(&c->out, (const char *)&head, sizeof head);
    return begin;
}

int channel_end(struct channel *c, size_t begin, uint32_t type, uint64_t ticket)
{
    struct frame_head head = {.type = type, .ticket = ticket};
    uint64_t now = channel_now_us();

    if (c->out.failed)
        return -1;
    head.size = (uint32_t)(c->out.n - begin - sizeof head);
    memcpy(c->out.p + begin, &head, sizeof head);
    if (begin == 0)
        c->first_us = now;
    if (c->out.n >= BATCH || now - c->first_us >= CHANNEL_DELAY_US)
        return channel_flush(c);
    return 0;
}
