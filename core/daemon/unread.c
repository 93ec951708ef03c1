/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/unread.c - bytes that wait in libzmq, and the end of who lets too many wait.
 *
 * Who holds them libzmq does not tell, but the system tells how much of what it was given for a
 * connection is not delivered yet: none, again and again, where somebody reads as fast as we send;
 * never none where somebody does not. To lower a high-water mark would be no way: libzmq then
 * takes for full, and for ever, who has read all of it.
 */
#include "daemon/unread.h"

#include "log.h"

#include <inttypes.h>
#include <linux/sockios.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { LOOK_MS = 250, CALM_MS = 500 };

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

static void forget_fd(struct unread *u, int fd)
{
    for (size_t i = 0; i < u->n_peer; i++)
        if (u->peer[i].fd == fd)
            forget(u, i--);
}

static void add(struct unread *u, int fd)
{
    size_t room = u->n_peer < u->room ? u->room : 2 * u->room + 16;
    struct unread_peer *grown = realloc(u->peer, room * sizeof *grown);

    if (!grown)
        return; /* it is not watched, then */
    u->peer = grown;
    u->room = room;
    u->peer[u->n_peer++] = (struct unread_peer){.fd = fd, .cookie = cookie_of(fd)};
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

/* The index of who has always had the most to read; n_peer where nobody has. */
static size_t find_slowest(const struct unread *u)
{
    size_t slowest = u->n_peer;
    int most = 0;

    for (size_t i = 0; i < u->n_peer; i++)
        if (least(&u->peer[i]) > most) {
            most = least(&u->peer[i]);
            slowest = i;
        }
    return slowest;
}

/* Its messages go with the connection; its next one begins anew. */
static void close_slowest(struct unread *u)
{
    size_t i = find_slowest(u);

    if (i == u->n_peer)
        return;
    if (cookie_of(u->peer[i].fd) == u->peer[i].cookie) {
        shutdown(u->peer[i].fd, SHUT_RDWR);
        log_warn("unread", "%zu bytes wait for %s: the connection of the slowest is closed",
                 atomic_load(&u->bytes), u->who);
        u->closed++;
    }
    forget(u, i);
}

static void on_look(uv_timer_t *look)
{
    struct unread *u = look->data;

    uv_timer_set_repeat(look, atomic_load(&u->bytes) > u->most ? LOOK_MS : CALM_MS);
    if (atomic_load(&u->bytes) <= u->most) {
        u->looks = 0;
        return;
    }
    for (size_t i = 0; i < u->n_peer; i++)
        u->peer[i].queued[u->looks % UNREAD_LOOKS] = queued(&u->peer[i]);
    if (++u->looks >= UNREAD_LOOKS)
        close_slowest(u);
}

/* ---- the rest of it */

static void watch(struct unread *u, uv_loop_t *loop, void *context, void *socket, size_t i)
{
    char at[64];
    void *monitor = zmq_socket(context, ZMQ_PAIR);
    int no_limit = 0; /* libzmq's own thread would wait until there is room */

    snprintf(at, sizeof at, "inproc://unread-%p", socket);
    if (!monitor || zmq_setsockopt(monitor, ZMQ_RCVHWM, &no_limit, sizeof no_limit) < 0 ||
        zmq_socket_monitor(socket, at, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED) < 0 ||
        zmq_connect(monitor, at) < 0 || zmq_uv_init(&u->monitor[i], loop, monitor) < 0) {
        log_warn("unread", "no memory to watch the connections of %s", u->who);
        if (monitor)
            zmq_close(monitor);
        return;
    }
    u->watched[i] = socket;
    u->monitor[i].on_message = on_event;
    u->monitor[i].owner = u;
    zmq_uv_resume(&u->monitor[i]);
}

void unread_init(struct unread *u, uv_loop_t *loop, void *context, struct zmq_uv *const *socket,
                 size_t n, size_t most, const char *who)
{
    u->most = most;
    u->who = who;
    for (size_t i = 0; i < n; i++)
        if (socket[i]->socket)
            watch(u, loop, context, socket[i]->socket, i);
    uv_timer_init(loop, &u->look);
    u->look.data = u;
    uv_timer_start(&u->look, on_look, CALM_MS, CALM_MS);
}

void unread_finish(struct unread *u)
{
    if (!u->look.data)
        return;
    uv_close((uv_handle_t *)&u->look, NULL);
    for (size_t i = 0; i < UNREAD_SOCKETS; i++) {
        if (u->watched[i]) /* else it would wait for a reader of its events, for ever */
            zmq_socket_monitor(u->watched[i], NULL, 0);
        zmq_uv_finish(&u->monitor[i]);
    }
    free(u->peer);
    u->peer = NULL;
    u->n_peer = u->room = 0;
}
