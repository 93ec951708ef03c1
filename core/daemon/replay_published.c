/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/replay_published.c - what was published is asked for again. The hard rule: byte
 * for byte what went out live, in the order of seq.
 *
 * Head: {"log": .., "first": 1, "next": 118, "last": 4242}, then topic and document, topic
 * and document. first is the first seq still kept, next where to go on, last the last
 * given: next above last, and all is there. A topic is a prefix, or several; one that
 * little matches makes an answer short, or empty with next further on. Without documents,
 * what a beat says stands in their place: so it is looked whether any is missing.
 */
#include "daemon/replay.h"

#include <string.h>

enum {
    LIMIT = 100, /* documents, where the request does not say */
    MOST = 1000,
    MOST_BYTES = 1024 * 1024, /* then the answer is closed, with the document that reached it */
    MOST_PASSED = 4096,       /* documents of other topics */
    TOPICS = 1000,
};

struct wants {
    uint64_t from, limit;
    struct request_strings topics;
    bool documents;
};

static const struct request_field fields[] = {
    {"from", REQUEST_NUMBER, offsetof(struct wants, from), INT64_MAX - 1},
    {"limit", REQUEST_NUMBER, offsetof(struct wants, limit), MOST},
    {"topic", REQUEST_STRINGS, offsetof(struct wants, topics), TOPICS},
    {"documents", REQUEST_FLAG, offsetof(struct wants, documents), 0},
    {0},
};

static bool is_wanted(const struct wants *w, struct slice topic)
{
    for (size_t i = 0; i < w->topics.n; i++)
        if (w->topics.of[i].n <= topic.n &&
            memcmp(w->topics.of[i].p, topic.p, w->topics.of[i].n) == 0)
            return true;
    return !w->topics.n;
}

/* The first from *at to end that is wanted; *at is it, or behind what was passed over. */
static enum spool_result find(const struct wants *w, struct spool_db *db, uint64_t *at,
                              uint64_t end, struct slice *topic, struct fault *f)
{
    enum spool_result r;

    for (; *at <= end; ++*at) {
        r = spool_db_topic(db, *at, at, topic, f);
        if (r != SPOOL_OK || is_wanted(w, *topic))
            return r;
    }
    return SPOOL_NONE;
}

static void put_number(struct replay_request *r, uint64_t seq, struct slice topic)
{
    struct json_out o = {0};

    compose_number(&r->replay->compose, &o, seq);
    replay_put_copy(r, topic);
    replay_put(r, &o);
}

/* Puts the document with the seq; adds its size to bytes. */
static enum spool_result put(struct replay_request *r, struct spool_db *db, uint64_t seq,
                             size_t *bytes, struct fault *f)
{
    struct spool_published p;
    struct json_out o = {0};
    enum spool_result result = spool_db_published(db, seq, &p, f);

    if (result != SPOOL_OK)
        return result;
    if (compose_kept(&r->replay->compose, &r->replay->scratch, &o, &p) < 0)
        o.failed = true;
    *bytes += o.n;
    replay_put_copy(r, p.topic);
    replay_put(r, &o);
    return SPOOL_OK;
}

static enum spool_result put_all(struct replay_request *r, struct spool_db *db, uint64_t *at,
                                 uint64_t last, struct fault *f)
{
    const struct wants *w = r->wants;
    enum spool_result result = SPOOL_OK;
    uint64_t end = last - *at < MOST_PASSED ? last : *at + MOST_PASSED;
    struct slice topic;
    size_t bytes = 0;

    for (uint64_t n = 0; n < w->limit && bytes < MOST_BYTES && !r->code; n++, ++*at) {
        result = find(w, db, at, end, &topic, f);
        if (result == SPOOL_OK && w->documents)
            result = put(r, db, *at, &bytes, f);
        else if (result == SPOOL_OK)
            put_number(r, *at, topic);
        if (result != SPOOL_OK)
            break;
    }
    return result == SPOOL_NONE ? SPOOL_OK : result;
}

static void put_head(struct replay_request *r, uint64_t first, uint64_t next, uint64_t last)
{
    struct json_out *o = &r->head;

    json_puts(o, "{\"log\":\"");
    json_puts(o, r->replay->compose.log);
    json_puts(o, "\",\"first\":");
    json_put_uint(o, first);
    json_puts(o, ",\"next\":");
    json_put_uint(o, next);
    json_puts(o, ",\"last\":");
    json_put_uint(o, last);
    json_puts(o, "}");
}

/* A disk that fails, or what is damaged, costs this answer only. */
static enum spool_result run(struct replay_request *r, struct spool_db *db, struct fault *f)
{
    const struct wants *w = r->wants;
    uint64_t first, last, at;
    enum spool_result result = spool_db_span(db, &first, &last, f);

    if (result == SPOOL_OK) {
        at = w->from > first ? w->from : first;
        if (at <= last)
            result = put_all(r, db, &at, last, f);
        put_head(r, first, at, last);
    }
    spool_db_rest(db);
    if (result != SPOOL_OK)
        replay_refuse(r, result == SPOOL_DAMAGED ? "damaged" : "overloaded", "%s", f->text);
    return SPOOL_OK;
}

/* Said once, though it may be asked for again and again. */
static bool done(struct replay_request *r)
{
    struct fault *said = &r->replay->said;

    if (!r->code || !strcmp(said->text, r->fault.text))
        return false;
    *said = r->fault;
    log_error("replay", "%s", said->text);
    return false;
}

static const struct wants defaults = {.limit = LIMIT, .documents = true};

const struct replay_kind replay_published = {
    .fields = fields,
    .defaults = &defaults,
    .size = sizeof defaults,
    .run = run,
    .done = done,
};
