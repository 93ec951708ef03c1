/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_language_model.c - the language plugin's reading of texts and of model files. The
 * first byte says which and how: below 250, a text read in (byte % 8) windows.
 */
#include "../../plugins/language/features.c"
#include "../../plugins/language/model.c"
#include "text/utf8.h"

#include <stdlib.h>

static const struct model_class known[] = {
    {"en", SCRIPT_LATIN, 0},    {"fr", SCRIPT_LATIN, 0},    {"gl", SCRIPT_LATIN, 60},
    {"ru", SCRIPT_CYRILLIC, 0}, {"uk", SCRIPT_CYRILLIC, 0}, {"ja", SCRIPT_HAN, 0},
    {"zh", SCRIPT_HAN, 0},      {"el", SCRIPT_GREEK, 0},
};
enum { BITS = 10, KNOWN = sizeof known / sizeof *known };

/* A model of the least size, its numbers made up. */
static void *make_model(size_t *len)
{
    struct model_header *h;
    float *weights;

    *len = model_rows_at(KNOWN) + ((size_t)MODEL_DIM << BITS);
    h = calloc(1, *len);
    if (!h)
        abort();
    memcpy(h->magic, MODEL_MAGIC, sizeof h->magic);
    h->features = FEATURES_VERSION;
    h->bits = BITS;
    h->dim = MODEL_DIM;
    h->classes = KNOWN;
    h->scale = h->sharp[0] = 1;
    h->power = -.5f;
    h->length = *len;
    memcpy(h + 1, known, sizeof known);
    weights = (float *)((char *)(h + 1) + sizeof known);
    for (size_t i = 0; i < (size_t)KNOWN * MODEL_DIM; i++)
        weights[i] = (float)(i % 7) - 3;
    for (size_t i = model_rows_at(KNOWN); i < *len; i++)
        ((char *)h)[i] = (char)(i * 31);
    h->check = model_sum(h + 1, *len - sizeof *h);
    return h;
}

static void read_one(const char *text, size_t n, size_t windows)
{
    struct model_sample s = {windows, 32};
    struct model_answer a;
    struct model m;
    size_t len;
    void *data = make_model(&len);

    if (model_open(&m, data, len))
        abort();
    a = model_ask(&m, text, n, s, NULL);
    if (a.best >= KNOWN || !(a.p >= 0 && a.p <= 1.000001))
        abort();
    free(data);
}

/* A file that is only as long as what is read of it. */
static void open_one(const uint8_t *data, size_t n)
{
    struct model m;
    void *copy = aligned_alloc(64, (n + 63) & ~(size_t)63);

    if (copy && n) {
        memcpy(copy, data, n);
        model_open(&m, copy, n);
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *text = (const char *)data + 1;
    char *copy;

    if (n == 0)
        return 0;
    if (data[0] >= 250) {
        open_one(data + 1, n - 1);
        return 0;
    }
    if (utf8_check(text, n - 1) != n - 1)
        return 0;
    copy = strndup(text, n - 1); /* texts are NUL-terminated */
    if (copy)
        read_one(copy, strlen(copy), data[0] % 8);
    free(copy);
    return 0;
}
