/* SPDX-License-Identifier: Apache-2.0
 *
 * ask.c - see ask.h. A socket on which an answer is missing is closed, and the next
 * request goes out on a new one: so its hard rule holds.
 */
#include "cli/ask.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool connect_socket(struct ask *a)
{
    int none = 0;

    a->socket = zmq_socket(a->context, ZMQ_REQ);
    if (!a->socket)
        return false;
    zmq_setsockopt(a->socket, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt(a->socket, ZMQ_SNDTIMEO, &a->timeout_ms, sizeof a->timeout_ms);
    zmq_setsockopt(a->socket, ZMQ_RCVTIMEO, &a->timeout_ms, sizeof a->timeout_ms);
    return zmq_connect(a->socket, a->endpoint) == 0;
}

static bool send_request(struct ask *a, const json_t *request)
{
    char *text = json_dumps(request, JSON_COMPACT);
    bool sent = text && zmq_send(a->socket, text, strlen(text), 0) >= 0;

    free(text);
    return sent;
}

static bool receive_head(struct ask *a, struct answer *to)
{
    zmq_msg_t head;

    zmq_msg_init(&head);
    if (zmq_msg_recv(&head, a->socket, 0) >= 0)
        to->head = json_loadb(zmq_msg_data(&head), zmq_msg_size(&head), 0, NULL);
    zmq_msg_close(&head);
    if (!to->head && !errno)
        errno = EPROTO;
    return to->head;
}

static bool has_more(const struct ask *a)
{
    int more = 0;
    size_t size = sizeof more;

    zmq_getsockopt(a->socket, ZMQ_RCVMORE, &more, &size);
    return more;
}

/* The frames of a message come together, so there is no waiting for these. */
static bool receive_frames(struct ask *a, struct answer *to)
{
    size_t room = 0;

    while (has_more(a)) {
        if (to->n_frames == room) {
            zmq_msg_t *grown = realloc(to->frame, (room = 2 * room + 64) * sizeof *grown);

            if (!grown)
                return false;
            to->frame = grown;
        }
        zmq_msg_init(&to->frame[to->n_frames]);
        if (zmq_msg_recv(&to->frame[to->n_frames++], a->socket, 0) < 0)
            return false;
    }
    return true;
}

enum ask_result ask_daemon(struct ask *a, const json_t *request, struct answer *to, struct fault *f)
{
    const json_t *error;

    *to = (struct answer){0};
    errno = 0;
    if ((!a->socket && !connect_socket(a)) || !send_request(a, request) || !receive_head(a, to) ||
        !receive_frames(a, to)) {
        fault_set(f, "no answer from %s: %s", a->endpoint,
                  errno == EAGAIN ? "is glossd there, and does it listen on that endpoint?"
                                  : zmq_strerror(errno));
        ask_finish(a);
        return ASK_SILENT;
    }
    error = json_object_get(to->head, "error");
    if (!error)
        return ASK_OK;
    fault_set(f, "%s", json_string_value(json_object_get(error, "message")));
    return ASK_REFUSED;
}

const char *answer_code(const struct answer *a)
{
    const char *code =
        json_string_value(json_object_get(json_object_get(a->head, "error"), "code"));

    return code ? code : "";
}

void answer_finish(struct answer *a)
{
    for (size_t i = 0; i < a->n_frames; i++)
        zmq_msg_close(&a->frame[i]);
    free(a->frame);
    json_decref(a->head);
    *a = (struct answer){0};
}

void ask_finish(struct ask *a)
{
    if (a->socket)
        zmq_close(a->socket);
    a->socket = NULL;
}
