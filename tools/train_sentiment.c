/* SPDX-License-Identifier: Apache-2.0
 *
 * train_sentiment.c - makes plugins/sentiment/sentiment.model, and measures one.
 *
 *   train_sentiment DATA VECTORS MODEL      DATA/sentiment, wink's vectors; writes MODEL
 *   train_sentiment --eval MODEL FILE...    r and macro-F1 on "rating<TAB>text" files
 *
 * Tokens are the core's and features the plugin's own, so that what is learnt is
 * what will be seen. */
#include "plugins/sentiment/score.h"
#include "text/arena.h"
#include "text/token.h"
#include "tools/sentiment/data.h"
#include "tools/sentiment/net.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMON_WORDS = 20000, MOST_PIECES = 64, BLOCK = 50 };

/* What is learnt from. Of the four rated by the same twenty people each only
 * blocks are taken, and editorials not at all. */
static const struct source {
    const char *name;
    int in_blocks;
    struct net_set set;
} sources[] = {
    {"movieReviewSnippets.tsv", 1, {1, 0.2F, 0}},
    {"amazonReviewSnippets.tsv", 1, {1, 1, 0}},
    {"tweets.tsv", 1, {2, 2, 0}},
    {"emobank/news.train.tsv", 0, {2, 1, 1}},
    {"emobank/other.train.tsv", 0, {1, 0.5F, 1}},
    {"newsmtsc/train.tsv", 0, {0.5F, 0.5F, 1}},
    {"en-opener-hotels/train.tsv", 0, {0.5F, 0.5F, 1}},
    {"xed-en/train.tsv", 0, {0.2F, 0.2F, 1}},
};
enum { N_SOURCES = sizeof(sources) / sizeof(*sources) };

/* One block of three is kept for measuring. */
static int kept_back(const struct source *s, size_t line)
{
    return s->in_blocks && line / BLOCK % 3 == 2;
}

/* ---- the model in memory */

struct image {
    struct model_file head;
    struct model_slot *slots;
    struct model_word *words;
    struct model m;
};

static int8_t round_to(float x, float unit)
{
    return (int8_t)lrintf(fmaxf(-127, fminf(127, x / unit)));
}

static void image_init(struct image *i, const struct vocabulary *v)
{
    struct model_file *h = &i->head;

    memset(i, 0, sizeof(*i));
    memcpy(h->magic, MODEL_MAGIC, sizeof(h->magic));
    h->version = MODEL_VERSION;
    h->byte_order = MODEL_BYTE_ORDER;
    h->word_size = sizeof(struct model_word);
    h->n_words = (uint32_t)v->n;
    h->n_slots = v->n_slots;
    i->slots = v->slots;
    i->words = grow(NULL, v->n, sizeof(*i->words));
    memset(i->words, 0, v->n * sizeof(*i->words));
    for (size_t s = 0; s < v->n_slots; s++)
        v->slots[s].flags = v->entries[v->slots[s].id].flags;
    for (size_t w = 1; w < v->n; w++) {
        for (size_t k = 0; k < MODEL_LEXICONS; k++)
            i->words[w].lexicon[k] = round_to(v->entries[w].lexicon[k], 1.0F / 127);
    }
    i->m = (struct model){&h->net, i->slots, i->words, h->n_words, h->n_slots - 1};
}

/* What a filter makes of a word at a place of its window. */
static float fold(const struct net *net, const float *x, size_t place, size_t k)
{
    float sum = 0;

    for (size_t j = 0; j < NET_WORD; j++)
        sum += x[j] * net->w.filter[place][j][k];
    return sum;
}

static void image_rows(struct image *i, const struct vocabulary *v, const struct net *net)
{
    float(*rows)[MODEL_WINDOW][MODEL_FILTERS] = grow(NULL, v->n, sizeof(*rows));
    float most[MODEL_FILTERS] = {0}, x[NET_WORD];

    for (size_t w = 1; w < v->n; w++) {
        net_word(x, &v->entries[w]);
        for (size_t p = 0; p < MODEL_WINDOW; p++)
            for (size_t k = 0; k < MODEL_FILTERS; k++) {
                rows[w][p][k] = fold(net, x, p, k);
                most[k] = fmaxf(most[k], fabsf(rows[w][p][k]));
            }
    }
    for (size_t k = 0; k < MODEL_FILTERS; k++)
        i->head.net.scale[k] = most[k] / 127 + 1e-9F;
    for (size_t w = 1; w < v->n; w++)
        for (size_t p = 0; p < MODEL_WINDOW; p++)
            for (size_t k = 0; k < MODEL_FILTERS; k++)
                i->words[w].row[p][k] = round_to(rows[w][p][k], i->head.net.scale[k]);
    free(rows);
}

