/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_read.c - what is read back from the spool. The hard rule: bytes whose
 * sum is not what was written are never handed on.
 */
#include "spool/spool_parts.h"

#include <inttypes.h>
#include <string.h>

static enum spool_result check_doc(struct spool_db *db, sqlite3_stmt *s, const struct spool_doc *d,
                                   struct fault *f)
{
    if (spool_doc_sum(d) == sqlite3_column_int64(s, 7))
        return SPOOL_OK;
    /* Not its id, which may be what is damaged. */
    return spool_damaged(db, f, "documents: ticket %" PRIu64 ": the sum is wrong", d->ticket);
}

static enum spool_result check_published(struct spool_db *db, const struct spool_published *p,
                                         int64_t sum, struct fault *f)
{
    if (spool_published_sum(p) == sum)
        return SPOOL_OK;
    return spool_damaged(db, f, "published: seq %" PRIu64 ": the sum is wrong", p->seq);
}

/* Steps to a row, if there is one, and ends the step of the row before. */
static enum spool_result next_row(struct spool_db *db, sqlite3_stmt *s, struct fault *f)
{
    int code = sqlite3_step(s);

    return code == SQLITE_DONE ? SPOOL_NONE : spool_judge(db, code, f);
}

/* The next row from number on, with its document joined; what names the number, column 8. */
static enum spool_result next_joined(struct spool_db *db, sqlite3_stmt *s, uint64_t number,
                                     const char *what, struct spool_doc *d, struct fault *f)
{
    enum spool_result r;

    sqlite3_reset(s);
    sqlite3_bind_int64(s, 1, (int64_t)number);
    r = next_row(db, s, f);
    if (r != SPOOL_OK)
        return r;
    if (sqlite3_column_type(s, 0) == SQLITE_NULL)
        return spool_damaged(db, f, "%s %" PRIu64 " has no document", what,
                             spool_column_number(s, 8));
    spool_fill_doc(s, d);
    return check_doc(db, s, d, f);
}

enum spool_result spool_db_pending(struct spool_db *db, uint64_t after, struct spool_doc *d,
                                   struct fault *f)
{
    return next_joined(db, db->statement[SQL_NEXT_PENDING], after, "pending: ticket", d, f);
}

enum spool_result spool_db_published(struct spool_db *db, uint64_t from, struct spool_published *p,
                                     struct fault *f)
{
    sqlite3_stmt *s = db->statement[SQL_NEXT_PUBLISHED];
    enum spool_result r = next_joined(db, s, from, "published: seq", &p->doc, f);

    if (r != SPOOL_OK)
        return r;
    p->seq = spool_column_number(s, 8);
    p->prev = spool_column_number(s, 9);
    p->topic = spool_column_slice(s, 10);
    p->members = spool_column_slice(s, 11);
    return check_published(db, p, sqlite3_column_int64(s, 12), f);
}

enum spool_result spool_db_span(struct spool_db *db, uint64_t *first, uint64_t *last,
                                struct fault *f)
{
    sqlite3_stmt *s = db->statement[SQL_SPAN];
    enum spool_result r = next_row(db, s, f);

    if (r == SPOOL_OK) {
        *first = spool_column_number(s, 0);
        *last = spool_column_number(s, 1);
    }
    sqlite3_reset(s);
    return r;
}

enum spool_result spool_db_row(struct spool_db *db, uint64_t from, struct spool_published *p,
                               struct fault *f)
{
    sqlite3_stmt *s = db->statement[SQL_NEXT_ROW];
    enum spool_result r;

    sqlite3_reset(s);
    sqlite3_bind_int64(s, 1, (int64_t)from);
    r = next_row(db, s, f);
    if (r != SPOOL_OK)
        return r;
    *p = (struct spool_published){.seq = spool_column_number(s, 0),
                                  .doc.ticket = spool_column_number(s, 1),
                                  .topic = spool_column_slice(s, 2),
                                  .prev = spool_column_number(s, 3),
                                  .members = spool_column_slice(s, 4)};
    return check_published(db, p, sqlite3_column_int64(s, 5), f);
}

enum spool_result spool_db_dead(struct spool_db *db, uint64_t after, uint64_t to,
                                struct spool_dead *dead, struct fault *f)
{
    sqlite3_stmt *s = db->statement[SQL_NEXT_DEAD];
    enum spool_result r;

    sqlite3_reset(s);
    sqlite3_bind_int64(s, 1, (int64_t)after);
    spool_bind_number(s, 2, to ? to : INT64_MAX);
    r = next_row(db, s, f);
    if (r != SPOOL_OK)
        return r;
    spool_fill_dead(s, dead);
    if (spool_dead_sum(dead) == sqlite3_column_int64(s, 7))
        return SPOOL_OK;
    return spool_damaged(db, f, "dead: number %" PRIu64 ": the sum is wrong", dead->number);
}

static bool is_any_or(struct slice wanted, struct slice is)
{
    return !wanted.n || (wanted.n == is.n && !memcmp(wanted.p, is.p, is.n));
}

bool spool_filter_passes(const struct spool_filter *filter, const struct spool_dead *dead)
{
    return is_any_or(filter->reason, dead->reason) && is_any_or(filter->plugin, dead->plugin) &&
           is_any_or(filter->id, dead->doc.id) && dead->at_ms >= filter->since_ms &&
           (!filter->until_ms || dead->at_ms <= filter->until_ms);
}

enum spool_result spool_db_dead_span(struct spool_db *db, uint64_t *first, uint64_t *last,
                                     uint64_t *n, struct fault *f)
{
    sqlite3_stmt *s = db->statement[SQL_DEAD_SPAN];
    enum spool_result r = next_row(db, s, f);

    *first = r == SPOOL_OK ? spool_column_number(s, 0) : 0;
    *last = r == SPOOL_OK ? spool_column_number(s, 1) : 0;
    *n = r == SPOOL_OK ? spool_column_number(s, 2) : 0;
    sqlite3_reset(s);
    return r;
}

void spool_db_rest(struct spool_db *db)
{
    sqlite3_reset(db->statement[SQL_NEXT_PENDING]);
    sqlite3_reset(db->statement[SQL_NEXT_PUBLISHED]);
    sqlite3_reset(db->statement[SQL_NEXT_ROW]);
    sqlite3_reset(db->statement[SQL_NEXT_DEAD]);
}
