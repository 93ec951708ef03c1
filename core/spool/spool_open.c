/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_open.c - a spool is opened, made, or refused with what to do. The
 * hard rule: a file that is not a spool of this version is not touched.
 */
#include "spool/spool_lock.h"
#include "spool/spool_pages.h"
#include "spool/spool_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_MS = 2000 }; /* somebody looks into the file with sqlite3 */

/* Whether closing leaves the -wal as it is. Else SQLite folds it in and deletes it: not that of a
 * spool that is damaged or refused, for people to look at; nor, by its name, one that has come to
 * where ours was. */
static void keep_wal(struct spool_db *db, bool is_kept)
{
    if (db->sql)
        sqlite3_db_config(db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, (int)is_kept, NULL);
}

enum spool_result spool_damaged(struct spool_db *db, struct fault *f, const char *what, ...)
{
    char said[512];
    va_list ap;

    va_start(ap, what);
    vsnprintf(said, sizeof said, what, ap);
    va_end(ap);
    fault_set(f,
              "the spool %s is damaged (%s): see `gloss spool check %s`, move it away with its "
              "-wal, -shm and .lock, and save what can be saved by `gloss spool salvage`",
              db->path, said, db->path);
    keep_wal(db, true);
    return SPOOL_DAMAGED;
}

/* What SQLite says, and the system, where it has kept that. */
static void fault_io(const struct spool_db *db, struct fault *f)
{
    int error = sqlite3_system_errno(db->sql);

    if (error)
        fault_set(f, "the spool %s: %s (%s)", db->path, sqlite3_errmsg(db->sql), strerror(error));
    else
        fault_set(f, "the spool %s: %s", db->path, sqlite3_errmsg(db->sql));
}

enum spool_result spool_judge(struct spool_db *db, int code, struct fault *f)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        return SPOOL_OK;
    case SQLITE_FULL:
        fault_set(f, "the spool %s: no room on its disk", db->path);
        return SPOOL_FULL;
    case SQLITE_TOOBIG:
        fault_set(f,
                  "the spool %s: more bytes in one row than SQLite takes, which is a thousand "
                  "million: lower limits.document_bytes",
                  db->path);
        return SPOOL_IO;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return spool_busy(db, f);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_CONSTRAINT: /* what is there contradicts what the facts say */
        return spool_damaged(db, f, "%s", sqlite3_errstr(code));
    default:
        fault_io(db, f);
        return SPOOL_IO;
    }
}

bool spool_db_is_in_memory(const struct spool_db *db)
{
    return !strcmp(db->path, SPOOL_MEMORY);
}

/* Two daemons on one file would give the same seq twice. */
static int take_lock(struct spool_db *db, struct fault *f)
{
    return spool_db_is_in_memory(db) ? 0 : spool_lock_take(db, f);
}

/* SQLite would take a -wal that is damaged in its midst for one that ends there, and undo
 * commits that others were told of; and delete one whose file is not there. */
static int check_wal(struct spool_db *db, struct fault *f)
{
    struct spool_pages pages;
    bool damaged;

    if (spool_db_is_in_memory(db))
        return 0;
    if (spool_stat(db->path, "").st_size == 0)
        return spool_stat(db->path, "-wal").st_size == 0
                   ? 0
                   : fault_set(f,
                               "%s-wal has commits of a spool, but %s itself is gone or empty: put "
                               "that back beside it; or move the -wal, the -shm and the .lock to "
                               "where it is, for they belong together",
                               db->path, db->path);
    if (spool_pages_open(&pages, db->path, f))
        return -1;
    damaged = pages.damaged;
    if (damaged)
        spool_damaged(db, f, "%s", pages.doubt);
    spool_pages_close(&pages);
    return damaged ? -1 : 0;
}

static int run(struct spool_db *db, const char *script, struct fault *f)
{
    int code = sqlite3_exec(db->sql, script, NULL, NULL, NULL);

    return spool_judge(db, code, f) ? -1 : 0;
}

