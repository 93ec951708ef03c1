/* SPDX-License-Identifier: Apache-2.0
 *
 * train_language.c - makes plugins/language/language.model, and measures one.
 * The hard rule: text is cut into features by the plugin's own code, and what
 * is measured is the file as the plugin will read it.
 *
 * usage: train_language train DATA MODEL [key=value]...   (keys: struct recipe)
 *        train_language eval MODEL TSV...
 *
 * DATA is the folder language/ of the data: DATA/train/CODE.tsv.xz (source,
 * tab, sentence), DATA/train/words/CODE.tsv.xz (word, tab, frequency). TSV files
 * are code, tab, text.
 *
 * The model is fastText's: rows of hashed n-grams are summed, scaled, and a
 * softmax over the languages of one script is trained by gradient descent, here
 * on samples cut at random: a word, a pair, or a stretch of a sentence.
 */
#include "plugins/language/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- the recipe: every default is the released model's */

struct recipe {
    double samples;  /* how many */
    double rate;     /* learning rate of the weights, falling to zero */
    double row_rate; /* that of the rows */
    double bits;     /* 1 << bits rows */
    double power;    /* model_header.power */
    double words;    /* share of single words */
    double pairs;    /* share of pairs of words */
    double frequent; /* words are drawn with frequency ^ this */
    double seed;
};

static const struct {
    const char *key;
    size_t at;
} recipe_keys[] = {
    {"samples", offsetof(struct recipe, samples)},   {"rate", offsetof(struct recipe, rate)},
    {"row_rate", offsetof(struct recipe, row_rate)}, {"bits", offsetof(struct recipe, bits)},
    {"power", offsetof(struct recipe, power)},       {"words", offsetof(struct recipe, words)},
    {"pairs", offsetof(struct recipe, pairs)},

    {"frequent", offsetof(struct recipe, frequent)},

    {"seed", offsetof(struct recipe, seed)},
};

/* The languages; the script each is told from others in; how often it is drawn;
 * the name of its files. Where a script has one language only, the script says it
 * all and nothing is trained. Those drawn RARELY have thin corpora and no word
 * list: no text of less than LEAST letters is said to be in one of them. */
