/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/replay.c - requests into tasks of the spool, and their answers out.
 *
 * Answers that wait in libzmq for clients who are slow to read are counted, for libzmq
 * bounds them by client only; where they are too many, the next request is refused.
 */
#include "daemon/replay.h"

#include "log.h"

#include <stdlib.h>
#include <string.h>

enum {
    REQUEST_BYTES = 64 * 1024,
    REQUEST_MEMORY = 256 * 1024,
    UTMOST = 4,                 /* times what may wait for those who take nothing */
    LEAD = REPLAY_ENVELOPE + 1, /* places before the frames */
};

static const struct replay_kind *const kinds[] = {&letters_kind, &replay_published};

/* ---- frames */

/* Room for one more; NULL without memory. */
static zmq_msg_t *next_frame(struct replay_request *r)
{
    if (LEAD + r->n_frames == r->room || !r->frame) {
        size_t room = 2 * r->room + 8;
        zmq_msg_t *grown = realloc(r->frame, room * sizeof *grown);

        if (!grown)
            return NULL;
        r->frame = grown;
        r->room = room;
    }
    return &r->frame[LEAD + r->n_frames];
}

static void refuse_memory(struct replay_request *r)
{
    replay_refuse(r, "overloaded", "the daemon is out of memory: ask again, or for less");
}

void replay_put(struct replay_request *r, struct json_out *o)
{
    zmq_msg_t *m = o->failed ? NULL : next_frame(r);

    if (m && unread_message(r->replay->unread, m, o) == 0) {
        r->n_frames++;
    } else {
        json_out_finish(o);
        refuse_memory(r);
    }
}

void replay_put_copy(struct replay_request *r, struct slice s)
{
    zmq_msg_t *m = next_frame(r);

    if (!m || zmq_msg_init_size(m, s.n) < 0) {
        refuse_memory(r);
        return;
    }
    memcpy(zmq_msg_data(m), s.p, s.n);
    r->n_frames++;
}

void replay_refuse(struct replay_request *r, const char *code, const char *fmt, ...)
{
    va_list ap;

    if (r->code)
        return;
    va_start(ap, fmt);
    vsnprintf(r->fault.text, sizeof r->fault.text, fmt, ap);
    va_end(ap);
    r->code = code;
}

/* ---- the answer */

static void drop_frames(struct replay_request *r)
{
    while (r->n_frames)
        zmq_msg_close(&r->frame[LEAD + --r->n_frames]);
    r->head.n = 0;
}

static void put_error(struct replay_request *r)
{
    json_puts(&r->head, "{\"error\":{\"code\":\"");
    json_puts(&r->head, r->code);
    json_puts(&r->head, "\",\"message\":");
    json_put_string(&r->head, r->fault.text, strlen(r->fault.text));
    json_puts(&r->head, "}}");
}

static void send_answer(struct replay_request *r)
{
    size_t lead = r->n_envelope + 1;
    zmq_msg_t head, *part = next_frame(r) ? &r->frame[LEAD - lead] : NULL;

    if (!part || unread_message(r->replay->unread, &head, &r->head) < 0) {
        r->replay->stats->replies_lost++;
        return;
    }
    for (size_t i = 0; i < lead; i++) {
        zmq_msg_init(&part[i]);
        zmq_msg_move(&part[i], i < r->n_envelope ? &r->envelope[i] : &head);
    }
    if (zmq_uv_send(r->replay->socket, part, lead + r->n_frames) != 0)
        r->replay->stats->replies_lost++;
    r->n_frames = 0;
}

static void finish_request(struct replay_request *r)
{
    if (r->wants && r->kind->drop)
        r->kind->drop(r);
    drop_frames(r);
    json_out_finish(&r->head);
    free(r->frame);
    for (size_t i = 0; i < r->n_envelope; i++)
        zmq_msg_close(&r->envelope[i]);
    zmq_msg_close(&r->text);
    arena_finish(&r->arena);
    *r = (struct replay_request){0};
}

/* Before the spool is closed, where it is possible: who closes it last folds its log in. */
static void close_reader(struct replay *r)
{
    spool_db_close(r->reader);
    r->reader = NULL;
}

static void answer(struct replay_request *r)
{
    struct replay *replay = r->replay;

    if (r->code) {
        drop_frames(r);
        put_error(r);
    }
    send_answer(r);
    finish_request(r);
    replay->running = false;
    if (replay->ended)
        close_reader(replay);
    else
        zmq_uv_resume(replay->socket);
}

/* ---- the task */

static struct replay_request *request(struct spool_task *t)
{
    return (struct replay_request *)((char *)t - offsetof(struct replay_request, task));
}

static enum spool_result run(struct spool_task *t, struct spool_db *db, struct fault *f)
{
    struct replay_request *r = request(t);

    drop_frames(r);
    r->code = NULL;
    return r->kind->run(r, db, f);
}

static void done(struct spool_task *t)
{
    struct replay_request *r = request(t);

    if (!r->kind->done || !r->kind->done(r))
        answer(r);
}

void replay_answer(struct replay_request *r)
{
    answer(r);
}

static void give_up(struct spool_task *t, const char *why)
{
    struct replay_request *r = request(t);

    r->code = NULL;
    replay_refuse(r, "overloaded", "%s: ask again later", why);
    answer(r);
}

