/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_schema.c - the tables of the spool and every statement on them. The
 * hard rule: nothing the daemon asks of SQLite stands anywhere else.
 */
#include "spool/spool_parts.h"

const char spool_schema[] =
    "CREATE TABLE facts (one INTEGER PRIMARY KEY CHECK (one = 1), log TEXT NOT NULL,"
    " ticket INTEGER NOT NULL, seq INTEGER NOT NULL, sent INTEGER NOT NULL,"
    " pending INTEGER NOT NULL, dead INTEGER NOT NULL, published_bytes INTEGER NOT NULL,"
    " dead_bytes INTEGER NOT NULL, sum INTEGER NOT NULL);"
    "CREATE TABLE documents (ticket INTEGER PRIMARY KEY, id TEXT NOT NULL,"
    " keyed INTEGER NOT NULL, made INTEGER NOT NULL, form INTEGER NOT NULL,"
    " received INTEGER NOT NULL, head BLOB NOT NULL, body BLOB NOT NULL, sum INTEGER NOT "
    "NULL);" SPOOL_INDEX_BY_ID "CREATE TABLE pending (ticket INTEGER PRIMARY KEY);"
    "CREATE TABLE published (seq INTEGER PRIMARY KEY, ticket INTEGER NOT NULL,"
    " topic TEXT NOT NULL, prev INTEGER NOT NULL, at INTEGER NOT NULL, members BLOB NOT NULL,"
    " sum INTEGER NOT NULL);"
    "CREATE INDEX published_by_topic ON published (topic, seq);"
    "CREATE TABLE dead (number INTEGER PRIMARY KEY AUTOINCREMENT, ticket INTEGER NOT NULL,"
    " at INTEGER NOT NULL, reason TEXT NOT NULL, plugin TEXT NOT NULL, message TEXT NOT NULL,"
    " id TEXT NOT NULL, made INTEGER NOT NULL, form INTEGER NOT NULL, received INTEGER NOT NULL,"
    " head BLOB NOT NULL, body BLOB NOT NULL, sum INTEGER NOT NULL);";

const struct spool_root spool_roots[SPOOL_ROOTS] = {
    {2, 10}, /* facts */
    {3, 9},  /* documents */
    {5, 1},  /* pending */
    {6, 7},  /* published */
    {8, 13}, /* dead */
    {9, 2},  /* sqlite_sequence */
};

#define DOCUMENT(of)                                                                               \
    of ".id, " of ".made, " of ".form, " of ".received, " of ".head, " of ".body, " of ".sum"

const char *const spool_statements[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_BEGIN_READING] = "BEGIN",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_ACCEPT] = "INSERT INTO documents VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
                   " ON CONFLICT DO NOTHING",
    [SQL_PEND] = "INSERT INTO pending VALUES (?1)",
    [SQL_UNPEND] = "DELETE FROM pending WHERE ticket = ?1",
    [SQL_PREV] = "SELECT seq FROM published WHERE topic = ?1 ORDER BY seq DESC LIMIT 1",
    [SQL_PUBLISH] = "INSERT INTO published VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_BURY] = "INSERT INTO dead VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
                 " ?12, ?13)",
    [SQL_FORGET] = "DELETE FROM documents WHERE ticket = ?1",
    [SQL_EXHUME] = "DELETE FROM dead WHERE number = ?1 RETURNING " SPOOL_DEAD_BYTES,
    [SQL_FACTS_SET] = "UPDATE facts SET ticket = ?1, seq = ?2, sent = ?3, pending = ?4,"
                      " dead = ?5, published_bytes = ?6, dead_bytes = ?7, sum = ?8",
    /* Read for as long as there is something to trim, which then goes at once. */
    [SQL_OLDEST] = "SELECT seq, at, " SPOOL_RESULT_BYTES " + coalesce((SELECT " SPOOL_DOCUMENT_BYTES
                   " FROM documents d WHERE d.ticket = p.ticket), 0) FROM published p"
                   " WHERE seq <= ?1 ORDER BY seq",
    [SQL_TRIM_DOCUMENTS] = "DELETE FROM documents WHERE ticket IN"
                           " (SELECT ticket FROM published WHERE seq <= ?1)",
    [SQL_TRIM] = "DELETE FROM published WHERE seq <= ?1",
    [SQL_OLDEST_DEAD] =
        "SELECT number, at, " SPOOL_DEAD_BYTES " FROM dead WHERE number <= ?1 ORDER BY number",
    [SQL_TRIM_DEAD] = "DELETE FROM dead WHERE number <= ?1",
    [SQL_NEXT_PENDING] =
        "SELECT d.ticket, " DOCUMENT("d") ", p.ticket FROM pending p"
                                          " LEFT JOIN documents d USING (ticket)"
                                          " WHERE p.ticket > ?1 ORDER BY p.ticket LIMIT 1",
    [SQL_NEXT_PUBLISHED] = "SELECT d.ticket, " DOCUMENT(
        "d") ", p.seq, p.prev, p.topic,"
             " p.members, p.sum FROM published p LEFT JOIN documents d USING (ticket)"
             " WHERE p.seq >= ?1 ORDER BY p.seq LIMIT 1",
    [SQL_NEXT_ROW] = "SELECT seq, ticket, topic, prev, members, sum FROM published"
                     " WHERE seq >= ?1 ORDER BY seq LIMIT 1",
    /* Rows of the transaction that runs count; the row of facts is written at its end. */
    [SQL_SPAN] = "SELECT coalesce((SELECT min(seq) FROM published), seq + 1),"
                 " max(seq, coalesce((SELECT max(seq) FROM published), 0)) FROM facts",
    [SQL_NEXT_DEAD] = "SELECT " SPOOL_DEAD " FROM dead WHERE number > ?1 AND number <= ?2"
                      " ORDER BY number LIMIT 1",
    [SQL_DEAD_SPAN] = "SELECT coalesce((SELECT min(number) FROM dead), 0),"
                      " coalesce((SELECT max(number) FROM dead), 0), dead FROM facts",
};