#define OFTEN  1
#define RARELY .15
#define LEAST  60
static const struct language_of {
    const char *code;
    enum script script;
    double rate;
    const char *file;
} languages[] = {
    {"af", SCRIPT_LATIN, OFTEN, "af"},       {"ar", SCRIPT_ARABIC, OFTEN, "ar"},
    {"az", SCRIPT_LATIN, OFTEN, "az"},       {"be", SCRIPT_CYRILLIC, OFTEN, "be"},
    {"bg", SCRIPT_CYRILLIC, OFTEN, "bg"},    {"bn", SCRIPT_BENGALI, OFTEN, "bn"},
    {"bs", SCRIPT_LATIN, OFTEN, "bs"},       {"ca", SCRIPT_LATIN, OFTEN, "ca"},
    {"cs", SCRIPT_LATIN, OFTEN, "cs"},       {"cy", SCRIPT_LATIN, OFTEN, "cy"},
    {"da", SCRIPT_LATIN, OFTEN, "da"},       {"de", SCRIPT_LATIN, OFTEN, "de"},
    {"el", SCRIPT_GREEK, OFTEN, "el"},       {"en", SCRIPT_LATIN, OFTEN, "en"},
    {"eo", SCRIPT_LATIN, OFTEN, "eo"},       {"es", SCRIPT_LATIN, OFTEN, "es"},
    {"et", SCRIPT_LATIN, OFTEN, "et"},       {"eu", SCRIPT_LATIN, OFTEN, "eu"},
    {"fa", SCRIPT_ARABIC, OFTEN, "fa"},      {"fi", SCRIPT_LATIN, OFTEN, "fi"},
    {"fr", SCRIPT_LATIN, OFTEN, "fr"},       {"ga", SCRIPT_LATIN, OFTEN, "ga"},
    {"gu", SCRIPT_GUJARATI, OFTEN, "gu"},    {"he", SCRIPT_HEBREW, OFTEN, "he"},
    {"hi", SCRIPT_DEVANAGARI, OFTEN, "hi"},  {"hr", SCRIPT_LATIN, OFTEN, "hr"},
    {"hu", SCRIPT_LATIN, OFTEN, "hu"},       {"hy", SCRIPT_ARMENIAN, OFTEN, "hy"},
    {"id", SCRIPT_LATIN, OFTEN, "id"},       {"is", SCRIPT_LATIN, OFTEN, "is"},
    {"it", SCRIPT_LATIN, OFTEN, "it"},       {"ja", SCRIPT_HAN, OFTEN, "ja"},
    {"ka", SCRIPT_GEORGIAN, OFTEN, "ka"},    {"kk", SCRIPT_CYRILLIC, OFTEN, "kk"},
    {"ko", SCRIPT_HANGUL, OFTEN, "ko"},      {"la", SCRIPT_LATIN, OFTEN, "la"},
    {"lg", SCRIPT_LATIN, OFTEN, "lg"},       {"lt", SCRIPT_LATIN, OFTEN, "lt"},
    {"lv", SCRIPT_LATIN, OFTEN, "lv"},       {"mi", SCRIPT_LATIN, OFTEN, "mi"},
    {"mk", SCRIPT_CYRILLIC, OFTEN, "mk"},    {"mn", SCRIPT_CYRILLIC, OFTEN, "mn"},
    {"mr", SCRIPT_DEVANAGARI, OFTEN, "mr"},  {"ms", SCRIPT_LATIN, OFTEN, "ms"},
    {"nb", SCRIPT_LATIN, OFTEN, "nb"},       {"nl", SCRIPT_LATIN, OFTEN, "nl"},
    {"nn", SCRIPT_LATIN, OFTEN, "nn"},       {"pa", SCRIPT_GURMUKHI, OFTEN, "pa"},
    {"pl", SCRIPT_LATIN, OFTEN, "pl"},       {"pt", SCRIPT_LATIN, OFTEN, "pt"},
    {"ro", SCRIPT_LATIN, OFTEN, "ro"},       {"ru", SCRIPT_CYRILLIC, OFTEN, "ru"},
    {"sk", SCRIPT_LATIN, OFTEN, "sk"},       {"sl", SCRIPT_LATIN, OFTEN, "sl"},
    {"sn", SCRIPT_LATIN, OFTEN, "sn"},       {"so", SCRIPT_LATIN, OFTEN, "so"},
    {"sq", SCRIPT_LATIN, OFTEN, "sq"},       {"sr", SCRIPT_CYRILLIC, OFTEN, "sr"},
    {"st", SCRIPT_LATIN, OFTEN, "st"},       {"sv", SCRIPT_LATIN, OFTEN, "sv"},
    {"sw", SCRIPT_LATIN, OFTEN, "sw"},       {"ta", SCRIPT_TAMIL, OFTEN, "ta"},
    {"te", SCRIPT_TELUGU, OFTEN, "te"},      {"th", SCRIPT_THAI, OFTEN, "th"},
    {"tl", SCRIPT_LATIN, OFTEN, "tl"},       {"tn", SCRIPT_LATIN, OFTEN, "tn"},
    {"tr", SCRIPT_LATIN, OFTEN, "tr"},       {"ts", SCRIPT_LATIN, OFTEN, "ts"},
    {"uk", SCRIPT_CYRILLIC, OFTEN, "uk"},    {"ur", SCRIPT_ARABIC, OFTEN, "ur"},
    {"vi", SCRIPT_LATIN, OFTEN, "vi"},       {"xh", SCRIPT_LATIN, OFTEN, "xh"},
    {"yo", SCRIPT_LATIN, OFTEN, "yo"},       {"zh", SCRIPT_HAN, OFTEN, "zh"},
    {"zu", SCRIPT_LATIN, OFTEN, "zu"},       {"am", SCRIPT_ETHIOPIC, OFTEN, "am"},
    {"ml", SCRIPT_MALAYALAM, OFTEN, "ml"},   {"kn", SCRIPT_KANNADA, OFTEN, "kn"},
    {"km", SCRIPT_KHMER, OFTEN, "km"},       {"lo", SCRIPT_LAO, OFTEN, "lo"},
    {"my", SCRIPT_MYANMAR, OFTEN, "my"},     {"si", SCRIPT_SINHALA, OFTEN, "si"},
    {"bo", SCRIPT_TIBETAN, OFTEN, "bo"},     {"dv", SCRIPT_THAANA, OFTEN, "dv"},
    {"or", SCRIPT_ORIYA, OFTEN, "or"},       {"ky", SCRIPT_CYRILLIC, RARELY, "ky"},
    {"tg", SCRIPT_CYRILLIC, RARELY, "tg"},   {"tt", SCRIPT_CYRILLIC, RARELY, "tt"},
    {"ba", SCRIPT_CYRILLIC, RARELY, "ba"},   {"ps", SCRIPT_ARABIC, RARELY, "ps"},
    {"ku", SCRIPT_ARABIC, RARELY, "ckb"},    {"ug", SCRIPT_ARABIC, RARELY, "ug"},
    {"ne", SCRIPT_DEVANAGARI, RARELY, "ne"}, {"gl", SCRIPT_LATIN, RARELY, "gl"},
    {"uz", SCRIPT_LATIN, RARELY, "uz"},      {"mt", SCRIPT_LATIN, RARELY, "mt"},
    {"ku", SCRIPT_LATIN, RARELY, "ku"},      {"ha", SCRIPT_LATIN, RARELY, "ha"},
    {"ig", SCRIPT_LATIN, RARELY, "ig"},      {"rw", SCRIPT_LATIN, RARELY, "rw"},
    {"mg", SCRIPT_LATIN, RARELY, "mg"},      {"lb", SCRIPT_LATIN, RARELY, "lb"},
    {"fo", SCRIPT_LATIN, RARELY, "fo"},      {"gd", SCRIPT_LATIN, RARELY, "gd"},
    {"br", SCRIPT_LATIN, RARELY, "br"},      {"om", SCRIPT_LATIN, RARELY, "om"},
    {"ny", SCRIPT_LATIN, RARELY, "ny"},      {"tk", SCRIPT_LATIN, RARELY, "tk"},
    {"fy", SCRIPT_LATIN, RARELY, "fy"},
};
enum { LANGUAGES = sizeof languages / sizeof *languages };

