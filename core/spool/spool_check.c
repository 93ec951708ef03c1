/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_check.c - first what SQLite finds wrong, then each row's sum, then whether
 * the tables agree. The hard rule of spool_check.h holds.
 *
 * A step that the damage stops says so, and the next is taken.
 */
#include "spool/spool_check.h"

#include "spool/spool_lock.h"
#include "spool/spool_pages.h"
#include "spool/spool_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FAULTS_A_STEP = 100 }; /* further ones are only counted */

struct look {
    struct spool_check *c;
    sqlite3 *sql;
    const char *step;  /* what is looked at */
    uint64_t told;     /* faults in this step */
    uint64_t salvaged; /* the last seq given when it was salvaged; 0: it never was */
    struct spool_facts facts;
    bool has_facts;
    struct spool_mark mark; /* of what was committed; "": none */
};

static void find(struct look *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void find(struct look *l, const char *fmt, ...)
{
    char line[512];
    va_list ap;

    l->c->faults++;
    if (++l->told > FAULTS_A_STEP)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    l->c->on_fault(l->c->owner, line);
}

/* Calls on_row for each row of sql, as far as it can be read. */
static void each(struct look *l, const char *step, const char *sql,
                 void (*on_row)(struct look *l, sqlite3_stmt *s))
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(l->sql, sql, -1, &s, NULL);

    l->step = step;
    l->told = 0;
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(s);
        if (code == SQLITE_ROW)
            on_row(l, s);
    }
    if (code != SQLITE_DONE)
        find(l, "%s: can't be read further: %s", step, sqlite3_errmsg(l->sql));
    if (l->told > FAULTS_A_STEP) {
        char line[128];

        snprintf(line, sizeof line, "%s: %" PRIu64 " more of these", step, l->told - FAULTS_A_STEP);
        l->c->on_fault(l->c->owner, line);
    }
    sqlite3_finalize(s);
}

/* ---- SQLite's own */

static void on_integrity(struct look *l, sqlite3_stmt *s)
{
    const char *what = (const char *)sqlite3_column_text(s, 0);

    if (what && strcmp(what, "ok") != 0)
        find(l, "the file: %s", what);
}

/* How the file defines the table or index that the row (name, sql) is about. */
static void on_definition(struct look *l, sqlite3_stmt *s)
{
    const char *name = (const char *)sqlite3_column_text(s, 0);
    sqlite3_stmt *its = NULL;
    struct slice is = {"", 0}, should = spool_column_slice(s, 1);

    if (sqlite3_prepare_v2(l->sql, "SELECT sql FROM sqlite_schema WHERE name = ?1", -1, &its,
                           NULL) == SQLITE_OK) {
        sqlite3_bind_text(its, 1, name, -1, SQLITE_STATIC);
        if (sqlite3_step(its) == SQLITE_ROW)
            is = spool_column_slice(its, 0);
    }
    if (is.n != should.n || memcmp(is.p, should.p, is.n) != 0)
        find(l, "%s: it is not defined as it should be", name);
    sqlite3_finalize(its);
}

