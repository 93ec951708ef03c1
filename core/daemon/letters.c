/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/letters.c - requests about dead letters. The hard rule of letters.h holds.
 *
 * A retry reads letters in the thread, checks and counts their documents on the loop, and
 * accepts each by a task of its own. So it is as any document that comes in.
 */
#include "daemon/letters.h"

#include "daemon/letter.h"
#include "daemon/parts.h"

#include <string.h>

enum {
    LIMIT = 100, /* letters, where the request does not say */
    MOST = 1000,
    STEP = 64,                    /* .. that are run again */
    MOST_BYTES = 1024 * 1024,     /* then the answer is closed, with the letter that reached it */
    MOST_READ = 64 * 1024 * 1024, /* with those that are not meant */
    MOST_PASSED = 4096,           /* numbers looked at */
};

struct wants {
    struct slice dead, reason, plugin, id;
    uint64_t since, until, after, to, limit, all;

    /* made while it runs, from the start where it runs again */
    uint64_t last, on_list; /* the highest number, and how many there are */
    uint64_t at, end;       /* the last number looked at, and the last there is to look at */
    size_t bytes, read;     /* of the answer, or to be run; of letters */
    struct flight_doc *found[STEP]; /* to be run again */
    size_t n_found;
    bool full;
};

static const struct request_field fields[] = {
    {"dead", REQUEST_STRING, offsetof(struct wants, dead), 0},
    {"reason", REQUEST_STRING, offsetof(struct wants, reason), 0},
    {"plugin", REQUEST_STRING, offsetof(struct wants, plugin), 0},
    {"id", REQUEST_STRING, offsetof(struct wants, id), 0},
    {"since", REQUEST_NUMBER, offsetof(struct wants, since), INT64_MAX},
    {"until", REQUEST_NUMBER, offsetof(struct wants, until), INT64_MAX},
    {"after", REQUEST_NUMBER, offsetof(struct wants, after), INT64_MAX},
    {"to", REQUEST_NUMBER, offsetof(struct wants, to), INT64_MAX},
    {"limit", REQUEST_NUMBER, offsetof(struct wants, limit), MOST},
    {"all", REQUEST_NUMBER, offsetof(struct wants, all), 1},
    {0},
};

/* What is done with each letter, in the thread. */
typedef enum spool_result act(struct replay_request *r, struct spool_db *db,
                              const struct spool_dead *dead, struct fault *f);

/* ---- list, show, purge */

static enum spool_result list(struct replay_request *r, struct spool_db *db,
                              const struct spool_dead *dead, struct fault *f)
{
    struct json_out o = {0};

    (void)db;
    (void)f;
    letter_put(&o, dead);
    replay_put(r, &o);
    return SPOOL_OK;
}

static enum spool_result show(struct replay_request *r, struct spool_db *db,
                              const struct spool_dead *dead, struct fault *f)
{
    struct wants *w = r->wants;
    struct compose plain = {0};
    struct json_out o = {0};

    (void)db;
    (void)f;
    if (letter_put_document(&plain, &r->replay->scratch, &o, dead) < 0)
        o.failed = true;
    compose_finish(&plain);
    w->bytes += o.n;
    replay_put(r, &o);
    return SPOOL_OK;
}

static void put_number(struct json_out *o, uint64_t number)
{
    json_puts(o, "{\"number\":");
    json_put_uint(o, number);
}

static enum spool_result purge(struct replay_request *r, struct spool_db *db,
                               const struct spool_dead *dead, struct fault *f)
{
    struct json_out o = {0};
    enum spool_result result = spool_db_exhume(db, dead->number, f);

    if (result != SPOOL_OK)
        return result;
    put_number(&o, dead->number);
    json_puts(&o, "}");
    replay_put(r, &o);
    return SPOOL_OK;
}

/* ---- retry */

static void drop(struct replay_request *r)
{
    struct wants *w = r->wants;

    while (w->n_found)
        flight_destroy(w->found[--w->n_found]);
}

