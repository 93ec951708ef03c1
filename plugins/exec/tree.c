/* SPDX-License-Identifier: Apache-2.0
 *
 * exec/tree.c - the end of a process and of all it has started, as /proc lists it. Where
 * that can't be read the process alone is killed; the others end with the worker. */
#include "tree.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEPTH = 32 }; /* no sensible command is a longer chain */

static void end(pid_t pid, int depth);

/* The children that one thread of pid has started. */
static void end_children(pid_t pid, const char *thread, int depth)
{
    char path[64];
    FILE *f;
    int child;

    snprintf(path, sizeof path, "/proc/%d/task/%.20s/children", (int)pid, thread);
    f = fopen(path, "re");
    if (!f)
        return;
    while (fscanf(f, "%d", &child) == 1)
        end(child, depth);
    fclose(f);
}

static void end(pid_t pid, int depth)
{
    char path[64];
    struct dirent *thread;
    DIR *threads;

    kill(pid, SIGSTOP);
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    threads = depth ? opendir(path) : NULL;
    while (threads && (thread = readdir(threads)))
        if (thread->d_name[0] != '.')
            end_children(pid, thread->d_name, depth - 1);
    if (threads)
        closedir(threads);
    kill(pid, SIGKILL);
}

void tree_kill(pid_t pid)
{
    end(pid, DEPTH);
}