static void die(const char *what, const char *which)
{
    fprintf(stderr, "train_language: %s: %s\n", which, what);
    exit(1);
}

static void *grow(void *p, size_t n, size_t *room, size_t size)
{
    if (n < *room)
        return p;
    *room = *room ? *room * 2 : 1024;
    p = realloc(p, *room * size);
    if (!p)
        die("no memory", "corpus");
    return p;
}

/* ---- the corpus: words as code points with an edge on both sides, in one pool */

struct piece {
    size_t at;  /* of the first edge, in the pool */
    uint32_t n; /* edges not counted */
};

struct pool {
    uint32_t *chars;
    size_t n, room;
};

struct pieces {
    struct piece *of;
    size_t n, room;
};

struct corpus {
    struct pieces text;  /* the words of all sentences, in order */
    size_t *starts;      /* where each sentence begins in text; one more at the end */
    size_t n, room;      /* sentences */
    struct pieces words; /* the word list */
    double *upto;        /* sums of their weights */
    size_t upto_room;
};

static void add_piece(struct pool *pool, struct pieces *to, const struct word *w)
{
    to->of = grow(to->of, to->n, &to->room, sizeof *to->of);
    to->of[to->n++] = (struct piece){pool->n, w->n};
    for (size_t i = 0; i < w->n + 2; i++) {
        pool->chars = grow(pool->chars, pool->n, &pool->room, sizeof *pool->chars);
        pool->chars[pool->n++] = w->chars[i];
    }
}