static enum spool_result find(struct replay_request *r, struct spool_db *db,
                              const struct spool_dead *dead, struct fault *f)
{
    struct wants *w = r->wants;
    struct flight_doc *d = parts_restore(&dead->doc);

    (void)db;
    (void)f;
    if (!d) {
        replay_refuse(r, "overloaded", "the daemon is out of memory: ask again later");
        return SPOOL_OK;
    }
    d->ticket = 0;
    d->letter = dead->number;
    w->bytes += d->bytes;
    w->found[w->n_found++] = d;
    return SPOOL_OK;
}

static void put_status(struct replay_request *r, uint64_t number, const char *status,
                       const char *code, const char *message)
{
    struct json_out o = {0};

    put_number(&o, number);
    json_puts(&o, ",\"status\":\"");
    json_puts(&o, status);
    json_puts(&o, "\"");
    if (code) {
        json_puts(&o, ",\"error\":{\"code\":\"");
        json_puts(&o, code);
        json_puts(&o, "\",\"message\":");
        json_put_string(&o, message, strlen(message));
        json_puts(&o, "}");
    }
    json_puts(&o, "}");
    replay_put(r, &o);
}

/* New documents need not wait for letters: half of what may be in flight is theirs. */
static bool has_room(const struct letters *l, const struct flight_doc *d)
{
    return l->in_flight <= l->flight->max_documents / 2 && flight_has_room(l->flight, d->bytes);
}

/* Checks d and puts it on its way. False where it can't go now. */
static bool enter(struct letters *l, struct replay_request *r, struct flight_doc *d)
{
    struct fault f = {""};
    enum reject why = has_room(l, d) ? ingest_check(l->ingest, d, &f) : REJECT_OVERLOADED;

    if (why == REJECT_OVERLOADED)
        return false;
    if (why == REJECT_NONE) {
        l->waiting++;
        l->in_flight++;
        l->ledger->steps->accept(l->ledger, d);
        return true;
    }
    put_status(r, d->letter, "rejected", reject_code(why), f.text);
    flight_destroy(d);
    return true;
}

/* ---- the walk over the list */

static bool is_meant(const struct wants *w, const struct spool_dead *dead)
{
    const struct spool_filter filter = {w->reason, w->plugin, w->id, w->since, w->until};

    return spool_filter_passes(&filter, dead);
}

static bool is_full(const struct wants *w)
{
    return w->bytes >= MOST_BYTES || w->read >= MOST_READ;
}

/* Acts on letters behind w->at, which becomes the last number looked at. */
static enum spool_result walk(struct replay_request *r, struct spool_db *db, act *on_letter,
                              uint64_t most, struct fault *f)
{
    struct wants *w = r->wants;
    uint64_t end = w->end - w->at < MOST_PASSED ? w->end : w->at + MOST_PASSED;
    enum spool_result result = SPOOL_OK;
    struct spool_dead dead;

    for (uint64_t n = 0; n < most && !is_full(w) && !r->code && w->at < end;) {
        result = spool_db_dead(db, w->at, end, &dead, f);
        if (result == SPOOL_OK) {
            w->at = dead.number;
            w->read += dead.doc.head.n + dead.doc.body.n;
            if (is_meant(w, &dead)) {
                result = on_letter(r, db, &dead, f);
                n++;
            }
        } else if (result == SPOOL_NONE) {
            w->at = end;
        }
        if (result != SPOOL_OK)
            break;
    }
    return result == SPOOL_NONE ? SPOOL_OK : result;
}

/* ---- the request */

static bool is(const struct wants *w, const char *verb)
{
    return w->dead.n == strlen(verb) && !memcmp(w->dead.p, verb, w->dead.n);
}

static bool writes(const void *wants)
{
    return is(wants, "purge");
}

/* What is meant to change is named. */
static bool is_chosen(const struct wants *w)
{
    return w->all || w->reason.n || w->plugin.n || w->id.n || w->since || w->until || w->to;
}

