/* SPDX-License-Identifier: Apache-2.0
 *
 * shim - an LD_PRELOAD that makes the n-th call of a kind fail or fall short, and
 * moves the clock. What it does is told through a file that both sides map
 * (GLOSS_SHIM names it; tests/torture/shim.py is the other side).
 *
 * The hard rule: it works in one kind of process only, the child of GLOSS_SHIM_PARENT
 * (the supervisor), or, with GLOSS_SHIM_WORKERS, in everybody else; in all others every
 * call goes through. Writes and reads fail on regular files only, nothing else fails
 * so, and not on the log: it must tell why the process ended.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* In shim.py too. */
enum kind { WRITE, SYNC, TRUNCATE, READ, MAP, MEMORY, SEND, KINDS };
enum { SHORT = -1 };

struct control {
    _Atomic int32_t kind;  /* which is armed */
    _Atomic int32_t error; /* an errno, or SHORT */
    _Atomic int32_t sticky;
    _Atomic int32_t uptime_s; /* the same of the clock that counts from the start */
    _Atomic int64_t left;     /* the call that is hit; 0: none */
    _Atomic int64_t fired;
    _Atomic int64_t clock_ms; /* what the clock is ahead */
    _Atomic int64_t calls[KINDS];
};

static struct control *control;

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

/* ---- which process */

__attribute__((constructor)) static void open_control(void)
{
    const char *path = getenv("GLOSS_SHIM"), *parent = getenv("GLOSS_SHIM_PARENT");
    bool is_child = parent && strtol(parent, NULL, 10) == (long)getppid();
    void *p;
    int fd;

    if (!path || is_child == (getenv("GLOSS_SHIM_WORKERS") != NULL))
        return;
    fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    p = (void *)syscall(SYS_mmap, NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (p != MAP_FAILED)
        control = p;
}

/* ---- whether it is this call's turn: 0, an errno, or SHORT */

static int strike(enum kind kind)
{
    int64_t left;

    if (!control)
        return 0;
    atomic_fetch_add(&control->calls[kind], 1);
    if (atomic_load(&control->kind) != (int)kind || atomic_load(&control->left) <= 0)
        return 0;
    left = atomic_load(&control->sticky) && atomic_load(&control->left) == 1
               ? 1
               : atomic_fetch_sub(&control->left, 1);
    if (left != 1)
        return 0;
    atomic_fetch_add(&control->fired, 1);
    return atomic_load(&control->error);
}

static bool is_file(int fd)
{
    struct stat s;

    return fd != STDERR_FILENO && fstat(fd, &s) == 0 && S_ISREG(s.st_mode);
}

/* The bytes of n that a call may move; -1 with errno where it fails. */
static ssize_t allowed(enum kind kind, int fd, size_t n)
{
    int error = control && is_file(fd) ? strike(kind) : 0;

    if (error > 0) {
        errno = error;
        return -1;
    }
    /* A read of nothing would be the end of the file, which no disk says in its midst. */
    if (error == SHORT && (kind != READ || n > 1))
        return (ssize_t)(n / 2);
    return (ssize_t)n;
}

/* ---- files */

EXPORT ssize_t write(int fd, const void *p, size_t n)
{
    ssize_t some = allowed(WRITE, fd, n);

    return some < 0 ? -1 : syscall(SYS_write, fd, p, some);
}

EXPORT ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    ssize_t some = allowed(WRITE, fd, n);

    return some < 0 ? -1 : syscall(SYS_pwrite64, fd, p, some, at);
}

EXPORT ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return pwrite64(fd, p, n, at);
}

EXPORT ssize_t read(int fd, void *p, size_t n)
{
    ssize_t some = allowed(READ, fd, n);

    return some < 0 ? -1 : syscall(SYS_read, fd, p, some);
}

EXPORT ssize_t pread64(int fd, void *p, size_t n, off64_t at)
{
    ssize_t some = allowed(READ, fd, n);

    return some < 0 ? -1 : syscall(SYS_pread64, fd, p, some, at);
}

EXPORT ssize_t pread(int fd, void *p, size_t n, off_t at)
{
    return pread64(fd, p, n, at);
}

static int call_or_fail(enum kind kind, long number, long a, long b)
{
    int error = strike(kind);

    if (error > 0) {
        errno = error;
        return -1;
    }
    return (int)syscall(number, a, b);
}

EXPORT int fsync(int fd)
{
    return call_or_fail(SYNC, SYS_fsync, fd, 0);
}

EXPORT int fdatasync(int fd)
{
    return call_or_fail(SYNC, SYS_fdatasync, fd, 0);
}

EXPORT int ftruncate64(int fd, off64_t n)
{
    return call_or_fail(TRUNCATE, SYS_ftruncate, fd, n);
}

EXPORT int ftruncate(int fd, off_t n)
{
    return ftruncate64(fd, n);
}

EXPORT void *mmap64(void *p, size_t n, int protection, int flags, int fd, off64_t at)
{
    int error = control && fd >= 0 ? strike(MAP) : 0;

    if (error > 0) {
        errno = error;
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_mmap, p, n, protection, flags, fd, at);
}

EXPORT void *mmap(void *p, size_t n, int protection, int flags, int fd, off_t at)
{
    return mmap64(p, n, protection, flags, fd, at);
}

/* ---- sockets: a stream may take less than it is given, and nothing worse */

EXPORT ssize_t send(int fd, const void *p, size_t n, int flags)
{
    if (n > 1 && strike(SEND))
        n /= 2;
    return syscall(SYS_sendto, fd, p, n, flags, NULL, 0);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
    struct iovec piece;
    struct msghdr part = {.msg_iov = &piece, .msg_iovlen = 1};

    if (m->msg_iovlen == 0 || m->msg_controllen || m->msg_iov->iov_len < 2 || !strike(SEND))
        return syscall(SYS_sendmsg, fd, m, flags);
    piece = (struct iovec){m->msg_iov->iov_base, m->msg_iov->iov_len / 2};
    return syscall(SYS_sendmsg, fd, &part, flags);
}

/* ---- memory */

static bool is_gone(void)
{
    if (strike(MEMORY) == 0)
        return false;
    errno = ENOMEM;
    return true;
}

EXPORT void *malloc(size_t n)
{
    return is_gone() ? NULL : __libc_malloc(n);
}

EXPORT void *calloc(size_t n, size_t size)
{
    return is_gone() ? NULL : __libc_calloc(n, size);
}

EXPORT void *realloc(void *p, size_t n)
{
    return is_gone() ? NULL : __libc_realloc(p, n);
}

/* ---- the clock */

static int64_t ahead_ms(clockid_t which)
{
    if (!control)
        return 0;
    if (which == CLOCK_MONOTONIC || which == CLOCK_MONOTONIC_COARSE)
        return (int64_t)atomic_load(&control->uptime_s) * 1000;
    return which == CLOCK_REALTIME ? atomic_load(&control->clock_ms) : 0;
}

EXPORT int clock_gettime(clockid_t which, struct timespec *t)
{
    static _Atomic(void *) real;
    int (*next)(clockid_t, struct timespec *) = NULL;
    int r;

    if (!atomic_load(&real))
        atomic_store(&real, dlsym(RTLD_NEXT, "clock_gettime"));
    *(void **)&next = atomic_load(&real);
    r = next(which, t);
    t->tv_sec += ahead_ms(which) / 1000;
    return r;
}

EXPORT int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *t = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

EXPORT time_t time(time_t *to)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (to)
        *to = now.tv_sec;
    return now.tv_sec;
}
