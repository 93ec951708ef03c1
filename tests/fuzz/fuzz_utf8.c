/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_utf8.c - the fast reader of UTF-8 against the plainest one: what is valid, how
 * many characters and UTF-16 units there are, and every offset.
 */
#include "../support/utf8_naive.c"
#include "text/arena.h"
#include "text/utf8.h"

#include <stdlib.h>

static void need(int holds)
{
    if (!holds)
        abort();
}

/* Counts n bytes of valid s in unit, one character after another. */
static size_t count(const char *s, size_t n, enum utf8_unit unit)
{
    size_t i = 0, units = 0;

    while (i < n) {
        uint32_t c = 0;
        size_t len = utf8_naive((const unsigned char *)s + i, n - i, &c), next = i;
        need(utf8_next(s, n, &next) == c && next == i + len);
        units += unit == UTF8_BYTES ? len : unit == UTF8_UTF16 && c > 0xFFFF ? 2 : 1;
        i = next;
    }
    return units;
}

static void check_offsets(const char *s, size_t n, enum utf8_unit unit)
{
    struct utf8_offsets o;
    struct arena a;
    size_t step = n / 64 + 1;

    arena_init(&a, SIZE_MAX);
    need(utf8_offsets_init(&o, &a, s, n, unit) == 0);
    for (size_t i = 0; i <= n; i += step) {
        size_t at = i % 3 ? i : n - i;
        while (at < n && ((unsigned char)s[at] & 0xC0) == 0x80)
            at++;
        need(utf8_offset(&o, at) == count(s, at, unit));
    }
    arena_finish(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *s = (const char *)data;
    size_t n = utf8_check(s, size);

    need(n == utf8_naive_check(s, size));
    need(utf8_count(s, n) == count(s, n, UTF8_CODEPOINTS));
    for (int unit = UTF8_BYTES; unit <= UTF8_UTF16; unit++)
        check_offsets(s, n, (enum utf8_unit)unit);
    return 0;
}
