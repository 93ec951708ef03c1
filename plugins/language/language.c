/* SPDX-License-Identifier: Apache-2.0
 *
 * language - says in which language a document is written. The hard rule: there
 * is always an answer, and "und" is one.
 */
#include "model.h"

#include <ctype.h>
#include <gloss/layers.h>
#include <gloss/plugin.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A number as the option table wants it. */
#define QUOTE(x)  #x
#define NUMBER(x) QUOTE(x)

#define UNDETERMINED "und" /* ISO 639-2's code for it */

struct language {
    struct model model;
    struct model_sample sample;
    double min_score;
    bool trust_field, restricted;
    bool allowed[MODEL_CLASSES];
};

static int fail(const struct gloss_host *h, const char *option, const char *what)
{
    h->log(h, GLOSS_ERROR, "%s: %s", option, what);
    return GLOSS_EFATAL;
}

/* Allows a code; a language in two scripts has two classes. */
static bool allow(struct language *l, const char *code)
{
    bool known = false;

    for (uint32_t i = 0; i < l->model.head->classes; i++)
        if (strcmp(l->model.classes[i].code, code) == 0)
            known = l->allowed[i] = true;
    return known;
}

static int read_languages(const struct gloss_host *h, struct language *l)
{
    size_t n;
    const char *const *codes = h->conf_list(h, "languages", &n);

    l->restricted = n > 0;
    for (size_t i = 0; i < n; i++)
        if (!allow(l, codes[i])) {
            h->log(h, GLOSS_ERROR,
                   "languages: the model does not know \"%s\" (codes are those of ISO 639-1, "
                   "listed in the plugin's card)",
                   codes[i]);
            return GLOSS_EFATAL;
        }
    return GLOSS_OK;
}

static int read_numbers(const struct gloss_host *h, struct language *l)
{
    double windows = h->conf_num(h, "windows"), bytes = h->conf_num(h, "window_bytes");

    l->min_score = h->conf_num(h, "min_score");
    if (!(l->min_score >= 0 && l->min_score <= 1))
        return fail(h, "min_score", "must be from 0 to 1");
    if (!(windows >= 0 && windows <= 1000))
        return fail(h, "windows", "must be from 0 (the whole text) to 1000");
    if (!(bytes >= 32 && bytes <= 65536))
        return fail(h, "window_bytes", "must be from 32 to 65536");
    l->sample = (struct model_sample){(size_t)windows, (size_t)bytes};
    return GLOSS_OK;
}

static int open_language(const struct gloss_host *h, void **self)
{
    struct language *l = calloc(1, sizeof *l);
    const char *path = h->conf_str(h, "model"), *fault;
    const void *data;
    size_t len;

    *self = l;
    if (!l)
        return fail(h, "open", "no memory");
    data = h->map(h, path, &len);
    if (!data)
        return GLOSS_EFATAL; /* the reason has been logged */
    fault = model_open(&l->model, data, len);
    if (fault) {
        h->log(h, GLOSS_ERROR, "model: %s %s", path, fault);
        return GLOSS_EFATAL;
    }
    l->trust_field = h->conf_bool(h, "trust_field");
    if (read_numbers(h, l) != GLOSS_OK)
        return GLOSS_EFATAL;
    return read_languages(h, l);
}

static void close_language(const struct gloss_host *h, void *self)
{
    (void)h;
    free(self);
}

/* The class of a language tag: "pt", "pt-BR", "PT_br"; -1 where it is not known
 * or not allowed. */
static int class_of_tag(const struct language *l, const char *tag)
{
    char code[sizeof l->model.classes->code];
    size_t n = strcspn(tag, "-_");
    int class;

    if (n == 0 || n >= sizeof code)
        return -1;
    for (size_t i = 0; i < n; i++)
        code[i] = (char)tolower((unsigned char)tag[i]);
    code[n] = 0;
    class = model_class(&l->model, code);
    return class >= 0 && l->restricted && !l->allowed[class] ? -1 : class;
}

static int answer(const struct gloss_host *h, struct gloss_doc *doc, const char *label,
                  double score)
{
    return h->annotate(doc, GLOSS_LANGUAGE, GLOSS_WHOLE, label, score) < 0 ? GLOSS_EDOC : GLOSS_OK;
}

static int process(const struct gloss_host *h, void *self, struct gloss_doc *doc)
{
    const struct language *l = self;
    const char *tag = l->trust_field ? h->field(doc, "language") : NULL;
    int class = tag ? class_of_tag(l, tag) : -1;
    struct model_answer a;
    const char *text;
    size_t len;

    if (class >= 0)
        return answer(h, doc, l->model.classes[class].code, 1);
    text = h->text(doc, &len);
    a = model_ask(&l->model, text, len, l->sample, l->restricted ? l->allowed : NULL);
    if (a.best < 0)
        return answer(h, doc, UNDETERMINED, NAN);
    return answer(h, doc, a.p < l->min_score ? UNDETERMINED : l->model.classes[a.best].code, a.p);
}

GLOSS_PLUGIN(.name = "language", .version = "1.0",
             .summary = "Says in which language a document is",
             .provides =
                 GLOSS_PROVIDES({GLOSS_LANGUAGE, GLOSS_ONE,
                                 "whole document; label: ISO 639-1 code, or und where there are "
                                 "no letters or the score is below min_score; score: probability "
                                 "that the label is right"}),
             .options = GLOSS_OPTIONS(
                 {"model", GLOSS_FILE, "language.model", "the model; make model-language makes it"},
                 {"languages", GLOSS_LIST, "", "answer only with these codes; empty: all"},
                 {"min_score", GLOSS_NUM, "0", "below this probability the answer is und"},
                 {"windows", GLOSS_NUM, NUMBER(MODEL_WINDOWS),
                  "of a longer text read this many pieces, spread evenly; 0: all of it"},
                 {"window_bytes", GLOSS_NUM, NUMBER(MODEL_WINDOW_BYTES), "bytes of such a piece"},
                 {"trust_field", GLOSS_BOOL, "false",
                  "take the document's own \"language\" field where the model knows it"}),
             .open = open_language, .close = close_language, .process = process);
