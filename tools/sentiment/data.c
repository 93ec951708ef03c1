/* SPDX-License-Identifier: Apache-2.0
 *
 * data.c - see sentiment_data.h. */
#include "tools/sentiment/data.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void die(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fputs("train_sentiment: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(1);
}

void *grow(void *p, size_t n, size_t size)
{
    p = realloc(p, n * size);
    if (!p)
        die("out of memory");
    return p;
}

/* ---- words */

/* The hash of a word, or of a phrase with blanks between its words. */
static uint64_t hash_of(const char *word, size_t n)
{
    uint64_t hash = 0;
    size_t len;

    for (const char *p = word; p <= word + n; p += len + 1) {
        const char *blank = memchr(p, ' ', (size_t)(word + n - p));

        len = blank ? (size_t)(blank - p) : (size_t)(word + n - p);
        hash = p == word ? model_hash(p, len) : model_join(hash, model_hash(p, len));
    }
    return hash;
}

static struct model_slot *slot_of(const struct vocabulary *v, uint64_t hash, uint32_t check)
{
    uint32_t at = model_slot(hash) & (v->n_slots - 1);

    while (v->slots[at].id && v->slots[at].check != check)
        at = (at + 1) & (v->n_slots - 1);
    v->slots[at].check = check;
    return &v->slots[at];
}

static void index_words(struct vocabulary *v, uint32_t n_slots)
{
    free(v->slots);
    v->n_slots = n_slots;
    v->slots = calloc(v->n_slots, sizeof(*v->slots));
    if (!v->slots)
        die("out of memory");
    for (size_t i = 1; i < v->n; i++) {
        uint64_t hash = hash_of(v->entries[i].word, strlen(v->entries[i].word));

        slot_of(v, hash, (uint32_t)(hash >> 32))->id = i & 0xffffff;
    }
}

void vocabulary_init(struct vocabulary *v)
{
    memset(v, 0, sizeof(*v));
    index_words(v, 1024);
    v->room = 1024;
    v->entries = grow(NULL, v->room, sizeof(*v->entries));
    memset(v->entries, 0, sizeof(*v->entries));
    v->n = 1;
}

void vocabulary_finish(struct vocabulary *v)
{
    for (size_t i = 0; i < v->n; i++) {
        free(v->entries[i].word);
        free(v->entries[i].vector);
    }
    free(v->entries);
    free(v->slots);
}

uint32_t vocabulary_find(const struct vocabulary *v, const char *word, size_t n)
{
    struct model m = {.slots = v->slots, .mask = v->n_slots - 1};

    return model_find(&m, hash_of(word, n))->id;
}

uint32_t vocabulary_add(struct vocabulary *v, const char *word)
{
    uint64_t hash = hash_of(word, strlen(word));
    uint32_t id = vocabulary_find(v, word, strlen(word));

    if (id)
        return id;
    if (v->n * 2 >= v->n_slots)
        index_words(v, v->n_slots * 2);
    if (v->n == v->room)
        v->entries = grow(v->entries, v->room *= 2, sizeof(*v->entries));
    id = (uint32_t)v->n++;
    v->entries[id] = (struct entry){.word = strdup(word)};
    slot_of(v, hash, (uint32_t)(hash >> 32))->id = id & 0xffffff;
    if (strchr(word, ' ')) {
        char *first = strndup(word, (size_t)(strchr(word, ' ') - word));
        uint32_t opens = vocabulary_add(v, first);

        v->entries[opens].flags |= WORD_OPENS;
        free(first);
    }
    return id;
}

/* ---- lexicons */

/* From each file one column; `only` takes values of words already there, for
 * lists that are long and rough. Weights are for the mean the last column is
 * drawn from. */
static const struct source {
    const char *file;
    size_t column;
    int only;
    float scale;
} sources[] = {
    {"vader.en.tsv", 0, 0, 1},         {"emoji-sentiment.tsv", 0, 0, 1},
    {"afinn.en.tsv", 1, 0, 1},         {"opinion-lexicon.en.tsv", 2, 0, 1},
    {"pattern.en.tsv", 3, 0, 1},       {"labmt.en.tsv", 4, 0, 1},
    {"sentiwordnet3.en.tsv", 5, 1, 1},
};
static const float trust[MODEL_LEXICONS - 1] = {1, 1, 0.7F, 0.5F, 0.7F, 0.3F};
static const float spread[MODEL_LEXICONS - 1] = {1, 1, 0.5F, 1, 1.5F, 1};

