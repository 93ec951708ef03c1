/* SPDX-License-Identifier: Apache-2.0
 *
 * exec/child.h - the command as a child process: started, asked, killed, started again.
 * The hard rule: it is either waiting for a line, or it is gone. To which line an answer is
 * the asker must see by what it says, and replace a child that is out of step.
 */
#ifndef EXEC_CHILD_H
#define EXEC_CHILD_H

#include "line.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
    const char *const *command; /* NULL at the end; the first is looked for in the PATH */
    struct line answer;         /* the last, without its newline */
    char lost[96];              /* why it had to be replaced before the last line, or "" */

    /* child.c's own */
    pid_t pid; /* 0: none */
    int to, from;
    unsigned failures; /* in a row */
    uint64_t retry_ms; /* not started before */
};

/* 0, or -1 with why. */
int child_start(struct child *c, char *why, size_t room);

/* Ends it: it sees the end of its input, and has a moment. */
void child_stop(struct child *c);
void child_finish(struct child *c);

/* When to give up. */
struct child_clock {
    bool (*is_over)(const void *owner);
    const void *owner;
};

/* Sends a line, which ends with its newline, and waits for the one that answers it, which
 * may have `most` bytes. Where there is no child, one is started, but not before its time.
 * 0, or -1 with why: there is no child any more then. */
int child_ask(struct child *c, const struct line *line, size_t most,
              const struct child_clock *clock, char *why, size_t room);

/* Its answer was not to the line it was asked: it is killed, and counts as failed. */
void child_replace(struct child *c);

#endif
