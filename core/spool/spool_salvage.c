/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_salvage.c - the rows that were carved put together again. The hard rule of
 * spool_salvage.h holds.
 *
 * The new file is marked as no spool until it is whole. What the rows say together is
 * then made good: each document is pending, published or a dead letter, and one of them.
 */
#include "spool/spool_salvage.h"

#include "spool/spool_carve.h"
#include "spool/spool_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    COMMIT_ROWS = 2048,
    VERSION_MOST = 255, /* above that it is no version, but damage */
};

enum { PUT_DOCUMENT, PUT_PENDING, PUT_PUBLISHED, PUT_DEAD, PUT_BAD, PUT_LOG, PUTS };

static const char *const puts_sql[PUTS] = {
    [PUT_DOCUMENT] = "INSERT OR IGNORE INTO documents VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [PUT_PENDING] = "INSERT OR IGNORE INTO pending VALUES (?1)",
    [PUT_PUBLISHED] = "INSERT OR IGNORE INTO published VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [PUT_DEAD] = ("INSERT OR IGNORE INTO dead VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
                  " ?11, ?12, ?13)"),
    [PUT_BAD] = "INSERT OR IGNORE INTO temp.bad VALUES (?1, ?2)",
    [PUT_LOG] = "UPDATE facts SET log = ?1",
};

struct work {
    struct spool_salvage *s;
    struct spool_db *db; /* the new one */
    struct fault *f;
    sqlite3_stmt *put[PUTS];
    bool has_facts;
    struct spool_facts facts; /* the last that can be read */
    uint64_t number;          /* the last given to a dead letter */
    unsigned rows;            /* since the last commit */
    struct spool_mark mark;   /* of what was committed; "": none */
};

