/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_db.c - what is written into the spool. The hard rule of spool_db.h
 * holds: counts change with the rows they count, and go back with them.
 */
#include "spool/spool_db.h"

#include "spool/spool_parts.h"

enum { TRIM_STEP = 256 }; /* rows one call of trim takes away at most */

/* ---- statements */

enum spool_result spool_step(struct spool_db *db, enum spool_sql which, struct fault *f)
{
    int code = sqlite3_step(db->statement[which]);

    sqlite3_reset(db->statement[which]);
    return spool_judge(db, code, f);
}

/* ---- brackets */

static enum spool_result run(struct spool_db *db, const char *sql, struct fault *f)
{
    return spool_judge(db, sqlite3_exec(db->sql, sql, NULL, NULL, NULL), f);
}

enum spool_result spool_db_begin(struct spool_db *db, struct fault *f)
{
    return run(db, "BEGIN IMMEDIATE", f);
}

enum spool_result spool_db_begin_reading(struct spool_db *db, struct fault *f)
{
    return run(db, "BEGIN", f);
}

void spool_db_rollback(struct spool_db *db)
{
    sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
    db->now = db->committed;
}

static enum spool_result write_facts(struct spool_db *db, struct fault *f)
{
    const struct spool_facts *now = &db->now;
    sqlite3_stmt *s = db->statement[SQL_FACTS_SET];

    spool_bind_number(s, 1, now->state.ticket);
    spool_bind_number(s, 2, now->state.seq);
    spool_bind_number(s, 3, now->state.sent);
    spool_bind_number(s, 4, now->state.pending);
    spool_bind_number(s, 5, now->state.dead);
    spool_bind_number(s, 6, now->published_bytes);
    spool_bind_number(s, 7, now->dead_bytes);
    sqlite3_bind_int64(s, 8, spool_facts_sum(now));
    return spool_step(db, SQL_FACTS_SET, f);
}

enum spool_result spool_db_commit(struct spool_db *db, struct fault *f)
{
    enum spool_result r = write_facts(db, f);

    if (r == SPOOL_OK)
        r = run(db, "COMMIT", f);
    if (r == SPOOL_OK)
        db->committed = db->now;
    else
        spool_db_rollback(db);
    return r;
}

/* ---- a document's life */

enum spool_result spool_db_accept(struct spool_db *db, const struct spool_doc *d, struct fault *f)
{
    sqlite3_stmt *s = db->statement[SQL_ACCEPT];
    enum spool_result r;

    spool_bind_document(s, d);
    r = spool_step(db, SQL_ACCEPT, f);
    if (r == SPOOL_OK && sqlite3_changes(db->sql) == 0)
        return SPOOL_DUPLICATE;
    if (r == SPOOL_OK) {
        spool_bind_number(db->statement[SQL_PEND], 1, d->ticket);
        r = spool_step(db, SQL_PEND, f);
    }
    if (r == SPOOL_OK) {
        db->now.state.pending++;
        if (d->ticket > db->now.state.ticket)
            db->now.state.ticket = d->ticket;
    }
    return r;
}

static enum spool_result unpend(struct spool_db *db, uint64_t ticket, struct fault *f)
{
    enum spool_result r;

    spool_bind_number(db->statement[SQL_UNPEND], 1, ticket);
    r = spool_step(db, SQL_UNPEND, f);
    if (r == SPOOL_OK && sqlite3_changes(db->sql) == 0)
        return SPOOL_NONE;
    if (r == SPOOL_OK)
        db->now.state.pending--;
    return r;
}

/* The seq last published under the topic; 0 where none is kept. */
static enum spool_result find_prev(struct spool_db *db, struct slice topic, uint64_t *prev,
                                   struct fault *f)
{
    sqlite3_stmt *s = db->statement[SQL_PREV];
    int code;

    spool_bind_slice(s, 1, topic);
    code = sqlite3_step(s);
    *prev = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
    sqlite3_reset(s);
    return spool_judge(db, code, f);
}

enum spool_result spool_db_publish(struct spool_db *db, const struct spool_published *p,
                                   uint64_t now_ms, uint64_t *seq, uint64_t *prev, struct fault *f)
{
    sqlite3_stmt *s = db->statement[SQL_PUBLISH];
    struct spool_published row = *p;
    enum spool_result r = unpend(db, p->doc.ticket, f);

    if (r != SPOOL_OK)
        return r;
    *seq = row.seq = db->now.state.seq + 1;
    r = find_prev(db, p->topic, prev, f);
    if (r != SPOOL_OK)
        return r;
    row.prev = *prev;
    spool_bind_published(s, &row, now_ms);
    r = spool_step(db, SQL_PUBLISH, f);
    if (r == SPOOL_OK) {
        db->now.state.seq = *seq;
        db->now.published_bytes += p->members.n + p->doc.head.n + p->doc.body.n;
    }
    return r;
}

