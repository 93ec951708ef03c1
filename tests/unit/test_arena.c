/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory of a document: aligned, bounded, given back all at once.
 */
#include "text/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_alignment_and_content(void **state)
{
    struct arena a;
    unsigned char *pieces[200];

    (void)state;
    arena_init(&a, SIZE_MAX);
    for (size_t i = 0; i < 200; i++) {
        pieces[i] = arena_alloc(&a, i * 37);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)i, i * 37);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t k = 0; k < i * 37; k++)
            assert_int_equal(pieces[i][k], i);
    arena_finish(&a);
    arena_finish(NULL);
}

static void test_limit(void **state)
{
    struct arena a;

    (void)state;
    for (size_t limit = 0; limit < 200; limit += 8) {
        size_t got = 0;
        arena_init(&a, limit);
        while (arena_alloc(&a, 16))
            got += 16;
        assert_int_equal(got, limit / 16 * 16);
        assert_int_equal(a.used, got);
        assert_null(arena_alloc(&a, 16));
        arena_reset(&a);
        assert_int_equal(a.used, 0);
        if (limit >= 16)
            assert_non_null(arena_alloc(&a, 16));
        arena_finish(&a);
    }
    arena_init(&a, SIZE_MAX);
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_alloc(&a, SIZE_MAX / 2));
    assert_null(arena_strndup(&a, "x", SIZE_MAX));
    arena_finish(&a);
}

static void test_grow(void **state)
{
    struct arena a;
    unsigned char *p = NULL;
    size_t size = 0;

    (void)state;
    arena_init(&a, 64 << 20);
    for (size_t next = 1; next < 20 << 20; next = next * 3 / 2 + 1) {
        p = arena_grow(&a, p, size, next);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        memset(p + size, 0x5A, next - size);
        size = next;
    }
    for (size_t i = 0; i < size; i++)
        assert_int_equal(p[i], 0x5A);
    /* The newest piece grew where it was: what it used is what it has. */
    assert_int_equal(a.used, (size + 15) / 16 * 16);
    arena_finish(&a);
}

static void test_grow_behind_another(void **state)
{
    struct arena a;
    char *p, *other, *grown;

    (void)state;
    arena_init(&a, 256);
    p = arena_strndup(&a, "0123456789abcde", 15);
    other = arena_strndup(&a, "other", 5);
    grown = arena_grow(&a, p, 16, 100);
    assert_non_null(grown);
    assert_ptr_not_equal(grown, p);
    assert_string_equal(grown, "0123456789abcde");
    assert_string_equal(other, "other");
    assert_null(arena_grow(&a, grown, 100, 10000)); /* untouched */
    assert_string_equal(grown, "0123456789abcde");
    assert_ptr_equal(arena_grow(&a, grown, 100, 101), grown);
    arena_finish(&a);
}

/* The second document of a size finds its memory there, up to 1 MiB of it. */
static void test_reset_keeps_blocks(void **state)
{
    struct arena a;
    void *first;

    (void)state;
    arena_init(&a, SIZE_MAX);
    for (int i = 0; i < 10; i++)
        assert_non_null(arena_alloc(&a, 50000));
    arena_reset(&a);
    first = a.next;
    assert_true(a.end - a.next >= 500000);
    for (int i = 0; i < 10; i++)
        assert_non_null(arena_alloc(&a, 50000));
    arena_reset(&a);
    assert_ptr_equal(a.next, first);

    assert_non_null(arena_alloc(&a, 10 << 20));
    arena_reset(&a);
    assert_int_equal(a.end - a.next, 1 << 20);
    arena_finish(&a);
    assert_null(a.next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alignment_and_content),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_grow),
        cmocka_unit_test(test_grow_behind_another),
        cmocka_unit_test(test_reset_keeps_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
