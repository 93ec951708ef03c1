/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/unread.h - what waits in libzmq for clients who are slow to read. libzmq bounds it by
 * messages and by client, which says little of memory. The hard rule: where more bytes wait than
 * may, the connections of those who take none are closed, and where far more do, the slowest; who
 * reads loses nothing by others.
 */
#ifndef DAEMON_UNREAD_H
#define DAEMON_UNREAD_H

#include "daemon/zmq_uv.h"
#include "wire/json.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { UNREAD_SOCKETS = 2, UNREAD_LOOKS = 20 };

/* Tells of the connections of a socket. */
struct unread_monitor {
    struct unread *unread;
    void *watched;
    struct zmq_uv events;
};

struct unread_peer {
    const struct unread_monitor *from;
    int fd;
    uint64_t cookie;          /* of the socket: the number may be another's by now */
    int queued[UNREAD_LOOKS]; /* bytes that the system had not delivered, at the last looks */
};

struct unread {
    atomic_size_t bytes; /* of messages that libzmq has not let go of */
    size_t most;         /* that may wait for those who take none, */
    size_t utmost;       /* and for those who are slow; 0: any */
    const char *who;     /* reads them, for the log */
    uv_loop_t *loop;
    struct unread_monitor monitor[UNREAD_SOCKETS];
    struct unread_peer *peer;
    size_t n_peer, room;
    uv_timer_t timer;
    unsigned looks; /* since most was passed */
};

/* u, all zero but for most, utmost and who, must outlive the context of the sockets. */
void unread_init(struct unread *u, uv_loop_t *loop);

/* Watches the connections of a socket that is not bound yet; and ends that, before it is closed. */
void unread_watch(struct unread *u, void *context, void *socket);
void unread_unwatch(struct unread *u, void *socket);

/* Closes what is left; the loop must run once more. Messages are still counted after it. */
void unread_finish(struct unread *u);

/* Turns what was written into a message without copying it. 0, or -1 without memory. */
int unread_message(struct unread *u, zmq_msg_t *m, struct json_out *o);

#endif
