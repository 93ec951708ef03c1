/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/unread.h - what waits in libzmq for clients who are slow to read. libzmq bounds it by
 * messages and by client, which says little of memory. The hard rule: where more bytes wait than
 * may, the connections that hold them are closed, the worst first, and no other.
 */
#ifndef DAEMON_UNREAD_H
#define DAEMON_UNREAD_H

#include "daemon/zmq_uv.h"
#include "wire/json.h"

#include <stdatomic.h>
#include <stdint.h>
#include <uv.h>

enum { UNREAD_SOCKETS = 2, UNREAD_LOOKS = 4 };

/* A connection, as libzmq's monitor tells of it. */
struct unread_peer {
    int fd;
    uint64_t cookie;          /* of the socket: the number may be another's by now */
    int queued[UNREAD_LOOKS]; /* bytes that the system had not delivered, at the last looks */
};

struct unread {
    atomic_size_t bytes; /* of messages that libzmq has not let go of */
    size_t most;         /* that may wait */
    const char *who;     /* reads them, for the log */
    void *watched[UNREAD_SOCKETS];
    struct zmq_uv monitor[UNREAD_SOCKETS];
    struct unread_peer *peer;
    size_t n_peer, room;
    uv_timer_t look;
    unsigned looks;  /* since most was passed */
    uint64_t closed; /* connections */
};

/* Watches the connections of the sockets, any of which may be off. u must outlive the context. */
void unread_init(struct unread *u, uv_loop_t *loop, void *context, struct zmq_uv *const *socket,
                 size_t n, size_t most, const char *who);

/* Closes the handles, before the sockets are; the loop must run once more. Messages are still
 * counted after it. */
void unread_finish(struct unread *u);

/* Turns what was written into a message without copying it. 0, or -1 without memory. */
int unread_message(struct unread *u, zmq_msg_t *m, struct json_out *o);

#endif