static FILE *unpack(const char *data, const char *folder, const char *code)
{
    char command[4096];
    FILE *f;

    snprintf(command, sizeof command, "exec xz -dc '%s/%s/%s.tsv.xz'", data, folder, code);
    f = popen(command, "r");
    if (!f)
        die("can't be read (is xz there?)", command);
    return f;
}

static void read_sentences(struct corpus *c, struct pool *pool, const char *data,
                           const struct language_of *l)
{
    FILE *f = unpack(data, "train", l->file);
    char *line = NULL;
    size_t room = 0, at;
    struct word w;

    while (getline(&line, &room, f) > 0) {
        char *text = strchr(line, '\t');

        if (!text)
            continue;
        c->starts = grow(c->starts, c->n + 1, &c->room, sizeof *c->starts);
        c->starts[c->n] = c->text.n;
        for (at = 0; features_word(text, strlen(text), &at, &w);)
            if (w.script == l->script)
                add_piece(pool, &c->text, &w);
        if (c->text.n > c->starts[c->n])
            c->starts[++c->n] = c->text.n;
    }
    free(line);
    if (pclose(f) != 0 || c->n == 0)
        die("no sentences: is DATA the folder language/ of the data?", l->code);
}

static void read_words(struct corpus *c, struct pool *pool, const char *data,
                       const struct language_of *l, double frequent)
{
    FILE *f = unpack(data, "train/words", l->file);
    char *line = NULL;
    size_t room = 0, at = 0;
    double sum = 0;
    struct word w;

    while (getline(&line, &room, f) > 0) {
        char *tab = strchr(line, '\t');

        at = 0;
        if (!tab || !features_word(line, (size_t)(tab - line), &at, &w) || w.script != l->script)
            continue;
        sum += pow(strtod(tab + 1, NULL) + 1, frequent);
        c->upto = grow(c->upto, c->words.n, &c->upto_room, sizeof *c->upto);
        c->upto[c->words.n] = sum;
        add_piece(pool, &c->words, &w);
    }
    free(line);
    if (pclose(f) != 0 || c->words.n == 0)
        die("no word list", l->code);
}

/* ---- samples */

struct chance {
    uint64_t state;
};

static double draw(struct chance *r) /* 0 <= x < 1 */
{
    r->state ^= r->state >> 12;
    r->state ^= r->state << 25;
    r->state ^= r->state >> 27;
    return (double)((r->state * 0x2545f4914f6cdd1du) >> 11) / 9007199254740992.0;
}

static size_t draw_below(struct chance *r, size_t n)
{
    return (size_t)(draw(r) * (double)n);
}

static const struct piece *draw_word(const struct corpus *c, struct chance *r)
{
    double x = draw(r) * c->upto[c->words.n - 1];
    size_t low = 0, high = c->words.n - 1;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (c->upto[middle] > x)
            high = middle;
        else
            low = middle + 1;
    }
    return &c->words.of[low];
}

/* Up to `want` words out of a sentence; *n says how many. */
static const struct piece *draw_stretch(const struct corpus *c, struct chance *r, size_t want,
                                        size_t *n)
{
    size_t s = draw_below(r, c->n), len = c->starts[s + 1] - c->starts[s];

    *n = want < len ? want : len;
    return &c->text.of[c->starts[s] + draw_below(r, len - *n + 1)];
}

enum { LONGEST = 27 }; /* words */
struct sample {
    uint32_t ids[LONGEST * FEATURES_IDS];
    size_t n;
};

/* Takes a sample's words. */
static void put(struct sample *s, const struct pool *pool, const struct piece *p, size_t n,
                unsigned bits)
{
    for (size_t i = 0; i < n; i++)
        s->n += features_ngrams(pool->chars + p[i].at, p[i].n + 2, bits, s->ids + s->n);
}