/* ---- the same beside the spool: in the thread, and on the loop */

static void on_read(uv_work_t *work)
{
    struct replay *replay = work->data;
    struct fault f;

    if (spool_db_begin_reading(replay->reader, &f) != SPOOL_OK)
        replay_refuse(&replay->now, "overloaded", "%s: ask again later", f.text);
    else
        run(&replay->now.task, replay->reader, &f);
    spool_db_rollback(replay->reader);
}

static void on_have_read(uv_work_t *work, int status)
{
    struct replay *replay = work->data;

    (void)status;
    done(&replay->now.task);
}

/* ---- the request */

/* Moves the parts of m to where they belong. What is no request is answered too. */
static bool unpack(struct replay_request *r, struct zmq_uv_message *m)
{
    size_t text = m->n <= REPLAY_ENVELOPE + 1 ? m->n - 1 : REPLAY_ENVELOPE;

    if (text > 1 && zmq_msg_size(&m->part[text - 1]) > 0)
        text = zmq_msg_size(&m->part[1]) > 0 ? 1 : 2;
    while (r->n_envelope < text) {
        zmq_msg_init(&r->envelope[r->n_envelope]);
        zmq_msg_move(&r->envelope[r->n_envelope], &m->part[r->n_envelope]);
        r->n_envelope++;
    }
    if (m->n != text + 1)
        replay_refuse(r, "bad_field", "a request is one frame of JSON; this has %zu", m->n - text);
    else
        zmq_msg_move(&r->text, &m->part[text]);
    if (zmq_msg_size(&r->text) > REQUEST_BYTES)
        replay_refuse(r, "too_large", "a request is %d bytes long at most", REQUEST_BYTES);
    return !r->code;
}

static const struct replay_kind *choose(const char *text, size_t n)
{
    size_t last = sizeof kinds / sizeof kinds[0] - 1;

    for (size_t i = 0; i < last; i++)
        if (request_has(text, n, kinds[i]->key))
            return kinds[i];
    return kinds[last];
}

static void read_request(struct replay_request *r)
{
    const char *text = zmq_msg_data(&r->text);
    size_t n = zmq_msg_size(&r->text);
    enum reject why;

    r->kind = choose(text, n);
    r->wants = arena_alloc(&r->arena, r->kind->size);
    if (!r->wants) {
        refuse_memory(r);
        return;
    }
    memcpy(r->wants, r->kind->defaults, r->kind->size);
    why = request_read(r->kind->fields, r->wants, &r->arena, text, n, &r->fault);
    if (why != REJECT_NONE)
        r->code = reject_code(why);
}

static void check_room(struct replay_request *r)
{
    if (!r->replay->spool)
        replay_refuse(
            r, "no_spool",
            "nothing that was published or is dead is kept: give the daemon a spool, with "
            "\"spool\": {\"durability\": \"memory\"} in its configuration, or \"commit\" "
            "and a \"path\"");
    else if (atomic_load(&r->replay->unread->bytes) > UTMOST * r->replay->unread->most)
        replay_refuse(r, "overloaded",
                      "answers wait that were asked for and are not read: ask again later");
}

static void on_message(void *owner, struct zmq_uv_message *m)
{
    struct replay *replay = owner;
    struct replay_request *r = &replay->now;

    *r = (struct replay_request){.replay = replay};
    arena_init(&r->arena, REQUEST_MEMORY);
    zmq_msg_init(&r->text);
    if (unpack(r, m))
        read_request(r);
    if (!r->code)
        check_room(r);
    replay->running = true;
    zmq_uv_pause(replay->socket);
    if (r->code) {
        answer(r);
        return;
    }
    r->task = (struct spool_task){.run = run, .done = done, .give_up = give_up};
    if (replay->reader && (!r->kind->writes || !r->kind->writes(r->wants)))
        uv_queue_work(replay->spool->loop, &replay->work, on_read, on_have_read);
    else
        spool_put(replay->spool, &r->task);
}

/* ---- the rest of it */

void replay_init(struct replay *r, struct zmq_uv *socket, struct spool *spool, struct stats *stats,
                 struct unread *unread, const char *log, void *owner)
{
    struct fault f;

    *r = (struct replay){
        .socket = socket, .spool = spool, .stats = stats, .unread = unread, .owner = owner};
    r->compose.log = log;
    r->work.data = r;
    arena_init(&r->scratch, SIZE_MAX);
    socket->on_message = on_message;
    socket->owner = r;
    if (!spool || spool_db_is_in_memory(spool->db) || !socket->socket)
        return;
    r->reader = spool_db_open_reader(spool->db, &f);
    if (!r->reader)
        log_warn("replay", "%s: it is read between commits", f.text);
}

void replay_open(struct replay *r)
{
    zmq_uv_resume(r->socket);
}

void replay_end(struct replay *r)
{
    if (r->ended || !r->socket)
        return;
    r->ended = true;
    zmq_uv_pause(r->socket);
    if (!r->running)
        close_reader(r);
}

void replay_finish(struct replay *r)
{
    if (!r->socket)
        return;
    if (r->running)
        finish_request(&r->now);
    close_reader(r);
    compose_finish(&r->compose);
    arena_finish(&r->scratch);
}
