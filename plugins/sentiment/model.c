/* SPDX-License-Identifier: Apache-2.0
 *
 * model.c - see model.h. */
#include "model.h"

#include <math.h>
#include <string.h>

/* FNV-1a, 64 bits. */
uint64_t model_hash(const char *word, size_t n)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)word[i]) * UINT64_C(0x100000001b3);
    return h;
}

uint32_t model_sum(const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    uint64_t h = n, word;

    for (; n >= sizeof(word); n -= sizeof(word), p += sizeof(word)) {
        memcpy(&word, p, sizeof(word));
        h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    h ^= model_hash((const char *)p, n);
    return (uint32_t)(h ^ h >> 32);
}

static int finite_all(const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return 0;
    return 1;
}

/* A table with no free slot would be searched for ever. */
static const char *check_slots(const struct model *m)
{
    uint32_t used = 0;

    for (uint32_t i = 0; i <= m->mask; i++) {
        used += m->slots[i].id != MODEL_UNKNOWN;
        if (m->slots[i].id >= m->n_words)
            return "a word's number is out of range";
    }
    return used <= m->mask ? NULL : "the table of words has no room";
}

const char *model_check(struct model *m, const void *file, size_t len)
{
    const struct model_file *head = file;
    size_t want;

    if (len < sizeof(*head) || memcmp(head->magic, MODEL_MAGIC, sizeof(head->magic)) != 0)
        return "not a sentiment model";
    if (head->version != MODEL_VERSION || head->byte_order != MODEL_BYTE_ORDER ||
        head->word_size != sizeof(struct model_word))
        return "made for another version of this plugin";
    if (!head->n_words || !head->n_slots || head->n_slots & (head->n_slots - 1))
        return "its sizes are wrong";
    want = sizeof(*head) + (size_t)head->n_slots * sizeof(struct model_slot) +
           (size_t)head->n_words * sizeof(struct model_word);
    if (want != len)
        return "it is cut short or too long";
    if (model_sum((const char *)file + MODEL_SUMMED, len - MODEL_SUMMED) != head->checksum)
        return "it is damaged: its checksum does not match";
    m->net = &head->net;
    m->slots = (const void *)(head + 1);
    m->words = (const void *)(m->slots + head->n_slots);
    m->n_words = head->n_words;
    m->mask = head->n_slots - 1;
    if (!finite_all((const float *)m->net, sizeof(*m->net) / sizeof(float)))
        return "it holds a number that is none";
    return check_slots(m);
}

const struct model_slot *model_find(const struct model *m, uint64_t hash)
{
    uint32_t check = (uint32_t)(hash >> 32), at = model_slot(hash);

    for (;; at++) {
        const struct model_slot *slot = &m->slots[at & m->mask];

        if (slot->id == MODEL_UNKNOWN || slot->check == check)
            return slot;
    }
}