/* Against those of a new spool: SQLite overlooks some of what can be wrong with them. */
static void check_definitions(struct look *l)
{
    sqlite3 *fresh = NULL;
    sqlite3_stmt *s = NULL;

    if (sqlite3_open(":memory:", &fresh) == SQLITE_OK &&
        sqlite3_exec(fresh, spool_schema, NULL, NULL, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(fresh, "SELECT name, sql FROM sqlite_schema", -1, &s, NULL) == SQLITE_OK)
        while (sqlite3_step(s) == SQLITE_ROW)
            on_definition(l, s);
    sqlite3_finalize(s);
    sqlite3_close(fresh);
}

static void on_size(struct look *l, sqlite3_stmt *s)
{
    l->c->pages = spool_column_number(s, 0);
    l->c->page_size = spool_column_number(s, 1);
}

/* ---- rows */

static void on_facts(struct look *l, sqlite3_stmt *s)
{
    char missing[SPOOL_MISSES];

    l->has_facts = true;
    if (!spool_fill_facts(s, &l->facts))
        find(l, "facts: the sum is wrong");
    else if (spool_mark_misses(&l->mark, &l->facts.state, missing))
        find(l, "facts: %s", missing);
    memcpy(l->c->log, l->facts.state.log, sizeof l->c->log);
    l->c->seq = l->facts.state.seq;
    l->c->sent = l->facts.state.sent;
}

static void on_document(struct look *l, sqlite3_stmt *s)
{
    struct spool_check *c = l->c;
    struct spool_doc d;

    spool_fill_doc(s, &d);
    c->documents++;
    if (!c->oldest_ms || d.received_ms < c->oldest_ms)
        c->oldest_ms = d.received_ms;
    if (d.received_ms > c->newest_ms)
        c->newest_ms = d.received_ms;
    if (spool_doc_sum(&d) != sqlite3_column_int64(s, 7))
        find(l, "documents: ticket %" PRIu64 ", id %.64s: the sum is wrong", d.ticket,
             (const char *)sqlite3_column_text(s, 1));
    else if (d.ticket > l->facts.state.ticket)
        find(l, "documents: ticket %" PRIu64 " is above the last given by facts, %" PRIu64,
             d.ticket, l->facts.state.ticket);
}

static void on_pending(struct look *l, sqlite3_stmt *s)
{
    uint64_t ticket = spool_column_number(s, 0);

    l->c->pending++;
    if (!sqlite3_column_int(s, 1))
        find(l, "pending: ticket %" PRIu64 " has no document", ticket);
    if (sqlite3_column_int(s, 2))
        find(l, "pending: ticket %" PRIu64 " is published already", ticket);
}

static void on_salvaged(struct look *l, sqlite3_stmt *s)
{
    l->salvaged = spool_column_number(s, 0);
}

/* A hole is one fault, however wide; or a note, where salvage left it, for salvage can't
 * help again. */
static void find_hole(struct look *l, uint64_t from, uint64_t to)
{
    char seq[64], line[128];

    if (from == to)
        snprintf(seq, sizeof seq, "seq %" PRIu64, from);
    else
        snprintf(seq, sizeof seq, "seq %" PRIu64 " to %" PRIu64, from, to);
    if (to > l->salvaged) {
        find(l, "published: %s %s missing", seq, from == to ? "is" : "are");
        return;
    }
    snprintf(line, sizeof line, "published: %s %s lost before the spool was salvaged", seq,
             from == to ? "was" : "were");
    l->c->on_note(l->c->owner, line);
}

/* Whether seq goes on from the row before. */
static void check_seq(struct look *l, uint64_t seq)
{
    struct spool_check *c = l->c;

    if (!c->from)
        c->from = seq;
    else if (seq > c->to + 1)
        find_hole(l, c->to + 1, seq - 1);
    c->to = seq;
}

/* prev is the row before under the topic, or one between that is not kept any more. */
static void check_prev(struct look *l, const struct spool_published *p, uint64_t before,
                       bool is_there)
{
    if (p->prev != before && (p->prev < before || p->prev >= p->seq || is_there))
        find(l, "published: seq %" PRIu64 ": prev is %" PRIu64 ", but should be %" PRIu64, p->seq,
             p->prev, before);
}

static void on_published(struct look *l, sqlite3_stmt *s)
{
    struct spool_published p = {.seq = spool_column_number(s, 0),
                                .doc.ticket = spool_column_number(s, 1),
                                .topic = spool_column_slice(s, 2),
                                .prev = spool_column_number(s, 3),
                                .members = spool_column_slice(s, 4)};

    l->c->published++;
    check_seq(l, p.seq);
    l->c->published_bytes += spool_published_bytes(&p) + spool_column_number(s, 6);
    if (spool_published_sum(&p) != sqlite3_column_int64(s, 5))
        find(l, "published: seq %" PRIu64 ": the sum is wrong", p.seq);
    else
        check_prev(l, &p, spool_column_number(s, 7), sqlite3_column_int(s, 8));
    if (sqlite3_column_type(s, 6) == SQLITE_NULL)
        find(l, "published: seq %" PRIu64 " has no document", p.seq);
}

static void on_dead(struct look *l, sqlite3_stmt *s)
{
    struct spool_dead dead;

    l->c->dead++;
    spool_fill_dead(s, &dead);
    l->c->dead_bytes += spool_dead_bytes(&dead);
    if (spool_dead_sum(&dead) != sqlite3_column_int64(s, 7))
        find(l, "dead: number %" PRIu64 ": the sum is wrong", dead.number);
}

static void on_orphan(struct look *l, sqlite3_stmt *s)
{
    find(l, "documents: ticket %" PRIu64 " is neither pending nor published",
         spool_column_number(s, 0));
}

/* ---- the tables together */

static void compare(struct look *l, const char *what, uint64_t is, uint64_t said)
{
    if (is != said)
        find(l, "facts: %s is %" PRIu64 ", but it is %" PRIu64 " by the rows", what, said, is);
}

static void check_facts(struct look *l)
{
    const struct spool_facts *f = &l->facts;
    struct spool_check *c = l->c;

    l->told = 0;
    if (!l->has_facts) {
        find(l, "facts: the row is missing");
        return;
    }
    compare(l, "pending", c->pending, f->state.pending);
    compare(l, "dead", c->dead, f->state.dead);
    compare(l, "published_bytes", c->published_bytes, f->published_bytes);
    compare(l, "dead_bytes", c->dead_bytes, f->dead_bytes);
    if (c->published && f->state.seq > c->to)
        find_hole(l, c->to + 1, f->state.seq);
    else if (c->published)
        compare(l, "seq", c->to, f->state.seq);
    if (f->state.sent > f->state.seq)
        find(l, "facts: sent is above seq");
}

/* SQLite takes a -wal that is damaged in its midst for one that ends there. */
static void check_wal(struct look *l, const char *path)
{
    struct spool_pages pages;

    if (spool_pages_open(&pages, path, NULL))
        return;
    if (pages.damaged)
        find(l, "the file: %s: what was committed behind that is not seen here", pages.doubt);
    spool_pages_close(&pages);
}

/* Before the moment that is looked at, for a daemon may go on. */
static void read_mark(struct look *l, const char *path)
{
    int lock = spool_lock_look(path);

    if (!spool_mark_read(lock, &l->mark))
        *l->mark.log = '\0';
    if (lock >= 0)
        close(lock);
}

static void look(struct look *l)
{
    each(l, "the file", "PRAGMA integrity_check(1000)", on_integrity);
    each(l, "the file", "SELECT page_count, page_size FROM pragma_page_count, pragma_page_size",
         on_size);
    check_definitions(l);
    each(l, "facts", "SELECT " SPOOL_FACTS " FROM facts", on_facts);
    each(l, "documents",
         "SELECT ticket, id, made, form, received, head, body, sum FROM documents ORDER BY ticket",
         on_document);
    each(l, "pending",
         "SELECT ticket, EXISTS (SELECT 1 FROM documents d WHERE d.ticket = p.ticket),"
         " p.ticket IN (SELECT ticket FROM published) FROM pending p",
         on_pending);
    each(l, "published", "SELECT seq FROM sqlite_sequence WHERE name = '" SPOOL_SALVAGED "'",
         on_salvaged);
    each(l, "published",
         "SELECT seq, ticket, topic, prev, members, sum, (SELECT " SPOOL_DOCUMENT_BYTES
         " FROM documents d WHERE d.ticket = p.ticket), coalesce((SELECT max(q.seq) FROM"
         " published q WHERE q.topic = p.topic AND q.seq < p.seq), 0), EXISTS (SELECT 1 FROM "
         "published x"
         " WHERE x.seq = p.prev) FROM published p"
         " ORDER BY seq",
         on_published);
    each(l, "dead", "SELECT " SPOOL_DEAD " FROM dead e ORDER BY number", on_dead);
    each(l, "documents",
         "SELECT ticket FROM documents WHERE ticket NOT IN (SELECT ticket FROM pending)"
         " AND ticket NOT IN (SELECT ticket FROM published)",
         on_orphan);
    check_facts(l);
}

/* 0: it is a spool, and SQLite reads it; 1: a damaged one (a fault is told); -1 with f. */
static int identify(struct look *l, const char *path, struct fault *f)
{
    sqlite3_stmt *s = NULL;
    int64_t application, version, tables;
    int code = sqlite3_prepare_v2(l->sql,
                                  "SELECT application_id, user_version, (SELECT count(*) FROM"
                                  " sqlite_schema WHERE name IN ('facts', 'documents', 'pending',"
                                  " 'published', 'dead'))"
                                  " FROM pragma_application_id, pragma_user_version",
                                  -1, &s, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(s);
    application = sqlite3_column_int64(s, 0);
    version = sqlite3_column_int64(s, 1);
    tables = sqlite3_column_int64(s, 2);
    sqlite3_finalize(s);
    if (code != SQLITE_ROW) {
        find(l, "the file: it can't be read as a database: %s", sqlite3_errmsg(l->sql));
        return 1;
    }
    l->c->version = (int)version;
    if (application != SPOOL_APPLICATION && tables < 5)
        return fault_set(f, "%s is no spool of glossd: give another path", path);
    if (application == SPOOL_APPLICATION && version > SPOOL_VERSION)
        return fault_set(f, "the spool %s is of version %" PRId64 ", this gloss knows %d", path,
                         version, SPOOL_VERSION);
    if (application != SPOOL_APPLICATION)
        find(l, "the file: its application_id is not that of a spool");
    if (version != SPOOL_VERSION)
        find(l, "the file: its user_version is no version of a spool: %" PRId64, version);
    return 0;
}

int spool_check(struct spool_check *c, const char *path, struct fault *f)
{
    struct spool_db *db = spool_open_raw(path, f);
    struct look l = {.c = c};
    int r;

    if (!db)
        return -1;
    l.sql = db->sql;
    read_mark(&l, path);
    if (!spool_db_is_served(path)) /* else it changes under our eyes; before SQLite mends it */
        check_wal(&l, path);
    sqlite3_exec(db->sql, "BEGIN", NULL, NULL, NULL);
    r = identify(&l, path, f);
    if (r == 0)
        look(&l);
    spool_db_close(db);
    return r < 0 ? -1 : 0;
}