static void draw_sample(struct sample *s, const struct recipe *recipe, const struct pool *pool,
                        const struct corpus *c, struct chance *r)
{
    double kind = draw(r);
    const struct piece *p;
    size_t n = 1;

    if (kind < recipe->words)
        p = c->words.n ? draw_word(c, r) : draw_stretch(c, r, 1, &n);
    else if (kind < recipe->words + recipe->pairs)
        p = draw_stretch(c, r, 2, &n);
    else
        p = draw_stretch(c, r, 2 + draw_below(r, LONGEST - 1), &n);
    s->n = 0;
    put(s, pool, p, n, (unsigned)recipe->bits);
}

/* ---- the model in training */

struct net {
    float *rows, *weights;
    float *moved;                  /* of each row: the sum of its gradients' mean squares */
    int peers[SCRIPTS][LANGUAGES]; /* languages of a script */
    int n_peers[SCRIPTS];
    int place[LANGUAGES]; /* among its peers */
};

static void net_init(struct net *net, const struct recipe *recipe, struct chance *r)
{
    size_t n = (size_t)MODEL_DIM << (int)recipe->bits;

    memset(net, 0, sizeof *net);
    net->rows = aligned_alloc(64, n * sizeof *net->rows);
    net->weights = aligned_alloc(64, LANGUAGES * MODEL_DIM * sizeof *net->weights);
    net->moved = malloc((n / MODEL_DIM) * sizeof *net->moved);
    if (!net->rows || !net->weights || !net->moved)
        die("no memory", "model");
    for (size_t i = 0; i < n / MODEL_DIM; i++)
        net->moved[i] = 1e-4f; /* tames the first steps */
    for (size_t i = 0; i < n; i++)
        net->rows[i] = (float)((draw(r) * 2 - 1) / MODEL_DIM);
    memset(net->weights, 0, LANGUAGES * MODEL_DIM * sizeof *net->weights);
    for (int i = 0; i < LANGUAGES; i++) {
        enum script script = languages[i].script;

        net->place[i] = net->n_peers[script];
        net->peers[script][net->n_peers[script]++] = i;
    }
}

/* Scores become the gradient: probability, less one for the truth. */
static double softmax(float *x, int n, int truth)
{
    float most = x[0], sum = 0;
    double loss;

    for (int i = 1; i < n; i++)
        most = x[i] > most ? x[i] : most;
    for (int i = 0; i < n; i++)
        sum += x[i] = expf(x[i] - most);
    for (int i = 0; i < n; i++)
        x[i] /= sum;
    loss = -log((double)x[truth] + 1e-9);
    x[truth] -= 1;
    return loss;
}

/* The text's vector: the sum of its rows. */
static void add_up(const struct net *net, const struct sample *s, float *h)
{
    for (size_t i = 0; i < s->n; i++) {
        const float *row = net->rows + (size_t)s->ids[i] * MODEL_DIM;

        __builtin_prefetch(row);
        __builtin_prefetch(row + MODEL_DIM / 2);
    }
    for (size_t i = 0; i < s->n; i++) {
        const float *row = net->rows + (size_t)s->ids[i] * MODEL_DIM;

        for (int k = 0; k < MODEL_DIM; k++)
            h[k] += row[k];
    }
}

/* Moves rows against their gradient, which all rows of a sample share. As in
 * Adagrad, a row that has moved much moves less: rare n-grams learn as fast as
 * common ones. */
static void move_rows(struct net *net, const struct sample *s, const float *gradient, float rate)
{
    float squares = 0;

    for (int k = 0; k < MODEL_DIM; k++)
        squares += gradient[k] * gradient[k] / MODEL_DIM;
    for (size_t i = 0; i < s->n; i++) {
        float *row = net->rows + (size_t)s->ids[i] * MODEL_DIM, by;

        net->moved[s->ids[i]] += squares;
        by = rate / sqrtf(net->moved[s->ids[i]]);
        for (int k = 0; k < MODEL_DIM; k++)
            row[k] -= by * gradient[k];
    }
}