/* The one number a query gives; -1 with f where it can't be asked. */
static int64_t ask(struct spool_db *db, const char *query, struct fault *f)
{
    sqlite3_stmt *s = NULL;
    int64_t n = -1;
    int code = sqlite3_prepare_v2(db->sql, query, -1, &s, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(s);
    if (code == SQLITE_ROW)
        n = sqlite3_column_int64(s, 0);
    else
        spool_judge(db, code, f);
    sqlite3_finalize(s);
    return n;
}

static int make(struct spool_db *db, struct fault *f)
{
    struct stamp ids = {0};
    struct spool_facts facts = {0};
    char script[256];

    if (stamp_id(&ids, facts.state.log))
        return fault_set(f, "the system gives no random bytes");
    snprintf(script, sizeof script,
             "INSERT INTO facts VALUES (1, '%s', 0, 0, 0, 0, 0, 0, 0, %" PRId64 ");"
             "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT;",
             facts.state.log, spool_facts_sum(&facts), SPOOL_APPLICATION, SPOOL_VERSION);
    if (run(db, "BEGIN IMMEDIATE;", f) || run(db, spool_schema, f))
        return -1;
    return run(db, script, f);
}

/* A new file is made; another one must be ours, and not newer. */
static int check_version(struct spool_db *db, bool may_make, struct fault *f)
{
    int64_t tables = ask(db, "SELECT count(*) FROM sqlite_schema", f);
    int64_t application = tables < 0 ? -1 : ask(db, "PRAGMA application_id", f);
    int64_t version = application < 0 ? -1 : ask(db, "PRAGMA user_version", f);

    if (version < 0)
        return -1;
    if (tables == 0 && application == 0 && may_make)
        return make(db, f);
    if (application != SPOOL_APPLICATION)
        return fault_set(f, "%s is no spool of glossd: give another path", db->path);
    if (version > SPOOL_VERSION)
        return fault_set(f,
                         "the spool %s is of version %" PRId64
                         ", this glossd knows %d: use a newer glossd, or another path",
                         db->path, version, SPOOL_VERSION);
    return 0;
}

static int prepare(struct spool_db *db, struct fault *f)
{
    for (int i = 0; i < SQL_COUNT; i++) {
        int code = sqlite3_prepare_v3(db->sql, spool_statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &db->statement[i], NULL);

        if (spool_judge(db, code, f))
            return -1;
    }
    return 0;
}

static int read_facts(struct spool_db *db, struct fault *f)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(db->sql, "SELECT " SPOOL_FACTS " FROM facts", -1, &s, NULL);
    enum spool_result r;

    if (code == SQLITE_OK)
        code = sqlite3_step(s);
    if (code != SQLITE_ROW)
        r = spool_judge(db, code == SQLITE_DONE ? SQLITE_CORRUPT : code, f);
    else if (spool_fill_facts(s, &db->committed))
        r = SPOOL_OK;
    else
        r = spool_damaged(db, f, "facts: the sum is wrong");
    sqlite3_finalize(s);
    db->now = db->committed;
    return r ? -1 : 0;
}

static int check_pending(struct spool_db *db, struct fault *f)
{
    int64_t pending = ask(db, "SELECT count(*) FROM pending", f);

    if (pending < 0 || (uint64_t)pending == db->committed.state.pending)
        return pending < 0 ? -1 : 0;
    spool_damaged(db, f, "pending: %" PRId64 " rows, %" PRIu64 " by facts", pending,
                  db->committed.state.pending);
    return -1;
}

/* Whether all is there that was committed. Before anything else is looked at: where commits are
 * missing, what is left may be of two moments, and that is why. */
static int check_mark(struct spool_db *db, struct fault *f)
{
    const struct spool_state *state = &db->committed.state;
    struct spool_mark mark;
    char what[SPOOL_MISSES];

    if (spool_db_is_in_memory(db))
        return 0;
    db->unmarked = !spool_mark_read(db->lock, &mark) || strcmp(mark.log, state->log) != 0;
    if (!db->unmarked && spool_mark_misses(&mark, state, what)) {
        spool_damaged(db, f, "%s", what);
        return -1;
    }
    return 0;
}

/* Documents are private, whatever the umask; SQLite gives the -wal and the -shm the mode of
 * the file. One that is there keeps the mode that its owner gave it. */
