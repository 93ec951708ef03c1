/* SPDX-License-Identifier: Apache-2.0
 *
 * hash.h - 64-bit hashes of words, of features, of whole models. The hard rule: these numbers
 * are in the model file, so a change here is a new version of the model.
 */
#ifndef ENTITIES_HASH_H
#define ENTITIES_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* MurmurHash3's finisher: every bit of the result depends on every bit of x. */
static inline uint64_t hash_mix(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdull;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53ull;
    x ^= x >> 33;
    return x;
}

static inline uint64_t hash_pair(uint64_t a, uint64_t b)
{
    return hash_mix(a * 0x9e3779b97f4a7c15ull + ((b << 29) | (b >> 35)));
}

/* Never 0, so that 0 can mean "none". */
static inline uint64_t hash_bytes(const void *p, size_t n)
{
    const unsigned char *s = p;
    uint64_t h = n * 0x9e3779b97f4a7c15ull, word;

    for (; n >= 8; n -= 8, s += 8) {
        memcpy(&word, s, 8);
        h = hash_mix(h ^ word);
    }
    word = 0;
    for (size_t i = 0; i < n; i++)
        word |= (uint64_t)s[i] << (8 * i);
    h = hash_mix(h ^ word);
    return h ? h : 1;
}

#endif
