/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_db.h - the spool's file: what was accepted, what became of it, and
 * what was published, in SQLite. Pure storage: it knows no loop and no socket. The
 * hard rule: one thread at a time, and nothing counts before spool_db_commit.
 *
 * The tables (glossd(8) describes them for people with sqlite3):
 *   documents  ticket, client's id, bytes as they came
 *   pending    tickets of documents that have no result yet
 *   published  seq, ticket, topic, prev, the gloss members
 *   dead       number, bytes, reason, plugin
 *   facts      log, last ticket, last seq sent
 */
#ifndef SPOOL_DB_H
#define SPOOL_DB_H

#include "log.h"
#include "text/doc.h"
#include "wire/stamp.h"

#include <stdbool.h>
#include <stdint.h>

struct spool_db;

/* How a call ended. The text is in the fault given. */
enum spool_result {
    SPOOL_OK,
    SPOOL_NONE,      /* there is no such row */
    SPOOL_DUPLICATE, /* the client's id is known already */
    SPOOL_FULL,      /* no room on the disk: try again later */
    SPOOL_IO,        /* the disk failed: try again later */
    SPOOL_DAMAGED,   /* the file is not what was written: stop */
};

/* How a document came in: which parts are which. Stored, so never renumbered. What came in more
 * than two frames is no document: a dead letter has its first two. */
enum spool_form { SPOOL_JSON = 0, SPOOL_TEXT = 1, SPOOL_SPLIT = 2, SPOOL_FRAMES = 3 };

/* A document as it is kept. Slices are the caller's on the way in; on the way out they
 * live until the next call on the same db. */
struct spool_doc {
    uint64_t ticket;
    enum spool_form form;
    struct slice id;         /* what it is called */
    bool made_id;            /* the daemon made the id */
    bool keyed;              /* the id is the client's: sent again, it is a duplicate */
    uint64_t received_ms;    /* since 1970 */
    struct slice head, body; /* as they came; body only from SPOOL_SPLIT on */
};

/* A document with its result. */
struct spool_published {
    struct spool_doc doc;
    uint64_t seq, prev; /* prev 0: none, or no longer known */
    struct slice topic, members;
};

/* A document that was not published, or was with a failure, and why. */
struct spool_dead {
    uint64_t number; /* given by the db; rises */
    uint64_t ticket; /* of an accepted document; 0: it was never accepted */
    uint64_t at_ms;
    struct slice reason; /* a code: "plugin_failed", "invalid_json", .. */
    struct slice plugin; /* who failed; empty where none did */
    struct slice message;
    struct spool_doc doc;
};

/* Where the spool stands. */
struct spool_state {
    char log[STAMP_ID]; /* the name of the log that seq counts in */
    uint64_t ticket;    /* the last given */
    uint64_t seq;       /* the last given */
    uint64_t sent;      /* the last that is known to have been sent */
    uint64_t pending, dead;
};

/* What is kept at most, beyond what is pending. Bytes as spool_db counts them: all of a document
 * and of what was made of it, and some for each row. */
struct spool_keep {
    uint64_t published_ms, published_bytes;
    uint64_t dead_ms, dead_bytes;
};

/* Bytes that a row may have, all in all: SQLite's limit. */
#define SPOOL_ROW_MOST 1000000000

/* As a path: a spool of its own that ends with the process. */
#define SPOOL_MEMORY ":memory:"

/* Whether a glossd is at work on the file. */
bool spool_db_is_served(const char *path);

/* Opens or makes the spool at path. A path in use by another
 * glossd, of a newer version, or damaged is refused with what to do. NULL with f. */
struct spool_db *spool_db_open(const char *path, struct fault *f);

/* The same for looking only: whoever serves it may go on. */
struct spool_db *spool_db_open_readonly(const char *path, struct fault *f);

/* The same for the process that serves it, which must open its file in no other way. */
struct spool_db *spool_db_open_reader(const struct spool_db *served, struct fault *f);

void spool_db_close(struct spool_db *db); /* NULL is accepted */

bool spool_db_is_in_memory(const struct spool_db *db);

const struct spool_state *spool_db_state(const struct spool_db *db);

/* Everything that changes the spool stands between these two. After a rollback, and
 * after a commit that failed, the state is that of the last commit. */
enum spool_result spool_db_begin(struct spool_db *db, struct fault *f);
enum spool_result spool_db_commit(struct spool_db *db, struct fault *f);
void spool_db_rollback(struct spool_db *db);

/* Until the rollback, all that is read is of one moment. */
enum spool_result spool_db_begin_reading(struct spool_db *db, struct fault *f);

/* A document is accepted under d->ticket, or is a duplicate. */
enum spool_result spool_db_accept(struct spool_db *db, const struct spool_doc *d, struct fault *f);

/* The result of the document of p: gives it the next seq, and prev. SPOOL_NONE where it
 * is not pending. */
enum spool_result spool_db_publish(struct spool_db *db, const struct spool_published *p,
                                   uint64_t now_ms, uint64_t *seq, uint64_t *prev, struct fault *f);

/* A dead letter. settle: the accepted document is done with, and goes; else a copy. */
enum spool_result spool_db_bury(struct spool_db *db, const struct spool_dead *dead, bool settle,
                                struct fault *f);

/* Everything up to seq has been sent. */
void spool_db_sent(struct spool_db *db, uint64_t seq);

/* Takes away what is beyond keep, the oldest first, but nothing that may not have been sent. A
 * bounded piece of work: at least twice what this transaction has brought. more: there is more. */
enum spool_result spool_db_trim(struct spool_db *db, const struct spool_keep *keep, uint64_t now_ms,
                                bool *more, struct fault *f);

/* The first pending document with a ticket above after; SPOOL_NONE at the end. */
enum spool_result spool_db_pending(struct spool_db *db, uint64_t after, struct spool_doc *d,
                                   struct fault *f);

/* The first published document from seq on. */
enum spool_result spool_db_published(struct spool_db *db, uint64_t from, struct spool_published *p,
                                     struct fault *f);

/* The first seq that is still kept, and the last given: first above last, and none is. */
enum spool_result spool_db_span(struct spool_db *db, uint64_t *first, uint64_t *last,
                                struct fault *f);

/* The same without its document, of which only the ticket is filled: cheaper. */
enum spool_result spool_db_row(struct spool_db *db, uint64_t from, struct spool_published *p,
                               struct fault *f);

/* Which dead letters are meant; what is empty or 0 is any. */
struct spool_filter {
    struct slice reason, plugin, id;
    uint64_t since_ms, until_ms; /* of dying */
};

/* Of a letter that was read whole: what is damaged must not pass for one that is not meant. */
bool spool_filter_passes(const struct spool_filter *filter, const struct spool_dead *dead);

/* The first and the last number on the list, 0 where it is empty, and how many there are. */
enum spool_result spool_db_dead_span(struct spool_db *db, uint64_t *first, uint64_t *last,
                                     uint64_t *n, struct fault *f);

/* The first dead letter with a number above after, and up to to; 0: up to the last. */
enum spool_result spool_db_dead(struct spool_db *db, uint64_t after, uint64_t to,
                                struct spool_dead *dead, struct fault *f);

/* Lets go of the row last read, so that the file's log can be folded in. */
void spool_db_rest(struct spool_db *db);

/* Takes a dead letter off the list. SPOOL_NONE where there is none of that number. */
enum spool_result spool_db_exhume(struct spool_db *db, uint64_t number, struct fault *f);

#endif
