/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/unread.c - bytes that wait in libzmq, and the end of who lets too many wait.
 *
 * Who holds them libzmq does not tell, but the system tells how much of what it was given for a
 * connection is not delivered yet: none, again and again, where somebody reads as fast as we send;
 * always the same, where somebody does not read. Bytes of a message count until its last is
 * with the system, so a slow line alone is no reason. To lower a high-water mark would be no way:
 * libzmq then takes for full, and for ever, who has read all of it.
 */
#include "daemon/unread.h"

#include "log.h"

#include <linux/sockios.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
    LOOK_MS = 50,
    CALM_MS = 500,
    REST = 5, /* looks, until what a closed connection held is gone */
};

/* ---- messages */

static void on_read(void *p, void *unread)
{
    struct unread *u = unread;

    atomic_fetch_sub(&u->bytes, malloc_usable_size(p));
    free(p);
}

int unread_message(struct unread *u, zmq_msg_t *m, struct json_out *o)
{
    size_t size = malloc_usable_size(o->p);

    if (o->failed || zmq_msg_init_data(m, o->p, o->n, on_read, u) < 0) {
        json_out_finish(o);
        return -1;
    }
    atomic_fetch_add(&u->bytes, size);
    *o = (struct json_out){0};
    return 0;
}

/* ---- connections */

static uint64_t cookie_of(int fd)
{
    uint64_t cookie = 0;
    socklen_t size = sizeof cookie;

    getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size);
    return cookie;
}

static void forget(struct unread *u, size_t i)
{
    u->peer[i] = u->peer[--u->n_peer];
}

/* Only what the same monitor has told of: another's news of the number may be older or newer. */
static void forget_fd(const struct unread_monitor *from, int fd)
{
    struct unread *u = from->unread;

    for (size_t i = 0; i < u->n_peer; i++)
        if (u->peer[i].from == from && u->peer[i].fd == fd)
            forget(u, i--);
}

static void add(const struct unread_monitor *from, int fd)
{
    struct unread *u = from->unread;
    size_t room = u->n_peer < u->room ? u->room : 2 * u->room + 16;
    struct unread_peer *grown = realloc(u->peer, room * sizeof *grown);

    if (!grown)
        return; /* it is not watched, then */
    u->peer = grown;
    u->room = room;
    u->peer[u->n_peer++] = (struct unread_peer){.from = from, .fd = fd, .cookie = cookie_of(fd)};
}

/* An event is its number, 16 bits, and a value, 32; then the address. */
static void on_event(void *owner, struct zmq_uv_message *m)
{
    const char *p = zmq_msg_data(&m->part[0]);
    uint16_t event;
    int32_t fd;

    if (zmq_msg_size(&m->part[0]) != sizeof event + sizeof fd)
        return;
    memcpy(&event, p, sizeof event);
    memcpy(&fd, p + sizeof event, sizeof fd);
    forget_fd(owner, fd);
    if (event == ZMQ_EVENT_ACCEPTED)
        add(owner, fd);
}

/* ---- who is slow */

static int queued(const struct unread_peer *p)
{
    int n = 0;

    return ioctl(p->fd, SIOCOUTQ, &n) == 0 ? n : 0;
}

static int least(const struct unread_peer *p)
{
    int n = p->queued[0];

    for (size_t i = 1; i < UNREAD_LOOKS; i++)
        n = p->queued[i] < n ? p->queued[i] : n;
    return n;
}

/* Whoever takes some makes room, into which libzmq writes. What is queued may come to the same
 * then, for a local socket has few sizes of it, but not at so many looks. */
static bool stands_still(const struct unread_peer *p)
{
    for (size_t i = 1; i < UNREAD_LOOKS; i++)
        if (p->queued[i] != p->queued[0])
            return false;
    return true;
}

/* The index of who has always had the most to read; n_peer where nobody has. */
static size_t find_slowest(const struct unread *u, bool still)
{
    size_t slowest = u->n_peer;
    int most = 0;

    for (size_t i = 0; i < u->n_peer; i++) {
        const struct unread_peer *p = &u->peer[i];

        if (least(p) > most && (!still || stands_still(p))) {
            most = least(p);
            slowest = i;
        }
    }
    return slowest;
}

