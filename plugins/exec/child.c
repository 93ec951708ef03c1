/* SPDX-License-Identifier: Apache-2.0
 *
 * exec/child.c - the command as a child process, on two pipes. It dies with the worker;
 * whatever goes wrong with it, it is killed, so that the next line meets a new one. */
#include "child.h"

#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    LOOK_MS = 5,       /* how often it is looked whether time is up */
    GONE_MS = 20,      /* to end after it has closed its output */
    STOP_MS = 1000,    /* to end at the end of its input */
    DELAY_MIN = 100,   /* before the second start in a row, ms; then twice that, */
    DELAY_MAX = 10000, /* and at most this */
    READ_ROOM = 64 * 1024,
};

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- the end */

/* Whether it ends by itself within so many ms; why says how. It stays to be buried. */
static bool has_ended(const struct child *c, uint64_t ms, char *why, size_t room)
{
    const struct timespec pause = {0, 1000000};
    uint64_t end = now_ms() + ms;
    siginfo_t info;

    for (;;) {
        info.si_pid = 0;
        if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid)
            break;
        if (now_ms() >= end)
            return false;
        nanosleep(&pause, NULL);
    }
    if (info.si_code == CLD_EXITED)
        snprintf(why, room, "its command ended (exit status %d)", info.si_status);
    else
        snprintf(why, room, "its command was killed (SIG%s)", sigabbrev_np(info.si_status));
    return true;
}

/* Its output has ended: how, and whether in the midst of a line. */
static void tell_end(const struct child *c, char *why, size_t room)
{
    size_t n;

    if (!has_ended(c, GONE_MS, why, room))
        snprintf(why, room, "its command closed its output");
    n = strlen(why);
    if (c->answer.n)
        snprintf(why + n, room - n, " in the midst of a line, which a newline must end");
}

/* What it has left behind is in the worker's process group, and ends with that. */
static void bury(struct child *c)
{
    tree_kill(c->pid);
    while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (c->to >= 0)
        close(c->to);
    close(c->from);
    c->pid = 0;
}

/* The next start waits, the longer the more have failed in a row. */
static void put_off(struct child *c)
{
    uint64_t delay = c->failures < 8 ? (uint64_t)DELAY_MIN << c->failures >> 1 : DELAY_MAX;

    c->retry_ms = now_ms() + (c->failures == 0 ? 0 : delay < DELAY_MAX ? delay : DELAY_MAX);
    c->failures++;
}

void child_replace(struct child *c)
{
    bury(c);
    put_off(c);
}

void child_stop(struct child *c)
{
    char why[64];

    if (!c->pid)
        return;
    close(c->to);
    c->to = -1;
    has_ended(c, STOP_MS, why, sizeof why);
    bury(c);
}

void child_finish(struct child *c)
{
    child_stop(c);
    line_finish(&c->answer);
}

/* ---- the start */

/* In the child; an error goes back through `report`, which exec closes. */
static void become(const struct child *c, const int in[2], const int out[2], int report,
                   pid_t parent)
{
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int sig = 1; sig < SIGRTMIN; sig++)
        signal(sig, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (getppid() == parent && dup2(in[0], 0) == 0 && dup2(out[1], 1) == 1 &&
        (report == 3 || close_range(3, (unsigned)report - 1, 0) == 0) &&
        close_range((unsigned)report + 1, ~0U, 0) == 0)
        execvp(c->command[0], (char *const *)c->command);
    if (write(report, &errno, sizeof errno) < 0)
        _exit(126);
    _exit(127);
}

static int refuse_start(const struct child *c, int error, char *why, size_t room)
{
    snprintf(why, room, "its command \"%s\" can't be started: %s%s", c->command[0], strerror(error),
             error == EPERM ? ": give its entry \"allow\": [\"exec\"]" : "");
    return -1;
}

/* A close-on-exec pipe whose ends are none of 0 to 2, even where one of those is free: what
 * the child makes its own must not be in its own way. */
static int make_pipe(int ends[2])
{
    int low[2], error;

    if (pipe2(low, O_CLOEXEC) < 0)
        return -1;
    ends[0] = fcntl(low[0], F_DUPFD_CLOEXEC, 3);
    ends[1] = ends[0] < 0 ? -1 : fcntl(low[1], F_DUPFD_CLOEXEC, 3);
    error = errno;
    close(low[0]);
    close(low[1]);
    if (ends[1] >= 0)
        return 0;
    if (ends[0] >= 0)
        close(ends[0]);
    errno = error;
    return -1;
}

/* Three of them; none is left where one can't be had. */
static int make_pipes(int pipes[3][2])
{
    for (int i = 0; i < 3; i++) {
        if (make_pipe(pipes[i]) == 0)
            continue;
        while (i-- > 0) {
            close(pipes[i][0]);
            close(pipes[i][1]);
        }
        return -1;
    }
    return 0;
}

