/* SPDX-License-Identifier: Apache-2.0
 *
 * model.c - see model.h.
 */
#include "model.h"

#include <math.h>
#include <string.h>

/* What was read of each script. */
struct tally {
    int32_t sum[MODEL_DIM];
    uint32_t rows, letters;
};

struct reading {
    struct tally of[SCRIPTS];
};

size_t model_rows_at(uint32_t classes)
{
    size_t at = sizeof(struct model_header) +
                classes * (sizeof(struct model_class) + MODEL_DIM * sizeof(float));

    return (at + 63) & ~(size_t)63;
}

/* FNV-1a over eight bytes at a time: a model is read once at start, quickly. */
uint64_t model_sum(const void *data, size_t len)
{
    const unsigned char *p = data;
    uint64_t h = 0xcbf29ce484222325u, x;

    for (; len >= sizeof x; len -= sizeof x, p += sizeof x) {
        memcpy(&x, p, sizeof x);
        h = (h ^ x) * 0x100000001b3u;
        h ^= h >> 29;
    }
    for (; len; len--)
        h = (h ^ *p++) * 0x100000001b3u;
    return h;
}

static const char *check_head(const struct model_header *h, size_t len)
{
    if (memcmp(h->magic, MODEL_MAGIC, sizeof h->magic) != 0)
        return "is not a language model";
    if (h->features != FEATURES_VERSION || h->dim != MODEL_DIM)
        return "was made for another version of the plugin: make model-language";
    if (h->bits < 8 || h->bits > 24 || h->classes < 1 || h->classes > MODEL_CLASSES ||
        h->length != model_rows_at(h->classes) + ((uint64_t)MODEL_DIM << h->bits))
        return "is damaged: its sizes do not fit together";
    if (h->length != len)
        return "is damaged: it is not as long as it was made";
    return NULL;
}

const char *model_open(struct model *m, const void *data, size_t len)
{
    const struct model_header *h = data;
    const char *fault;

    if (len < sizeof *h)
        return "is not a language model";
    fault = check_head(h, len);
    if (fault)
        return fault;
    if (model_sum(h + 1, len - sizeof *h) != h->check)
        return "is damaged: its check sum is wrong";
    m->head = h;
    m->classes = (const void *)(h + 1);
    m->weights = (const void *)(m->classes + h->classes);
    m->rows = (const int8_t *)data + model_rows_at(h->classes);
    memset(m->languages, 0, sizeof m->languages);
    for (uint32_t i = 0; i < h->classes; i++) {
        if (!memchr(m->classes[i].code, 0, sizeof m->classes[i].code) ||
            m->classes[i].script >= SCRIPTS)
            return "is damaged: its languages can't be read";
        m->languages[m->classes[i].script]++;
    }
    return NULL;
}

int model_class(const struct model *m, const char *code)
{
    for (uint32_t i = 0; i < m->head->classes; i++)
        if (strcmp(m->classes[i].code, code) == 0)
            return (int)i;
    return -1;
}

/* Eight int16, each holding two int8 of a row: the even one in its low half.
 * Plain SSE2 and NEON add and shift these, with nothing to unpack. */
typedef int16_t lanes __attribute__((vector_size(16)));
enum { LANES = 8, ROW_LANES = MODEL_DIM / LANES / 2 };

/* Rows picked but not added yet: they come from memory while the next words are
 * read. An int16 holds the sum of BATCH of them. */
enum { BATCH = 32767 / 127 };
struct batch {
    enum script script;
    size_t n;
    uint32_t ids[BATCH];
};

static void add_batch(const struct model *m, struct reading *r, struct batch *b)
{
    lanes even[ROW_LANES] = {0}, odd[ROW_LANES] = {0};
    struct tally *t = &r->of[b->script];

    for (size_t i = 0; i < b->n; i++) {
        const lanes *row = (const lanes *)(m->rows + (size_t)b->ids[i] * MODEL_DIM);

        for (int k = 0; k < ROW_LANES; k++) {
            even[k] += (lanes)(row[k] << 8) >> 8;
            odd[k] += row[k] >> 8;
        }
    }
    for (int k = 0; k < ROW_LANES; k++)
        for (int i = 0; i < LANES; i++) {
            t->sum[(k * LANES + i) * 2] += even[k][i];
            t->sum[(k * LANES + i) * 2 + 1] += odd[k][i];
        }
    t->rows += (uint32_t)b->n;
    b->n = 0;
}

static void pick_rows(const struct model *m, struct batch *b, const struct word *w)
{
    size_t n = features_ngrams(w->chars, w->n + 2, m->head->bits, b->ids + b->n);

    for (size_t i = 0; i < n; i++)
        __builtin_prefetch(m->rows + (size_t)b->ids[b->n + i] * MODEL_DIM);
    b->n += n;
}

/* Words that begin from `at` on and before `end`. Reading stops where an int32
 * could no longer hold the sum. */
