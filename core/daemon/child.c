/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/child.c - one worker process as the supervisor sees it.
 *
 * Frames are written from where the documents keep them, many in one call; so a
 * document's frame lives until its answer has come, and an answer to a document
 * that was not wholly written yet is the word of a child gone mad.
 */
#include "daemon/child.h"

#include "wire/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    PIECES = 64,             /* frames in one write */
    READ_ROOM = 128 * 1024,  /* at least so much is asked for in one read */
    KEEP_ROOM = 1024 * 1024, /* a larger buffer is given back when it is empty */
    PAGE_SIZE = 4096,
    START_MS = 60000, /* to open the pipeline */
    CLOSE_MS = 3000,  /* to close it */
    HUNG_UP_MS = 200, /* to end after its socket has closed */
    CORE_MS = 10000,  /* to do what is not a plugin's with a document, for each MiB begun */
    LATE_MS = 1000,   /* between two looks: we stood still ourselves */
    LAST_READS = 64,  /* of what a worker had said before it ended: more than a socket holds */
};

static void on_event(uv_poll_t *poll, int status, int events);

/* ---- the end */

static void release(struct child *c)
{
    if (c->fd >= 0)
        close(c->fd);
    if (c->page)
        munmap((void *)c->page, PAGE_SIZE);
    free(c->hello);
    free(c->refused);
    free(c->in);
    free(c);
}

static void on_closed(uv_handle_t *handle)
{
    struct child *c = handle->data;

    if (--c->open_handles == 0)
        release(c);
}

void child_close(struct child *c)
{
    if (c->state == CHILD_CLOSED)
        return;
    c->state = CHILD_CLOSED;
    c->since = uv_now(c->poll.loop);
    uv_poll_stop(&c->poll);
    shutdown(c->fd, SHUT_RDWR);
}

/* It leads a group of its own, which nothing it starts may leave. */
static void kill_group(const struct child *c)
{
    kill(-c->process.pid, SIGKILL);
}

void child_kill(struct child *c, const char *why, ...)
{
    va_list ap;

    if (c->killed[0])
        return;
    va_start(ap, why);
    vsnprintf(c->killed, sizeof c->killed, why, ap);
    va_end(ap);
    uv_poll_stop(&c->poll); /* nothing it says is heard any more */
    if (!c->ended)
        kill_group(c);
}

/* How long it may be silent while it has documents, whatever its page says. An answer may wait
 * for the next document to be done: none is larger than all. */
static uint64_t patience(const struct child *c)
{
    return c->patience_ms * (1 + (c->bytes >> 20));
}

/* Whether more than ms have passed since then. Where we were stopped, or the machine was, perhaps
 * the worker was too: its time begins anew. */
static bool is_over(const struct child *c, uint64_t now, uint64_t since, uint64_t ms)
{
    return now > (since > c->resumed ? since : c->resumed) + ms;
}

/* The call the page says it is in: how long it may take and since when; 0 where it is in none, or
 * in another than it was a moment ago. The order is that of the worker's stores, backwards. */
static uint64_t read_call(const struct child *c, uint64_t *since)
{
    const struct page *page = c->page;
    uint64_t limit;

    *since = atomic_load(&page->since_ms);
    if (atomic_load(&page->phase) != PAGE_PROCESS)
        return 0;
    limit = atomic_load(&page->limit_ms);
    if (atomic_load(&page->phase) != PAGE_PROCESS || atomic_load(&page->since_ms) != *since)
        return 0;
    return 2 * limit;
}

void child_watch(struct child *c, uint64_t now)
{
    uint64_t since, limit = read_call(c, &since);

    output_watch(&c->output);
    if (now - c->watched > LATE_MS)
        c->resumed = now;
    c->watched = now;
    if (c->hung_up && is_over(c, now, c->since, HUNG_UP_MS))
        child_kill(c, "closed its socket");
    else if (c->state == CHILD_STARTING && is_over(c, now, c->since, START_MS))
        child_kill(c, "was not ready after %d s", START_MS / 1000);
    else if (c->state == CHILD_CLOSED && is_over(c, now, c->since, CLOSE_MS))
        child_kill(c, "did not end within %d s", CLOSE_MS / 1000);
    else if (limit > 0 && is_over(c, now, since, limit))
        child_kill(c, "took more than %" PRIu64 " ms", limit);
    else if (c->queue.n > 0 && is_over(c, now, c->heard, patience(c)))
        child_kill(c, "answered nothing for %" PRIu64 " s", patience(c) / 1000);
}

