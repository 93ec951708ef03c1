/* SPDX-License-Identifier: Apache-2.0
 *
 * follow.c - see follow.h, whose hard rule holds.
 *
 * Where everything is followed, seq has no holes, and one that is above what is next is a
 * gap. Where topics are left out, a gap shows when prev was not delivered; in a topic that
 * nothing comes of any more it does not, so now and then the daemon is asked which seq
 * there were. What was replayed comes live too, later, and is dropped then.
 */
#include "cli/follow.h"

#include "cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Topic of the daemon's heartbeat; no document has it. */
#define HEARTBEAT "~"

enum {
    QUEUE = 10000, /* documents that wait here, before the daemon's queue fills */
    ANSWER_MS = 5000,
    AGAIN_MS = 500,
    CHECK_EVERY = 1000,
    AT_ONCE = 500, /* documents, or numbers, in an answer */
};

/* What a document, or a beat, says of itself. */
struct mark {
    json_t *json;
    const char *log; /* in json */
    uint64_t seq, prev;
};

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void wait_ms(int ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

static uint64_t number(const json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

/* False where it is none of the daemon's. */
static bool read_mark(struct mark *m, zmq_msg_t *doc)
{
    const json_t *gloss;

    m->json = json_loadb(zmq_msg_data(doc), zmq_msg_size(doc), JSON_ALLOW_NUL, NULL);
    gloss = json_object_get(m->json, "gloss");
    m->log = json_string_value(json_object_get(gloss, "log"));
    m->seq = number(gloss, "seq");
    m->prev = number(gloss, "prev");
    if (m->log && m->seq < INT64_MAX)
        return true;
    json_decref(m->json);
    return false;
}

/* ---- what was delivered */

static uint64_t last_of(const struct follow *f, const char *topic)
{
    return number(f->last, topic);
}

static bool is_double(const struct follow *f, const char *topic, uint64_t seq)
{
    return seq < f->base || (!f->all && seq <= last_of(f, topic));
}

static void deliver(struct follow *f, const char *topic, zmq_msg_t *doc, uint64_t seq)
{
    if (f->ended || is_double(f, topic, seq))
        return;
    if (f->all)
        f->base = seq + 1;
    else
        json_object_set_new(f->last, topic, json_integer((json_int_t)seq));
    f->last_ms = now_ms();
    f->ended = !f->on_document(f->owner, topic, zmq_msg_data(doc), zmq_msg_size(doc));
}

/* A new log begins where the daemon began anew without what it had: nothing before counts. */
static void take_log(struct follow *f, const char *log)
{
    if (f->log && !strcmp(log, f->log))
        return;
    if (f->log)
        f->base = 1;
    json_object_clear(f->last);
    free(f->log);
    f->log = strdup(log);
}

/* ---- what was missed */

static json_t *make_request(const struct follow *f, uint64_t from, bool documents)
{
    json_t *topics = json_array();

    for (size_t i = 0; i < f->n_topics; i++)
        json_array_append_new(topics, json_string(f->topics[i]));
    return json_pack("{s:I, s:i, s:b, s:o}", "from", (json_int_t)from, "limit", AT_ONCE,
                     "documents", documents, "topic", topics);
}

/* Who has said where to begin wants everything: it is asked again. */
static bool may_ask_again(struct follow *f, enum ask_result r, const struct answer *a)
{
    bool passing = r == ASK_SILENT || !strcmp(answer_code(a), "overloaded");

    if (!f->from_given || !passing ||
        (f->timeout_ms && now_ms() - f->last_ms >= (uint64_t)f->timeout_ms))
        return false;
    cli_error(0, "tail", "%s: trying again", f->why.text);
    wait_ms(AGAIN_MS);
    return true;
}

/* An answer of the log that is followed; or false, with f->why. */
static bool ask(struct follow *f, uint64_t from, bool documents, struct answer *a)
{
    json_t *request = make_request(f, from, documents);
    const char *log;
    enum ask_result r;

    while ((r = ask_daemon(&f->ask, request, a, &f->why)) != ASK_OK && may_ask_again(f, r, a))
        answer_finish(a);
    json_decref(request);
    if (r != ASK_OK)
        return false;
    log = json_string_value(json_object_get(a->head, "log"));
    if (log && !f->log)
        take_log(f, log);
    if (log && !strcmp(log, f->log))
        return true;
    fault_set(&f->why, "%s replays another log", f->ask.endpoint);
    return false;
}

static void deliver_answer(struct follow *f, struct answer *a)
{
    for (size_t i = 0; i + 1 < a->n_frames && !f->ended; i += 2) {
        char *topic = strndup(zmq_msg_data(&a->frame[i]), zmq_msg_size(&a->frame[i]));
        struct mark m;

        if (topic && read_mark(&m, &a->frame[i + 1])) {
            deliver(f, topic, &a->frame[i + 1], m.seq);
            json_decref(m.json);
        }
        free(topic);
    }
}

/* Where to go on after an answer, and what it says of where it begins. */
static uint64_t read_range(struct follow *f, const json_t *head, uint64_t from)
{
    uint64_t first = number(head, "first"), last = number(head, "last");

    if (from && first > from)
        cli_error(0, "tail", "seq %" PRIu64 " to %" PRIu64 " are not kept any more", from,
                  first - 1);
    if (from <= last + 1)
        return number(head, "next");
    cli_error(0, "tail", "the last seq there is is %" PRIu64 ": going on behind it", last);
    return f->base = last + 1;
}

/* Delivers what there is from a seq on; false where that can't be had. */
static bool catch_up(struct follow *f, uint64_t from)
{
    uint64_t last = from;

    while (from <= last && !f->ended) {
        struct answer a = {0};
        bool good = *f->replay && ask(f, from, true, &a);

        if (good) {
            uint64_t next = read_range(f, a.head, from);

            last = number(a.head, "last");
            deliver_answer(f, &a);
            if (from <= f->base && next > f->base && !f->ended)
                f->base = next;
            from = next;
        }
        answer_finish(&a);
        if (!good)
            return false;
    }
    return true;
}

/* The first seq in an answer without documents, up to last, that was not delivered; 0: all
 * were. */
static uint64_t find_missing(const struct follow *f, struct answer *a, uint64_t last)
{
    uint64_t missing = 0;

    for (size_t i = 0; i + 1 < a->n_frames && !missing; i += 2) {
        char *topic = strndup(zmq_msg_data(&a->frame[i]), zmq_msg_size(&a->frame[i]));
        struct mark m;

        if (topic && read_mark(&m, &a->frame[i + 1])) {
            if (m.seq <= last && !is_double(f, topic, m.seq))
                missing = m.seq;
            json_decref(m.json);
        }
        free(topic);
    }
    return missing;
}

/* Looks whether all that is followed, up to last, was delivered, and gets what was not. */
static void check(struct follow *f, uint64_t last)
{
    f->unchecked = 0;
    while (f->base <= last && *f->replay && !f->ended) {
        uint64_t missing = 0, next;
        struct answer a;
        bool good = ask(f, f->base, false, &a);

        if (good) {
            missing = find_missing(f, &a, last);
            next = number(a.head, "next");
            f->base = missing ? missing : next <= last ? next : last + 1;
        }
        answer_finish(&a);
        if (!good || (missing && !catch_up(f, missing)))
            return;
    }
}

/* Between two seq something is missing. */
static void close_gap(struct follow *f, const char *topic, uint64_t from, uint64_t to)
{
    fault_set(&f->why, "there is no replay endpoint to ask for them");
    if (catch_up(f, from)) {
        cli_error(0, "tail", "missed documents from seq %" PRIu64 " on: got them by replay", from);
        return;
    }
    if (f->all)
        cli_error(0, "tail", "missed the documents with seq %" PRIu64 " to %" PRIu64 ": %s", from,
                  to - 1, f->why.text);
    else
        cli_error(0, "tail",
                  "missed documents of topic \"%s\" between seq %" PRIu64 " and %" PRIu64 ": %s",
                  topic, last_of(f, topic), to, f->why.text);
    if (f->all && f->base < to)
        f->base = to;
}

/* ---- live */

static void begin_at(struct follow *f, const char *log, uint64_t seq)
{
    if (!f->log && !f->from_given)
        f->base = seq;
    take_log(f, log);
}

static void take_beat(struct follow *f, const struct mark *m)
{
    begin_at(f, m->log, m->seq + 1);
    if (m->seq < f->base)
        return;
    if (f->all)
        close_gap(f, "", f->base, m->seq + 1);
    else
        check(f, m->seq);
}

static void take_document(struct follow *f, const char *topic, zmq_msg_t *doc, const struct mark *m)
{
    uint64_t last;

    begin_at(f, m->log, m->seq);
    if (is_double(f, topic, m->seq))
        return;
    last = last_of(f, topic);
    if (f->all && m->seq > f->base)
        close_gap(f, topic, f->base, m->seq);
    else if (!f->all && m->prev >= f->base && m->prev > last)
        close_gap(f, topic, last < f->base ? f->base : last + 1, m->seq);
    deliver(f, topic, doc, m->seq);
    if (!f->all && ++f->unchecked >= CHECK_EVERY)
        check(f, m->seq);
}

static void take(struct follow *f, zmq_msg_t *topic, zmq_msg_t *doc)
{
    char *name = strndup(zmq_msg_data(topic), zmq_msg_size(topic));
    struct mark m;

    if (name && read_mark(&m, doc)) {
        if (strcmp(name, HEARTBEAT) == 0)
            take_beat(f, &m);
        else
            take_document(f, name, doc, &m);
        json_decref(m.json);
    }
    free(name);
}

/* Heartbeats come without end where documents don't: they buy no time. */
static bool receive(struct follow *f, zmq_msg_t *topic, zmq_msg_t *doc)
{
    int left = -1;

    if (f->timeout_ms) {
        uint64_t spent = now_ms() - f->last_ms;

        left = spent < (uint64_t)f->timeout_ms ? f->timeout_ms - (int)spent : 0;
    }
    zmq_setsockopt(f->socket, ZMQ_RCVTIMEO, &left, sizeof left);
    if (left && zmq_msg_recv(topic, f->socket, 0) >= 0 && zmq_msg_recv(doc, f->socket, 0) >= 0)
        return true;
    f->status = cli_error(CLI_FAILED, "tail", "nothing came from %s for %d s", f->publish,
                          f->timeout_ms / 1000);
    return false;
}

static void follow_live(struct follow *f)
{
    zmq_msg_t topic, doc;

    zmq_msg_init(&topic);
    zmq_msg_init(&doc);
    while (!f->ended && receive(f, &topic, &doc))
        take(f, &topic, &doc);
    zmq_msg_close(&topic);
    zmq_msg_close(&doc);
}

/* ---- the whole */

static void subscribe(struct follow *f)
{
    int queue = QUEUE;

    f->all = !f->n_topics;
    zmq_setsockopt(f->socket, ZMQ_RCVHWM, &queue, sizeof queue);
    for (size_t i = 0; i < f->n_topics; i++) {
        zmq_setsockopt(f->socket, ZMQ_SUBSCRIBE, f->topics[i], strlen(f->topics[i]));
        f->all = f->all || !*f->topics[i];
    }
    zmq_setsockopt(f->socket, ZMQ_SUBSCRIBE, f->all ? "" : HEARTBEAT, f->all ? 0 : 1);
}

static void follow_connected(struct follow *f)
{
    f->last_ms = now_ms();
    f->base = f->from;
    if (f->from_given && !catch_up(f, f->from))
        f->status = cli_error(CLI_FAILED, "tail", "%s", f->why.text);
    else
        follow_live(f);
}

int follow_run(struct follow *f)
{
    f->context = zmq_ctx_new();
    f->socket = zmq_socket(f->context, ZMQ_SUB);
    f->last = json_object();
    f->ask = (struct ask){.context = f->context,
                          .endpoint = f->replay,
                          .timeout_ms = f->timeout_ms && f->timeout_ms < ANSWER_MS ? f->timeout_ms
                                                                                   : ANSWER_MS};
    subscribe(f);
    if (zmq_connect(f->socket, f->publish))
        f->status =
            cli_error(CLI_USAGE, "tail", "endpoint \"%s\": %s", f->publish, zmq_strerror(errno));
    else
        follow_connected(f);
    ask_finish(&f->ask);
    zmq_close(f->socket);
    zmq_ctx_term(f->context);
    json_decref(f->last);
    free(f->log);
    return f->status;
}
