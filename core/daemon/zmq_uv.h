/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/zmq_uv.h - a ZeroMQ socket on the libuv loop. The hard rule: ZMQ_FD is
 * edge-triggered and any call on the socket may swallow the edge, so every send
 * and every receive goes through this file, which looks again after each.
 */
#ifndef DAEMON_ZMQ_UV_H
#define DAEMON_ZMQ_UV_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>
#include <zmq.h>

/* The parts of a message that anybody here looks at: client, delimiter, head, text. */
enum { ZMQ_UV_PARTS = 4 };

struct zmq_uv_message {
    zmq_msg_t part[ZMQ_UV_PARTS];
    size_t n; /* parts that came; those above ZMQ_UV_PARTS are dropped */
};

struct zmq_uv {
    void *socket; /* NULL: not open */
    uv_poll_t poll;
    uv_idle_t again; /* looks again in the next turn */
    bool paused;

    /* Called for each message. It moves out of m what it wants to keep
     * (zmq_msg_move); the rest is closed on return. May pause the socket. */
    void (*on_message)(void *owner, struct zmq_uv_message *m);
    void *owner;
};

/* Takes the socket, which is closed with z. 0, or a libuv error. */
int zmq_uv_init(struct zmq_uv *z, uv_loop_t *loop, void *socket);

/* Closes the socket and the handles; the loop must run once more. z may be all zero. */
void zmq_uv_finish(struct zmq_uv *z);

/* Stops and resumes reading; both may be called at any time, twice too. */
void zmq_uv_pause(struct zmq_uv *z);
void zmq_uv_resume(struct zmq_uv *z);

/* Sends n parts as one message without waiting, and takes them: they are closed
 * in any case. 0, or the errno of the part that could not be sent. */
int zmq_uv_send(struct zmq_uv *z, zmq_msg_t *part, size_t n);

#endif
