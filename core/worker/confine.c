/* SPDX-License-Identifier: Apache-2.0
 *
 * worker/confine.c - two seccomp filters. The first knows what is out of bounds for
 * everybody: the supervisor, and the socket a worker talks to it by. The second
 * lists what may be called, so that a call nobody has thought of is refused too.
 *
 * Refused means EPERM: a plugin that tries gets an error it can report. Calls of which a C
 * library has an older form say ENOSYS, for it then takes that one, which is looked at.
 *
 * What is open and who owns it a filter can't see: /proc has the descriptors and the memory of
 * whoever has the same user. Landlock keeps a process out of those of others as soon as it has
 * any rules; ours take away the making of block devices, and nothing else.
 */
#include "worker/confine.h"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    FILES = 256,          /* open at a time: a model is closed when it is mapped */
    FILES_ALLOWED = 1024, /* for who has children, connections or files */
};

#define REFUSE  SCMP_ACT_ERRNO(EPERM)
#define MISSING SCMP_ACT_ERRNO(ENOSYS)
#define LOW_32  0xFFFFFFFFu /* of a register: all the kernel reads of an int */
#define LAST    INT32_MIN   /* ends a list of calls; those of other machines are negative too */

/* Flags of open() without which nothing is written or made. */
#define WRITES ((scmp_datum_t)(O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY)))

#define NAMESPACES                                                                                 \
    ((scmp_datum_t)(CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID |   \
                    CLONE_NEWUSER | CLONE_NEWUTS))

#define C(name) SCMP_SYS(name)

/* To compute, to read files, to be told the time and to end. */
static const int always[] = {
    C(brk), C(mmap), C(munmap), C(mremap), C(mprotect), C(madvise), C(mincore), C(membarrier),
    C(mlock), C(munlock), C(futex), C(exit), C(exit_group), C(restart_syscall), C(getrandom),
    /* what is open, and what is there */
    C(read), C(readv), C(pread64), C(preadv), C(preadv2), C(write), C(writev), C(close), C(lseek),
    C(fstat), C(stat), C(lstat), C(newfstatat), C(statx), C(access), C(faccessat), C(faccessat2),
    C(readlink), C(readlinkat), C(getdents), C(getdents64), C(getcwd), C(statfs), C(fstatfs),
    C(fadvise64), C(readahead), C(poll), C(ppoll), C(select), C(pselect6),
    /* the worker's frames: there is no other socket without the network */
    C(sendto), C(recvfrom),
    /* time */
    C(clock_gettime), C(clock_getres), C(clock_nanosleep), C(nanosleep), C(gettimeofday), C(time),
    C(times), C(getrusage), C(getcpu), C(sched_yield), C(sched_getaffinity),
    /* who am I */
    C(getpid), C(gettid), C(getppid), C(getpgrp), C(getpgid), C(getsid), C(getuid), C(geteuid),
    C(getgid), C(getegid), C(getgroups), C(uname), C(sysinfo), C(getrlimit),
    /* signals of its own, where they have no handler */
    C(rt_sigprocmask), C(rt_sigreturn), C(rt_sigpending), C(sigaltstack),
    /* what each thread does at its start */
    C(set_robust_list), C(rseq), C(set_tid_address), LAST};

static const int network[] = {
    C(socket),      C(socketpair),   C(connect),       C(bind),        C(listen),
    C(accept),      C(accept4),      C(getsockname),   C(getpeername), C(getsockopt),
    C(setsockopt),  C(shutdown),     C(sendmsg),       C(sendmmsg),    C(recvmsg),
    C(recvmmsg),    C(epoll_create), C(epoll_create1), C(epoll_ctl),   C(epoll_wait),
    C(epoll_pwait), C(eventfd2),     C(pipe),          C(pipe2),       LAST};

/* Processes and threads, and what interpreters do. */
static const int exec[] = {C(execve),
                           C(execveat),
                           C(fork),
                           C(vfork),
                           C(wait4),
                           C(waitid),
                           C(pipe),
                           C(pipe2),
                           C(dup),
                           C(dup2),
                           C(dup3),
                           C(close_range),
                           C(chdir),
                           C(fchdir),
                           C(umask),
                           C(kill),
                           C(tkill),
                           C(tgkill),
                           C(rt_sigaction),
                           C(rt_sigsuspend),
                           C(rt_sigtimedwait),
                           C(rt_sigqueueinfo),
                           C(pause),
                           C(setitimer),
                           C(getitimer),
                           C(alarm),
                           C(timer_create),
                           C(timer_settime),
                           C(timer_gettime),
                           C(timer_getoverrun),
                           C(timer_delete),
                           C(timerfd_create),
                           C(timerfd_settime),
                           C(timerfd_gettime),
                           C(signalfd4),
                           C(eventfd2),
                           C(epoll_create),
                           C(epoll_create1),
                           C(epoll_ctl),
                           C(epoll_wait),
                           C(epoll_pwait),
                           C(socketpair),
                           C(sendmsg),
                           C(recvmsg),
                           C(shutdown),
                           C(getsockopt),
                           C(setsockopt),
                           C(ioctl),
                           C(prctl),
                           C(arch_prctl),
                           C(sched_setaffinity),
                           C(sched_getparam),
                           C(sched_getscheduler),
                           C(getpriority),
                           C(capget),
                           C(get_robust_list),
                           LAST};