/* ---- reading */

static void answer(struct child *c, const struct frame_head *head, const char *payload)
{
    struct flight_doc *d = c->queue.first;

    if (!d || d == c->unsent || d->ticket != head->ticket) {
        c->hung_up = true;
        child_kill(c, "answered what it was not asked");
        return;
    }
    flight_pop(&c->queue);
    c->bytes -= d->n_frame;
    c->answered = true;
    c->heard = uv_now(c->poll.loop);
    c->ops->on_result(c, d, head->type, payload, head->size);
}

static void take_frame(struct child *c, const struct frame_head *head, const char *payload)
{
    switch (head->type) {
    case FRAME_GLOSS:
    case FRAME_DEAD:
        answer(c, head, payload);
        break;
    case FRAME_READY:
        if (c->state != CHILD_STARTING)
            break;
        c->state = CHILD_READY;
        c->ops->on_ready(c, payload, head->size);
        break;
    case FRAME_REFUSED:
        if (!c->refused)
            c->refused = strndup(payload, head->size);
        break;
    default:
        c->hung_up = true;
        child_kill(c, "sent what is no frame");
    }
}

/* How large its next frame may be. */
static uint64_t most(const struct child *c)
{
    return frame_most(c->queue.first ? c->queue.first->n_frame : 0);
}

static void take_frames(struct child *c)
{
    size_t at = 0;
    struct frame_head head;

    while (c->n_in - at >= sizeof head && !c->killed[0]) {
        memcpy(&head, c->in + at, sizeof head);
        if (head.size > most(c)) {
            c->hung_up = true;
            child_kill(c, "sent %" PRIu32 " bytes at once", head.size);
            break;
        }
        if (c->n_in - at - sizeof head < head.size)
            break;
        take_frame(c, &head, c->in + at + sizeof head);
        at += sizeof head + head.size;
    }
    c->n_in -= at;
    if (at > 0)
        memmove(c->in, c->in + at, c->n_in);
    if (c->n_in == 0 && c->room_in > KEEP_ROOM) {
        free(c->in);
        c->in = NULL;
        c->room_in = 0;
    }
}

/* Reads once. False where there is nothing more to come, now or ever. */
static bool read_some(struct child *c)
{
    ssize_t n;

    if (c->room_in - c->n_in < READ_ROOM) {
        /* Doubling what came, whatever size a frame claims to have. */
        size_t room = 2 * c->n_in + 2 * READ_ROOM;
        char *in = realloc(c->in, room);

        if (!in) {
            child_kill(c, "said more than there is memory for");
            return false;
        }
        c->in = in;
        c->room_in = room;
    }
    do
        n = read(c->fd, c->in + c->n_in, c->room_in - c->n_in);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return false;
    if (n <= 0) {
        /* It is ending, which will say more; else child_watch makes it. */
        c->hung_up = true;
        c->since = uv_now(c->poll.loop);
        uv_poll_stop(&c->poll);
        return false;
    }
    c->n_in += (size_t)n;
    take_frames(c);
    return true;
}

static void describe(const struct child *c, int64_t status, int sig, char *how, size_t room)
{
    const char *name = sig ? sigabbrev_np(sig) : NULL;

    if (c->killed[0])
        snprintf(how, room, "%s", c->killed);
    else if (sig == SIGKILL || sig == SIGTERM)
        snprintf(how, room, "was killed (SIG%s)", name);
    else if (sig)
        snprintf(how, room, "crashed (SIG%s)", name ? name : "?");
    else
        snprintf(how, room, "called exit(%d)", (int)status);
}

