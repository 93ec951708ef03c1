/* SPDX-License-Identifier: Apache-2.0
 *
 * sentiment - the tone of English text, of the whole and of each sentence. The
 * hard rule: a document's tone comes from its prose; what stands around it on the
 * page (counters, captions' credits, links) speaks only where there is no prose.
 */
#include "score.h"

#include <gloss/layers.h>
#include <gloss/plugin.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { PROSE_WORDS = 6, LEAD = 3 };

struct sentiment {
    struct model model;
    struct features room;
    bool sentences;
    float neutral, title;
};

/* A document on its way through. */
struct reading {
    const struct gloss_host *h;
    struct gloss_doc *doc;
    const char *text;
    size_t body;
    struct tone prose, all;
    size_t n_prose; /* sentences of the body in prose */
};

static const char *const labels[MODEL_OUTPUTS] = {[OUT_POSITIVE] = GLOSS_POSITIVE,
                                                  [OUT_NEUTRAL] = GLOSS_NEUTRAL,
                                                  [OUT_NEGATIVE] = GLOSS_NEGATIVE};

static int open_model(const struct gloss_host *h, struct sentiment *s)
{
    const char *path = h->conf_str(h, "model"), *wrong;
    size_t len;
    const void *file = h->map(h, path, &len);

    if (!file)
        return GLOSS_EFATAL;
    wrong = model_check(&s->model, file, len);
    if (!wrong)
        return GLOSS_OK;
    h->log(h, GLOSS_ERROR, "%s can't be used: %s; take the one that came with this version", path,
           wrong);
    return GLOSS_EFATAL;
}

static int open(const struct gloss_host *h, void **self)
{
    struct sentiment *s = *self = calloc(1, sizeof(*s));

    if (!s) {
        h->log(h, GLOSS_ERROR, "out of memory");
        return GLOSS_EFATAL;
    }
    s->sentences = h->conf_bool(h, "sentences");
    s->neutral = (float)h->conf_num(h, "neutral");
    s->title = (float)h->conf_num(h, "title");
    if (!(s->neutral > 0 && s->neutral < 1e6F) || !(s->title >= 0 && s->title < 1e6F)) {
        h->log(h, GLOSS_ERROR, "option %s: must be %s 0", s->title >= 0 ? "neutral" : "title",
               s->title >= 0 ? "above" : "at least");
        return GLOSS_EFATAL;
    }
    return open_model(h, s);
}

static void close(const struct gloss_host *h, void *self)
{
    (void)h;
    free(self);
}

/* Rounded: the third digit is beyond what the model knows. */
static double score_of(const struct tone *tone)
{
    return round(1000 * (double)score_rating(tone)) / 1000;
}

static int annotate(const struct reading *r, const struct sentiment *s, const char *layer,
                    struct gloss_span span, const struct tone *tone)
{
    int label = tone->weight > 0 ? score_label(tone, s->neutral) : OUT_NEUTRAL;

    return r->h->annotate(r->doc, layer, span, labels[label], score_of(tone)) < 0 ? GLOSS_EDOC
                                                                                  : GLOSS_OK;
}

/* A short line that ends without a mark is no sentence. */
static bool is_prose(const char *text, const struct gloss_token *tokens, size_t n)
{
    char end = text[tokens[n - 1].span.begin];
    size_t words = 0;

    for (size_t i = 0; i < n && words < PROSE_WORDS; i++)
        words += (tokens[i].flags & (GLOSS_TOKEN_WORD | GLOSS_TOKEN_LINK)) == GLOSS_TOKEN_WORD;
    if (words >= PROSE_WORDS)
        return true;
    return words > 1 && (!(tokens[0].flags & GLOSS_TOKEN_LINE) || end == '.' || end == '!' ||
                         end == '?' || end == '"');
}

/* News says first what matters: behind the lead each sentence counts less. */
static float place_weight(size_t place)
{
    return place < LEAD ? 1 : 1 / sqrtf((float)(place - LEAD) / LEAD + 1);
}

static int read_sentence(struct reading *r, struct sentiment *s, const struct gloss_token *tokens,
                         size_t n)
{
    struct gloss_span span = {tokens[0].span.begin, tokens[n - 1].span.end};
    struct tone tone;

    score_sentence(&s->model, &s->room, r->text, tokens, n, &tone);
    score_add(&r->all, &tone, 1);
    if (span.begin < r->body)
        score_add(&r->prose, &tone, s->title);
    else if (is_prose(r->text, tokens, n))
        score_add(&r->prose, &tone, place_weight(r->n_prose++));
    return s->sentences ? annotate(r, s, GLOSS_TONES, span, &tone) : GLOSS_OK;
}

static int process(const struct gloss_host *h, void *self, struct gloss_doc *doc)
{
    struct reading r = {.h = h, .doc = doc, .body = h->body(doc)};
    struct sentiment *s = self;
    size_t n, len, count;
    const struct gloss_token *tokens = h->tokens(doc, &n);

    r.text = h->text(doc, &len);
    for (size_t at = 0; at < n; at += count) {
        count = 1;
        while (at + count < n && tokens[at + count].sentence == tokens[at].sentence)
            count++;
        if (h->expired(doc) || read_sentence(&r, s, tokens + at, count) != GLOSS_OK)
            return GLOSS_EDOC;
    }
    if (r.prose.weight <= 0)
        r.prose = r.all;
    score_mean(&r.prose);
    return annotate(&r, s, GLOSS_SENTIMENT, GLOSS_WHOLE, &r.prose);
}

GLOSS_PLUGIN(.name = "sentiment", .version = "1.0",
             .summary = "Rates the tone of English text, of the whole and of each sentence",
             .provides = GLOSS_PROVIDES(
                 {GLOSS_SENTIMENT, GLOSS_ONE,
                  "the tone of the whole; label positive, neutral or negative; score -1..1"},
                 {GLOSS_TONES, GLOSS_MANY | GLOSS_NOTEXT,
                  "the tone of each sentence, as in sentiment"}),
             .options = GLOSS_OPTIONS(
                 {"model", GLOSS_FILE, "sentiment.model", "the model file"},
                 {"sentences", GLOSS_BOOL, "true", "write the layer sentences"},
                 {"neutral", GLOSS_NUM, "1",
                  "how readily neutral is said: above 1 more often, between 0 and 1 more seldom"},
                 {"title", GLOSS_NUM, "2",
                  "what the title counts in the whole, a sentence being 1"}),
             .open = open, .close = close, .process = process);