static act *choose(struct replay_request *r)
{
    const struct wants *w = r->wants;
    bool changes = is(w, "retry") || is(w, "purge");

    if (is(w, "list"))
        return list;
    if (is(w, "show"))
        return show;
    if (!changes)
        replay_refuse(r, "bad_field", "\"dead\" is \"list\", \"show\", \"retry\" or \"purge\"");
    else if (!is_chosen(w))
        replay_refuse(r, "bad_field",
                      "which? by reason, plugin, id, since, until, to, or \"all\": 1");
    else
        return is(w, "retry") ? find : purge;
    return NULL;
}

/* Where it begins and ends. */
static enum spool_result begin(struct replay_request *r, struct spool_db *db, struct fault *f)
{
    struct wants *w = r->wants;
    uint64_t first;
    enum spool_result result = spool_db_dead_span(db, &first, &w->last, &w->on_list, f);

    drop(r);
    w->bytes = w->read = 0;
    w->at = first && w->after < first ? first - 1 : w->after;
    w->end = w->to && w->to < w->last ? w->to : w->last;
    return result;
}

/* A letter that is damaged costs this answer only. */
static enum spool_result run(struct replay_request *r, struct spool_db *db, struct fault *f)
{
    struct wants *w = r->wants;
    act *on_letter = choose(r);
    uint64_t most = on_letter == find && w->limit > STEP ? STEP : w->limit;
    enum spool_result result = begin(r, db, f);

    if (result == SPOOL_OK && on_letter && w->at < w->end)
        result = walk(r, db, on_letter, most, f);
    spool_db_rest(db);
    if (result >= SPOOL_FULL && result != SPOOL_DAMAGED && writes(w))
        return result;
    if (result != SPOOL_OK)
        replay_refuse(r, result == SPOOL_DAMAGED ? "damaged" : "overloaded", "%s", f->text);
    return SPOOL_OK;
}

static void put_head(struct replay_request *r)
{
    const struct wants *w = r->wants;
    struct json_out *o = &r->head;

    json_puts(o, "{\"dead\":");
    json_put_uint(o, w->on_list);
    json_puts(o, ",\"last\":");
    json_put_uint(o, w->last);
    if (w->at < w->end) {
        json_puts(o, ",\"after\":");
        json_put_uint(o, w->at);
    }
    json_puts(o, w->full ? ",\"full\":true}" : "}");
}

/* What finds no room stays on the list, and is where the next request goes on. */
static void enter_all(struct replay_request *r)
{
    struct letters *l = r->replay->owner;
    struct wants *w = r->wants;
    size_t n = w->n_found, i = 0;

    w->n_found = 0;
    l->waiting = 1;
    if (n && l->ingest->closed)
        replay_refuse(r, "overloaded", "%s: ask again later", l->ingest->closed);
    while (i < n && !r->code && enter(l, r, w->found[i]))
        i++;
    if (i < n) {
        w->full = true;
        w->at = w->found[i]->letter - 1;
    }
    while (i < n)
        flight_destroy(w->found[i++]);
    l->waiting--;
}

static bool done(struct replay_request *r)
{
    struct letters *l = r->replay->owner;

    if (r->code)
        return false;
    enter_all(r);
    if (l->waiting)
        return true;
    put_head(r);
    return false;
}

/* ---- what has become of them */

static void settle(struct letters *l, const struct flight_doc *d, const char *status)
{
    struct replay_request *r = &l->replay->now;

    put_status(r, d->letter, status, NULL, NULL);
    if (--l->waiting)
        return;
    put_head(r);
    replay_answer(r);
}

void letters_on_accepted(struct letters *l, const struct flight_doc *d)
{
    settle(l, d, d->duplicate ? "gone" : "accepted");
}

void letters_on_overloaded(struct letters *l, const struct flight_doc *d, const char *why)
{
    struct replay_request *r = &l->replay->now;

    replay_refuse(r, "overloaded", "%s: ask again later", why);
    settle(l, d, "overloaded");
}

void letters_on_left(struct letters *l)
{
    l->in_flight--;
}

static const struct wants defaults = {.limit = LIMIT};

const struct replay_kind letters_kind = {
    .key = "dead",
    .fields = fields,
    .defaults = &defaults,
    .size = sizeof defaults,
    .writes = writes,
    .run = run,
    .done = done,
    .drop = drop,
};
