/* SPDX-License-Identifier: Apache-2.0
 *
 * ask.h - a request to the daemon's replay socket, and its answer. The hard rule: a late
 * answer is never taken for that to another request.
 */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "log.h"

#include <jansson.h>
#include <zmq.h>

/* Whom to ask. All but socket is the caller's to set. */
struct ask {
    void *context; /* of ZeroMQ */
    const char *endpoint;
    int timeout_ms;
    void *socket; /* NULL: not connected yet, or not any more */
};

/* The frames behind the head are as the kind of request has them. */
struct answer {
    json_t *head;
    zmq_msg_t *frame;
    size_t n_frames;
};

enum ask_result {
    ASK_OK,
    ASK_REFUSED, /* the answer is an error: head has it, and f its message */
    ASK_SILENT,  /* no answer in time, or no such endpoint, as f says */
};

/* Waits for the answer, which is the caller's in any case. */
enum ask_result ask_daemon(struct ask *a, const json_t *request, struct answer *to,
                           struct fault *f);

/* The code of a refusal, or "". */
const char *answer_code(const struct answer *a);

void answer_finish(struct answer *a);
void ask_finish(struct ask *a);

#endif
