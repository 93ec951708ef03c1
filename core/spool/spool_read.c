/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_read.c - what is read back from the spool. The hard rule: bytes whose
 * sum is not what was written are never handed on.
 */
#include "spool/spool_parts.h"

#include <inttypes.h>

struct slice spool_column_slice(sqlite3_stmt *s, int at)
{
    const char *p = sqlite3_column_blob(s, at);

    return (struct slice){p ? p : "", (size_t)sqlite3_column_bytes(s, at)};
}

static uint64_t column_number(sqlite3_stmt *s, int at)
{
    return (uint64_t)sqlite3_column_int64(s, at);
}

/* Columns: ticket, id, made, form, received, head, body, sum. */
enum spool_result spool_read_doc(sqlite3_stmt *s, struct spool_doc *d, struct fault *f)
{
    d->ticket = column_number(s, 0);
    d->id = spool_column_slice(s, 1);
    d->made_id = sqlite3_column_int(s, 2) != 0;
    d->keyed = false;
    d->form = (enum spool_form)sqlite3_column_int(s, 3);
    d->received_ms = column_number(s, 4);
    d->head = spool_column_slice(s, 5);
    d->body = spool_column_slice(s, 6);
    if (spool_sum_doc(d) == sqlite3_column_int64(s, 7))
        return SPOOL_OK;
    fault_set(f,
              "document %.*s (ticket %" PRIu64 ") in the spool is damaged: move the file away, "
              "and save what can be saved with sqlite3's .recover",
              (int)d->id.n, d->id.p, d->ticket);
    return SPOOL_DAMAGED;
}

/* Steps to a row, if there is one, and ends the step of the row before. */
static enum spool_result next_row(struct spool_db *db, sqlite3_stmt *s, struct fault *f)
{
    int code = sqlite3_step(s);

    return code == SQLITE_DONE ? SPOOL_NONE : spool_judge(db, code, f);
}

enum spool_result spool_db_pending(struct spool_db *db, uint64_t after, struct spool_doc *d,
                                   struct fault *f)
{
    sqlite3_stmt *s = db->statement[SQL_NEXT_PENDING];
    enum spool_result r;

    sqlite3_reset(s);
    sqlite3_bind_int64(s, 1, (int64_t)after);
    r = next_row(db, s, f);
    return r == SPOOL_OK ? spool_read_doc(s, d, f) : r;
}

enum spool_result spool_db_published(struct spool_db *db, uint64_t from, struct slice prefix,
                                     struct spool_published *p, struct fault *f)
{
    sqlite3_stmt *s = db->statement[SQL_NEXT_PUBLISHED];
    enum spool_result r;

    sqlite3_reset(s);
    sqlite3_bind_int64(s, 1, (int64_t)from);
    sqlite3_bind_blob(s, 2, prefix.p ? prefix.p : "", (int)prefix.n, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, (int64_t)prefix.n);
    r = next_row(db, s, f);
    if (r == SPOOL_OK)
        r = spool_read_doc(s, &p->doc, f);
    if (r != SPOOL_OK)
        return r;
    p->seq = column_number(s, 8);
    p->prev = column_number(s, 9);
    p->topic = spool_column_slice(s, 10);
    p->members = spool_column_slice(s, 11);
    if (spool_sum_result(p) == sqlite3_column_int64(s, 12))
        return SPOOL_OK;
    fault_set(f,
              "the result with seq %" PRIu64 " in the spool is damaged: move the file away, "
              "and save what can be saved with sqlite3's .recover",
              p->seq);
    return SPOOL_DAMAGED;
}

enum spool_result spool_db_dead(struct spool_db *db, uint64_t after,
                                const struct spool_filter *filter, struct spool_dead *dead,
                                struct fault *f)
{
    sqlite3_stmt *s = db->statement[SQL_NEXT_DEAD];
    enum spool_result r;

    sqlite3_reset(s);
    sqlite3_bind_int64(s, 1, (int64_t)after);
    spool_bind_slice(s, 2, filter->reason);
    spool_bind_slice(s, 3, filter->plugin);
    sqlite3_bind_int64(s, 4, (int64_t)filter->since_ms);
    r = next_row(db, s, f);
    if (r == SPOOL_OK)
        r = spool_read_doc(s, &dead->doc, f);
    if (r != SPOOL_OK)
        return r;
    dead->ticket = dead->doc.ticket;
    dead->number = column_number(s, 8);
    dead->at_ms = column_number(s, 9);
    dead->reason = spool_column_slice(s, 10);
    dead->plugin = spool_column_slice(s, 11);
    dead->message = spool_column_slice(s, 12);
    return SPOOL_OK;
}

void spool_db_rest(struct spool_db *db)
{
    sqlite3_reset(db->statement[SQL_NEXT_PENDING]);
    sqlite3_reset(db->statement[SQL_NEXT_PUBLISHED]);
    sqlite3_reset(db->statement[SQL_NEXT_DEAD]);
}