static void read_words(const struct model *m, struct reading *r, const char *text, size_t at,
                       size_t end)
{
    struct batch b;
    struct word w;

    b.n = 0;
    b.script = SCRIPT_NONE;
    while (features_word(text, end, &at, &w) && r->of[w.script].rows < 1u << 24) {
        r->of[w.script].letters += w.n;
        if (m->languages[w.script] < 2)
            continue; /* the script says it all */
        if (w.script != b.script || b.n + FEATURES_IDS > BATCH)
            add_batch(m, r, &b);
        b.script = w.script;
        pick_rows(m, &b, &w);
    }
    add_batch(m, r, &b);
}

/* A window begins behind the word it would cut, if that one ends soon. */
static size_t window_start(const char *text, size_t at)
{
    size_t from = at;

    if (from == 0)
        return 0;
    while (from < at + 32 && (unsigned char)text[from] > ' ')
        from++;
    while (((unsigned char)text[from] & 0xc0) == 0x80)
        from++;
    return from;
}

/* Window i of the sample; its middle is never nearer to an end of the text than
 * half its length, for all windows together are shorter than the text. */
static void read_window(const struct model *m, struct reading *r, const char *text, size_t len,
                        struct model_sample s, size_t i)
{
    size_t middle = len / s.windows * i + len / s.windows / 2;
    size_t at = window_start(text, middle - s.bytes / 2);
    size_t end = middle + s.bytes - s.bytes / 2;

    while (end < len && ((unsigned char)text[end] & 0xc0) == 0x80)
        end++;
    if (at < end)
        read_words(m, r, text, at, end);
}

/* One letter of Han or Hangul says as much as two or three of an alphabet. */
static uint32_t weigh(const struct tally *t, size_t script)
{
    return script == SCRIPT_HAN || script == SCRIPT_HANGUL ? 2 * t->letters : t->letters;
}

static enum script main_script(const struct reading *r)
{
    enum script best = SCRIPT_NONE;
    uint32_t most = 0;

    for (int i = SCRIPT_LATIN; i < SCRIPTS; i++) {
        uint32_t x = weigh(&r->of[i], (size_t)i);

        if (x > most) {
            most = x;
            best = (enum script)i;
        }
    }
    return best;
}

static float score(const struct model *m, uint32_t class, const float *sum)
{
    const float *w = m->weights + (size_t) class * MODEL_DIM;
    float s = 0;

    for (size_t k = 0; k < MODEL_DIM; k++)
        s += w[k] * sum[k];
    return s;
}

static bool possible(const struct model_class *c, enum script script, const struct tally *t)
{
    return c->script == script && c->least <= t->letters;
}

static void choose(const struct model *m, enum script script, const struct tally *t,
                   const bool *allowed, struct model_answer *a)
{
    const struct model_header *h = m->head;
    float scores[MODEL_CLASSES], sum[MODEL_DIM], best = -INFINITY, all = 0;
    float n = (float)(t->rows ? t->rows : 1);
    float by = h->scale * h->sharp[0] * powf(n, h->power + h->sharp[1]);
    uint32_t count = 0;

    for (size_t k = 0; k < MODEL_DIM; k++)
        sum[k] = (float)t->sum[k] * by;
    for (uint32_t i = 0; i < h->classes; i++) {
        if (!possible(&m->classes[i], script, t) || (allowed && !allowed[i]))
            continue;
        scores[count] = score(m, i, sum);
        if (scores[count] > best) {
            best = scores[count];
            a->best = (int)i;
        }
        count++;
    }
    for (uint32_t i = 0; i < count; i++)
        all += expf(scores[i] - best);
    a->p = count ? 1 / (double)all : 0;
}

static void answer(const struct model *m, const struct reading *r, const bool *allowed,
                   struct model_answer *a)
{
    enum script script = main_script(r);

    *a = (struct model_answer){-1, 0, r->of[script].letters};
    if (script != SCRIPT_NONE)
        choose(m, script, &r->of[script], allowed, a);
}

/* Every fourth window says enough in most texts; the others are read while the
 * answer is in doubt. */
enum { ROUNDS = 4 };
#define SURE .95

struct model_answer model_ask(const struct model *m, const char *text, size_t len,
                              struct model_sample s, const bool *allowed)
{
    static const size_t order[ROUNDS] = {1, 3, 0, 2};
    struct reading r;
    struct model_answer a = {-1, 0, 0};

    memset(&r, 0, sizeof r);
    if (s.windows && len / s.windows > s.bytes)
        for (size_t k = 0; k < ROUNDS && a.p < SURE; k++) {
            for (size_t i = order[k]; i < s.windows; i += ROUNDS)
                read_window(m, &r, text, len, s, i);
            answer(m, &r, allowed, &a);
        }
    if (a.letters == 0) { /* short, or none in any window */
        read_words(m, &r, text, 0, len);
        answer(m, &r, allowed, &a);
    }
    return a;
}