static const int files[] = {
    C(open),         C(openat),    C(creat),           C(mkdir),    C(mkdirat),   C(rmdir),
    C(unlink),       C(unlinkat),  C(rename),          C(renameat), C(renameat2), C(link),
    C(linkat),       C(symlink),   C(symlinkat),       C(truncate), C(ftruncate), C(fallocate),
    C(fsync),        C(fdatasync), C(sync_file_range), C(msync),    C(chmod),     C(fchmod),
    C(fchmodat),     C(utimensat), C(utime),           C(utimes),   C(futimesat), C(pwrite64),
    C(pwritev),      C(pwritev2),  C(copy_file_range), C(sendfile), C(flock),     C(umask),
    C(memfd_create), LAST};

/* A leak check stops the process from a thread of its own; memory is probed by a pipe. */
#ifdef SANITIZED
static const int sanitizers[] = {C(clone), C(ptrace), C(prctl),        C(wait4),  C(pipe),
                                 C(pipe2), C(dup),    C(rt_sigaction), C(tgkill), LAST};
#else
static const int sanitizers[] = {LAST};
#endif

/* Calls that do not pass with the worker's socket as this argument: what writes or closes
 * whatever descriptors there are is not heard by the supervisor. */
static const struct {
    int call;
    unsigned arg;
} on_socket[] = {{C(close), 0},     {C(read), 0},     {C(readv), 0}, {C(pread64), 0},
                 {C(write), 0},     {C(writev), 0},   {C(fcntl), 0}, {C(pwrite64), 0},
                 {C(ftruncate), 0}, {C(shutdown), 0}, {C(ioctl), 0}, {C(setsockopt), 0},
                 {C(dup2), 1},      {C(dup3), 1},     {C(dup), 0},   {C(sendfile), 0},
                 {C(fallocate), 0}, {C(preadv), 0}};

static const int to_process[] = {
    C(kill), C(tkill), C(tgkill), C(rt_sigqueueinfo), C(rt_tgsigqueueinfo), LAST};

/* A filter in the making; error is the first that was met. */
struct filter {
    scmp_filter_ctx ctx;
    int error;
};

static void note(struct filter *f, int r)
{
    /* EDOM: this machine has no such call. */
    if (r < 0 && r != -EDOM && !f->error)
        f->error = -r;
}

static void begin(struct filter *f, uint32_t action)
{
    *f = (struct filter){.ctx = seccomp_init(action)};
    if (!f->ctx) {
        f->error = ENOMEM;
        return;
    }
    /* A tree of comparisons; and no slower memory on kernels that offer that with seccomp. */
    note(f, seccomp_attr_set(f->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2));
    note(f, seccomp_attr_set(f->ctx, SCMP_FLTATR_CTL_SSB, 1));
}

/* The error, or 0. */
static int load(struct filter *f)
{
    if (!f->error)
        note(f, seccomp_load(f->ctx));
    seccomp_release(f->ctx);
    return f->error;
}

static void add(struct filter *f, uint32_t action, int call)
{
    if (!f->error)
        note(f, seccomp_rule_add(f->ctx, action, call, 0));
}

static void add_where(struct filter *f, uint32_t action, int call, struct scmp_arg_cmp arg)
{
    if (!f->error)
        note(f, seccomp_rule_add_array(f->ctx, action, call, 1, &arg));
}

static void add_all(struct filter *f, const int *calls)
{
    for (; *calls != LAST; calls++)
        add(f, SCMP_ACT_ALLOW, *calls);
}

static struct scmp_arg_cmp is(unsigned arg, uint32_t value)
{
    return SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, LOW_32, value);
}

static struct scmp_arg_cmp is_null(unsigned arg)
{
    return (struct scmp_arg_cmp){.arg = arg, .op = SCMP_CMP_EQ};
}

/* What nobody may do, whatever the configuration allows. */
static void fill_guard(struct filter *f, int socket)
{
    for (size_t i = 0; socket >= 0 && i < sizeof on_socket / sizeof *on_socket; i++)
        add_where(f, REFUSE, on_socket[i].call, is(on_socket[i].arg, (uint32_t)socket));
    for (const int *call = to_process; *call != LAST; call++)
        add_where(f, REFUSE, *call, is(0, (uint32_t)getppid()));
    /* -1 is everybody; and there are no groups but the worker's own. */
    add_where(f, REFUSE, C(kill), SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, 1u << 31, 1u << 31));
    add_where(f, REFUSE, C(ioctl), is(1, TIOCSTI));
}

