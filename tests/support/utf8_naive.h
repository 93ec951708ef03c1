/* SPDX-License-Identifier: Apache-2.0
 *
 * utf8_naive.h - UTF-8 read in the plainest way, to hold core/text/utf8.c against. */
#ifndef SUPPORT_UTF8_NAIVE_H
#define SUPPORT_UTF8_NAIVE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at s (n > 0 bytes are there) and what it is; 0 where it
 * is not UTF-8. */
size_t utf8_naive(const unsigned char *s, size_t n, uint32_t *c);

/* As utf8_check. */
size_t utf8_naive_check(const char *s, size_t n);

#endif