static enum spool_result forget(struct spool_db *db, uint64_t ticket, struct fault *f)
{
    spool_bind_number(db->statement[SQL_FORGET], 1, ticket);
    return spool_step(db, SQL_FORGET, f);
}

enum spool_result spool_db_bury(struct spool_db *db, const struct spool_dead *dead, bool settle,
                                struct fault *f)
{
    sqlite3_stmt *s = db->statement[SQL_BURY];
    const struct spool_doc *d = &dead->doc;
    enum spool_result r = settle ? unpend(db, dead->ticket, f) : SPOOL_OK;

    if (r == SPOOL_OK && settle)
        r = forget(db, dead->ticket, f);
    if (r != SPOOL_OK)
        return r;
    spool_bind_dead(s, dead);
    r = spool_step(db, SQL_BURY, f);
    if (r == SPOOL_OK) {
        db->now.state.dead++;
        db->now.dead_bytes += d->head.n + d->body.n;
    }
    return r;
}

enum spool_result spool_db_exhume(struct spool_db *db, uint64_t number, struct fault *f)
{
    sqlite3_stmt *s = db->statement[SQL_EXHUME];
    int code;

    spool_bind_number(s, 1, number);
    code = sqlite3_step(s);
    if (code == SQLITE_ROW) {
        db->now.state.dead--;
        db->now.dead_bytes -= (uint64_t)sqlite3_column_int64(s, 0);
        code = sqlite3_step(s);
        sqlite3_reset(s);
        return spool_judge(db, code, f);
    }
    sqlite3_reset(s);
    return code == SQLITE_DONE ? SPOOL_NONE : spool_judge(db, code, f);
}

void spool_db_sent(struct spool_db *db, uint64_t seq)
{
    if (seq > db->now.state.sent)
        db->now.state.sent = seq;
}

/* ---- what is old goes */

struct oldest {
    uint64_t seq, ticket, at_ms, bytes;
};

static enum spool_result find_oldest(struct spool_db *db, struct oldest *o, struct fault *f)
{
    sqlite3_stmt *s = db->statement[SQL_OLDEST];
    int code = sqlite3_step(s);

    o->seq = (uint64_t)sqlite3_column_int64(s, 0);
    o->ticket = (uint64_t)sqlite3_column_int64(s, 1);
    o->at_ms = (uint64_t)sqlite3_column_int64(s, 2);
    o->bytes = (uint64_t)sqlite3_column_int64(s, 3);
    sqlite3_reset(s);
    return code == SQLITE_DONE ? SPOOL_NONE : spool_judge(db, code, f);
}

static bool is_over(uint64_t bytes, uint64_t max_bytes, uint64_t at_ms, uint64_t max_ms,
                    uint64_t now_ms)
{
    return bytes > max_bytes || (now_ms > max_ms && at_ms < now_ms - max_ms);
}

static enum spool_result trim_published(struct spool_db *db, const struct spool_keep *keep,
                                        uint64_t now_ms, struct fault *f)
{
    struct oldest o;
    enum spool_result r = SPOOL_OK;

    for (int i = 0; i < TRIM_STEP && r == SPOOL_OK; i++) {
        r = find_oldest(db, &o, f);
        if (r != SPOOL_OK || o.seq > db->now.state.sent ||
            !is_over(db->now.published_bytes, keep->published_bytes, o.at_ms, keep->published_ms,
                     now_ms))
            break;
        spool_bind_number(db->statement[SQL_TRIM], 1, o.seq);
        r = spool_step(db, SQL_TRIM, f);
        if (r == SPOOL_OK)
            r = forget(db, o.ticket, f);
        db->now.published_bytes -= o.bytes;
    }
    return r == SPOOL_NONE ? SPOOL_OK : r;
}

static enum spool_result trim_dead(struct spool_db *db, const struct spool_keep *keep,
                                   uint64_t now_ms, struct fault *f)
{
    sqlite3_stmt *s = db->statement[SQL_OLDEST_DEAD];
    enum spool_result r = SPOOL_OK;

    for (int i = 0; i < TRIM_STEP && r == SPOOL_OK && db->now.state.dead; i++) {
        int code = sqlite3_step(s);
        uint64_t number = (uint64_t)sqlite3_column_int64(s, 0);
        uint64_t at_ms = (uint64_t)sqlite3_column_int64(s, 1);

        sqlite3_reset(s);
        r = spool_judge(db, code, f);
        if (r != SPOOL_OK || code == SQLITE_DONE ||
            !is_over(db->now.dead_bytes, keep->dead_bytes, at_ms, keep->dead_ms, now_ms))
            break;
        r = spool_db_exhume(db, number, f);
    }
    return r;
}

enum spool_result spool_db_trim(struct spool_db *db, const struct spool_keep *keep, uint64_t now_ms,
                                struct fault *f)
{
    enum spool_result r = trim_published(db, keep, now_ms, f);

    return r == SPOOL_OK ? trim_dead(db, keep, now_ms, f) : r;
}
