/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_lock.c - the file beside the spool that ends in .lock, and whether those that
 * are in use are still where they were.
 *
 * Who holds the .lock serves the spool. In it is a mark: the last ticket and seq that were
 * committed, as text. Nothing else tells that a -wal has been lost, for SQLite takes what is
 * left for the whole. The hard rule: the mark is written after the commit, so it is never
 * ahead of the disk, and whatever dies when, no good spool looks as if it lacked something.
 */
#include "spool/spool_lock.h"

#include "spool/spool_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <xxhash.h>

enum {
    TRIES = 20, /* to lock it */
    TRY_MS = 50,
    MARK = 160, /* bytes of the mark are fewer */
};

/* ---- the lock */

/* A glossd that was killed just now may hold it for a moment, in a child that it was about
 * to start. 0, or -1. */
static int lock(int fd)
{
    for (int i = 0; i < TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return 0;
        usleep(TRY_MS * 1000);
    }
    return -1;
}

static int open_lock(const char *path, int flags)
{
    char *name;
    int fd;

    if (asprintf(&name, "%s.lock", path) < 0)
        return -1;
    fd = open(name, flags | O_CLOEXEC | O_NONBLOCK, 0600);
    free(name);
    return fd;
}

int spool_lock_take(struct spool_db *db, struct fault *f)
{
    db->lock = open_lock(db->path, O_RDWR | O_CREAT);
    if (db->lock < 0)
        return fault_set(f, "the spool %s: %s: is the folder there, and ours to write?", db->path,
                         strerror(errno));
    if (lock(db->lock) < 0)
        return fault_set(f, "the spool %s is in use by another glossd: give this one another path",
                         db->path);
    return 0;
}

int spool_lock_look(const char *path)
{
    return open_lock(path, O_RDONLY);
}

bool spool_db_is_served(const char *path)
{
    int fd = spool_lock_look(path);
    bool is = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB);

    if (fd >= 0)
        close(fd);
    return is;
}

/* ---- the mark */

static int print_mark(char text[MARK], const struct spool_mark *m)
{
    int n = snprintf(text, MARK, "log %s ticket %020" PRIu64 " seq %020" PRIu64, m->log, m->ticket,
                     m->seq);

    return n + snprintf(text + n, (size_t)(MARK - n), " sum %016" PRIx64 "\n",
                        (uint64_t)XXH3_64bits(text, (size_t)n));
}

bool spool_mark_read(int fd, struct spool_mark *m)
{
    char is[MARK] = "", should[MARK];
    ssize_t n = fd < 0 ? -1 : pread(fd, is, sizeof is - 1, 0);

    return n > 0 &&
           sscanf(is, "log %36s ticket %20" SCNu64 " seq %20" SCNu64, m->log, &m->ticket,
                  &m->seq) == 3 &&
           n >= print_mark(should, m) && !strncmp(is, should, strlen(should));
}

/* Before a log gets its first mark, the file itself must have the log: else, without its -wal,
 * it would be taken for one that never had any. A full disk keeps it from there, and so does who
 * reads what was before: then there is no mark until a later commit. False: not yet. */
static bool fold_in(struct spool_db *db)
{
    int frames, folded;

    return sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &folded) ==
               SQLITE_OK &&
           frames == folded;
}

/* Where that fails, it stays the older one, or is none. */
void spool_mark_write(struct spool_db *db)
{
    const struct spool_state *state = &db->committed.state;
    struct spool_mark m = {.ticket = state->ticket, .seq = state->seq};
    char text[MARK];

    if (db->lock < 0 || (db->unmarked && !fold_in(db)))
        return;
    db->unmarked = false;
    memcpy(m.log, state->log, sizeof m.log);
    if (pwrite(db->lock, text, (size_t)print_mark(text, &m), 0) < 0)
        return;
}

bool spool_mark_misses(const struct spool_mark *m, const struct spool_state *state,
                       char what[SPOOL_MISSES])
{
    if (strcmp(m->log, state->log) != 0 || (m->ticket <= state->ticket && m->seq <= state->seq))
        return false;
    snprintf(what, SPOOL_MISSES,
             "commits are missing: its last ticket and seq are %" PRIu64 " and %" PRIu64
             ", but %" PRIu64 " and %" PRIu64 " were committed, as its .lock says",
             state->ticket, state->seq, m->ticket, m->seq);
    return true;
}

/* ---- whether the files are there */

const char *const spool_endings[SPOOL_FILES] = {"", "-wal", "-shm", ".lock"};

struct stat spool_stat(const char *path, const char *ending)
{
    struct stat st = {0};
    char *name;

    if (asprintf(&name, "%s%s", path, ending) < 0)
        return st;
    if (stat(name, &st) < 0)
        st = (struct stat){0};
    free(name);
    return st;
}

int spool_files_note(struct spool_db *db, struct fault *f)
{
    struct stat st;

    for (size_t i = 0; i < SPOOL_FILES; i++) {
        struct spool_file *file = &db->file[i];

        if (asprintf(&file->name, "%s%s", db->path, spool_endings[i]) < 0) {
            file->name = NULL;
            return fault_set(f, "no memory");
        }
        if (stat(file->name, &st) == 0)
            *file = (struct spool_file){file->name, st.st_dev, st.st_ino};
    }
    return 0;
}

void spool_files_forget(struct spool_db *db)
{
    for (size_t i = 0; i < SPOOL_FILES; i++)
        free(db->file[i].name);
}

const char *spool_files_moved(const struct spool_db *db)
{
    struct stat st;

    for (size_t i = 0; i < SPOOL_FILES; i++) {
        const struct spool_file *file = &db->file[i];

        if (!file->inode)
            continue;
        if (stat(file->name, &st) < 0 ? errno == ENOENT || errno == ENOTDIR
                                      : st.st_ino != file->inode || st.st_dev != file->device)
            return file->name;
    }
    return NULL;
}
