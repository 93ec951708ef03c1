/* SPDX-License-Identifier: Apache-2.0
 *
 * pretty.c - what stands where when a document is shown to a person. Layers of
 * plugins it has never heard of are shown too. The hard rule of pretty.h holds.
 */
#include "cli/pretty.h"

#include "cli/cli.h"
#include "text/utf8.h"

#include <gloss/layers.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BOLD "1"
#define DIM  "2"
#define RED  "31"

struct kind {
    const char *label, *heading, *style;
};

static const struct kind kinds[] = {
    {GLOSS_PER, "persons", "1;34"},
    {GLOSS_ORG, "organisations", "1;35"},
    {GLOSS_LOC, "places", "1;32"},
    {GLOSS_MISC, "others", "1;36"},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static const struct kind *kind_of(const char *label)
{
    for (size_t i = 0; label && i < N_KINDS; i++)
        if (!strcmp(kinds[i].label, label))
            return &kinds[i];
    return NULL;
}

void pretty_init(struct pretty *p, FILE *to)
{
    struct winsize w;
    const char *none = getenv("NO_COLOR");

    setlocale(LC_CTYPE, "C.UTF-8");
    p->to = to;
    p->width = 80;
    p->lines = 24;
    p->colour = isatty(fileno(to)) && !(none && *none);
    if (!ioctl(fileno(to), TIOCGWINSZ, &w) && w.ws_col)
        p->width = w.ws_col > 100 ? 100 : w.ws_col < 30 ? 30 : w.ws_col;
}

void pretty_puts(const struct pretty *p, const char *style, const char *s)
{
    if (style && p->colour)
        fprintf(p->to, "\033[%sm", style);
    cli_put(p->to, s);
    if (style && p->colour)
        fputs("\033[0m", p->to);
}

static const char *string_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static const char *tone_style(const char *label)
{
    if (label && !strcmp(label, GLOSS_POSITIVE))
        return "32";
    return label && !strcmp(label, GLOSS_NEGATIVE) ? RED : DIM;
}

/* " . " between the parts of a line, none before the first. */
static void part(const struct pretty *p, bool *first, const char *style, const char *s)
{
    if (!*first)
        fputs(" \u00b7 ", p->to);
    *first = false;
    pretty_puts(p, style, s);
}

static void print_dateline(const struct pretty *p, bool *first, const json_t *dateline)
{
    static const char *const keys[] = {GLOSS_SOURCE, GLOSS_PLACE, GLOSS_COUNTRY, GLOSS_DATE};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (string_of(dateline, keys[i]))
            part(p, first, BOLD, string_of(dateline, keys[i]));
}

/* The line under the title: who says it, where, when, in what tone. */
static void print_head(const struct pretty *p, const json_t *doc, const json_t *gloss)
{
    const json_t *tone = json_object_get(gloss, GLOSS_SENTIMENT);
    const char *label = string_of(tone, "label");
    char text[64];
    bool first = true;

    fputs("  ", p->to);
    print_dateline(p, &first, json_object_get(gloss, GLOSS_DATELINE));
    if (label) {
        snprintf(text, sizeof text, "%s %+.2f", label,
                 json_number_value(json_object_get(tone, "score")));
        part(p, &first, tone_style(label), text);
    }
    if (string_of(json_object_get(gloss, GLOSS_LANGUAGE), "label"))
        part(p, &first, NULL, string_of(json_object_get(gloss, GLOSS_LANGUAGE), "label"));
    part(p, &first, DIM, string_of(doc, "id") ? string_of(doc, "id") : "-");
    fputc('\n', p->to);
}

static bool in_text(const json_t *annot)
{
    const char *field = string_of(annot, "field");

    return !field || !strcmp(field, "text");
}

/* A place in the text, moved forward only. */
struct cursor {
    const char *text;
    size_t n, byte, at; /* at: code points before byte */
};

static void move_to(struct cursor *c, size_t at)
{
    while (c->at < at && c->byte < c->n)
        utf8_next(c->text, c->n, &c->byte), c->at++;
}

/* Where offsets count in another unit than code points, marks would be askew:
 * then the span's own text is not what stands there, and nothing is marked. */
static bool matches(struct cursor *c, const json_t *annot, size_t start, size_t end)
{
    const char *own = string_of(annot, "text");
    size_t from;

    move_to(c, start);
    from = c->byte;
    move_to(c, end);
    return own && c->at == end && c->byte - from == strlen(own) &&
           !memcmp(c->text + from, own, c->byte - from);
}

static size_t collect_marks(const json_t *entities, const char *text, struct pretty_mark *marks)
{
    struct cursor c = {.text = text, .n = strlen(text)};
    size_t n = 0, i;
    json_t *annot;

    json_array_foreach(entities, i, annot)
    {
        size_t start = (size_t)json_number_value(json_object_get(annot, "start"));
        size_t end = (size_t)json_number_value(json_object_get(annot, "end"));
        const struct kind *kind = kind_of(string_of(annot, "label"));

        if (!kind || !in_text(annot) || start < c.at || !matches(&c, annot, start, end))
            continue;
        marks[n++] = (struct pretty_mark){start, end, kind->label, kind->style};
    }
    return n;
}

static void print_text(const struct pretty *p, const json_t *doc, const json_t *entities)
{
    const char *text = string_of(doc, "text");
    struct pretty_mark *marks = calloc(json_array_size(entities) + 1, sizeof *marks);

    if (text && marks) {
        fputc('\n', p->to);
        pretty_text(p, text, marks, collect_marks(entities, text, marks));
        fputc('\n', p->to);
    }
    free(marks);
}

enum { HEADING = 16 };

static void heading(const struct pretty *p, const char *s)
{
    fprintf(p->to, "  %-*s", HEADING - 2, s);
}

/* Items one after another, and under each other where the line is full. */
struct list {
    const struct pretty *p;
    const char *comma; /* behind each but the last */
    int indent, column;
    size_t n;
};

/* s, and what belongs to it in another style. */
static void put_item(struct list *l, const char *style, const char *s, const char *more_style,
                     const char *more)
{
    int comma = (int)strlen(l->comma), width = pretty_width(s) + pretty_width(more);

    if (l->n++) {
        bool fits = l->column + comma + 1 + width + comma <= l->p->width;

        fprintf(l->p->to, "%s%s%*s", l->comma, fits ? " " : "\n", fits ? 0 : l->indent, "");
        l->column = fits ? l->column + comma + 1 : l->indent;
    }
    pretty_puts(l->p, style, s);
    pretty_puts(l->p, more_style, more);
    l->column += width;
}

static void print_title(const struct pretty *p, const char *title)
{
    struct list words = {.p = p, .comma = ""};
    char *copy = strdup(title ? title : "(no title)"), *rest = copy, *word;

    while (copy && (word = strsep(&rest, " \t\r\n")))
        if (*word)
            put_item(&words, BOLD, word, NULL, "");
    fputc('\n', p->to);
    free(copy);
}

/* The names of one kind, each once with how often it came: a mention counts
 * for the longest form of its name. */
static void print_kind(const struct pretty *p, const json_t *entities, const struct kind *kind)
{
    struct list names = {p, ",", HEADING, HEADING, 0};
    json_t *counts = json_object(), *annot, *count;
    const char *name;
    size_t i;

    json_array_foreach(entities, i, annot)
    {
        const char *label = string_of(annot, "label");

        name =
            string_of(annot, GLOSS_NAME) ? string_of(annot, GLOSS_NAME) : string_of(annot, "text");
        if (name && label && !strcmp(label, kind->label))
            json_object_set_new(
                counts, name, json_integer(1 + json_integer_value(json_object_get(counts, name))));
    }
    if (json_object_size(counts))
        heading(p, kind->heading);
    json_object_foreach(counts, name, count)
    {
        char times[32] = "";

        if (json_integer_value(count) > 1)
            snprintf(times, sizeof times, " \u00d7%d", (int)json_integer_value(count));
        put_item(&names, kind->style, name, NULL, times);
    }
    fputs(json_object_size(counts) ? "\n" : "", p->to);
    json_decref(counts);
}

/* A bar a sentence: high and green where the tone is good, low and red where bad. */
static void print_tones(const struct pretty *p, const json_t *tones)
{
    static const char *const bars[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                       "\u2585", "\u2586", "\u2587", "\u2588"};
    json_t *tone;
    size_t i;

    if (!json_array_size(tones))
        return;
    heading(p, "tone");
    json_array_foreach(tones, i, tone)
    {
        double score = json_number_value(json_object_get(tone, "score"));
        int bar = (int)((score + 1) * 4);

        if ((int)i == (p->width < HEADING + 60 ? p->width - HEADING : 60))
            break;
        pretty_puts(p, tone_style(string_of(tone, "label")), bars[bar < 0 ? 0 : bar > 7 ? 7 : bar]);
    }
    fputc('\n', p->to);
}

/* A layer of a plugin that this file does not know. */
static void print_other(const struct pretty *p, const char *name, const json_t *layer)
{
    const json_t *one = json_is_array(layer) ? NULL : layer;
    size_t n = one ? 1 : json_array_size(layer), shown = n < 8 ? n : 8;
    struct list items = {p, ",", HEADING, HEADING, 0};

    heading(p, name);
    for (size_t i = 0; i < shown; i++) {
        const json_t *annot = one ? one : json_array_get(layer, i);
        const char *text = string_of(annot, "text"), *label = string_of(annot, "label");

        char more[64] = "";

        if (text && label && n <= 8)
            snprintf(more, sizeof more, " %s", label);
        put_item(&items, BOLD, text ? text : label ? label : "-", DIM, more);
    }
    fprintf(p->to, n > shown ? " and %zu more\n" : "\n", n - shown);
}

static bool is_known(const char *layer)
{
    static const char *const known[] = {
        GLOSS_LANGUAGE, GLOSS_SENTIMENT, GLOSS_TONES, GLOSS_DATELINE, GLOSS_ENTITIES,
        "run",          "log",           "seq",       "prev",         "received"};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(layer, known[i]))
            return true;
    return false;
}

