/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_busy.c - who keeps the spool locked: the kernel lists all locks, with the file's
 * device and inode, and the process. The hard rule: the files are not opened for that, for closing
 * one would end our own locks on it.
 */
#include "spool/spool_lock.h"
#include "spool/spool_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* pid 0: it can't be told. */
struct writer {
    int pid;
    bool is_sure; /* not of the inode of that number on another device */
};

/* The process of a line of /proc/locks, where it is another that writes to one of the files:
 * "7: POSIX  ADVISORY  WRITE 4711 fe:00:131084 120 120". Some file systems, as btrfs, have
 * another device there than the one they tell of the file. */
static struct writer writer_of(const char *line, const struct stat files[2])
{
    struct writer w = {0};
    unsigned int major, minor;
    uint64_t inode;

    if (sscanf(line, "%*d: POSIX %*s WRITE %d %x:%x:%" SCNu64, &w.pid, &major, &minor, &inode) !=
            4 ||
        w.pid <= 0 || w.pid == getpid())
        return (struct writer){0};
    for (size_t i = 0; i < 2; i++)
        if (inode && inode == files[i].st_ino) {
            w.is_sure = files[i].st_dev == makedev(major, minor);
            return w;
        }
    return (struct writer){0};
}

static struct writer find_writer(const char *path)
{
    const struct stat files[2] = {spool_stat(path, ""), spool_stat(path, "-shm")};
    FILE *locks = fopen("/proc/locks", "re");
    struct writer w = {0};
    char line[256];

    while (locks && !w.is_sure && fgets(line, sizeof line, locks)) {
        struct writer its = writer_of(line, files);

        if (its.pid)
            w = its;
    }
    if (locks)
        fclose(locks);
    return w;
}

static void read_name(int pid, char *name, size_t n)
{
    char path[64];
    FILE *comm;

    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    comm = fopen(path, "re");
    if (!comm || !fgets(name, (int)n, comm))
        snprintf(name, n, "its name is hidden");
    name[strcspn(name, "\n")] = '\0';
    if (comm)
        fclose(comm);
}

enum spool_result spool_busy(const struct spool_db *db, struct fault *f)
{
    struct writer w = find_writer(db->path);
    char name[64], who[96] = "sqlite3";

    if (w.pid) {
        read_name(w.pid, name, sizeof name);
        snprintf(who, sizeof who, "process %d (%s)", w.pid, name);
    }
    if (w.is_sure)
        fault_set(f,
                  "the spool %s is locked by %s, which writes into it or has not ended a "
                  "transaction: end that",
                  db->path, who);
    else
        fault_set(f,
                  "the spool %s is locked by another program, perhaps %s, which writes into "
                  "it or has not ended a transaction: find it by `fuser -v %s` and end that",
                  db->path, who, db->path);
    return SPOOL_IO;
}