static void fill_own_signals(struct filter *f)
{
    uint32_t self = (uint32_t)getpid();

    add_where(f, SCMP_ACT_ALLOW, C(kill), is(0, self));
    add_where(f, SCMP_ACT_ALLOW, C(tgkill), is(0, self));
    add_where(f, SCMP_ACT_ALLOW, C(tkill), is(0, self));
    /* A handler may be looked up, and none left behind. */
    add_where(f, SCMP_ACT_ALLOW, C(rt_sigaction), is_null(1));
    add_where(f, SCMP_ACT_ALLOW, C(prctl), is(0, PR_SET_NAME));
    add_where(f, SCMP_ACT_ALLOW, C(prctl), is(0, PR_GET_NAME));
}

static void fill_reading(struct filter *f)
{
    add_where(f, SCMP_ACT_ALLOW, C(open), SCMP_CMP64(1, SCMP_CMP_MASKED_EQ, WRITES, O_RDONLY));
    add_where(f, SCMP_ACT_ALLOW, C(openat), SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, WRITES, O_RDONLY));
}

static void fill_fcntl(struct filter *f, uint32_t allow)
{
    static const uint32_t always_so[] = {F_GETFD, F_SETFD, F_GETFL};
    static const uint32_t allowed[] = {F_SETFL, F_DUPFD, F_DUPFD_CLOEXEC,
                                       F_GETLK, F_SETLK, F_SETLKW};

    for (size_t i = 0; i < sizeof always_so / sizeof *always_so; i++)
        add_where(f, SCMP_ACT_ALLOW, C(fcntl), is(1, always_so[i]));
    for (size_t i = 0; allow && i < sizeof allowed / sizeof *allowed; i++)
        add_where(f, SCMP_ACT_ALLOW, C(fcntl), is(1, allowed[i]));
}

static void fill_list(struct filter *f, uint32_t allow)
{
    add_all(f, always);
    add_all(f, sanitizers);
    fill_fcntl(f, allow);
    add_where(f, SCMP_ACT_ALLOW, C(prlimit64), is_null(2));
    add(f, MISSING, C(clone3));
    add(f, MISSING, C(openat2));
    if (allow & CONFIG_FILES)
        add_all(f, files);
    else
        fill_reading(f);
    if (allow & CONFIG_NETWORK)
        add_all(f, network);
    if (allow & CONFIG_EXEC) {
        add_all(f, exec);
        add_where(f, SCMP_ACT_ALLOW, C(clone), SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, NAMESPACES, 0));
        add_where(f, SCMP_ACT_ALLOW, C(prlimit64), is(0, 0));
    } else {
        fill_own_signals(f);
    }
}

int confine_calls(uint32_t allow, int socket, struct fault *f)
{
    struct filter guard, list;
    int error;

    begin(&guard, SCMP_ACT_ALLOW);
    fill_guard(&guard, socket);
    error = load(&guard);
    if (error)
        return fault_set(f, "this kernel confines no calls (seccomp: %s)", strerror(error));
    begin(&list, REFUSE);
    fill_list(&list, allow);
    error = load(&list);
    return error ? fault_set(f, "calls can't be confined: %s", strerror(error)) : 0;
}

void confine_reach(void)
{
    struct landlock_ruleset_attr taken = {.handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                                                               LANDLOCK_ACCESS_FS_REFER};
    struct landlock_path_beneath_attr given = {.allowed_access = LANDLOCK_ACCESS_FS_REFER,
                                               .parent_fd = open("/", O_PATH | O_CLOEXEC)};
    int rules = (int)syscall(SYS_landlock_create_ruleset, &taken, sizeof taken, 0);

    if (rules >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
        syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &given, 0) == 0)
        syscall(SYS_landlock_restrict_self, rules, 0);
    if (rules >= 0)
        close(rules);
    if (given.parent_fd >= 0)
        close(given.parent_fd);
}

int confine_descriptor(int fd)
{
    struct rlimit l;
    int most = FILES_ALLOWED, to;

    if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur <= (rlim_t)most)
        most = (int)l.rlim_cur - 1;
    to = fcntl(fd, F_DUPFD_CLOEXEC, most);
    if (to < 0) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        return fd;
    }
    close(fd);
    return to;
}

static void limit(int resource, rlim_t most)
{
    struct rlimit l;

    getrlimit(resource, &l);
    if (l.rlim_max > most)
        l.rlim_max = most;
    if (l.rlim_cur > l.rlim_max)
        l.rlim_cur = l.rlim_max;
    setrlimit(resource, &l);
}

void confine_limits(uint32_t allow)
{
    limit(RLIMIT_NOFILE, allow ? FILES_ALLOWED : FILES);
    if (!(allow & CONFIG_FILES))
        limit(RLIMIT_FSIZE, 0);
}