int child_start(struct child *c, char *why, size_t room)
{
    int pipes[3][2], error = 0; /* to it, from it, and why exec failed */
    pid_t parent = getpid();

    if (make_pipes(pipes) < 0)
        return refuse_start(c, errno, why, room);
    c->pid = fork();
    if (c->pid == 0)
        become(c, pipes[0], pipes[1], pipes[2][1], parent);
    error = c->pid < 0 ? errno : 0;
    close(pipes[0][0]);
    close(pipes[1][1]);
    close(pipes[2][1]);
    if (c->pid > 0 && read(pipes[2][0], &error, sizeof error) <= 0)
        error = 0;
    close(pipes[2][0]);
    c->to = pipes[0][1];
    c->from = pipes[1][0];
    line_clear(&c->answer);
    if (error == 0 &&
        (fcntl(c->to, F_SETFL, O_NONBLOCK) < 0 || fcntl(c->from, F_SETFL, O_NONBLOCK) < 0))
        error = errno;
    if (error == 0)
        return 0;
    if (c->pid > 0) {
        bury(c);
    } else {
        close(c->to);
        close(c->from);
        c->pid = 0;
    }
    return refuse_start(c, error, why, room);
}

/* ---- a line */

/* As write, but that a child which is gone is an error, not a signal: the handlers of the
 * process are not ours. */
static ssize_t write_quietly(int fd, const char *s, size_t n)
{
    static const struct timespec now = {0, 0};
    sigset_t pipe, old;
    ssize_t written;
    int error;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigprocmask(SIG_BLOCK, &pipe, &old);
    written = write(fd, s, n);
    error = errno;
    if (written < 0 && error == EPIPE)
        sigtimedwait(&pipe, NULL, &now);
    sigprocmask(SIG_SETMASK, &old, NULL);
    errno = error;
    return written;
}

static int refuse_second(char *why, size_t room)
{
    snprintf(why, room,
             "its command answered with more than one line: it must write one for each "
             "it is given");
    return -1;
}

/* What can be read now. 1: a whole line is there; 0: not yet; -1: it is gone, or mad. */
static int read_some(struct child *c, size_t most, char *why, size_t room)
{
    char *to = line_room(&c->answer, READ_ROOM), *end;
    ssize_t n;

    if (!to) {
        snprintf(why, room, "no memory for what its command answers");
        return -1;
    }
    n = read(c->from, to, READ_ROOM - 1); /* the parser puts a NUL behind it */
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0) {
        tell_end(c, why, room);
        return -1;
    }
    c->answer.n += (size_t)n;
    end = memchr(to, '\n', (size_t)n);
    if (end && end + 1 < to + n)
        return refuse_second(why, room);
    c->answer.n -= end != NULL;
    if (c->answer.n <= most)
        return end != NULL;
    snprintf(why, room, "its command answered with more than %zu bytes", most);
    return -1;
}

/* Sends what it takes now. Where it will not read on, its answer, or its end, is to come. */
static void send_some(const struct child *c, const struct line *line, size_t *sent)
{
    ssize_t n = write_quietly(c->to, line->p + *sent, line->n - *sent);

    if (n > 0)
        *sent += (size_t)n;
    else if (n < 0 && errno == EPIPE)
        *sent = line->n;
}

static void tell_late(const struct child *c, int got, char *why, size_t room)
{
    snprintf(why, room, "its command did not %s, and was killed",
             got           ? "read the line it was sent to its end"
             : c->answer.n ? "end its answer with a newline"
                           : "answer (a line must be flushed when it is written)");
}

/* It may answer before it has read all: the line is sent to its end all the same, and what it
 * says is read all the while, so that it never waits for us while we wait for it. */
static int exchange(struct child *c, const struct line *line, size_t most,
                    const struct child_clock *clock, char *why, size_t room)
{
    size_t sent = 0;
    int got = 0;

    for (;;) {
        struct pollfd fd[2] = {{c->from, POLLIN, 0}, {sent < line->n ? c->to : -1, POLLOUT, 0}};

        if (poll(fd, 2, LOOK_MS) < 0)
            continue;
        if (fd[1].revents)
            send_some(c, line, &sent);
        if (fd[0].revents && got == 0)
            got = read_some(c, most, why, room);
        else if (fd[0].revents & POLLIN)
            got = refuse_second(why, room);
        else if (fd[0].revents)
            sent = line->n; /* it has answered and ended */
        if (got > 0 && sent == line->n)
            return 0;
        if (got < 0)
            break;
        if (clock->is_over(clock->owner)) {
            tell_late(c, got, why, room);
            break;
        }
    }
    child_replace(c);
    return -1;
}

/* One that has ended since the last line, or said something unasked, is replaced. */
static int be_there(struct child *c, char *why, size_t room)
{
    struct pollfd fd = {c->pid ? c->from : -1, POLLIN, 0};
    uint64_t now;

    c->lost[0] = '\0';
    if (c->pid && poll(&fd, 1, 0) > 0) {
        if (fd.revents & POLLIN)
            snprintf(c->lost, sizeof c->lost, "its command wrote a line that answers none");
        else
            tell_end(c, c->lost, sizeof c->lost);
        child_replace(c);
    }
    if (c->pid)
        return 0;
    now = now_ms();
    if (now < c->retry_ms) {
        snprintf(why, room,
                 "its command has failed %u times in a row, and is started again in %u ms",
                 c->failures, (unsigned)(c->retry_ms - now));
        return -1;
    }
    if (child_start(c, why, room) == 0)
        return 0;
    put_off(c);
    return -1;
}

int child_ask(struct child *c, const struct line *line, size_t most,
              const struct child_clock *clock, char *why, size_t room)
{
    line_clear(&c->answer);
    if (c->pid)
        c->failures = 0; /* the last answer was well taken, or it would have been replaced */
    return be_there(c, why, room) < 0 ? -1 : exchange(c, line, most, clock, why, room);
}