static void print_errors(const struct pretty *p, const json_t *errors)
{
    json_t *error;
    size_t i;

    json_array_foreach(errors, i, error)
    {
        heading(p, "failed");
        pretty_puts(p, RED, string_of(error, "plugin") ? string_of(error, "plugin") : "?");
        fputs(": ", p->to);
        pretty_puts(p, NULL, string_of(error, "error") ? string_of(error, "error") : "?");
        fputc('\n', p->to);
    }
}

bool pretty_print(const struct pretty *p, const char *json, size_t n)
{
    json_t *doc = json_loadb(json, n, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL), *layer;
    const json_t *gloss = json_object_get(doc, "gloss");
    const json_t *entities = json_object_get(gloss, GLOSS_ENTITIES);
    const char *name;

    if (!doc)
        return false;
    fputs("\n", p->to);
    print_title(p, string_of(doc, "title"));
    print_head(p, doc, gloss);
    print_text(p, doc, entities);
    for (size_t i = 0; i < N_KINDS; i++)
        print_kind(p, entities, &kinds[i]);
    print_tones(p, json_object_get(gloss, GLOSS_TONES));
    json_object_foreach((json_t *)gloss, name, layer) if (!is_known(name))
        print_other(p, name, layer);
    print_errors(p, json_object_get(json_object_get(gloss, "run"), "errors"));
    json_decref(doc);
    return true;
}
