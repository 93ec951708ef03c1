/* SPDX-License-Identifier: Apache-2.0
 *
 * follow.c [PREFIX [FROM [PUBLISH REPLAY]]] - gets every document that glossd publishes,
 * once: live, and what was missed from the replay socket; in the order of seq within a
 * topic. To be copied. Build it with
 *
 *     cc -o follow follow.c $(pkg-config --cflags --libs libzmq jansson)
 *
 * A document was seen where its seq is below base, or not above the last of its topic. It
 * shows a gap where its prev was not seen. The topic "~", which comes once a second where
 * nothing else does, shows whether anything is missing of which no later document tells.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { ANSWER_MS = 5000 };

struct follower {
    void *context, *live;
    const char *prefix, *replay;
    char *log;       /* the log that seq counts in */
    json_int_t base; /* everything below was seen */
    json_t *last;    /* topic: the last seq of it */
};

/* What a document says of itself. */
struct mark {
    json_t *json;
    const char *log;
    json_int_t seq, prev;
};

static struct mark read_mark(const char *text)
{
    struct mark m = {.json = json_loads(text, 0, NULL)};
    json_t *gloss = json_object_get(m.json, "gloss");

    m.log = json_string_value(json_object_get(gloss, "log"));
    m.seq = json_integer_value(json_object_get(gloss, "seq"));
    m.prev = json_integer_value(json_object_get(gloss, "prev")); /* null: 0 */
    return m;
}

/* The next frame of a message as a string; NULL: nothing came in time. */
static char *receive(void *socket)
{
    zmq_msg_t m;
    char *text = NULL;

    zmq_msg_init(&m);
    if (zmq_msg_recv(&m, socket, 0) >= 0)
        text = strndup(zmq_msg_data(&m), zmq_msg_size(&m));
    zmq_msg_close(&m);
    return text;
}

static bool has_more(void *socket)
{
    int more = 0;
    size_t size = sizeof more;

    zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size);
    return more;
}

static bool was_seen(const struct follower *f, const char *topic, json_int_t seq)
{
    return seq < f->base || seq <= json_integer_value(json_object_get(f->last, topic));
}

/* A document, if it is a new one. */
static void take(struct follower *f, const char *topic, const char *text, json_int_t seq)
{
    if (was_seen(f, topic, seq))
        return;
    json_object_set_new(f->last, topic, json_integer(seq));
    printf("%s\n", text); /* one line where the sender's JSON was one */
    fflush(stdout);
}

static void *connect_to_replay(struct follower *f)
{
    void *socket = zmq_socket(f->context, ZMQ_REQ);
    int ms = ANSWER_MS, none = 0;

    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &ms, sizeof ms);
    zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
    zmq_connect(socket, f->replay);
    return socket;
}

/* Sends a request until it is answered: the daemon may be starting again. The head, and the
 * socket on which the frames behind it are. */
static json_t *ask(struct follower *f, json_int_t from, bool documents, void **socket)
{
    json_t *head, *request = json_pack("{s:I, s:i, s:s, s:b}", "from", from, "limit", 1000, "topic",
                                       f->prefix, "documents", documents);
    char *text = json_dumps(request, 0), *answer = NULL;

    for (*socket = NULL; !answer; answer = receive(*socket)) {
        if (*socket)
            zmq_close(*socket);
        *socket = connect_to_replay(f);
        zmq_send(*socket, text, strlen(text), 0);
    }
    head = json_loads(answer, 0, NULL);
    if (json_object_get(head, "error")) {
        fprintf(stderr, "%s: %s\n", f->replay, answer);
        exit(1);
    }
    free(answer);
    free(text);
    json_decref(request);
    return head;
}

/* All that there is from a seq on and was not seen. */
static void catch_up(struct follower *f, json_int_t from)
{
    json_int_t first, next, last;
    void *socket;

    do {
        json_t *head = ask(f, from, true, &socket);
        json_t *log = json_object_get(head, "log");

        json_unpack(head, "{s:I, s:I, s:I}", "first", &first, "next", &next, "last", &last);
        if (from > 0 && first > from)
            fprintf(stderr, "seq %lld to %lld are not kept any more\n", (long long)from,
                    (long long)first - 1);
        if (!f->log)
            f->log = strdup(json_string_value(log));
        while (has_more(socket)) {
            char *topic = receive(socket), *text = receive(socket);
            struct mark m = read_mark(text);

            take(f, topic, text, m.seq);
            json_decref(m.json);
            free(topic);
            free(text);
        }
        zmq_close(socket);
        json_decref(head);
        if (from <= f->base && f->base < next)
            f->base = next;
        from = next;
    } while (next <= last);
}

/* Was everything up to end seen? What was not, is got. */
static void check(struct follower *f, json_int_t end)
{
    while (f->base <= end) {
        void *socket;
        json_t *head = ask(f, f->base, false, &socket);
        json_int_t next = json_integer_value(json_object_get(head, "next")), missing = 0;

        while (has_more(socket)) {
            char *topic = receive(socket), *text = receive(socket);
            struct mark m = read_mark(text);

            if (!missing && m.seq <= end && !was_seen(f, topic, m.seq))
                missing = m.seq;
            json_decref(m.json);
            free(topic);
            free(text);
        }
        zmq_close(socket);
        json_decref(head);
        if (missing) {
            fprintf(stderr, "missed seq %lld: catching up\n", (long long)missing);
            catch_up(f, missing);
        }
        f->base = next <= end ? next : end + 1;
    }
}

static void take_live(struct follower *f, const char *topic, const char *text)
{
    struct mark m = read_mark(text);

    if (!f->log || strcmp(m.log, f->log) != 0) { /* the first, or the daemon began anew */
        f->base = f->log ? 1 : m.seq + (strcmp(topic, "~") == 0);
        free(f->log);
        f->log = strdup(m.log);
        json_object_clear(f->last);
    }
    if (strcmp(topic, "~") == 0) {
        check(f, m.seq);
    } else {
        if (m.prev && !was_seen(f, topic, m.prev)) {
            json_int_t from = json_integer_value(json_object_get(f->last, topic)) + 1;

            fprintf(stderr, "missed seq %lld: catching up\n", (long long)m.prev);
            catch_up(f, from > f->base ? from : f->base);
        }
        take(f, topic, text, m.seq);
    }
    json_decref(m.json);
}

int main(int argc, char **argv)
{
    const char *publish = argc > 4 ? argv[3] : "tcp://127.0.0.1:7103";
    struct follower f = {.context = zmq_ctx_new(),
                         .prefix = argc > 1 ? argv[1] : "",
                         .replay = argc > 4 ? argv[4] : "tcp://127.0.0.1:7104",
                         .last = json_object()};

    f.live = zmq_socket(f.context, ZMQ_SUB);
    zmq_setsockopt(f.live, ZMQ_SUBSCRIBE, f.prefix, strlen(f.prefix));
    zmq_setsockopt(f.live, ZMQ_SUBSCRIBE, "~", 1);
    if (zmq_connect(f.live, publish) != 0) {
        fprintf(stderr, "%s: %s\n", publish, zmq_strerror(zmq_errno()));
        return 1;
    }
    if (argc > 2 && argv[2][0])
        catch_up(&f, atoll(argv[2]));
    for (;;) {
        char *topic = receive(f.live), *text = receive(f.live);

        take_live(&f, topic, text);
        free(topic);
        free(text);
    }
}