/* One step of gradient descent, at `left` of the full rates; the loss before it. */
static double step(struct net *net, const struct recipe *recipe, const struct sample *s,
                   int language, double left)
{
    enum script script = languages[language].script;
    const int *peers = net->peers[script];
    int n = net->n_peers[script];
    float scale = powf((float)s->n, (float)recipe->power);
    float h[MODEL_DIM] = {0}, gradient[MODEL_DIM] = {0}, scores[LANGUAGES];
    double loss;

    add_up(net, s, h);
    for (int i = 0; i < n; i++) {
        const float *w = net->weights + (size_t)peers[i] * MODEL_DIM;
        float x = 0;

        for (int k = 0; k < MODEL_DIM; k++)
            x += w[k] * h[k];
        scores[i] = x * scale;
    }
    loss = softmax(scores, n, net->place[language]);
    for (int i = 0; i < n; i++) {
        float *w = net->weights + (size_t)peers[i] * MODEL_DIM;
        float g = scores[i] * scale, by = g * (float)(recipe->rate * left);

        for (int k = 0; k < MODEL_DIM; k++) {
            gradient[k] += g * w[k];
            w[k] -= by * h[k];
        }
    }
    move_rows(net, s, gradient, (float)(recipe->row_rate * left));
    return loss;
}

static void train(struct net *net, const struct recipe *recipe, const struct pool *pool,
                  const struct corpus *corpora, struct chance *r)
{
    static struct sample s;
    double upto[LANGUAGES], sum = 0, loss = 0;
    time_t began = time(NULL);

    for (int i = 0; i < LANGUAGES; i++) {
        if (net->n_peers[languages[i].script] > 1)
            sum += languages[i].rate;
        upto[i] = sum;
    }
    for (double t = 0; t < recipe->samples; t++) {
        double x = draw(r) * sum;
        int language = 0;

        while (upto[language] <= x)
            language++;
        draw_sample(&s, recipe, pool, &corpora[language], r);
        loss += step(net, recipe, &s, language, 1 - t / recipe->samples);
        if (fmod(t + 1, 1e6) == 0) {
            fprintf(stderr, "%5.1f million samples, %4ld s, loss %.4f\n", (t + 1) / 1e6,
                    (long)(time(NULL) - began), loss / 1e6);
            loss = 0;
        }
    }
}

/* ---- the file */

/* Rows beyond five standard deviations are cut: a few hold the range otherwise. */
static float quantize(const struct net *net, size_t n, int8_t *to)
{
    double squares = 0;
    float scale;

    for (size_t i = 0; i < n; i++)
        squares += (double)net->rows[i] * net->rows[i];
    scale = (float)(5 * sqrt(squares / (double)n) / 127);
    for (size_t i = 0; i < n; i++) {
        float x = roundf(net->rows[i] / scale);

        to[i] = (int8_t)(x > 127 ? 127 : x < -127 ? -127 : x);
    }
    return scale;
}

static void *pack(const struct net *net, const struct recipe *recipe, size_t *len)
{
    size_t at = model_rows_at(LANGUAGES), rows = (size_t)MODEL_DIM << (int)recipe->bits;
    struct model_header *h = calloc(1, at + rows);
    struct model_class *class = (void *)(h + 1);

    if (!h)
        die("no memory", "model");
    *len = at + rows;
    memcpy(h->magic, MODEL_MAGIC, sizeof h->magic);
    h->features = FEATURES_VERSION;
    h->bits = (uint32_t)recipe->bits;
    h->dim = MODEL_DIM;
    h->classes = LANGUAGES;
    h->power = (float)recipe->power;
    h->sharp[0] = 1;
    h->length = *len;
    for (int i = 0; i < LANGUAGES; i++) {
        strcpy(class[i].code, languages[i].code);
        class[i].script = languages[i].script;
        class[i].least = languages[i].rate < OFTEN ? LEAST : 0;
    }
    memcpy(class + LANGUAGES, net->weights, LANGUAGES * MODEL_DIM * sizeof *net->weights);
    h->scale = quantize(net, rows, (int8_t *)h + at);
    h->check = model_sum(h + 1, *len - sizeof *h);
    return h;
}

