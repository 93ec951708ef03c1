/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/sockets.c - the endpoints.
 */
#include "daemon/sockets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    /* Messages that wait inside libzmq for each sender. Few: they are beyond the limits of
     * what is in flight, and a sender shall feel at once that we have stopped reading. */
    WAITING = 64,
    /* Replies that wait for a client who does not read them; then they are lost. Where
     * they are large, see unread.h. */
    REPLIES = 10000,
    REPLAY_ANSWERS = 1000,
    REPLAY_WAITING = 8,
    REPLAY_UNREAD = 16 << 20,
    UTMOST = 4,             /* times limits.subscriber_bytes */
    REPLAY_BYTES = 1 << 20, /* of a request, which is much shorter */
    /* To bind, while the address is in use. */
    TRIES = 20,
    TRY_MS = 50,
    HEARTBEAT_MS = 10000,
    HEARTBEAT_TIMEOUT_MS = 30000,
};

struct endpoint {
    const char *key, *address;
    int type, receive, send; /* ZMQ_*; the high-water marks */
    int64_t largest;         /* a larger part makes libzmq drop the connection without a word */
    struct zmq_uv *socket;
    char *at;
    struct unread *unread; /* counts what is sent; NULL: nothing is */
};

static void set(void *socket, int option, int value)
{
    zmq_setsockopt(socket, option, &value, sizeof value);
}

static void set_options(void *socket, const struct endpoint *e)
{
    zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &e->largest, sizeof e->largest);
    set(socket, ZMQ_RCVHWM, e->receive);
    set(socket, ZMQ_SNDHWM, e->send);
    set(socket, ZMQ_LINGER, 0);
    set(socket, ZMQ_IPV6, 1);
    set(socket, ZMQ_BACKLOG, 1024);
    set(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS);
    set(socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS);
    set(socket, ZMQ_TCP_KEEPALIVE, 1);
    set(socket, ZMQ_TCP_KEEPALIVE_IDLE, 60);
    if (e->type != ZMQ_ROUTER)
        return;
    set(socket, ZMQ_ROUTER_MANDATORY, 1); /* to know of replies that are lost */
    set(socket, ZMQ_ROUTER_HANDOVER, 1);  /* a client with a name of its own that comes back */
}

/* libzmq takes a local socket away from whoever listens on it, so ask first. */
static bool is_taken(const char *address)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *path = address + strlen("ipc://");
    bool taken;
    int fd;

    if (strncmp(address, "ipc://", strlen("ipc://")) != 0 || strlen(path) >= sizeof to.sun_path)
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(to.sun_path, path, strlen(path) + 1);
    taken = fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
    if (fd >= 0)
        close(fd);
    return taken;
}

/* Where the socket really is: as configured, unless the system chose the port. */
static void note_address(void *socket, const struct endpoint *e, size_t size)
{
    const char *port = strrchr(e->address, ':');

    if (port && (!strcmp(port, ":*") || !strcmp(port, ":0")))
        zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, e->at, &size);
    else
        snprintf(e->at, size, "%s", e->address);
}

/* 0 or an errno. A glossd that was killed just now may hold the address for a moment, in a
 * child that it was about to start. */
static int try_to_bind(void *socket, const char *address)
{
    int error = EADDRINUSE;

    for (int i = 0; i < TRIES && error == EADDRINUSE; i++) {
        if (i > 0)
            usleep(TRY_MS * 1000);
        if (!is_taken(address))
            error = zmq_bind(socket, address) == 0 ? 0 : zmq_errno();
    }
    return error;
}

const char *sockets_hint(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "another program, perhaps another glossd, listens there: stop it, or change "
               "the endpoint";
    case EADDRNOTAVAIL:
        return "this machine has no such address: change the endpoint";
    case ENODEV:
        return "this machine has no such address or interface, and names are not looked up: "
               "change the endpoint";
    case EINVAL:
    case EPROTONOSUPPORT:
        return "it must look like tcp://127.0.0.1:7101 or ipc:///run/glossd/pull";
    default:
        return "change the endpoint";
    }
}

