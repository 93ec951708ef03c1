/* SPDX-License-Identifier: Apache-2.0
 *
 * utf8_naive.c - see utf8_naive.h. */
#include "support/utf8_naive.h"

size_t utf8_naive(const unsigned char *s, size_t n, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = s[0] < 0x80       ? 1
                 : s[0] >> 5 == 6  ? 2
                 : s[0] >> 4 == 14 ? 3
                 : s[0] >> 3 == 30 ? 4
                                   : 0;

    if (len == 0 || len > n)
        return 0;
    *c = len == 1 ? s[0] : s[0] & (0xFFu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if (s[i] >> 6 != 2)
            return 0;
        *c = *c << 6 | (s[i] & 0x3Fu);
    }
    if (*c < least[len] || *c > 0x10FFFF || (*c >= 0xD800 && *c < 0xE000))
        return 0;
    return len;
}

size_t utf8_naive_check(const char *s, size_t n)
{
    size_t i = 0, len;
    uint32_t c;

    while (i < n && (len = utf8_naive((const unsigned char *)s + i, n - i, &c)))
        i += len;
    return i;
}
