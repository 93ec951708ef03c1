/* SPDX-License-Identifier: Apache-2.0
 *
 * test_deaths.c - what of a plugin is no error but a death. It happens in a child;
 * the page it shared must say in which call of which entry. */
#include "support/bed.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* Who dies does not free: nothing for LeakSanitizer. */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}

struct death {
    const char *in, *how;
    int signal, status; /* signal 0: it exits, with status */
    enum page_phase phase;
};

/* In the child; b is shared with the test, its page so too. */
static void live_and_die(struct bed *b, const char *in, const char *how)
{
    char json[256];

    /* Sanitizers have put handlers of their own in. */
    for (int s = 1; s < 32; s++)
        signal(s, SIG_DFL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    alarm(5);
    snprintf(json, sizeof json,
             "[{\"plugin\": \"shout\"}, {\"plugin\": \"faulty\", \"timeout_ms\": 77,"
             " \"options\": {\"in\": \"%s\", \"how\": \"%s\"}}]",
             in, how);
    bed_open(b, json);
    bed_run(b, NULL, "UP", NULL);
    bed_close(b);
    _exit(0);
}

static void check_death(const struct death *d)
{
    struct bed *b =
        mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child;
    int status;

    assert_ptr_not_equal(b, MAP_FAILED);
    child = fork();
    if (child == 0)
        live_and_die(b, d->in, d->how);
    if (!strcmp(d->how, "loop")) {
        while (b->page.phase != (uint32_t)d->phase || b->page.entry != 1)
            usleep(1000);
        kill(child, SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (d->signal) {
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), d->signal);
    } else {
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), d->status);
    }
    assert_int_equal(b->page.phase, d->phase);
    assert_int_equal(b->page.entry, 1);
    assert_int_equal(b->page.limit_ms, d->phase == PAGE_PROCESS ? 77 : 0);
    munmap(b, sizeof *b);
}

static void page_names_the_dead(void **state)
{
    static const struct death deaths[] = {
        {"open", "segv", SIGSEGV, 0, PAGE_OPEN},
        {"process", "segv", SIGSEGV, 0, PAGE_PROCESS},
        {"close", "segv", SIGSEGV, 0, PAGE_CLOSE},
        {"open", "abort", SIGABRT, 0, PAGE_OPEN},
        {"process", "abort", SIGABRT, 0, PAGE_PROCESS},
        {"close", "abort", SIGABRT, 0, PAGE_CLOSE},
        {"open", "exit", 0, 3, PAGE_OPEN},
        {"process", "exit", 0, 3, PAGE_PROCESS},
        {"close", "exit", 0, 3, PAGE_CLOSE},
        {"process", "kill", SIGKILL, 0, PAGE_PROCESS},
        {"process", "stack", SIGSEGV, 0, PAGE_PROCESS},
        {"open", "loop", SIGKILL, 0, PAGE_OPEN},
        {"process", "loop", SIGKILL, 0, PAGE_PROCESS},
        {"close", "loop", SIGKILL, 0, PAGE_CLOSE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++)
        check_death(&deaths[i]);
}

static void page_says_since_when(void **state)
{
    struct bed *b =
        mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct timespec before, after;
    pid_t child;

    (void)state;
    clock_gettime(CLOCK_MONOTONIC, &before);
    child = fork();
    if (child == 0)
        live_and_die(b, "process", "loop");
    while (b->page.phase != PAGE_PROCESS || b->page.entry != 1)
        usleep(1000);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_in_range(b->page.since_ms, before.tv_sec * 1000 + before.tv_nsec / 1000000,
                    after.tv_sec * 1000 + after.tv_nsec / 1000000);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    munmap(b, sizeof *b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_names_the_dead),
        cmocka_unit_test(page_says_since_when),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
