/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8: every sequence of up to four bytes against the plainest reader, counts and
 * offsets in each unit on text with emoji and combining marks.
 */
#include "support/utf8_naive.h"
#include "text/arena.h"
#include "text/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Bytes at which something changes. */
static const unsigned char edges[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
                                      0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
                                      0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF};

/* Four edge bytes at every place of a block of 16 and over its border. */
static void test_check_all_edges(void **state)
{
    const size_t n = sizeof(edges);
    char text[48];

    (void)state;
    for (size_t k = 0; k < n * n * n * n; k++) {
        size_t at = k % 32;
        memset(text, 'x', sizeof(text));
        text[at] = (char)edges[k % n];
        text[at + 1] = (char)edges[k / n % n];
        text[at + 2] = (char)edges[k / n / n % n];
        text[at + 3] = (char)edges[k / n / n / n];
        assert_int_equal(utf8_check(text, sizeof(text)), utf8_naive_check(text, sizeof(text)));
        assert_int_equal(utf8_check(text, at + 3), utf8_naive_check(text, at + 3));
    }
}

static void test_every_character(void **state)
{
    char text[4];

    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        size_t n, at = 0;
        uint32_t seen;
        if (c >= 0xD800 && c < 0xE000)
            continue;
        n = utf8_put(text, c);
        if (utf8_naive((unsigned char *)text, n, &seen) != n || seen != c)
            fail_msg("U+%04X is not written right", c);
        if (utf8_next(text, n, &at) != c || at != n)
            fail_msg("U+%04X is not read right", c);
        if (utf8_check(text, n) != n || utf8_count(text, n) != 1)
            fail_msg("U+%04X is not counted right", c);
    }
}

static void test_position(void **state)
{
    static const char text[] = "ab\ncé😀\n\nx";
    size_t line, column;

    (void)state;
    utf8_position(text, 0, &line, &column);
    assert_int_equal(line, 1);
    assert_int_equal(column, 1);
    utf8_position(text, 2, &line, &column);
    assert_int_equal(column, 3);
    utf8_position(text, 3, &line, &column);
    assert_int_equal(line, 2);
    assert_int_equal(column, 1);
    utf8_position(text, 10, &line, &column);
    assert_int_equal(line, 2);
    assert_int_equal(column, 4);
    utf8_position(text, 12, &line, &column);
    assert_int_equal(line, 4);
    assert_int_equal(column, 1);
}

/* Every character's offset in every unit, in rising order and in leaps. */
static void check_offsets(const char *text, size_t len, enum utf8_unit unit)
{
    struct utf8_offsets o;
    struct arena a;
    size_t want = 0, at = 0, seed = 1;
    size_t *answers = calloc(len + 1, sizeof(*answers));

    assert_non_null(answers);
    arena_init(&a, SIZE_MAX);
    assert_int_equal(utf8_offsets_init(&o, &a, text, len, unit), 0);
    while (at < len) {
        size_t next = at;
        uint32_t c = utf8_next(text, len, &next);
        assert_int_equal(utf8_offset(&o, at), want);
        answers[at] = want;
        want += unit == UTF8_BYTES ? next - at : unit == UTF8_UTF16 && c > 0xFFFF ? 2 : 1;
        at = next;
    }
    assert_int_equal(utf8_offset(&o, len), want);
    answers[len] = want;
    for (int i = 0; i < 500; i++) {
        seed = seed * 1103515245 + 12345;
        at = seed / 65536 % (len + 1);
        while (at < len && ((unsigned char)text[at] & 0xC0) == 0x80)
            at++;
        assert_int_equal(utf8_offset(&o, at), answers[at]);
    }
    arena_finish(&a);
    free(answers);
}

static void test_offsets(void **state)
{
    static const char *const parts[] = {"plain ", "café ", "e\u0301 ", "👨‍👩‍👧‍👦 ",
                                        "中文",   "🇩🇪\n",  "ไทย "};
    char text[20000];

    (void)state;
    for (int unit = UTF8_BYTES; unit <= UTF8_UTF16; unit++) {
        for (size_t mix = 1; mix <= 7; mix++) {
            size_t len = 0;
            for (size_t i = 0; len + 40 < sizeof(text); i++) {
                const char *part = parts[i % mix];
                memcpy(text + len, part, strlen(part));
                len += strlen(part);
            }
            check_offsets(text, len, (enum utf8_unit)unit);
        }
        check_offsets("", 0, (enum utf8_unit)unit);
        check_offsets("é", 2, (enum utf8_unit)unit);
        check_offsets("0123456789abcdef😀", 20, (enum utf8_unit)unit);
    }
}

static void test_offsets_without_memory(void **state)
{
    struct utf8_offsets o;
    struct arena a;

    (void)state;
    arena_init(&a, 0);
    assert_int_equal(utf8_offsets_init(&o, &a, "plain", 5, UTF8_CODEPOINTS), 0);
    assert_int_equal(utf8_offset(&o, 3), 3);
    assert_int_equal(utf8_offsets_init(&o, &a, "é", 2, UTF8_CODEPOINTS), -1);
    arena_finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_all_edges),
        cmocka_unit_test(test_every_character),
        cmocka_unit_test(test_position),
        cmocka_unit_test(test_offsets),
        cmocka_unit_test(test_offsets_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
