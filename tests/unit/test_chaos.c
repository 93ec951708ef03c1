/* SPDX-License-Identifier: Apache-2.0
 *
 * test_chaos.c - every allocation of a pipeline's start made to fail in turn: it
 * must end in a fault with words, without a crash. malloc is replaced for the whole
 * program, so this is one of its own, and does nothing under sanitizers and valgrind,
 * which have replaced it already. */
#include "support/bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
int main(void)
{
    puts("malloc is the sanitizer's here");
    return 77;
}
#else

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

/* Allocations that still succeed; -1: all. Volatile, for a compiler thinks that malloc
 * does not look at it. */
static volatile long countdown = -1;

static int fails(void)
{
    if (countdown < 0)
        return 0;
    if (countdown == 0)
        return 1;
    countdown--;
    return 0;
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

__attribute__((visibility("default"))) void *realloc(void *p, size_t size)
{
    return fails() ? NULL : __libc_realloc(p, size);
}

/* How many allocations succeeded before the start did; -1 where it never does. */
static long start_with(struct bed *b, long allocations)
{
    struct fault f = {""};
    struct pipeline *p;

    countdown = allocations;
    p = pipeline_create(&b->config, NULL, NULL, &f);
    countdown = -1;
    if (!p && !f.text[0])
        fail_msg("no words where allocation %ld fails", allocations);
    pipeline_destroy(p);
    return p ? allocations : -1;
}

static void every_allocation_may_fail(void **state)
{
    struct bed b;
    long n = 0;

    (void)state;
    bed_open(&b, "[{\"plugin\": \"reader\", \"when\": {\"result\": [\"done\"]}},"
                 " {\"plugin\": \"result\", \"options\": {\"keep\": true}},"
                 " {\"plugin\": \"result\", \"as\": \"second\"},"
                 " {\"plugin\": \"options\", \"options\": {\"string\": \"\", \"file\": "
                 "\"ten_bytes.txt\"}},"
                 " {\"plugin\": \"mapper\", \"options\": {\"path\": \"ten_bytes.txt\"}}]");
    while (start_with(&b, n) < 0)
        n++;
    assert_in_range(n, 40, 400);
    bed_close(&b);
}

/* valgrind puts its own in the place of ours. */
static int is_ours(void)
{
    void *volatile p;

    countdown = 0;
    p = malloc(1);
    countdown = -1;
    free(p);
    return p == NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};

    if (!is_ours()) {
        puts("malloc is the memory checker's here");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
