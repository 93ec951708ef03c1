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
    MOST_PASSED = 4096,       /* documents of other topics, */
    MOST_READ = 16 << 20,     /* or so many bytes of results */
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

/* How far an answer has come. */
struct walk {
    uint64_t at, end, last; /* the seq that is next, the last to look at, the last there is */
    size_t bytes, read;     /* of the answer; of results that were looked at for their topic */
};

static struct walk begin(const struct wants *w, uint64_t first, uint64_t last)
{
    uint64_t at = w->from > first ? w->from : first;
    bool is_short = last < at || last - at < MOST_PASSED;

    return (struct walk){.at = at, .end = is_short ? last : at + MOST_PASSED, .last = last};
}

/* What a row, or none from there on, means for how far it has come. */
static enum spool_result come_to(struct walk *walk, enum spool_result r,
                                 const struct spool_published *p)
{
    if (r == SPOOL_OK)
        walk->at = p->seq;
    else if (r == SPOOL_NONE) /* the last was lost before a salvage */
        walk->at = walk->last + 1;
    return r;
}

/* The first that is wanted; at is it, or behind what was passed over. Each row is read whole: one
 * whose topic is damaged would be left out without a word. */
static enum spool_result find(const struct wants *w, struct spool_db *db, struct walk *walk,
                              struct slice *topic, struct fault *f)
{
    struct spool_published p;
    enum spool_result r;

    for (; walk->at <= walk->end && walk->read < MOST_READ; walk->at++) {
        r = come_to(walk, spool_db_row(db, walk->at, &p, f), &p);
        if (r != SPOOL_OK)
            return r;
        walk->read += p.members.n;
        *topic = p.topic;
        if (is_wanted(w, p.topic))
            return SPOOL_OK;
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

/* Puts the first document from at on. */
static enum spool_result put(struct replay_request *r, struct spool_db *db, struct walk *walk,
                             struct fault *f)
{
    struct spool_published p;
    struct json_out o = {0};
    enum spool_result result = come_to(walk, spool_db_published(db, walk->at, &p, f), &p);

    if (result != SPOOL_OK)
        return result;
    if (compose_kept(&r->replay->compose, &r->replay->scratch, &o, &p) < 0)
        o.failed = true;
    walk->bytes += o.n;
    replay_put_copy(r, p.topic);
    replay_put(r, &o);
    return SPOOL_OK;
}

static enum spool_result put_all(struct replay_request *r, struct spool_db *db, struct walk *walk,
                                 struct fault *f)
{
    const struct wants *w = r->wants;
    enum spool_result result = SPOOL_OK;
    struct slice topic;

    for (uint64_t n = 0; n < w->limit && walk->bytes < MOST_BYTES && !r->code; n++, walk->at++) {
        if (w->topics.n || !w->documents)
            result = find(w, db, walk, &topic, f);
        if (result == SPOOL_OK && w->documents)
            result = put(r, db, walk, f);
        else if (result == SPOOL_OK)
            put_number(r, walk->at, topic);
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
    uint64_t first, last;
    enum spool_result result = spool_db_span(db, &first, &last, f);

    if (result == SPOOL_OK) {
        struct walk walk = begin(w, first, last);

        if (walk.at <= last)
            result = put_all(r, db, &walk, f);
        put_head(r, first, walk.at, last);
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
