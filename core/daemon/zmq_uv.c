/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/zmq_uv.c - a ZeroMQ socket on the libuv loop.
 *
 * A turn reads messages until there are none (the edge is then armed again) or
 * the budget is used up; in the second case, and after every send, an idle
 * handle makes the next turn of the loop look again.
 */
#include "daemon/zmq_uv.h"

#include <errno.h>
#include <string.h>

/* Messages read in one turn, so that no socket starves the others. */
enum { BUDGET = 64 };

/* Reads one message; false where there is none. */
static bool receive(void *socket, struct zmq_uv_message *m)
{
    zmq_msg_t spare;
    int more = 1;

    for (m->n = 0; more; m->n++) {
        zmq_msg_t *part = m->n < ZMQ_UV_PARTS ? &m->part[m->n] : &spare;

        zmq_msg_init(part);
        /* The parts of a message arrive together, so only the first can be missing. */
        if (zmq_msg_recv(part, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(part);
            return m->n > 0;
        }
        more = zmq_msg_more(part);
        if (part == &spare)
            zmq_msg_close(part);
    }
    return true;
}

static void release(struct zmq_uv_message *m)
{
    for (size_t i = 0; i < m->n && i < ZMQ_UV_PARTS; i++)
        zmq_msg_close(&m->part[i]);
}

static void on_again(uv_idle_t *again)
{
    struct zmq_uv *z = again->data;
    struct zmq_uv_message m;

    for (int left = BUDGET; left > 0 && !z->paused; left--) {
        if (!receive(z->socket, &m)) {
            uv_idle_stop(again);
            return;
        }
        z->on_message(z->owner, &m);
        release(&m);
    }
    if (z->paused)
        uv_idle_stop(again);
    else
        uv_idle_start(again, on_again);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct zmq_uv *z = poll->data;

    (void)status;
    (void)events;
    on_again(&z->again);
}

int zmq_uv_init(struct zmq_uv *z, uv_loop_t *loop, void *socket)
{
    int fd, r;
    size_t size = sizeof fd;

    zmq_getsockopt(socket, ZMQ_FD, &fd, &size);
    r = uv_poll_init(loop, &z->poll, fd);
    if (r < 0)
        return r;
    uv_idle_init(loop, &z->again);
    z->poll.data = z;
    z->again.data = z;
    z->socket = socket;
    z->paused = true;
    return 0;
}

void zmq_uv_finish(struct zmq_uv *z)
{
    if (!z->socket)
        return;
    uv_close((uv_handle_t *)&z->poll, NULL);
    uv_close((uv_handle_t *)&z->again, NULL);
    zmq_close(z->socket);
    z->socket = NULL;
}

void zmq_uv_pause(struct zmq_uv *z)
{
    z->paused = true;
    if (!z->socket)
        return;
    /* The descriptor stays readable while nobody reads: it must not be watched. */
    uv_poll_stop(&z->poll);
    uv_idle_stop(&z->again);
}

void zmq_uv_resume(struct zmq_uv *z)
{
    if (!z->socket || !z->paused)
        return;
    z->paused = false;
    uv_poll_start(&z->poll, UV_READABLE, on_readable);
    uv_idle_start(&z->again, on_again);
}

/* That a client has read is one of libzmq's own messages, which a send that does not wait
 * may not look at: so at a high-water mark it is looked at, and sent again. */
static int send_part(void *socket, zmq_msg_t *part, int flags)
{
    int events;
    size_t size = sizeof events;

    if (zmq_msg_send(part, socket, flags) >= 0)
        return 0;
    if (zmq_errno() != EAGAIN || zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) < 0 ||
        zmq_msg_send(part, socket, flags) < 0)
        return zmq_errno();
    return 0;
}

int zmq_uv_send(struct zmq_uv *z, zmq_msg_t *part, size_t n)
{
    int error = 0;

    for (size_t i = 0; i < n; i++) {
        int more = i + 1 < n ? ZMQ_SNDMORE : 0;

        if (!error)
            error = send_part(z->socket, &part[i], ZMQ_DONTWAIT | more);
        if (error)
            zmq_msg_close(&part[i]);
    }
    if (!z->paused)
        uv_idle_start(&z->again, on_again);
    return error;
}
