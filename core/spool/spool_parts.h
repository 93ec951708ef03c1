/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_parts.h - what the files of the spool share. Nobody else includes it.
 */
#ifndef SPOOL_PARTS_H
#define SPOOL_PARTS_H

#include "spool/spool_db.h"

#include <sqlite3.h>
#include <sys/types.h>

/* A spool is told by these two; a newer version is refused. */
#define SPOOL_APPLICATION 0x676c6f73 /* "glos" */
#define SPOOL_VERSION     1

/* Where they stand in the head of the file, which is so long. */
#define SPOOL_HEAD             100
#define SPOOL_HEAD_VERSION     60
#define SPOOL_HEAD_APPLICATION 68

/* A spool that was salvaged has a row of this name in sqlite_sequence, with the last seq that
 * had been given then: what is missing up to there is known to be lost. */
#define SPOOL_SALVAGED "salvaged"

/* Statements, prepared once. */
enum spool_sql {
    SQL_BEGIN,
    SQL_BEGIN_READING,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_ACCEPT,
    SQL_PEND,
    SQL_UNPEND,
    SQL_PREV,
    SQL_PUBLISH,
    SQL_BURY,
    SQL_FORGET,
    SQL_EXHUME,
    SQL_FACTS_SET,
    SQL_OLDEST,
    SQL_TRIM_DOCUMENTS,
    SQL_TRIM,
    SQL_OLDEST_DEAD,
    SQL_TRIM_DEAD,
    SQL_NEXT_PENDING,
    SQL_NEXT_PUBLISHED,
    SQL_NEXT_ROW,
    SQL_SPAN,
    SQL_NEXT_DEAD,
    SQL_DEAD_SPAN,
    SQL_COUNT
};

/* The state, and the sizes that trimming goes by. */
struct spool_facts {
    struct spool_state state;
    uint64_t published_bytes, dead_bytes;
};

enum { SPOOL_FILES = 4, SPOOL_LOCK_FILE = 3 };

/* How their names end: "" of itself, "-wal", "-shm", ".lock". */
extern const char *const spool_endings[SPOOL_FILES];

/* A file that is in use. inode 0: it is not known. */
struct spool_file {
    char *name;
    dev_t device;
    ino_t inode;
};

struct spool_db {
    sqlite3 *sql;
    sqlite3_stmt *statement[SQL_COUNT];
    struct spool_facts now, committed;
    char *path;
    int lock;      /* holds the file against another glossd; -1: none */
    bool unmarked; /* its log has no mark yet */
    struct spool_file file[SPOOL_FILES];
};

/* The tables of a new spool, in one script. */
extern const char spool_schema[];

/* Where the trees of its tables begin, and how many columns each has: no two the same. SQLite
 * gives the pages in the order of the script, and never moves them; 4 and 7 are indexes. */
struct spool_root {
    uint32_t page;
    size_t columns;
};

enum { SPOOL_ROOTS = 6 };

extern const struct spool_root spool_roots[SPOOL_ROOTS];

/* The text of each statement. */
extern const char *const spool_statements[SQL_COUNT];

/* Opens the file for reading, whatever is in it; NULL with f. */
struct spool_db *spool_open_raw(const char *path, struct fault *f);

/* What a code of SQLite means to us, with f filled where it is none of the good ones. */
enum spool_result spool_judge(struct spool_db *db, int code, struct fault *f);

/* SPOOL_IO, with f saying who has it locked. */
enum spool_result spool_busy(const struct spool_db *db, struct fault *f);

/* Runs a bound statement that gives no row, and makes it ready for the next time. */
enum spool_result spool_step(struct spool_db *db, enum spool_sql which, struct fault *f);

/* A code of SQLite: it refuses what is too large for it, and binds NULL. */
int spool_bind_slice(sqlite3_stmt *s, int at, struct slice text);
void spool_bind_number(sqlite3_stmt *s, int at, uint64_t n);
struct slice spool_column_slice(sqlite3_stmt *s, int at);
uint64_t spool_column_number(sqlite3_stmt *s, int at);

/* A whole row, with its sum, to the parameters from the first on. A dead letter of number 0
 * gets the next. A code of SQLite, as above. */
int spool_bind_document(sqlite3_stmt *s, const struct spool_doc *d);
int spool_bind_published(sqlite3_stmt *s, const struct spool_published *p, uint64_t at_ms);
int spool_bind_dead(sqlite3_stmt *s, const struct spool_dead *dead);

/* What counts against keep: all that people gave, and for the rest of a row, its place in
 * indexes and the room that pages leave, so much. What is published is two rows. */
#define SPOOL_ROW       64
#define SPOOL_ROW_TEXT  "64"
#define SPOOL_ROWS_TEXT "128"

/* The same by SQL, of a row of documents called d; with its result, p; of a dead letter. */
#define SPOOL_DOCUMENT_BYTES  "length(CAST(d.id AS BLOB)) + length(d.head) + length(d.body)"
#define SPOOL_RESULT_BYTES    "length(CAST(topic AS BLOB)) + length(members) + " SPOOL_ROWS_TEXT
#define SPOOL_PUBLISHED_BYTES SPOOL_DOCUMENT_BYTES " + " SPOOL_RESULT_BYTES
#define SPOOL_DEAD_BYTES                                                                           \
    "length(CAST(id AS BLOB)) + length(head) + length(body) + length(CAST(reason AS BLOB))"        \
    " + length(CAST(plugin AS BLOB)) + length(CAST(message AS BLOB)) + " SPOOL_ROW_TEXT

/* The same of a row in memory. */
uint64_t spool_published_bytes(const struct spool_published *p);
uint64_t spool_dead_bytes(const struct spool_dead *dead);

/* Fills d from a row's first columns: ticket, id, made, form, received, head, body. */
void spool_fill_doc(sqlite3_stmt *s, struct spool_doc *d);

/* The sum of each kind of row. */
int64_t spool_doc_sum(const struct spool_doc *d);
int64_t spool_published_sum(const struct spool_published *p);
int64_t spool_dead_sum(const struct spool_dead *dead);
int64_t spool_facts_sum(const struct spool_facts *f);

/* The columns of a dead letter, and it filled from them. */
#define SPOOL_DEAD                                                                                 \
    "ticket, id, made, form, received, head, body, sum, number, at, reason, plugin, message"
void spool_fill_dead(sqlite3_stmt *s, struct spool_dead *dead);

/* The index that makes a client's id unique. */
#define SPOOL_INDEX_BY_ID "CREATE UNIQUE INDEX documents_by_id ON documents (id) WHERE keyed = 1;"

/* The columns of facts, and f filled from them: false where the sum is wrong. */
#define SPOOL_FACTS "log, ticket, seq, sent, pending, dead, published_bytes, dead_bytes, sum"
bool spool_fill_facts(sqlite3_stmt *s, struct spool_facts *f);

/* SPOOL_DAMAGED, with f saying that what is not what was written, and what to do. */
PRINTF(3, 4)
enum spool_result spool_damaged(struct spool_db *db, struct fault *f, const char *what, ...);

#endif
