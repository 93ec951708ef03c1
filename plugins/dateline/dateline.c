/* SPDX-License-Identifier: Apache-2.0
 *
 * dateline - where, when and by which agency a story was filed, as its dateline
 * says it. The hard rule: what the text does not state is not written.
 */
#include "find.h"

#include <gloss/layers.h>
#include <gloss/plugin.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 160 };

struct self {
    struct gazetteer gazetteer;
    struct finder finder;
};

static int open_plugin(const struct gloss_host *h, void **self)
{
    struct self *s = calloc(1, sizeof *s);
    const char *why, *path = h->conf_str(h, "model");
    const void *data;
    size_t len;

    *self = s;
    if (!s) {
        h->log(h, GLOSS_ERROR, "no memory");
        return GLOSS_EFATAL;
    }
    data = h->map(h, path, &len);
    if (!data)
        return GLOSS_EFATAL;
    if (!gazetteer_open(&s->gazetteer, data, len, &why)) {
        h->log(h, GLOSS_ERROR, "%s: %s", path, why);
        return GLOSS_EFATAL;
    }
    s->finder.scan_bytes = (size_t)fmax(0, fmin(h->conf_num(h, "scan_bytes"), 1 << 20));
    s->finder.min_score = h->conf_num(h, "min_score");
    s->finder.wire.gazetteer = s->finder.wire.agencies.gazetteer =
        s->finder.wire.calendar.gazetteer = &s->gazetteer;
    s->finder.wire.agencies.extra = h->conf_list(h, "agencies", &s->finder.wire.agencies.n_extra);
    return GLOSS_OK;
}

static void close_plugin(const struct gloss_host *h, void *self)
{
    (void)h;
    free(self);
}

/* What a place of several names most likely is in, by who writes and in what language. */
static const char *likely_country(const struct gloss_host *h, const struct gloss_doc *doc,
                                  const char *agency)
{
    static const struct {
        const char *agency, *country;
    } home[] = {{"EFE", "ES"},          {"EFECOM", "ES"},
                {"Europa Press", "ES"}, {"Notimex", "MX"},
                {"Telam", "AR"},        {"ANSA", "IT"},
                {"Lusa", "PT"},         {"dpa", "DE"},
                {"PTI", "IN"},          {"IANS", "IN"},
                {"ANI", "IN"},          {"Xinhua", "CN"},
                {"TASS", "RU"},         {"Canadian Press", "CA"},
                {"AAP", "AU"},          {"Press Association", "GB"}};
    const struct gloss_annot *language;
    size_t n;

    for (size_t i = 0; i < sizeof home / sizeof *home; i++)
        if (strcmp(agency, home[i].agency) == 0)
            return home[i].country;
    language = h->layer(doc, GLOSS_LANGUAGE, &n);
    if (n == 0 || !language->label)
        return NULL;
    return strcmp(language->label, "es") == 0   ? "ES"
           : strcmp(language->label, "de") == 0 ? "DE"
           : strcmp(language->label, "fr") == 0 ? "FR"
           : strcmp(language->label, "it") == 0 ? "IT"
           : strcmp(language->label, "pt") == 0 ? "BR"
                                                : NULL;
}

/* Copies a phrase with each run of white space as one blank. */
static const char *words(const char *text, struct phrase p, char out[TEXT_MAX])
{
    size_t n = 0;

    for (uint32_t i = p.begin; i < p.end && n + 1 < TEXT_MAX; i++) {
        bool space = (unsigned char)text[i] <= ' ';

        if (!space)
            out[n++] = text[i];
        else if (n > 0 && out[n - 1] != ' ')
            out[n++] = ' ';
    }
    while (n > 0 && (((unsigned char)out[n - 1] & 0xC0) == 0x80) && p.end - p.begin >= TEXT_MAX)
        n--;
    out[n] = '\0';
    return out;
}

/* One annotation being written; the first error sticks. */
struct writer {
    const struct gloss_host *h;
    struct gloss_doc *doc;
    int32_t annot;
    int error;
};

static void write_str(struct writer *w, const char *key, const char *value)
{
    if (*value && w->error == GLOSS_OK)
        w->error = w->h->set_str(w->doc, GLOSS_DATELINE, w->annot, key, value);
}

static void write_num(struct writer *w, const char *key, double value)
{
    if (w->error == GLOSS_OK)
        w->error = w->h->set_num(w->doc, GLOSS_DATELINE, w->annot, key, value);
}

static void write_place(struct writer *w, const struct gazetteer *g, const char *text,
                        const struct dateline *d, const char *agency)
{
    char buffer[TEXT_MAX];
    struct place_fix fix;
    bool found =
        place_resolve(g, text, d->place, d->region, likely_country(w->h, w->doc, agency), &fix);

    write_str(w, GLOSS_PLACE, words(text, d->place, buffer));
    if (!fix.region_is_country)
        write_str(w, GLOSS_REGION, words(text, d->region, buffer));
    write_str(w, GLOSS_COUNTRY, fix.country);
    if (!found)
        return;
    write_num(w, GLOSS_LAT, round(fix.lat * 1e4) / 1e4);
    write_num(w, GLOSS_LON, round(fix.lon * 1e4) / 1e4);
}

static int write_dateline(const struct gloss_host *h, const struct self *s, struct gloss_doc *doc,
                          const char *text, const struct dateline *d)
{
    struct gloss_span span = {d->span.begin, d->span.end};
    struct writer w = {h, doc, h->annotate(doc, GLOSS_DATELINE, span, NULL, d->score), GLOSS_OK};
    char agency[TEXT_MAX], date[CALENDAR_TEXT];

    if (w.annot < 0)
        return GLOSS_EDOC;
    words(text, d->agency, agency);
    write_place(&w, &s->gazetteer, text, d, d->agency_name ? d->agency_name : agency);
    if (calendar_write(calendar_resolve(&s->finder.wire.calendar, d->day), date))
        write_str(&w, GLOSS_DATE, date);
    write_str(&w, GLOSS_SOURCE, d->agency_name ? d->agency_name : agency);
    return w.error == GLOSS_OK ? GLOSS_OK : GLOSS_EDOC;
}

static int process(const struct gloss_host *h, void *self, struct gloss_doc *doc)
{
    struct self *s = self;
    struct dateline d;
    size_t len;
    const char *text = h->text(doc, &len);

    s->finder.wire.calendar.published = calendar_iso(h->field(doc, "published"));
    if (!find_dateline(&s->finder, text, len, h->body(doc), &d))
        return GLOSS_SKIP;
    return write_dateline(h, s, doc, text, &d);
}

GLOSS_PLUGIN(.name = "dateline", .version = "1.1",
             .summary = "Finds where, when and by which agency a story was filed",
             .wants = GLOSS_LAYERS(GLOSS_LANGUAGE),
             .provides = GLOSS_PROVIDES(
                 {GLOSS_DATELINE, GLOSS_ONE,
                  "the line; score 0..1; place and region as they stand there, country (ISO 3166-1 "
                  "alpha-2), "
                  "lat, lon, date (ISO 8601, XXXX for a year not known), source (the agency)"}),
             .options = GLOSS_OPTIONS({"model", GLOSS_FILE, "places.model", "the gazetteer"},
                                      {"scan_bytes", GLOSS_NUM, "16384",
                                       "how much of the text is looked through, in bytes"},
                                      {"min_score", GLOSS_NUM, "0.5",
                                       "what scores less is not written"},
                                      {"agencies", GLOSS_LIST, "",
                                       "names of agencies to know beside the built-in ones"}),
             .open = open_plugin, .close = close_plugin, .process = process);