static void save(const char *path, const void *data, size_t len)
{
    FILE *f = fopen(path, "wb");

    if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0)
        die("can't be written", path);
}

static void *load(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *data = NULL;
    size_t room = 0, n;

    *len = 0;
    if (!f)
        die("can't be read", path);
    do {
        room = *len + (1 << 22);
        data = realloc(data, room);
        if (!data)
            die("no memory", path);
        n = fread(data + *len, 1, room - *len, f);
        *len += n;
    } while (n);
    fclose(f);
    return data;
}

/* ---- measuring */

enum { BINS = 10 };

struct outcome {
    size_t right[LANGUAGES], all[LANGUAGES], as[LANGUAGES][LANGUAGES];
    struct {
        double p, right;
    } bins[BINS]; /* by score */
    double loss;  /* of the score, as a guess whether the label is right */
    double seconds;
    size_t lines, bytes, unknown;
};

static void note(struct outcome *o, int truth, const struct model_answer *a)
{
    bool right = a->best >= 0 && strcmp(languages[a->best].code, languages[truth].code) == 0;
    double p = a->p < 1e-4 ? 1e-4 : a->p > 1 - 1e-4 ? 1 - 1e-4 : a->p;
    int bin = (int)(p * BINS);

    o->lines++;
    o->all[truth]++;
    if (a->best < 0) {
        o->unknown++;
        return;
    }
    o->right[truth] += right;
    o->as[truth][a->best]++;
    o->bins[bin].p += p;
    o->bins[bin].right += right;
    o->loss -= log(right ? p : 1 - p);
}

/* Every step'th line of a test file. */
static void measure(struct outcome *o, const struct model *m, const char *path, size_t step)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t room = 0, n = 0;
    struct timespec begin, end;

    if (!f)
        die("can't be read", path);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    while (getline(&line, &room, f) > 0) {
        char *text = strchr(line, '\t');
        struct model_answer a;

        if (!text || n++ % step)
            continue;
        *text++ = 0;
        text[strcspn(text, "\n")] = 0;
        a = model_ask(m, text, strlen(text), MODEL_SAMPLE, NULL);
        o->bytes += strlen(text);
        if (model_class(m, line) < 0)
            die("unknown language in a test file", line);
        note(o, model_class(m, line), &a);
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    o->seconds +=
        (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
    free(line);
    fclose(f);
}

static void report(const struct outcome *o, const char *path)
{
    double macro = 0, error = 0;
    int n = 0;

    for (int i = 0; i < LANGUAGES; i++)
        if (o->all[i]) {
            macro += (double)o->right[i] / (double)o->all[i];
            n++;
        }
    for (int i = 0; i < BINS; i++)
        error += fabs(o->bins[i].p - o->bins[i].right);
    printf("%s: macro accuracy %.2f%% over %d languages; %zu lines, %zu without an answer; "
           "calibration error %.3f; %.0f MB/s, %.1f us a line\n",
           path, 100 * macro / n, n, o->lines, o->unknown, error / (double)o->lines,
           (double)o->bytes / o->seconds / 1e6, o->seconds / (double)o->lines * 1e6);
    for (int i = 0; i < LANGUAGES; i++)
        for (int k = 0; k < LANGUAGES; k++)
            if (i != k && o->as[i][k] * 20 >= o->all[i] && o->as[i][k])
                printf("  %s taken for %s: %.1f%%\n", languages[i].code, languages[k].code,
                       100.0 * (double)o->as[i][k] / (double)o->all[i]);
}

static double calibration_loss(const struct model *m, const char *data)
{
    static const struct {
        const char *name;
        size_t step;
    } files[] = {{"single-words", 15}, {"word-pairs", 15}, {"sentences", 15}, {"documents", 1}};
    static struct outcome o;
    double loss = 0;
    char path[4096];

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        memset(&o, 0, sizeof o);
        snprintf(path, sizeof path, "%s/%s.tsv", data, files[i].name);
        measure(&o, m, path, files[i].step);
        loss += o.loss / (double)o.lines;
    }
    return loss;
}

