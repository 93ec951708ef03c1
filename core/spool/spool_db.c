/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_db.c - what is written into the spool. The hard rule of spool_db.h
 * holds: counts change with the rows they count, and go back with them.
 */
#include "spool/spool_db.h"

#include "spool/spool_lock.h"
#include "spool/spool_parts.h"

#include <unistd.h>

enum { TRIM_ROWS = 256, TRIM_BYTES = 16 << 20 }; /* what one call of trim takes away at least */

/* ---- statements */

enum spool_result spool_step(struct spool_db *db, enum spool_sql which, struct fault *f)
{
    int code = sqlite3_step(db->statement[which]);

    sqlite3_reset(db->statement[which]);
    return spool_judge(db, code, f);
}

/* ---- brackets */

enum spool_result spool_db_begin(struct spool_db *db, struct fault *f)
{
    return spool_step(db, SQL_BEGIN, f);
}

enum spool_result spool_db_begin_reading(struct spool_db *db, struct fault *f)
{
    return spool_step(db, SQL_BEGIN_READING, f);
}

void spool_db_rollback(struct spool_db *db)
{
    struct fault f; /* SQLite may have rolled back already */

    spool_step(db, SQL_ROLLBACK, &f);
    db->now = db->committed;
}

/* Not where nothing has changed: then the commit writes nothing at all. */
static enum spool_result write_facts(struct spool_db *db, struct fault *f)
{
    const struct spool_facts *now = &db->now;
    sqlite3_stmt *s = db->statement[SQL_FACTS_SET];
    int64_t sum = spool_facts_sum(now);

    if (sum == spool_facts_sum(&db->committed))
        return SPOOL_OK;

    spool_bind_number(s, 1, now->state.ticket);
    spool_bind_number(s, 2, now->state.seq);
    spool_bind_number(s, 3, now->state.sent);
    spool_bind_number(s, 4, now->state.pending);
    spool_bind_number(s, 5, now->state.dead);
    spool_bind_number(s, 6, now->published_bytes);
    spool_bind_number(s, 7, now->dead_bytes);
    sqlite3_bind_int64(s, 8, sum);
    return spool_step(db, SQL_FACTS_SET, f);
}

/* What is committed into files that have lost their names is lost with the process. */
static enum spool_result check_files(const struct spool_db *db, struct fault *f)
{
    const char *moved = spool_files_moved(db);

    if (!moved)
        return SPOOL_OK;
    fault_set(
        f,
        "%s was moved or removed while it is in use: put it back as it was, and it goes on; "
        "what was removed is in /proc/%d/fd until it ends, see man glossd, TROUBLE WITH THE SPOOL",
        moved, (int)getpid());
    return SPOOL_IO;
}

enum spool_result spool_db_commit(struct spool_db *db, struct fault *f)
{
    enum spool_result r = write_facts(db, f);

    if (r == SPOOL_OK)
        r = check_files(db, f);
    if (r == SPOOL_OK)
        r = spool_step(db, SQL_COMMIT, f);
    if (r == SPOOL_OK) {
        db->committed = db->now;
        spool_mark_write(db);
    } else {
        spool_db_rollback(db);
    }
    return r;
}

/* ---- a document's life */

enum spool_result spool_db_accept(struct spool_db *db, const struct spool_doc *d, struct fault *f)
{
    sqlite3_stmt *s = db->statement[SQL_ACCEPT];
    enum spool_result r = spool_judge(db, spool_bind_document(s, d), f);

    if (r == SPOOL_OK)
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
    r = spool_judge(db, spool_bind_published(s, &row, now_ms), f);
    if (r == SPOOL_OK)
        r = spool_step(db, SQL_PUBLISH, f);
    if (r == SPOOL_OK) {
        db->now.state.seq = *seq;
        db->now.published_bytes += spool_published_bytes(p);
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
    enum spool_result r = settle ? unpend(db, dead->ticket, f) : SPOOL_OK;

    if (r == SPOOL_OK && settle)
        r = forget(db, dead->ticket, f);
    if (r != SPOOL_OK)
        return r;
    r = spool_judge(db, spool_bind_dead(s, dead), f);
    if (r == SPOOL_OK)
        r = spool_step(db, SQL_BURY, f);
    if (r == SPOOL_OK) {
        db->now.state.dead++;
        db->now.dead_bytes += spool_dead_bytes(dead);
    }
    return r;
}

/* Never below none, whoever has counted before. */
static void lessen(uint64_t *n, uint64_t by)
{
    *n -= by < *n ? by : *n;
}

enum spool_result spool_db_exhume(struct spool_db *db, uint64_t number, struct fault *f)
{
    sqlite3_stmt *s = db->statement[SQL_EXHUME];
    int code;

