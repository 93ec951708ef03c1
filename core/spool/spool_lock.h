/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_lock.h - the file beside the spool that keeps a second glossd away and has a
 * mark of what was committed; and the look whether the files in use are still there. The hard
 * rule: the mark is never ahead of what is on the disk.
 */
#ifndef SPOOL_LOCK_H
#define SPOOL_LOCK_H

#include "spool/spool_db.h"

#include <sys/stat.h>

enum { SPOOL_MISSES = 200 };

/* The last ticket and seq that were committed under the log. */
struct spool_mark {
    char log[STAMP_ID];
    uint64_t ticket, seq;
};

/* Opens the .lock and locks it, for as long as db is open. 0, or -1 with f. */
int spool_lock_take(struct spool_db *db, struct fault *f);

/* Opens it for reading: a descriptor, or -1. */
int spool_lock_look(const char *path);

/* False where there is none: then nothing is known. */
bool spool_mark_read(int fd, struct spool_mark *m);

/* The first one, of a db that is unmarked, may have to wait until a later call. */
void spool_mark_write(struct spool_db *db);

/* Whether the state, read from the spool, is older than the mark; what says so. */
bool spool_mark_misses(const struct spool_mark *m, const struct spool_state *state,
                       char what[SPOOL_MISSES]);

/* What the system says of the file whose name has the ending: all zero where it can't be told. */
struct stat spool_stat(const char *path, const char *ending);

/* Keeps which files db has open, to look later whether one was moved or removed: its name,
 * or NULL. */
int spool_files_note(struct spool_db *db, struct fault *f);
void spool_files_forget(struct spool_db *db);
const char *spool_files_moved(const struct spool_db *db);

#endif