/* The dense facts were brought to one scale for training; here that is undone. */
static void image_net(struct image *i, const struct net *net)
{
    struct model_net *to = &i->head.net;

    memcpy(to->bias, net->w.bias, sizeof(to->bias));
    memcpy(to->signal, net->w.signal, sizeof(to->signal));
    memcpy(to->out, net->w.out, sizeof(to->out));
    memcpy(to->out_bias, net->w.out_bias, sizeof(to->out_bias));
    for (size_t k = 0; k < MODEL_DENSE; k++)
        for (size_t o = 0; o < MODEL_OUTPUTS; o++) {
            float w = net->w.out[MODEL_POOLED + k][o] / net->deviation[k];

            to->out[MODEL_POOLED + k][o] = w;
            to->out_bias[o] -= w * net->mean[k];
        }
}

static void image_write(struct image *i, const char *path)
{
    size_t slots = i->head.n_slots * sizeof(*i->slots), words = i->head.n_words * sizeof(*i->words);
    size_t len = sizeof(i->head) + slots + words;
    char *all = grow(NULL, len, 1);
    FILE *f = fopen(path, "wb");

    memcpy(all, &i->head, sizeof(i->head));
    memcpy(all + sizeof(i->head), i->slots, slots);
    memcpy(all + sizeof(i->head) + slots, i->words, words);
    ((struct model_file *)(void *)all)->checksum =
        model_sum(all + MODEL_SUMMED, len - MODEL_SUMMED);
    if (!f || fwrite(all, len, 1, f) != 1 || fclose(f) != 0)
        die("%s: %s", path, strerror(errno));
    free(all);
    fprintf(stderr, "%s: %zu bytes, %u words\n", path, len, i->head.n_words);
}

/* ---- samples */

static void add_piece(struct sample *s, const struct features *f)
{
    struct piece *p;

    s->pieces = grow(s->pieces, s->n_pieces + 1, sizeof(*s->pieces));
    p = &s->pieces[s->n_pieces++];
    p->n_words = f->n_words;
    p->weight = score_weight(f->n_words);
    p->words = grow(NULL, f->n_words + 1, sizeof(*p->words));
    memcpy(p->words, f->words, f->n_words * sizeof(*p->words));
    memcpy(p->dense, f->dense, sizeof(p->dense));
}

/* The tokens of sentence s, which are the next of all tokens. */
static size_t sentence_length(const struct tokens *t, size_t at)
{
    size_t n = 0;

    while (at + n < t->n_tokens && t->tokens[at + n].sentence == t->tokens[at].sentence)
        n++;
    return n;
}

static int label_of(float rating)
{
    return rating > 0.05F ? OUT_POSITIVE : rating < -0.05F ? OUT_NEGATIVE : OUT_NEUTRAL;
}

static void make_sample(struct sample *s, const struct model *m, struct arena *a,
                        const struct text *text, size_t set)
{
    static struct features f;
    struct tokens t = {0};
    float sum = 0;

    *s = (struct sample){.rating = text->rating, .label = label_of(text->rating), .set = set};
    arena_reset(a);
    if (tokens_split(&t, a, text->text, 0, text->len) < 0)
        die("a text is too long: %.60s", text->text);
    for (size_t at = 0, n; at < t.n_tokens && s->n_pieces < MOST_PIECES; at += n) {
        n = sentence_length(&t, at);
        n = n < FEATURES_TOKENS ? n : FEATURES_TOKENS;
        features_make(&f, m, text->text, t.tokens + at, n);
        add_piece(s, &f);
        sum += s->pieces[s->n_pieces - 1].weight;
    }
    for (size_t i = 0; i < s->n_pieces; i++)
        s->pieces[i].weight /= sum;
}

static size_t make_samples(struct sample **samples, const struct model *m, const char *folder)
{
    size_t n = 0, room = 0;
    struct arena a;

    arena_init(&a, 1 << 26);
    for (size_t i = 0; i < N_SOURCES; i++) {
        struct corpus c;

        corpus_load(&c, folder, sources[i].name);
        for (size_t j = 0; j < c.n; j++) {
            if (kept_back(&sources[i], j))
                continue;
            if (n == room)
                *samples = grow(*samples, room = room * 2 + 1024, sizeof(**samples));
            make_sample(&(*samples)[n], m, &a, &c.texts[j], i);
            n += (*samples)[n].n_pieces > 0;
        }
        corpus_finish(&c);
    }
    arena_finish(&a);
    return n;
}