static int make_private(const struct spool_db *db, struct fault *f)
{
    int fd;

    if (spool_db_is_in_memory(db))
        return 0;
    fd = open(db->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fault_set(f, "the spool %s: %s", db->path, strerror(errno));
    close(fd);
    return 0;
}

static struct spool_db *create(const char *path, struct fault *f)
{
    struct spool_db *db = calloc(1, sizeof *db);

    /* SQLite's counts of memory, behind a lock, would take a tenth of all that it does. Once it
     * is in use this is refused, as needless. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (db)
        db->path = strdup(path);
    if (!db || !db->path) {
        free(db);
        fault_set(f, "no memory");
        return NULL;
    }
    db->lock = -1;
    return db;
}

static int open_file(struct spool_db *db, int flags, struct fault *f)
{
    /* As a file in memory: SQLite's own :memory: searches all its pages at each commit. */
    bool in_memory = spool_db_is_in_memory(db);
    int code = sqlite3_open_v2(in_memory ? "spool" : db->path, &db->sql,
                               flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                               in_memory ? "memdb" : NULL);

    if (code == SQLITE_CANTOPEN)
        return fault_set(f, "the spool %s: %s: is the folder there, and ours to write?", db->path,
                         sqlite3_errmsg(db->sql));
    if (spool_judge(db, code, f))
        return -1;
    if (in_memory) /* which is 1 GiB else */
        sqlite3_file_control(db->sql, NULL, SQLITE_FCNTL_SIZE_LIMIT, &(sqlite3_int64){INT64_MAX});
    sqlite3_busy_timeout(db->sql, BUSY_MS);
    keep_wal(db, true);
    return 0;
}

/* A row that is taken away is overwritten where it stood, so that salvage does not find it in
 * the free bytes of a page. Pages that become free are not written for that, for it would be
 * a quarter of all the work: salvage tells them by itself. In memory nothing is salvaged. */
static const char settings[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
    "PRAGMA secure_delete = FAST;";
static const char memory_settings[] = "PRAGMA temp_store = MEMORY; PRAGMA secure_delete = OFF;";

struct spool_db *spool_db_open(const char *path, struct fault *f)
{
    struct spool_db *db = create(path, f);

    if (!db)
        return NULL;
    if (spool_pages_identify(path, f) || take_lock(db, f) || check_wal(db, f) ||
        make_private(db, f) || open_file(db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, f) ||
        run(db, spool_db_is_in_memory(db) ? memory_settings : settings, f) ||
        check_version(db, true, f) || prepare(db, f) || read_facts(db, f) || check_mark(db, f) ||
        check_pending(db, f) || (!spool_db_is_in_memory(db) && spool_files_note(db, f)))
        goto fail;
    spool_mark_write(db);
    keep_wal(db, false);
    return db;
fail:
    spool_db_close(db);
    return NULL;
}

static struct spool_db *open_reader(const char *path, struct fault *f)
{
    struct spool_db *db = create(path, f);

    if (db && open_file(db, SQLITE_OPEN_READONLY, f)) {
        spool_db_close(db);
        return NULL;
    }
    return db;
}

/* Of one moment, for a daemon may go on. */
static int check_moment(struct spool_db *db, struct fault *f)
{
    int r = spool_db_begin_reading(db, f) || read_facts(db, f) || check_pending(db, f) ? -1 : 0;

    spool_db_rollback(db);
    return r;
}

static struct spool_db *begin_reader(struct spool_db *db, struct fault *f)
{
    if (!db)
        return NULL;
    if (check_version(db, false, f) || prepare(db, f) || check_moment(db, f))
        goto fail;
    return db;
fail:
    spool_db_close(db);
    return NULL;
}

struct spool_db *spool_open_raw(const char *path, struct fault *f)
{
    return spool_pages_identify(path, f) ? NULL : open_reader(path, f);
}

struct spool_db *spool_db_open_readonly(const char *path, struct fault *f)
{
    return begin_reader(spool_open_raw(path, f), f);
}

/* It is not identified: closing any descriptor of the file ends the locks that SQLite has on it
 * for this process. The next program that opens and closes the file would then take itself for
 * the last, and delete the -wal under our hands. */
struct spool_db *spool_db_open_reader(const struct spool_db *served, struct fault *f)
{
    return begin_reader(open_reader(served->path, f), f);
}

void spool_db_close(struct spool_db *db)
{
    if (!db)
        return;
    for (int i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(db->statement[i]);
    if (spool_files_moved(db))
        keep_wal(db, true);
    sqlite3_close(db->sql);
    spool_files_forget(db);
    if (db->lock >= 0)
        close(db->lock);
    free(db->path);
    free(db);
}

const struct spool_state *spool_db_state(const struct spool_db *db)
{
    return &db->now.state;
}