/* Words that change their neighbours; a blank makes a phrase. */
static const struct {
    uint8_t flags;
    const char *words;
} changers[] = {
    {WORD_NEGATES, "not,n't,no,never,none,nobody,nothing,nowhere,neither,nor,cannot,without,hardly,"
                   "barely,scarcely,rarely,seldom,dont,cant,wont,isnt,doesnt,didnt,wasnt,arent,"
                   "aint,couldnt,shouldnt,wouldnt,havent,hasnt,lack,lacks,lacked,lacking,nought,"
                   "far from,anything but,lack of,free of,free from,by no means,not at all,"
                   "no longer,no more,prevent,prevents,prevented,preventing,avoid,avoids,"
                   "avoided,avoiding,avert,averts,averted,deny,denies,denied,denying,rule out,"
                   "ruled out,rules out,cleared of,acquitted of,reduce,reduces,reduced,reducing,"
                   "alleviate,alleviates,eradicate,eradicated,ease,eases,eased"},
    {WORD_STRENGTHENS, "very,really,extremely,so,too,absolutely,completely,totally,utterly,highly,"
                       "deeply,incredibly,especially,particularly,truly,most,more,much,such,"
                       "hugely,enormously,exceptionally,remarkably,thoroughly,entirely,"
                       "intensely,purely,quite,unbelievably,amazingly,awfully,terribly,super,"
                       "seriously,severely,badly,massively,profoundly,overwhelmingly,bitterly"},
    {WORD_WEAKENS, "somewhat,slightly,almost,nearly,partly,partially,marginally,fairly,rather,"
                   "little,a bit,a little,kind of,kinda,sort of,sorta,less,mildly,moderately,"
                   "relatively,occasionally,only slightly,more or less"},
    {WORD_TURNS, "but,however,yet,nevertheless,nonetheless,although,though,still"},
    {WORD_ENDS, ",,;,:,.,(,),!,?,-,\xE2\x80\x94,\xE2\x80\x93,--,...,\xE2\x80\xA6,and,but,because,"
                "\",\xE2\x80\x9C,"
                "\xE2\x80\x9D"},
    {0, "not only,not just,not merely,no doubt,not to mention,no wonder,not least"},
};

/* News says much in set phrases that no lexicon has. */
static const struct {
    float valence;
    const char *words;
} phrases[] = {
    {0.5F, "record high,all-time high,record profit,record profits,peace deal,peace agreement,"
           "good news,rose sharply,sharp rise in profits,beat expectations,beat forecasts,"
           "above expectations,better than expected,found alive,safe and sound,new jobs,"
           "create jobs,life saving,back to work,on the mend,well received,free and fair"},
    {-0.5F, "record low,all-time low,record loss,profit warning,death toll,job cuts,job losses,"
            "cut jobs,cuts jobs,lay off,laid off,fell sharply,dropped sharply,below expectations,"
            "worse than expected,missed forecasts,bad news,state of emergency,human rights abuses,"
            "hate crime,war crimes,arms race,stock market crash,under fire,at gunpoint,"
            "went bankrupt,out of work,found dead,shot dead,stabbed to death,broke down,"
            "fell apart,waste of time,waste of money,let down,fed up"},
};

static char *read_line(FILE *f, const char *path, char **line, size_t *room, size_t number)
{
    ssize_t n = getline(line, room, f);
    char *tab;

    if (n < 0)
        return NULL;
    while (n > 0 && ((*line)[n - 1] == '\n' || (*line)[n - 1] == '\r'))
        (*line)[--n] = '\0';
    tab = strchr(*line, '\t');
    if (!tab)
        die("%s:%zu: no tab in the line", path, number);
    *tab = '\0';
    return tab + 1;
}

static FILE *open_data(const char *folder, const char *name, char *path, size_t n)
{
    FILE *f;

    snprintf(path, n, "%s%s%s", folder, *folder ? "/" : "", name);
    f = fopen(path, "r");
    if (!f)
        die("%s: %s; give the data's folder with DATA=", path, strerror(errno));
    return f;
}

static int is_plain(const char *word)
{
    for (const char *p = word; *p; p++)
        if (isupper((unsigned char)*p) || isdigit((unsigned char)*p))
            return 0;
    return 1;
}