static void lose(struct work *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void lose(struct work *w, const char *fmt, ...)
{
    char line[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    w->s->losses++;
    w->s->on_loss(w->s->owner, line);
}

static int judge(struct work *w, int code)
{
    return spool_judge(w->db, code, w->f) ? -1 : 0;
}

static int run(struct work *w, const char *sql)
{
    return judge(w, sqlite3_exec(w->db->sql, sql, NULL, NULL, NULL));
}

/* ---- rows in */

/* bound: what binding the row came to. */
static int put(struct work *w, int which, int bound)
{
    sqlite3_stmt *s = w->put[which];
    int code = bound == SQLITE_OK ? sqlite3_step(s) : bound;

    sqlite3_reset(s);
    if (judge(w, code))
        return -1;
    if (++w->rows < COMMIT_ROWS)
        return 0;
    w->rows = 0;
    return run(w, "COMMIT; BEGIN");
}

static int put_document(struct work *w, const struct spool_doc *d)
{
    return put(w, PUT_DOCUMENT, spool_bind_document(w->put[PUT_DOCUMENT], d));
}

static int put_published(struct work *w, const struct carve_row *row)
{
    sqlite3_stmt *s = w->put[PUT_PUBLISHED];

    return put(w, PUT_PUBLISHED, spool_bind_published(s, &row->published, row->at_ms));
}

static int put_dead(struct work *w, const struct spool_dead *dead)
{
    return put(w, PUT_DEAD, spool_bind_dead(w->put[PUT_DEAD], dead));
}

static void take_facts(struct work *w, const struct spool_facts *facts)
{
    const struct spool_state *old = &w->facts.state, *now = &facts->state;

    /* Everything in it but the counts only rises. */
    if (w->has_facts && (now->ticket < old->ticket || now->seq < old->seq || now->sent < old->sent))
        return;
    w->facts = *facts;
    w->has_facts = true;
}

static int on_row(void *owner, const struct carve_row *row)
{
    struct work *w = owner;

    switch (row->kind) {
    case CARVE_DOCUMENT:
        return put_document(w, &row->doc);
    case CARVE_PENDING:
        sqlite3_bind_int64(w->put[PUT_PENDING], 1, (int64_t)row->key);
        return put(w, PUT_PENDING, SQLITE_OK);
    case CARVE_PUBLISHED:
        return put_published(w, row);
    case CARVE_DEAD:
        return put_dead(w, &row->dead);
    case CARVE_FACTS:
        take_facts(w, &row->facts);
        return 0;
    default:
        if (row->key > w->number)
            w->number = row->key;
        return 0;
    }
}

static int on_damaged(void *owner, enum carve_kind kind, uint64_t key)
{
    struct work *w = owner;

    sqlite3_bind_int(w->put[PUT_BAD], 1, (int)kind);
    sqlite3_bind_int64(w->put[PUT_BAD], 2, (int64_t)key);
    return put(w, PUT_BAD, SQLITE_OK);
}

static int on_lost(void *owner, uint32_t page, uint32_t n)
{
    if (n)
        lose(owner, "page %" PRIu32 ": %" PRIu32 " of its rows can't be read", page, n);
    else
        lose(owner, "page %" PRIu32 " can't be read", page);
    return 0;
}

static const struct carve_ops carve_ops = {on_row, on_damaged, on_lost};

/* ---- what the rows say together */

/* The one number that sql gives; -1 with f where it gives none. */
static int64_t ask(struct work *w, const char *sql)
{
    sqlite3_stmt *s = NULL;
    int64_t n = -1;

    if (judge(w, sqlite3_prepare_v2(w->db->sql, sql, -1, &s, NULL)))
        return -1;
    if (sqlite3_step(s) == SQLITE_ROW)
        n = sqlite3_column_int64(s, 0);
    else
        judge(w, SQLITE_CORRUPT);
    sqlite3_finalize(s);
    return n;
}

/* Tells a loss for each row (from, to) of sql. name stands before the numbers, what behind
 * them. How many numbers that were; -1 with f. */
static int64_t lose_ranges(struct work *w, const char *sql, const char *name, const char *what)
{
    sqlite3_stmt *s = NULL;
    int64_t n = 0;
    int code;

    if (judge(w, sqlite3_prepare_v2(w->db->sql, sql, -1, &s, NULL)))
        return -1;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        int64_t from = sqlite3_column_int64(s, 0), to = sqlite3_column_int64(s, 1);

        n += to - from + 1;
        if (from == to)
            lose(w, "%s %" PRId64 " %s", name, from, what);
        else
            lose(w, "%s %" PRId64 " to %" PRId64 " %s", name, from, to, what);
    }
    sqlite3_finalize(s);
    return judge(w, code) ? -1 : n;
}

/* The numbers n that a query gives, those that follow each other as one range. */
#define RANGES(select)                                                                             \
    "SELECT min(n), max(n) FROM (SELECT n, n - row_number() OVER (ORDER BY n) AS g FROM (" select  \
    ")) GROUP BY g ORDER BY 1"

/* Where two documents have an id that a client gave, it is the later one's; the earlier is
 * left from when the id was forgotten. */
static int make_ids_unique(struct work *w)
{
    return run(w, "CREATE INDEX by_id ON documents (id, ticket) WHERE keyed = 1;"
                  "UPDATE documents SET keyed = 0 WHERE keyed = 1 AND EXISTS (SELECT 1 FROM"
                  " documents d WHERE d.keyed = 1 AND d.id = documents.id"
                  " AND d.ticket > documents.ticket);"
                  "DROP INDEX by_id;" SPOOL_INDEX_BY_ID);
}

/* Pending is what has neither a result nor a letter; and it needs its document. */
static int settle_pending(struct work *w, int64_t *lost)
{
    if (run(w, "DELETE FROM pending WHERE ticket IN (SELECT ticket FROM published)"
               " OR ticket IN (SELECT ticket FROM dead)"))
        return -1;
    *lost = lose_ranges(w,
                        RANGES("SELECT ticket AS n FROM pending"
                               " WHERE ticket NOT IN (SELECT ticket FROM documents)"),
                        "a document that was accepted and not yet published: ticket", "is lost");
    return *lost < 0 ? -1 : 0;
}

/* Damaged documents of which it is not known what had become of them. */
static int tell_documents(struct work *w)
{
    return lose_ranges(w,
                       RANGES("SELECT key AS n FROM temp.bad WHERE kind = 0"
                              " AND key NOT IN (SELECT ticket FROM documents)"
                              " AND key NOT IN (SELECT ticket FROM pending)"
                              " AND key NOT IN (SELECT ticket FROM published)"
                              " AND key NOT IN (SELECT ticket FROM dead)"),
                       "documents: ticket", "is damaged") < 0
               ? -1
               : 0;
}

/* What has lost its document can be neither run nor published again. */
static int drop_rows_without_document(struct work *w)
{
    return run(w, "DELETE FROM pending WHERE ticket NOT IN (SELECT ticket FROM documents);"
                  "INSERT OR IGNORE INTO temp.bad SELECT 2, seq FROM published"
                  " WHERE ticket NOT IN (SELECT ticket FROM documents);"
                  "DELETE FROM published WHERE ticket NOT IN (SELECT ticket FROM documents)");
}

/* What is missing between the first that is kept and the last that was given. */
static int tell_published(struct work *w)
{
    char sql[512];
    int64_t n, rows = ask(w, "SELECT count(*) FROM published");

    if (rows == 0 && w->has_facts && w->facts.published_bytes)
        lose(w, "published: nothing is left of what was kept, up to seq %" PRIu64,
             w->facts.state.seq);
    snprintf(sql, sizeof sql,
             "SELECT seq + 1, next - 1 FROM (SELECT seq, lead(seq, 1, max(seq, %" PRIu64
             ") + 1) OVER (ORDER BY seq) AS next FROM published) WHERE next > seq + 1",
             w->facts.state.seq);
    n = rows < 0 ? -1 : lose_ranges(w, sql, "published: seq", "is lost");
    if (n >= 0)
        n = lose_ranges(w,
                        RANGES("SELECT key AS n FROM temp.bad WHERE kind = 2"
                               " AND key < coalesce((SELECT min(seq) FROM published), 1 << 62)"),
                        "published: seq", "is lost");
    return n < 0 ? -1 : 0;
}

static int tell_dead(struct work *w)
{
    int64_t rows = ask(w, "SELECT count(*) FROM dead");
    int64_t n = rows < 0 ? -1
                         : lose_ranges(w,
                                       RANGES("SELECT key AS n FROM temp.bad WHERE kind = 3"
                                              " AND key NOT IN (SELECT number FROM dead)"),
                                       "dead: number", "is lost");
    int64_t more = w->has_facts ? (int64_t)w->facts.state.dead - rows - n : 0;

    if (n >= 0 && more > 0)
        lose(w, "dead: %" PRId64 " more letters are lost", more);
    return n < 0 ? -1 : 0;
}

/* ---- documents of which nothing is known */

#define ORPHANS                                                                                    \
    "documents WHERE ticket NOT IN (SELECT ticket FROM published)"                                 \
    " AND ticket NOT IN (SELECT ticket FROM pending)"

static int bury(struct work *w)
{
    static const char message[] = "its result was lost with the spool it was in";
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(
        w->db->sql, "SELECT ticket, id, made, form, received, head, body FROM " ORPHANS, -1, &s,
        NULL);

    while (code == SQLITE_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
        struct spool_dead dead = {.at_ms = (uint64_t)stamp_now(),
                                  .reason = {"result_lost", 11},
                                  .message = {message, sizeof message - 1}};

        spool_fill_doc(s, &dead.doc);
        dead.ticket = dead.doc.ticket;
        code = put_dead(w, &dead) ? SQLITE_ABORT : SQLITE_OK;
    }
    sqlite3_finalize(s);
    return code == SQLITE_ABORT || judge(w, code) ? -1 : run(w, "DELETE FROM " ORPHANS);
}

/* A document that is known to have had a result is not run again, for it would have a second
 * seq: it becomes a dead letter, for people to decide. Where it is not known, it is run:
 * rather twice than never. all_pending: the table pending is whole. */
static int settle_orphans(struct work *w, bool all_pending)
{
    const char *sql = RANGES("SELECT ticket AS n FROM " ORPHANS);

    if (run(w, "DELETE FROM documents WHERE ticket IN (SELECT ticket FROM dead)"
               " AND ticket IN (SELECT ticket FROM " ORPHANS ")"))
        return -1;
    if (all_pending)
        return lose_ranges(w, sql, "ticket",
                           "has lost its result: it is a dead letter now (result_lost)") < 0
                   ? -1
                   : bury(w);
    return lose_ranges(w, sql, "ticket",
                       "may have lost its result: it is run, perhaps for the second time") < 0
               ? -1
               : run(w, "INSERT INTO pending SELECT ticket FROM " ORPHANS);
}

/* The oldest rows go first, and facts knows how many bytes are kept: what is beyond these,
 * from the last seq down, was trimmed, and came from a page that may be free. */
static int drop_trimmed(struct work *w)
{
    char sql[768];

    if (!w->has_facts)
        return 0;
    snprintf(
        sql, sizeof sql,
        "CREATE TEMP TABLE trimmed AS SELECT seq, ticket FROM (SELECT seq, ticket, n,"
        " sum(n) OVER (ORDER BY seq DESC) AS upto FROM (SELECT seq, ticket, " SPOOL_PUBLISHED_BYTES
        " AS n FROM published JOIN documents d USING (ticket)"
        " WHERE seq <= %" PRIu64 ")) WHERE upto - n >= %" PRIu64 ";"
        "DELETE FROM published WHERE seq IN (SELECT seq FROM temp.trimmed);"
        "DELETE FROM pending WHERE ticket IN (SELECT ticket FROM temp.trimmed);"
        "DELETE FROM documents WHERE ticket IN (SELECT ticket FROM temp.trimmed)",
        w->facts.state.seq, w->facts.published_bytes);
    return run(w, sql);
}

static int settle(struct work *w)
{
    int64_t found = ask(w, "SELECT count(*) FROM pending"), lost, kept;
    bool all = w->has_facts && found >= 0 && (uint64_t)found >= w->facts.state.pending;

    if (found < 0 || drop_trimmed(w) || settle_pending(w, &lost) || tell_documents(w) ||
        drop_rows_without_document(w) || tell_published(w) || tell_dead(w) ||
        settle_orphans(w, all) || (kept = ask(w, "SELECT count(*) FROM pending")) < 0)
        return -1;
    lost = w->has_facts ? (int64_t)w->facts.state.pending - lost - kept : 0;
    if (lost > 0)
        lose(w, "%" PRId64 " more documents that were accepted and not yet published are lost",
             lost);
    return make_ids_unique(w);
}

/* ---- the end of it */

static uint64_t larger(uint64_t a, int64_t b)
{
    return b > 0 && (uint64_t)b > a ? (uint64_t)b : a;
}

/* A name stays where every seq given under it is known. */
static int name_log(struct work *w, const char *doubt)
{
    struct stamp ids = {0};
    struct spool_salvage *s = w->s;
    struct spool_state *state = &w->db->now.state;
    char missing[SPOOL_MISSES];

    if (!*doubt && w->has_facts && spool_mark_misses(&w->mark, &w->facts.state, missing))
        doubt = missing;
    snprintf(s->doubt, sizeof s->doubt, "%s",
             w->has_facts ? doubt : "the row of facts, which has it, is lost");
    s->new_log = *s->doubt;
    if (*doubt)
        lose(w, "%s: more may have been committed than is there", doubt);
    if (!s->new_log)
        memcpy(state->log, w->facts.state.log, sizeof state->log);
    else if (stamp_id(&ids, state->log))
        return fault_set(w->f, "the system gives no random bytes");
    memcpy(s->log, state->log, sizeof s->log);
    sqlite3_bind_text(w->put[PUT_LOG], 1, state->log, -1, SQLITE_STATIC);
    return put(w, PUT_LOG, SQLITE_OK);
}

static int count(struct work *w)
{
    struct spool_facts *now = &w->db->now;
    int64_t dead = ask(w, "SELECT count(*) FROM dead");
    int64_t pending = ask(w, "SELECT count(*) FROM pending");
    int64_t dead_bytes = ask(w, "SELECT coalesce(sum(" SPOOL_DEAD_BYTES "), 0) FROM dead");
    int64_t bytes = ask(w, "SELECT coalesce(sum(" SPOOL_PUBLISHED_BYTES "), 0)"
                           " FROM published JOIN documents d USING (ticket)");
    int64_t seq = ask(w, "SELECT coalesce(max(seq), 0) FROM published");
    int64_t ticket = ask(w, "SELECT max(coalesce((SELECT max(ticket) FROM documents), 0),"
                            " coalesce((SELECT max(ticket) FROM dead), 0))");

    if (dead < 0 || pending < 0 || dead_bytes < 0 || bytes < 0 || seq < 0 || ticket < 0)
        return -1;
    now->state.dead = (uint64_t)dead;
    now->state.pending = (uint64_t)pending;
    now->dead_bytes = (uint64_t)dead_bytes;
    now->published_bytes = (uint64_t)bytes;
    now->state.seq = larger(w->facts.state.seq, seq);
    now->state.ticket = larger(w->facts.state.ticket, ticket);
    now->state.sent = w->facts.state.sent;
    return 0;
}

static int summarize(struct work *w)
{
    struct spool_salvage *s = w->s;
    const struct spool_state *now = &w->db->now.state;
    int64_t from = ask(w, "SELECT coalesce(min(seq), 0) FROM published");
    int64_t to = ask(w, "SELECT coalesce(max(seq), 0) FROM published");
    int64_t n = ask(w, "SELECT count(*) FROM published");

    s->from = (uint64_t)from;
    s->to = (uint64_t)to;
    s->published = (uint64_t)n;
    s->pending = now->pending;
    s->dead = now->dead;
    s->seq = now->seq;
    return from < 0 || to < 0 || n < 0 ? -1 : 0;
}

/* ---- the new file */

static int begin(struct work *w)
{
    if (run(w, "PRAGMA synchronous = OFF; BEGIN; PRAGMA application_id = 0;"
               "DROP INDEX documents_by_id; CREATE TEMP TABLE bad (kind INTEGER, key INTEGER,"
               " PRIMARY KEY (kind, key))"))
        return -1;
    for (int i = 0; i < PUTS; i++)
        if (judge(w, sqlite3_prepare_v2(w->db->sql, puts_sql[i], -1, &w->put[i], NULL)))
            return -1;
    return 0;
}

/* From here on it is a spool. */
static int end(struct work *w)
{
    char sql[384];

    snprintf(sql, sizeof sql,
             "UPDATE sqlite_sequence SET seq = max(seq, %" PRIu64 ") WHERE name = 'dead';"
             "INSERT INTO sqlite_sequence VALUES ('" SPOOL_SALVAGED "', %" PRIu64 ");"
             "COMMIT; PRAGMA synchronous = FULL; BEGIN; PRAGMA application_id = %d",
             w->number, w->db->now.state.seq, SPOOL_APPLICATION);
    return run(w, sql) || spool_db_commit(w->db, w->f) != SPOOL_OK ||
                   run(w, "PRAGMA wal_checkpoint(TRUNCATE)")
               ? -1
               : 0;
}

/* ---- what it is made from */

/* A row with a sum: what it is from was a spool. */
static int on_proof(void *owner, const struct carve_row *row)
{
    bool *found = owner;

    *found = row->kind != CARVE_PENDING && row->kind != CARVE_SEQUENCE;
    return *found ? -1 : 0;
}

static int on_no_proof(void *owner, enum carve_kind kind, uint64_t key)
{
    (void)owner, (void)kind, (void)key;
    return 0;
}

static int on_nothing(void *owner, uint32_t page, uint32_t n)
{
    (void)owner, (void)page, (void)n;
    return 0;
}

/* The head of the file says that it is a spool; or one whose first -wal was never folded in,
 * which is a database without a table. */
static bool says_spool(const unsigned char *head)
{
    uint32_t application = spool_be32(head + SPOOL_HEAD_APPLICATION);

    return !memcmp(head, "SQLite format 3", 16) &&
           (application == SPOOL_APPLICATION ||
            (application == 0 && spool_be16(head + SPOOL_HEAD + 3) == 0));
}

/* -1 with f where it is no spool, or of a newer version; before there is a new file. */
static int identify(const struct spool_pages *pages, const char *from, struct fault *f)
{
    static const struct carve_ops ops = {on_proof, on_no_proof, on_nothing};
    unsigned char *head = calloc(1, pages->page_size);
    uint32_t version;
    bool is;

    if (!head)
        return fault_set(f, "no memory");
    spool_pages_read(pages, VIEW_COMMITTED, 1, head);
    version = spool_be32(head + SPOOL_HEAD_VERSION);
    is = says_spool(head);
    free(head);
    if (is && version > SPOOL_VERSION && version <= VERSION_MOST)
        return fault_set(f,
                         "the spool %s is of version %" PRIu32 ", this gloss knows %d: use the "
                         "gloss that came with the glossd which made it",
                         from, version, SPOOL_VERSION);
    if (!is && spool_carve(pages, &ops, &is, f) == 0 && !is)
        return fault_set(f, "%s is no spool of glossd: no row of one is in it", from);
    return is ? 0 : -1;
}

static int fill(struct work *w, const struct spool_pages *pages)
{
    char first[] = "INSERT INTO sqlite_sequence SELECT 'dead', 0 WHERE NOT EXISTS"
                   " (SELECT 1 FROM sqlite_sequence)";

    if (begin(w) || spool_carve(pages, &carve_ops, w, w->f) || run(w, first) || settle(w))
        return -1;
    if (!w->has_facts)
        lose(w, "facts: the row is lost: what was published is sent again");
    return name_log(w, pages->doubt) || count(w) || end(w) || summarize(w) ? -1 : 0;
}

/* ---- the files */

static void delete_files(const char *path, size_t from)
{
    char *name;

    for (size_t i = from; i < SPOOL_FILES; i++)
        if (asprintf(&name, "%s%s", path, spool_endings[i]) >= 0) {
            unlink(name);
            free(name);
        }
}

/* None may be there: what fails deletes them. */
static int check_new(const char *path, struct fault *f)
{
    for (size_t i = 0; i < SPOOL_FILES; i++)
        if (spool_stat(path, spool_endings[i]).st_mode)
            return fault_set(f, "%s%s is there already: give the path of a new file", path,
                             spool_endings[i]);
    return 0;
}

/* A glossd that is at work on it would change it under our eyes. -1: there is one. */
static int lock_old(const char *path, int *lock, struct fault *f)
{
    *lock = spool_lock_look(path);
    if (*lock >= 0 && flock(*lock, LOCK_EX | LOCK_NB))
        return fault_set(f, "the spool %s is in use by glossd: stop that first", path);
    return 0;
}

static int fill_new(struct work *w, const struct spool_pages *pages, const char *from,
                    const char *to)
{
    int r;

    if (identify(pages, from, w->f) || check_new(to, w->f))
        return -1;
    w->db = spool_db_open(to, w->f);
    r = w->db ? fill(w, pages) : -1;
    for (int i = 0; i < PUTS; i++)
        sqlite3_finalize(w->put[i]);
    spool_db_close(w->db);
    delete_files(to, r ? 0 : SPOOL_LOCK_FILE); /* it is in use by nobody now */
    return r;
}

int spool_salvage(struct spool_salvage *s, const char *from, const char *to, struct fault *f)
{
    struct work w = {.s = s, .f = f};
    struct spool_pages pages;
    int lock = -1, r = -1;

    if (spool_pages_identify(from, f) == 0 && lock_old(from, &lock, f) == 0 &&
        spool_pages_open(&pages, from, f) == 0) {
        if (!spool_mark_read(lock, &w.mark))
            *w.mark.log = '\0';
        r = fill_new(&w, &pages, from, to);
        spool_pages_close(&pages);
    }
    if (lock >= 0)
        close(lock);
    return r;
}