static void on_exit_of(uv_process_t *process, int64_t status, int sig)
{
    struct child *c = process->data;
    char how[96];

    c->ended = true;
    kill_group(c); /* what it has left behind must not speak for it */
    for (int i = 0; i < LAST_READS && !c->killed[0] && c->state != CHILD_CLOSED; i++)
        if (!read_some(c)) /* what it had answered before it ended */
            break;
    describe(c, status, sig, how, sizeof how);
    c->hung_up = c->hung_up && c->killed[0];
    c->spent = !c->killed[0] && sig == 0 && status == FRAME_SPENT && c->answered &&
               atomic_load(&c->page->phase) != PAGE_PROCESS;
    c->signal = c->killed[0] ? 0 : sig;
    output_close(&c->output, on_closed);
    c->ops->on_gone(c, how);
    uv_close((uv_handle_t *)&c->poll, on_closed);
    uv_close((uv_handle_t *)&c->process, on_closed);
}

/* ---- writing */

static size_t fill(const struct child *c, struct iovec *piece)
{
    size_t n = 0, skip = c->sent;

    if (c->hello) {
        piece[n++] = (struct iovec){c->hello + skip, c->n_hello - skip};
        skip = 0;
    }
    for (struct flight_doc *d = c->unsent; d && n < PIECES; d = d->next) {
        piece[n++] = (struct iovec){d->frame + skip, d->n_frame - skip};
        skip = 0;
    }
    return n;
}

static void advance(struct child *c, size_t n)
{
    c->sent += n;
    if (c->hello && c->sent >= c->n_hello) {
        free(c->hello);
        c->hello = NULL;
        c->sent -= c->n_hello;
    }
    while (!c->hello && c->unsent && c->sent >= c->unsent->n_frame) {
        c->sent -= c->unsent->n_frame;
        c->unsent = c->unsent->next;
    }
}

void child_flush(struct child *c)
{
    struct iovec piece[PIECES];
    struct msghdr m = {.msg_iov = piece};

    while ((c->hello || c->unsent) && !c->killed[0] && !c->blocked) {
        ssize_t n;

        m.msg_iovlen = fill(c, piece);
        n = sendmsg(c->fd, &m, MSG_NOSIGNAL);
        if (n >= 0)
            advance(c, (size_t)n);
        else if (errno == EAGAIN)
            c->blocked = true;
        else if (errno != EINTR)
            return; /* it is gone, as reading will find */
    }
    if (c->blocked)
        uv_poll_start(&c->poll, UV_READABLE | UV_WRITABLE, on_event);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct child *c = poll->data;

    if (c->blocked && (status < 0 || (events & UV_WRITABLE))) {
        c->blocked = false;
        uv_poll_start(poll, UV_READABLE, on_event);
        child_flush(c);
    }
    if (status < 0 || (events & UV_READABLE))
        read_some(c);
}

void child_give(struct child *c, struct flight_doc *d)
{
    if (c->queue.n == 0)
        c->heard = uv_now(c->poll.loop);
    flight_push(&c->queue, d);
    c->bytes += d->n_frame;
    if (!c->unsent)
        c->unsent = d;
}

/* ---- the start */

static int make_hello(struct child *c, const char *config)
{
    size_t n = strlen(config);
    struct frame_head head = {.size = (uint32_t)n, .type = FRAME_CONFIG, .ticket = c->mark};

    c->n_hello = sizeof head + n;
    c->hello = malloc(c->n_hello);
    if (!c->hello)
        return -1;
    memcpy(c->hello, &head, sizeof head);
    memcpy(c->hello + sizeof head, config, n);
    return 0;
}

/* A page of shared memory that can't be cut short under the supervisor's eyes. */
static int make_page(struct child *c)
{
    int fd = memfd_create("glossd-page", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0)
        return -1;
    if (ftruncate(fd, PAGE_SIZE) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0)
        goto fail;
    c->page = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
    if (c->page != MAP_FAILED)
        return fd;
    c->page = NULL;
fail:
    close(fd);
    return -1;
}

/* What a worker is given: the other ends of its sockets and pipes. */
struct ends {
    int socket, page, output;
};