/* Its messages go with the connection; its next one begins anew. */
static void close_peer(struct unread *u, size_t i, size_t bytes)
{
    const struct unread_peer *p = &u->peer[i];

    if (cookie_of(p->fd) == p->cookie) {
        log_warn("unread", "%zu bytes wait for %s: the connection of the slowest is closed", bytes,
                 u->who);
        shutdown(p->fd, SHUT_RDWR);
    }
    forget(u, i);
}

static void on_timer(uv_timer_t *timer)
{
    struct unread *u = timer->data;
    size_t bytes = atomic_load(&u->bytes), slowest;

    uv_timer_set_repeat(timer, bytes > u->most ? LOOK_MS : CALM_MS);
    if (bytes <= u->most) {
        u->looks = 0;
        return;
    }
    for (size_t i = 0; i < u->n_peer; i++)
        u->peer[i].queued[u->looks % UNREAD_LOOKS] = queued(&u->peer[i]);
    if (++u->looks < UNREAD_LOOKS)
        return;
    slowest = find_slowest(u, true);
    if (slowest == u->n_peer && u->utmost && bytes > u->utmost)
        slowest = find_slowest(u, false);
    if (slowest < u->n_peer) {
        close_peer(u, slowest, bytes);
        u->looks = UNREAD_LOOKS - REST;
    }
}

/* ---- the rest of it */

void unread_init(struct unread *u, uv_loop_t *loop)
{
    u->loop = loop;
    uv_timer_init(loop, &u->timer);
    u->timer.data = u;
    uv_timer_start(&u->timer, on_timer, CALM_MS, CALM_MS);
}

/* 0, or -1 without memory. */
static int open_monitor(struct unread_monitor *m, void *context, void *socket)
{
    char at[64];
    void *events = zmq_socket(context, ZMQ_PAIR);
    int no_limit = 0; /* libzmq's own thread would wait until there is room */

    snprintf(at, sizeof at, "inproc://unread-%p", socket);
    if (!events)
        return -1;
    if (zmq_setsockopt(events, ZMQ_RCVHWM, &no_limit, sizeof no_limit) == 0 &&
        zmq_socket_monitor(socket, at, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED) == 0 &&
        zmq_connect(events, at) == 0 && zmq_uv_init(&m->events, m->unread->loop, events) == 0)
        return 0;
    zmq_socket_monitor(socket, NULL, 0);
    zmq_close(events);
    return -1;
}

void unread_watch(struct unread *u, void *context, void *socket)
{
    struct unread_monitor *m = u->monitor;

    while (m->watched)
        m++;
    m->unread = u;
    if (open_monitor(m, context, socket) < 0) {
        log_warn("unread", "no memory to watch the connections of %s", u->who);
        return;
    }
    m->watched = socket;
    m->events.on_message = on_event;
    m->events.owner = m;
    zmq_uv_resume(&m->events);
}

/* Without that, libzmq's thread would wait for a reader of its events, for ever. */
static void unwatch(struct unread_monitor *m)
{
    if (m->watched)
        zmq_socket_monitor(m->watched, NULL, 0);
    m->watched = NULL;
    zmq_uv_finish(&m->events);
}

void unread_unwatch(struct unread *u, void *socket)
{
    for (size_t i = 0; i < UNREAD_SOCKETS; i++)
        if (u->monitor[i].watched == socket)
            unwatch(&u->monitor[i]);
}

void unread_finish(struct unread *u)
{
    if (!u->loop)
        return;
    u->loop = NULL;
    uv_close((uv_handle_t *)&u->timer, NULL);
    for (size_t i = 0; i < UNREAD_SOCKETS; i++)
        unwatch(&u->monitor[i]);
    free(u->peer);
    u->peer = NULL;
    u->n_peer = u->room = 0;
}