/* ---- measuring */

static void read_tone(struct tone *tone, const struct model *m, struct arena *a,
                      const struct text *text)
{
    static struct features room;
    struct tokens t = {0};

    *tone = (struct tone){{0}, 0};
    arena_reset(a);
    if (tokens_split(&t, a, text->text, 0, text->len) < 0)
        die("a text is too long: %.60s", text->text);
    for (size_t at = 0, n; at < t.n_tokens; at += n) {
        struct tone sentence;

        n = sentence_length(&t, at);
        score_sentence(m, &room, text->text, t.tokens + at, n, &sentence);
        score_add(tone, &sentence, 1);
    }
    score_mean(tone);
}

static double macro_f1(size_t hits[4][4])
{
    double sum = 0;

    for (int c = OUT_POSITIVE; c <= OUT_NEGATIVE; c++) {
        size_t all = 0;

        for (int o = OUT_POSITIVE; o <= OUT_NEGATIVE; o++)
            all += hits[c][o] + hits[o][c];
        sum += all ? 2.0 * (double)hits[c][c] / (double)all : 0;
    }
    return sum / 3;
}

static void evaluate(const struct model *m, const char *path)
{
    double x = 0, y = 0, xx = 0, yy = 0, xy = 0, n, r;
    size_t hits[4][4] = {{0}};
    struct corpus c;
    struct arena a;

    arena_init(&a, 1 << 26);
    corpus_load(&c, "", path);
    for (size_t i = 0; i < c.n; i++) {
        double g = c.texts[i].rating, p;
        struct tone tone;

        read_tone(&tone, m, &a, &c.texts[i]);
        p = score_rating(&tone);
        hits[label_of(c.texts[i].rating)][score_label(&tone, 1)]++;
        x += g, y += p, xx += g * g, yy += p * p, xy += g * p;
    }
    n = (double)c.n;
    r = (n * xy - x * y) / sqrt((n * xx - x * x) * (n * yy - y * y) + 1e-12);
    printf("%s: macro-F1 %.3f r %.4f of %zu\n", path, macro_f1(hits), r, c.n);
    corpus_finish(&c);
    arena_finish(&a);
}

static int eval_main(const char *path, char **files)
{
    struct model m;
    const char *wrong;
    FILE *f = fopen(path, "rb");
    char *all = NULL;
    size_t len = 0, n;

    if (!f)
        die("%s: %s", path, strerror(errno));
    do {
        all = grow(all, len + (1 << 20), 1);
        n = fread(all + len, 1, 1 << 20, f);
        len += n;
    } while (n);
    fclose(f);
    wrong = model_check(&m, all, len);
    if (wrong)
        die("%s: %s", path, wrong);
    for (; *files; files++)
        evaluate(&m, *files);
    free(all);
    return 0;
}

/* ---- */

int main(int argc, char **argv)
{
    struct net_options o = {.epochs = 8,
                            .batch = 32,
                            .rate = 0.002F,
                            .decay = 0.3F,
                            .drop_word = 0.1F,
                            .drop_pool = 0.3F,
                            .seed = 1};
    struct net_set sets[NET_SETS] = {{0}};
    struct sample *samples = NULL;
    struct vocabulary v;
    struct image image;
    static struct net net;
    char folder[4096];
    size_t n;

    if (argc > 3 && !strcmp(argv[1], "--eval"))
        return eval_main(argv[2], argv + 3);
    if (argc < 4)
        die("usage: train_sentiment DATA VECTORS MODEL | train_sentiment --eval MODEL FILE...");
    snprintf(folder, sizeof(folder), "%s/sentiment", argv[1]);
    for (size_t i = 0; i < N_SOURCES; i++)
        sets[i] = sources[i].set;
    vocabulary_init(&v);
    vocabulary_lexicons(&v, folder);
    vocabulary_vectors(&v, argv[2], COMMON_WORDS);
    vocabulary_sort(&v);
    vocabulary_spread(&v);
    image_init(&image, &v);
    n = make_samples(&samples, &image.m, folder);
    fprintf(stderr, "%zu words, %zu texts\n", v.n, n);
    net_train(&net, &v, samples, n, sets, &o);
    image_rows(&image, &v, &net);
    image_net(&image, &net);
    image_write(&image, argv[3]);
    free(image.words);
    vocabulary_finish(&v);
    return 0;
}
