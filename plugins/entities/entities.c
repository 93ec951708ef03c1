/* SPDX-License-Identifier: Apache-2.0
 *
 * entities - names of people, organisations, places and other things in English text. The hard
 * rule: what is published is a span of whole words, without 's and without the marks around it.
 */
#include "mentions.h"
#include "model.h"
#include "tagger.h"

#include <gloss/layers.h>
#include <gloss/plugin.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[TYPES] = {
    [PER] = GLOSS_PER, [ORG] = GLOSS_ORG, [LOC] = GLOSS_LOC, [MISC] = GLOSS_MISC};

struct entities {
    struct model model;
    struct tagger *tagger;
    struct mentions mentions;
    bool wanted[TYPES];
    double min_score;
};

static int read_types(const struct gloss_host *h, struct entities *e)
{
    size_t n;
    const char *const *list = h->conf_list(h, "types", &n);

    for (size_t i = 0; i < n; i++) {
        int t = 0;

        while (t < TYPES && strcmp(list[i], type_names[t]) != 0)
            t++;
        if (t == TYPES) {
            h->log(h, GLOSS_ERROR, "option types: no type %s; there are PER, ORG, LOC, MISC",
                   list[i]);
            return GLOSS_EFATAL;
        }
        e->wanted[t] = true;
    }
    return GLOSS_OK;
}

static int open_model(const struct gloss_host *h, struct entities *e)
{
    const char *path = h->conf_str(h, "model"), *wrong;
    size_t len;
    const void *data = h->map(h, path, &len);

    if (!data)
        return GLOSS_EFATAL;
    wrong = model_open(&e->model, data, len);
    if (wrong) {
        h->log(h, GLOSS_ERROR, "%s can't be used: %s", path, wrong);
        return GLOSS_EFATAL;
    }
    return GLOSS_OK;
}

static int open(const struct gloss_host *h, void **self)
{
    struct entities *e = *self = calloc(1, sizeof(*e));

    if (!e)
        return GLOSS_EFATAL;
    if (read_types(h, e) != GLOSS_OK || open_model(h, e) != GLOSS_OK)
        return GLOSS_EFATAL;
    e->min_score = h->conf_num(h, "min_score");
    e->tagger = tagger_create(&e->model);
    if (!e->tagger || mentions_init(&e->mentions)) {
        h->log(h, GLOSS_ERROR, "out of memory");
        return GLOSS_EFATAL;
    }
    return GLOSS_OK;
}

static void close(const struct gloss_host *h, void *self)
{
    struct entities *e = self;

    (void)h;
    if (!e)
        return;
    tagger_destroy(e->tagger);
    mentions_finish(&e->mentions);
    free(e);
}

/* How sure the margin makes: see CARD.md. */
static double confidence(const struct model *m, float margin)
{
    return 1 / (1 + exp(-(m->head->offset + m->head->slope * (double)margin)));
}

/* The words of a span with single blanks between them; NULL without memory. */
static const char *name_of(const struct gloss_host *h, struct gloss_doc *doc, const char *text,
                           struct gloss_span span)
{
    char *name = h->alloc(doc, span.end - span.begin + 1);
    size_t n = 0;

    if (!name)
        return NULL;
    for (size_t i = span.begin; i < span.end; i++) {
        char c = text[i] == '\n' || text[i] == '\t' || text[i] == '\r' ? ' ' : text[i];

        if (c != ' ' || name[n - 1] != ' ')
            name[n++] = c;
    }
    name[n] = 0;
    return name;
}

static int publish(const struct gloss_host *h, const struct entities *e, struct gloss_doc *doc,
                   const char *text)
{
    for (size_t i = 0; i < e->mentions.n; i++) {
        const struct mention *x = &e->mentions.list[i];
        double score = confidence(&e->model, x->margin);
        const char *name = NULL;
        int32_t annot;

        if (!e->wanted[x->type] || score < e->min_score)
            continue;
        annot = h->annotate(doc, GLOSS_ENTITIES, x->span, type_names[x->type], score);
        if (annot < 0)
            return GLOSS_EDOC;
        if (x->longest == i)
            continue;
        name = name_of(h, doc, text, e->mentions.list[x->longest].span);
        if (!name || h->set_str(doc, GLOSS_ENTITIES, annot, GLOSS_NAME, name) != GLOSS_OK)
            return GLOSS_EDOC;
    }
    return GLOSS_OK;
}

static int process(const struct gloss_host *h, void *self, struct gloss_doc *doc)
{
    struct entities *e = self;
    size_t len, n, at = 0;
    const char *text = h->text(doc, &len);
    const struct gloss_token *tokens = h->tokens(doc, &n);

    while (at < n) {
        at += tagger_read(e->tagger, text, tokens + at, n - at);
        mentions_read(&e->mentions, tagger_block(e->tagger), tagger_words(e->tagger),
                      tagger_labels(e->tagger), tagger_margins(e->tagger));
        if (publish(h, e, doc, text) != GLOSS_OK || h->expired(doc))
            return GLOSS_EDOC;
    }
    return GLOSS_OK;
}

GLOSS_PLUGIN(.name = "entities", .version = "1.0",
             .summary = "Finds names of people, organisations, places and others in English text",
             .provides = GLOSS_PROVIDES(
                 {GLOSS_ENTITIES, GLOSS_MANY,
                  "a name; label PER, ORG, LOC or MISC; score 0..1, how sure; attribute name, the "
                  "longest form of the same name in the document where that is longer"}),
             .options = GLOSS_OPTIONS(
                 {"model", GLOSS_FILE, "entities.model", "the model file"},
                 {"types", GLOSS_LIST, "PER,ORG,LOC,MISC", "the types to publish"},
                 {"min_score", GLOSS_NUM, "0", "names less sure than this are left out"}),
             .open = open, .close = close, .process = process);