static int bind_endpoint(void *socket, const struct endpoint *e, struct fault *f)
{
    int error = try_to_bind(socket, e->address);

    if (error == 0) {
        note_address(socket, e, 256);
        return 0;
    }
    return fault_set(f, "endpoints.%s: can't bind %s: %s (errno %d): %s", e->key, e->address,
                     zmq_strerror(error), error, sockets_hint(error));
}

static int open_endpoint(struct sockets *s, uv_loop_t *loop, const struct endpoint *e,
                         struct fault *f)
{
    void *socket;
    int r;

    memcpy(e->at, "off", sizeof "off");
    if (!e->address[0])
        return 0;
    socket = zmq_socket(s->context, e->type);
    if (!socket)
        return fault_set(f, "can't make a socket: %s", zmq_strerror(zmq_errno()));
    set_options(socket, e);
    if (e->unread)
        unread_watch(e->unread, s->context, socket);
    r = bind_endpoint(socket, e, f);
    if (r == 0) {
        r = zmq_uv_init(e->socket, loop, socket);
        if (r < 0)
            fault_set(f, "can't watch a socket: %s", uv_strerror(r));
    }
    if (r == 0)
        return 0;
    if (e->unread)
        unread_unwatch(e->unread, socket);
    zmq_close(socket);
    return r;
}

/* What is asked for again may be one document of any size, for a slow line: it has no utmost. */
static void open_unread(struct sockets *s, uv_loop_t *loop, const struct config *c)
{
    s->live.who = "those who read what is published";
    s->live.most = c->limits.subscriber_bytes;
    s->live.utmost = UTMOST * s->live.most;
    s->again.who = "those who ask at the replay socket";
    s->again.most = REPLAY_UNREAD;
    unread_init(&s->live, loop);
    unread_init(&s->again, loop);
}

int sockets_open(struct sockets *s, uv_loop_t *loop, const struct config *c, struct fault *f)
{
    int subscriber = c->limits.subscriber_documents < INT32_MAX
                         ? (int)c->limits.subscriber_documents
                         : INT32_MAX;
    /* What is above the limit but below this is answered with too_large. */
    int64_t largest = SOCKETS_LARGEST((int64_t)c->limits.document_bytes);
    const struct endpoint endpoints[] = {
        {"pull", c->endpoints.pull, ZMQ_PULL, WAITING, 0, largest, &s->pull, s->at[0], NULL},
        {"ack", c->endpoints.ack, ZMQ_ROUTER, WAITING, REPLIES, largest, &s->ack, s->at[1],
         &s->live},
        {"publish", c->endpoints.publish, ZMQ_XPUB, 0, subscriber, largest, &s->publish, s->at[2],
         &s->live},
        {"replay", c->endpoints.replay, ZMQ_ROUTER, REPLAY_WAITING, REPLAY_ANSWERS, REPLAY_BYTES,
         &s->replay, s->at[3], &s->again},
    };

    memset(s, 0, sizeof *s);
    s->context = zmq_ctx_new();
    if (!s->context)
        return fault_set(f, "can't start libzmq: %s", zmq_strerror(zmq_errno()));
    open_unread(s, loop, c);
    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
        if (open_endpoint(s, loop, &endpoints[i], f) == 0)
            continue;
        sockets_close(s, 0);
        sockets_flush(s);
        return -1;
    }
    return 0;
}

static void close_socket(struct zmq_uv *z, int linger_ms)
{
    if (z->socket)
        set(z->socket, ZMQ_LINGER, linger_ms);
    zmq_uv_finish(z);
}

void sockets_close(struct sockets *s, int linger_ms)
{
    unread_finish(&s->live);
    unread_finish(&s->again);
    close_socket(&s->pull, 0);
    close_socket(&s->ack, linger_ms);
    close_socket(&s->publish, linger_ms);
    close_socket(&s->replay, linger_ms);
}

int sockets_flush(struct sockets *s)
{
    int r = s->context ? zmq_ctx_term(s->context) : 0;

    s->context = NULL;
    return r;
}