    spool_bind_number(s, 1, number);
    code = sqlite3_step(s);
    if (code == SQLITE_ROW) {
        lessen(&db->now.state.dead, 1);
        lessen(&db->now.dead_bytes, spool_column_number(s, 0));
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

/* Of the oldest rows of a table, those that go. */
struct trim {
    uint64_t kept, most;            /* bytes that are kept, and may be */
    uint64_t since_ms;              /* older ones go */
    uint64_t rows_left, bytes_left; /* of the work that may be done */
    uint64_t upto, rows, bytes;     /* what goes: all up to this number */
    bool more;                      /* there is more that should go */
};

static struct trim begin_trim(uint64_t kept, uint64_t most, uint64_t max_ms, uint64_t now_ms)
{
    return (struct trim){.kept = kept,
                         .most = most,
                         .since_ms = now_ms > max_ms ? now_ms - max_ms : 0,
                         .rows_left = TRIM_ROWS,
                         .bytes_left = TRIM_BYTES};
}

/* Twice as much may go as has come since the last commit, so that trimming keeps up. */
static void allow_twice(struct trim *t, uint64_t rows, uint64_t rows_before, uint64_t bytes,
                        uint64_t bytes_before)
{
    if (rows > rows_before)
        t->rows_left += 2 * (rows - rows_before);
    if (bytes > bytes_before)
        t->bytes_left += 2 * (bytes - bytes_before);
}

/* Reads rows of number, time and bytes, the oldest first, up to the number last. */
static enum spool_result choose(struct spool_db *db, enum spool_sql which, uint64_t last,
                                struct trim *t, struct fault *f)
{
    sqlite3_stmt *s = db->statement[which];
    int code;

    spool_bind_number(s, 1, last);
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        if (t->kept <= t->most && spool_column_number(s, 1) >= t->since_ms)
            break;
        t->more = t->rows >= t->rows_left || t->bytes >= t->bytes_left;
        if (t->more)
            break;
        t->upto = spool_column_number(s, 0);
        t->bytes += spool_column_number(s, 2);
        lessen(&t->kept, spool_column_number(s, 2));
        t->rows++;
    }
    sqlite3_reset(s);
    return spool_judge(db, code, f);
}

static enum spool_result drop(struct spool_db *db, enum spool_sql which, const struct trim *t,
                              struct fault *f)
{
    spool_bind_number(db->statement[which], 1, t->upto);
    return spool_step(db, which, f);
}

static enum spool_result trim_published(struct spool_db *db, const struct spool_keep *keep,
                                        uint64_t now_ms, bool *more, struct fault *f)
{
    struct spool_facts *now = &db->now, *old = &db->committed;
    struct trim t =
        begin_trim(now->published_bytes, keep->published_bytes, keep->published_ms, now_ms);
    enum spool_result r;

    allow_twice(&t, now->state.seq, old->state.seq, now->published_bytes, old->published_bytes);
    r = choose(db, SQL_OLDEST, now->state.sent, &t, f);
    if (r == SPOOL_OK && t.rows)
        r = drop(db, SQL_TRIM_DOCUMENTS, &t, f);
    if (r == SPOOL_OK && t.rows)
        r = drop(db, SQL_TRIM, &t, f);
    now->published_bytes = t.kept;
    *more = t.more;
    return r;
}

static enum spool_result trim_dead(struct spool_db *db, const struct spool_keep *keep,
                                   uint64_t now_ms, bool *more, struct fault *f)
{
    struct spool_facts *now = &db->now, *old = &db->committed;
    struct trim t = begin_trim(now->dead_bytes, keep->dead_bytes, keep->dead_ms, now_ms);
    enum spool_result r;

    if (!now->state.dead)
        return SPOOL_OK;
    allow_twice(&t, now->state.dead, old->state.dead, now->dead_bytes, old->dead_bytes);
    r = choose(db, SQL_OLDEST_DEAD, INT64_MAX, &t, f);
    if (r == SPOOL_OK && t.rows)
        r = drop(db, SQL_TRIM_DEAD, &t, f);
    now->dead_bytes = t.kept;
    lessen(&now->state.dead, t.rows);
    *more = *more || t.more;
    return r;
}

enum spool_result spool_db_trim(struct spool_db *db, const struct spool_keep *keep, uint64_t now_ms,
                                bool *more, struct fault *f)
{
    enum spool_result r = trim_published(db, keep, now_ms, more, f);

    return r == SPOOL_OK ? trim_dead(db, keep, now_ms, more, f) : r;
}