/* Sets how sharp probabilities are, so that scores on the test files say how often
 * the label is right. This changes no label. */
static void calibrate(void *packed, size_t len, const char *data)
{
    struct model_header *h = packed;
    struct model m;
    float best[2] = {1, 0};
    double least = INFINITY;

    if (model_open(&m, packed, len))
        die("is not what the plugin takes", "model");
    for (int i = -6; i <= 6; i++)
        for (int k = -8; k <= 4; k++) {
            double loss;

            h->sharp[0] = powf(1.2f, (float)i);
            h->sharp[1] = .04f * (float)k;
            loss = calibration_loss(&m, data);
            if (loss < least) {
                least = loss;
                memcpy(best, h->sharp, sizeof best);
            }
        }
    memcpy(h->sharp, best, sizeof best);
    fprintf(stderr, "calibrated: sharp %.3f, n ^ %.2f\n", (double)best[0], (double)best[1]);
}

/* ---- the command */

static void read_recipe(struct recipe *r, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        size_t n = strcspn(argv[i], "="), k = 0, keys = sizeof recipe_keys / sizeof *recipe_keys;

        while (k < keys && (strncmp(recipe_keys[k].key, argv[i], n) || recipe_keys[k].key[n]))
            k++;
        if (k == keys || !argv[i][n])
            die("not a key=value of the recipe", argv[i]);
        *(double *)((char *)r + recipe_keys[k].at) = strtod(argv[i] + n + 1, NULL);
    }
}

static int run_train(const char *data, const char *path, int argc, char **argv)
{
    struct recipe recipe = {.samples = 30e6,
                            .rate = .25,
                            .row_rate = .08,
                            .bits = 18,
                            .power = -.5,
                            .words = .5,
                            .pairs = .12,
                            .frequent = .35,
                            .seed = 1};
    static struct corpus corpora[LANGUAGES];
    static struct pool pool;
    static struct net net;
    struct chance r;
    void *packed;
    size_t len;

    read_recipe(&recipe, argc, argv);
    r.state = 0x9e3779b97f4a7c15u * (uint64_t)recipe.seed;
    net_init(&net, &recipe, &r);
    for (int i = 0; i < LANGUAGES; i++)
        if (net.n_peers[languages[i].script] > 1) {
            read_sentences(&corpora[i], &pool, data, &languages[i]);
            if (languages[i].rate >= OFTEN)
                read_words(&corpora[i], &pool, data, &languages[i], recipe.frequent);
        }
    train(&net, &recipe, &pool, corpora, &r);
    packed = pack(&net, &recipe, &len);
    calibrate(packed, len, data);
    save(path, packed, len);
    free(packed);
    return 0;
}

static int run_eval(const char *path, int argc, char **argv)
{
    size_t len;
    void *data = load(path, &len);
    struct model m;
    const char *fault = model_open(&m, data, len);

    if (fault)
        die(fault, path);
    for (int i = 0; i < argc; i++) {
        static struct outcome o;

        memset(&o, 0, sizeof o);
        measure(&o, &m, argv[i], 1);
        report(&o, argv[i]);
    }
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 4 && strcmp(argv[1], "train") == 0)
        return run_train(argv[2], argv[3], argc - 4, argv + 4);
    if (argc >= 4 && strcmp(argv[1], "eval") == 0)
        return run_eval(argv[2], argc - 3, argv + 3);
    fprintf(stderr, "usage: train_language train DATA MODEL [key=value]...\n"
                    "       train_language eval MODEL TSV...\n");
    return 2;
}
