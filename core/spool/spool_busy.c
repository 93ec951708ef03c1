/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_busy.c - who keeps the spool locked: the kernel lists all locks, with the file's
 * inode and the process. The hard rule: the files are not opened for that, for closing one
 * would end our own locks on it.
 */
#include "spool/spool_lock.h"
#include "spool/spool_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The process of a line of /proc/locks, where it is another that writes to one of the inodes:
 * "7: POSIX  ADVISORY  WRITE 4711 fe:00:131084 120 120". 0: it is none. */
static int writer_of(const char *line, const uint64_t inodes[2])
{
    uint64_t inode;
    int pid;

    if (sscanf(line, "%*d: POSIX %*s WRITE %d %*x:%*x:%" SCNu64, &pid, &inode) != 2 || pid <= 0 ||
        pid == getpid())
        return 0;
    return inode && (inode == inodes[0] || inode == inodes[1]) ? pid : 0;
}

/* 0: it can't be told. */
static int find_writer(const char *path)
{
    const uint64_t inodes[2] = {spool_stat(path, "").st_ino, spool_stat(path, "-shm").st_ino};
    FILE *locks = fopen("/proc/locks", "re");
    char line[256];
    int pid = 0;

    while (locks && !pid && fgets(line, sizeof line, locks))
        pid = writer_of(line, inodes);
    if (locks)
        fclose(locks);
    return pid;
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
    int pid = find_writer(db->path);
    char name[64];

    if (pid) {
        read_name(pid, name, sizeof name);
        fault_set(f,
                  "the spool %s is locked by process %d (%s), which writes into it or has not "
                  "ended a transaction: end that",
                  db->path, pid, name);
    } else {
        fault_set(f,
                  "the spool %s is locked by another program, perhaps sqlite3, which writes into "
                  "it or has not ended a transaction: find it by `fuser -v %s` and end that",
                  db->path, db->path);
    }
    return SPOOL_IO;
}