static void read_lexicon(struct vocabulary *v, const char *folder, const struct source *s)
{
    char path[4096], name[256], *line = NULL, *value;
    size_t room = 0, number = 1;
    FILE *f;

    snprintf(name, sizeof(name), "lexicons/%s", s->file);
    f = open_data(folder, name, path, sizeof(path));
    while ((value = read_line(f, path, &line, &room, number++))) {
        float x = strtof(value, NULL) * s->scale;
        uint32_t id = vocabulary_find(v, line, strlen(line));

        if (!id && (s->only || !*line || (x == 0 && s->column == 3)))
            continue;
        if (!id && s->column == 4 && !is_plain(line))
            continue;
        if (!id)
            id = vocabulary_add(v, line);
        if (v->entries[id].known & 1U << s->column)
            continue;
        v->entries[id].lexicon[s->column] = x;
        v->entries[id].known |= 1U << s->column;
    }
    free(line);
    fclose(f);
}

/* Commas part the words, so a comma that is one stands first. */
static void read_changers(struct vocabulary *v, uint8_t flags, const char *words)
{
    char word[64];
    uint32_t id;

    while (*words) {
        size_t n = *words == ',' ? 1 : strcspn(words, ",");

        memcpy(word, words, n);
        word[n] = '\0';
        id = vocabulary_add(v, word); /* which may move the entries */
        v->entries[id].flags |= flags;
        words += n;
        words += *words == ',';
    }
}

/* The first two columns are of the lexicons that have phrases. */
static void read_phrases(struct vocabulary *v, float valence, const char *words)
{
    char *all = strdup(words), *rest = all, *phrase;

    while ((phrase = strsep(&rest, ","))) {
        uint32_t id = vocabulary_add(v, phrase);
        struct entry *e = &v->entries[id];

        e->lexicon[0] = e->lexicon[1] = valence;
        e->known |= 3;
    }
    free(all);
}

void vocabulary_lexicons(struct vocabulary *v, const char *folder)
{
    for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++)
        read_lexicon(v, folder, &sources[i]);
    for (size_t i = 0; i < sizeof(changers) / sizeof(*changers); i++)
        read_changers(v, changers[i].flags, changers[i].words);
    for (size_t i = 0; i < sizeof(phrases) / sizeof(*phrases); i++)
        read_phrases(v, phrases[i].valence, phrases[i].words);
}

/* ---- vectors */

static const char *read_vector(float *to, const char *p, const char *path)
{
    float norm = 0;
    char *end;

    for (size_t i = 0; i < VECTOR; i++) {
        to[i] = strtof(p, &end);
        if (end == p || (*end != ',' && *end != ']'))
            die("%s: not a vector of %d numbers", path, VECTOR);
        p = end + 1;
        norm += to[i] * to[i];
    }
    norm = sqrtf(norm) + 1e-6F;
    for (size_t i = 0; i < VECTOR; i++)
        to[i] /= norm;
    return p;
}

static void read_vectors(struct vocabulary *v, const char *p, const char *path, size_t common)
{
    char word[128];

    for (size_t rank = 0; *p == '"'; rank++) {
        size_t n = 0;
        uint32_t id;

        for (p++; *p && *p != '"'; p++) {
            p += *p == '\\';
            if (n + 1 < sizeof(word))
                word[n++] = *p;
        }
        word[n] = '\0';
        p = strchr(p, '[');
        if (!p++)
            die("%s: ends in the middle of \"%s\"", path, word);
        id = vocabulary_find(v, word, n);
        if (!id && rank < common && n)
            id = vocabulary_add(v, word);
        if (id && !v->entries[id].vector) {
            v->entries[id].vector = grow(NULL, VECTOR, sizeof(float));
            read_vector(v->entries[id].vector, p, path);
            v->entries[id].rank = (uint32_t)rank + 1;
        }
        p = strchr(p, ']');
        if (!p)
            die("%s: ends in the middle of \"%s\"", path, word);
        p += 1 + (p[1] == ',');
    }
}

/* A phrase has the mean of its words. */
static void join_vectors(struct vocabulary *v, struct entry *e)
{
    float sum[VECTOR] = {0};
    size_t n, found = 0;

    for (const char *p = e->word; *p; p += n + (p[n] == ' ')) {
        uint32_t id;

        n = strcspn(p, " ");
        id = vocabulary_find(v, p, n);
        if (!id || !v->entries[id].vector)
            continue;
        found++;
        for (size_t i = 0; i < VECTOR; i++)
            sum[i] += v->entries[id].vector[i];
    }
    if (!found)
        return;
    e->vector = grow(NULL, VECTOR, sizeof(float));
    for (size_t i = 0; i < VECTOR; i++)
        e->vector[i] = sum[i] / (float)found;
}