static uv_stdio_container_t inherit(int fd)
{
    return (uv_stdio_container_t){.flags = fd < 0 ? UV_IGNORE : UV_INHERIT_FD, .data.fd = fd};
}

static int spawn(uv_loop_t *loop, struct child *c, const struct lineup *l, const struct ends *end)
{
    const int first[] = {-1, end->output, end->output, end->socket, end->page};
    size_t n = sizeof first / sizeof *first, n_all = n + l->config.n_pipeline;
    uv_stdio_container_t *stdio = calloc(n_all, sizeof *stdio);
    int r;
    char name[] = "glossd", mode[] = "--worker", *args[] = {name, mode, NULL};
    uv_process_options_t o = {
        .file = "/proc/self/exe", /* this very binary, though it may have been replaced */
        .args = args,
        .flags = UV_PROCESS_DETACHED, /* leads a group, and has no terminal */
        .stdio = stdio,
        .stdio_count = (int)n_all,
        .exit_cb = on_exit_of,
    };

    for (size_t i = 0; stdio && i < n_all; i++)
        stdio[i] = inherit(i < n ? first[i] : l->object[i - n] ? l->object[i - n]->fd : -1);
    if (!stdio)
        return UV_ENOMEM;
    c->open_handles++; /* even where it fails */
    r = uv_spawn(loop, &c->process, &o);
    free(stdio);
    return r;
}

static void close_ends(const struct ends *end)
{
    if (end->socket >= 0)
        close(end->socket);
    if (end->page >= 0)
        close(end->page);
    if (end->output >= 0)
        close(end->output);
}

/* The ends, and the handles that watch ours. 0, or a UV error. */
static int open_ends(uv_loop_t *loop, struct child *c, struct ends *end)
{
    int pair[2], r;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    c->fd = pair[0];
    end->socket = pair[1];
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    end->page = make_page(c);
    if (end->page < 0)
        return -errno;
    r = uv_poll_init(loop, &c->poll, c->fd);
    if (r < 0)
        return r;
    c->open_handles++;
    end->output = output_open(&c->output, loop, c->number, c->mark);
    if (end->output < 0)
        return end->output;
    c->open_handles++;
    c->process.data = c->poll.data = c->output.poll.data = c;
    return 0;
}

/* One that has not started. */
static void discard(struct child *c)
{
    int handles = c->open_handles;

    if (handles == 0)
        release(c);
    if (handles > 2)
        uv_close((uv_handle_t *)&c->process, on_closed);
    if (handles > 1)
        output_close(&c->output, on_closed);
    if (handles > 0) {
        c->poll.data = c;
        uv_close((uv_handle_t *)&c->poll, on_closed);
    }
}

/* For a document of less than a MiB. */
static uint64_t patience_of(const struct config *c)
{
    uint64_t ms = CORE_MS;

    for (size_t i = 0; i < c->n_pipeline; i++)
        ms += 2 * (uint64_t)c->pipeline[i].timeout_ms;
    return ms;
}

static struct child *make(uv_loop_t *loop, const char *config, unsigned number)
{
    struct child *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->fd = -1;
    c->number = number;
    c->since = c->watched = uv_now(loop);
    uv_random(NULL, NULL, &c->mark, sizeof c->mark, 0, NULL); /* without it: all zeros */
    if (make_hello(c, config) == 0)
        return c;
    release(c);
    return NULL;
}

struct child *child_start(uv_loop_t *loop, const char *config, const struct lineup *l,
                          unsigned number, const struct child_ops *ops, void *owner,
                          struct fault *f)
{
    struct child *c = make(loop, config, number);
    struct ends end = {-1, -1, -1};
    int r = c ? open_ends(loop, c, &end) : UV_ENOMEM;

    if (r == 0)
        r = spawn(loop, c, l, &end);
    close_ends(&end);
    if (r < 0) {
        fault_set(f, "can't start a worker: %s", uv_strerror(r));
        if (c)
            discard(c);
        return NULL;
    }
    c->ops = ops;
    c->owner = owner;
    c->patience_ms = patience_of(&l->config);
    uv_poll_start(&c->poll, UV_READABLE, on_event);
    child_flush(c);
    return c;
}