void vocabulary_vectors(struct vocabulary *v, const char *file, size_t common)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    const char *begin;
    struct stat st;
    char *all;

    if (fd < 0 || fstat(fd, &st) < 0)
        die("%s: %s; `make model-sentiment` fetches it", file, strerror(errno));
    all = mmap(NULL, (size_t)st.st_size + 1, PROT_READ, MAP_PRIVATE, fd, 0);
    if (all == MAP_FAILED)
        die("%s: %s", file, strerror(errno));
    begin = strstr(all, "\"vectors\":{");
    if (!begin)
        die("%s: has no vectors", file);
    read_vectors(v, begin + strlen("\"vectors\":{"), file, common);
    munmap(all, (size_t)st.st_size + 1);
    close(fd);
    for (size_t i = 1; i < v->n; i++)
        if (!v->entries[i].vector && strchr(v->entries[i].word, ' '))
            join_vectors(v, &v->entries[i]);
}

static int frequent_first(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->rank != y->rank)
        return x->rank - 1 < y->rank - 1 ? -1 : 1;
    return strcmp(x->word, y->word);
}

void vocabulary_sort(struct vocabulary *v)
{
    qsort(v->entries + 1, v->n - 1, sizeof(*v->entries), frequent_first);
    index_words(v, v->n_slots);
}

/* ---- valence for every word: ridge regression from vectors to lexicons */

static float lexicons_mean(const struct entry *e, float *weight)
{
    float sum = 0;

    *weight = 0;
    for (size_t k = 0; k < MODEL_LEXICONS - 1; k++)
        if (e->known & 1U << k) {
            sum += trust[k] * spread[k] * e->lexicon[k];
            *weight += trust[k];
        }
    return *weight > 0 ? sum / *weight : 0;
}

static void add_point(double a[VECTOR + 1][VECTOR + 2], const float *x, double y, double w)
{
    for (size_t i = 0; i <= VECTOR; i++) {
        double xi = w * (i < VECTOR ? x[i] : 1);

        for (size_t j = 0; j <= VECTOR; j++)
            a[i][j] += xi * (j < VECTOR ? x[j] : 1);
        a[i][VECTOR + 1] += xi * y;
    }
}

/* Gauss-Jordan; the matrix is positive definite. */
static void solve(double a[VECTOR + 1][VECTOR + 2])
{
    for (size_t i = 0; i <= VECTOR; i++) {
        double d = a[i][i];

        for (size_t j = i; j < VECTOR + 2; j++)
            a[i][j] /= d;
        for (size_t r = 0; r <= VECTOR; r++) {
            double m = a[r][i];

            for (size_t j = i; r != i && j < VECTOR + 2; j++)
                a[r][j] -= m * a[i][j];
        }
    }
}

void vocabulary_spread(struct vocabulary *v)
{
    static double a[VECTOR + 1][VECTOR + 2];
    float weight, mean;

    memset(a, 0, sizeof(a));
    for (size_t i = 0; i <= VECTOR; i++)
        a[i][i] = 1;
    for (size_t i = 1; i < v->n; i++) {
        mean = lexicons_mean(&v->entries[i], &weight);
        if (v->entries[i].vector && weight > 0)
            add_point(a, v->entries[i].vector, mean, weight);
    }
    solve(a);
    for (size_t i = 1; i < v->n; i++) {
        struct entry *e = &v->entries[i];
        double guess = a[VECTOR][VECTOR + 1];

        for (size_t j = 0; e->vector && j < VECTOR; j++)
            guess += a[j][VECTOR + 1] * e->vector[j];
        mean = lexicons_mean(e, &weight);
        if (!e->vector)
            guess = 0;
        mean = (weight * mean + 0.5F * (float)guess) / (weight + 0.5F);
        e->lexicon[MODEL_LEXICONS - 1] = fmaxf(-1, fminf(1, mean));
    }
}

/* ---- rated texts */

void corpus_load(struct corpus *c, const char *folder, const char *name)
{
    char path[4096], *line = NULL, *text;
    size_t room = 0, number = 1;
    FILE *f = open_data(folder, name, path, sizeof(path));

    *c = (struct corpus){NULL, 0};
    while ((text = read_line(f, path, &line, &room, number++))) {
        if (!(c->n & (c->n - 1)))
            c->texts = grow(c->texts, c->n ? c->n * 2 : 1, sizeof(*c->texts));
        c->texts[c->n].rating = strtof(line, NULL);
        c->texts[c->n].len = strlen(text);
        c->texts[c->n++].text = strdup(text);
    }
    free(line);
    fclose(f);
}

void corpus_finish(struct corpus *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->texts[i].text);
    free(c->texts);
}
