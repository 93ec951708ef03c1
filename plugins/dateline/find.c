/* SPDX-License-Identifier: Apache-2.0
 *
 * find.c - goes through the lines. A dateline at a line's head beats all; what it
 * does not state (the date, the agency) is taken from the best line of the page's
 * furniture above it. The hard rule: a date that nothing bears out but its standing
 * alone at the very top is when the page was fetched, not when it was written.
 */
#include "find.h"

#include <stdlib.h>
#include <string.h>

enum {
    LINE_SHORT = 200, /* a longer line is a paragraph of the story */
    SENTENCE = 60,    /* so is one of this length that ends like a sentence */
    WRAPPED = 45,     /* or that goes on in the next line */
    UNDER_WAY = 6,    /* paragraphs, long ones counted twice, that tell the story has begun */
    HEAD_BYTES = 240, /* a dateline is no longer */
    NEAR_LINES = 2,
    FIRST_LINES = 12, /* below, a copyright is the page's */
    LABEL_LINE = 4,   /* pieces of a line that is but a label */
};

/* What the words of a line say about the date in it. */
enum label {
    PUBLISHED = 1,
    UPDATED = 2,
    BYLINE = 4,
    CLOCK = 8,
    CAPTION = 16, /* a caption, a copyright: not about the story */
    CREDIT = 32,  /* by whom, from which service */
};

struct label_word {
    const char *word; /* folded */
    int label;
};

/* Sorted by bytes. */
static const struct label_word label_words[] = {
    {"a.m", CLOCK},
    {"actualizado", UPDATED},
    {"aggiornato", UPDATED},
    {"aktualisiert", UPDATED},
    {"aktualizacja", UPDATED},
    {"aktualizovano", UPDATED},
    {"am", CLOCK},
    {"archiv", CAPTION},
    {"archivbild", CAPTION},
    {"archivfoto", CAPTION},
    {"atualizado", UPDATED},
    {"av", BYLINE},
    {"bijgewerkt", UPDATED},
    {"born", CAPTION},
    {"by", BYLINE},
    {"created", PUBLISHED},
    {"date", PUBLISHED},
    {"dated", PUBLISHED},
    {"datum", PUBLISHED},
    {"door", BYLINE},
    {"erstellt", PUBLISHED},
    {"expires", CAPTION},
    {"filed", PUBLISHED},
    {"foto", CAPTION},
    {"gepubliceerd", PUBLISHED},
    {"geschrieben", PUBLISHED},
    {"getty", CAPTION},
    {"image", CAPTION},
    {"julkaistu", PUBLISHED},
    {"modified", UPDATED},
    {"oppdatert", UPDATED},
    {"opublikowano", PUBLISHED},
    {"p.m", CLOCK},
    {"par", BYLINE},
    {"photo", CAPTION},
    {"photograph", CAPTION},
    {"picture", CAPTION},
    {"pm", CLOCK},
    {"por", BYLINE},
    {"posted", PUBLISHED},
    {"pubblicata", PUBLISHED},
    {"pubblicato", PUBLISHED},
    {"publicada", PUBLISHED},
    {"publicado", PUBLISHED},
    {"publicerad", PUBLISHED},
    {"publiceret", PUBLISHED},
    {"publie", PUBLISHED},
    {"publiee", PUBLISHED},
    {"publikacja", PUBLISHED},
    {"publikovano", PUBLISHED},
    {"publisert", PUBLISHED},
    {"published", PUBLISHED},
    {"publiziert", PUBLISHED},
    {"release", PUBLISHED},
    {"rights", CAPTION},
    {"stand", UPDATED},
    {"symbolbild", CAPTION},
    {"uhr", CLOCK},
    {"updated", UPDATED},
    {"uppdaterad", UPDATED},
    {"veroffentlicht", PUBLISHED},
    {"von", BYLINE},
    {"опубликовано", PUBLISHED},
};

/* One pass over a document. */
struct pass {
    const struct finder *f;
    const char *text;
    size_t len;
    struct lex x; /* the line at hand */
    size_t begin, end;
    unsigned line;    /* number among those that are not blank */
    unsigned stories; /* paragraphs seen; see UNDER_WAY */
    unsigned labels;  /* of the line before, where it had nothing else */
    bool headline;    /* the line before may be the title, or a byline */
    bool credited;    /* a byline, a copyright or such came before */
    unsigned best_line, wire_line;
    struct dateline wire, best; /* at a line's head; of the furniture */
    struct phrase agency;       /* of a line without a date */
    const char *agency_name;
    double agency_score;
    unsigned agency_line;
};

static int by_word(const void *word, const void *entry)
{
    return strcmp(word, ((const struct label_word *)entry)->word);
}

static int label_of(const struct pass *p, size_t i)
{
    const struct lex_piece *w = &p->x.piece[i];
    char word[GAZETTEER_NAME_MAX + 1];
    const struct label_word *found;

    if (w->kind != LEX_WORD || w->end - w->begin > 24)
        return 0;
    if (gazetteer_fold(p->f->wire.gazetteer, p->text + w->begin, w->end - w->begin, word) == 0)
        return 0;
    found = bsearch(word, label_words, sizeof label_words / sizeof *label_words,
                    sizeof *label_words, by_word);
    return !found || (found->label & BYLINE && i > 0 && w[1].shape != LEX_TITLE) ? 0 : found->label;
}

/* 10:30, 16.58, 15h47 at piece i. */
static bool is_clock(const struct lex *x, size_t i)
{
    const struct lex_piece *p = &x->piece[i];
    int hour = lex_number(x, i), minute = i + 2 <= x->n ? lex_number(x, i + 2) : -1;

    return hour >= 0 && hour < 25 && minute >= 0 && minute < 60 && p[2].end - p[2].begin == 2 &&
           (p[1].kind == LEX_COLON || p[1].kind == LEX_DOT || lex_is(x, i + 1, "h")) &&
           p[0].end == p[1].begin && p[1].end == p[2].begin;
}

/* "c.1996 Houston Chronicle" */
static bool is_credit(const struct pass *p)
{
    const char *line = p->text + p->begin;

    return p->end - p->begin > 5 && line[0] == 'c' && line[1] == '.' &&
           (line[2] == '1' || line[2] == '2');
}

static bool is_copyright(const struct pass *p)
{
    const char *line = p->text + p->begin;
    size_t n = p->end - p->begin;

    return is_credit(p) || memmem(line, n, "\xC2\xA9", 2) || memmem(line, n, "(c)", 3) ||
           memmem(line, n, "opyright", 8);
}

/* A name that stands apart: at the line's head, or behind a mark or "by". */
static bool stands_apart(const struct pass *p, size_t i)
{
    static const char *const words[] = {"by", "von", "source", "quelle", "fuente", "via", "with"};
    const struct lex_piece *before = &p->x.piece[i - (i > 0)];

    if (i == 0)
        return true;
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (lex_is(&p->x, i - 1, words[k]))
            return true;
    return before->kind != LEX_WORD && before->kind != LEX_DOT;
}

/* An agency on the line, standing apart on both sides. */
static bool find_agency(const struct pass *p, struct phrase *out, const char **name)
{
    const struct agencies *a = &p->f->wire.agencies;

    for (size_t i = 0; i < p->x.n; i++) {
        const struct lex_piece *w = &p->x.piece[i];

        if (w->kind != LEX_WORD || w->shape == LEX_LOWER || !stands_apart(p, i))
            continue;
        for (size_t n = 5; n > 0; n--) {
            const struct lex_piece *last = &w[n - 1];

            if (i + n > p->x.n || last->kind != LEX_WORD)
                continue;
            if (last[1].kind == LEX_WORD && !lex_is(&p->x, i + n, "writer") &&
                !lex_is(&p->x, i + n, "staff"))
                continue;
            if (agency_find(a, p->text + w->begin, last->end - w->begin, name) == AGENCY_SURE) {
                *out = (struct phrase){w->begin, last->end};
                return true;
            }
        }
    }
    return false;
}

/* ---- dates of the furniture */

/* A date found on the line, and the words before it. */
struct dated {
    struct day day;
    size_t piece, pieces;
    int labels;
};

/* Whether a date can begin here at all: saves reading most words. */
static bool may_be_date(const struct lex *x, size_t i)
{
    const struct lex_piece *p = &x->piece[i];

    if (p->kind == LEX_NUMBER)
        return p[1].kind != LEX_END;
    return p->kind == LEX_WORD &&
           (p[1].kind == LEX_NUMBER || p[1].kind == LEX_COMMA || p[1].kind == LEX_DOT);
}

static bool has_number(const struct lex *x)
{
    for (size_t i = 0; i < x->n; i++)
        if (x->piece[i].kind == LEX_NUMBER)
            return true;
    return false;
}

/* The date that is labelled best, else the first. Labels of the whole line are
 * added to *all. */
static struct dated find_date(const struct pass *p, int *all)
{
    struct dated best = {DAY_NONE, 0, 0, 0};
    size_t n_read = has_number(&p->x) || p->x.n <= LABEL_LINE ? p->x.n : 1;
    int labels = 0;

    for (size_t i = 0; i < n_read; i++) {
        struct day d;
        size_t n = may_be_date(&p->x, i) ? calendar_read(&p->f->wire.calendar, &p->x, i, &d) : 0;

        if (n > 0 && d.month > 0) {
            if (best.pieces == 0 || (labels & PUBLISHED && !(best.labels & PUBLISHED)))
                best = (struct dated){d, i, n, labels};
            i += n - 1;
            labels = 0;
            continue;
        }
        if (is_clock(&p->x, i)) {
            *all |= CLOCK;
            continue;
        }
        labels |= label_of(p, i);
        *all |= labels;
    }
    return best;
}

/* What of the line is neither date nor label. */
static size_t other_words(const struct pass *p, const struct dated *date)
{
    size_t n = 0;

    for (size_t i = 0; i < p->x.n; i++)
        n += p->x.piece[i].kind == LEX_WORD && (i < date->piece || i >= date->piece + date->pieces);
    return n;
}

static double weigh_published(const struct pass *p, struct day d)
{
    struct day published = p->f->wire.calendar.published;
    long days;

    if (d.year == 0)
        return -0.3;
    if (published.year == 0)
        return 0;
    days = calendar_between(d, published);
    return days < -2 ? -1 : days <= 2 ? 0.15 : days > 60 ? -0.3 : 0;
}

static double weigh_date(const struct pass *p, const struct dated *date, int labels, bool agency)
{
    double w = 0.3 + weigh_published(p, date->day);
    bool labelled = labels & (PUBLISHED | UPDATED | BYLINE) || agency;

    if (labels & CAPTION || (!labelled && other_words(p, date) > (labels & CLOCK ? 5 : 2)) ||
        other_words(p, date) > 16)
        return 0;
    if (agency)
        w += 0.45;
    if (labels & PUBLISHED)
        w += 0.4;
    else if (labels & UPDATED)
        w += 0.22;
    if (labels & CLOCK)
        w += 0.2;
    if (labels & BYLINE)
        w += 0.25;
    if (date->day.weekday >= 0)
        w += 0.05;
    if (p->headline)
        w += 0.2;
    if (p->line == 0 || (p->stories >= UNDER_WAY && !labelled && !(labels & CLOCK)))
        w -= 0.15;
    return w > 0.95 ? 0.95 : w;
}

/* The date, with the agency where both are on the line. */
static struct phrase span_of(const struct pass *p, const struct dated *date, struct phrase agency)
{
    struct phrase span = {p->x.piece[date->piece].begin,
                          p->x.piece[date->piece + date->pieces - 1].end};

    if (agency.end > agency.begin && agency.begin < span.begin)
        span.begin = agency.begin;
    if (agency.end > span.end)
        span.end = agency.end;
    return span;
}

static void note_agency(struct pass *p, struct phrase agency, const char *name, double score)
{
    if (score <= p->agency_score)
        return;
    p->agency = agency;
    p->agency_name = name;
    p->agency_score = score;
    p->agency_line = p->line;
}

/* A short line: a date, an agency, a byline, a title. */
static void read_furniture(struct pass *p)
{
    int labels = (int)p->labels;
    bool agency;
    struct phrase name = {0, 0};
    const char *canonical = NULL;
    struct dated date;
    double w;

    p->labels = 0;
    date = find_date(p, &labels);
    agency = !(labels & CAPTION) && find_agency(p, &name, &canonical);
    if ((agency || date.pieces > 0) && memmem(p->text + p->begin, p->end - p->begin, "http", 4))
        return;
    if (is_credit(p) || ((agency || date.pieces > 0) && is_copyright(p))) {
        p->credited = true;
        if (agency && p->line < FIRST_LINES)
            note_agency(p, name, canonical, 0.5);
        return;
    }
    if (labels & BYLINE)
        p->credited = true;
    if (agency)
        note_agency(p, name, canonical, labels & BYLINE ? 0.6 : 0.4);
    if (date.pieces == 0) {
        p->labels = p->x.n <= LABEL_LINE ? (unsigned)labels & (PUBLISHED | UPDATED | BYLINE) : 0;
        return;
    }
    w = weigh_date(p, &date, labels, agency);
    if (w <= p->best.score)
        return;
    p->best = (struct dateline){.span = span_of(p, &date, name),
                                .agency = name,
                                .agency_name = canonical,
                                .day = date.day,
                                .score = w};
    p->best_line = p->line;
}

/* ---- lines */

/* How far the head of a line reaches: over the line's end where it can go on there. */
static size_t head_end(const struct pass *p)
{
    size_t last = p->end, end;

    while (last > p->begin && (unsigned char)p->text[last - 1] <= ' ')
        last--;
    if (p->end - p->begin < 40 && last > p->begin && p->text[last - 1] != ',' &&
        p->text[last - 1] != '-' && p->text[last - 1] != '_' &&
        (unsigned char)p->text[last - 1] < 0x80)
        return p->end;
    end = p->begin + HEAD_BYTES < p->len ? p->begin + HEAD_BYTES : p->len;
    while (end < p->len && ((unsigned char)p->text[end] & 0xC0) == 0x80)
        end--;
    return end;
}

/* The dateline at the line's head. true where it settles the matter. */
static bool read_head(struct pass *p)
{
    struct head h = {p->text, p->begin, head_end(p), p->len, p->credited};
    struct dateline d;

    if (!wire_read(&p->f->wire, &h, &d))
        return false;
    if (d.place.end == 0 && d.score < 0.95) { /* an agency: the place may follow */
        if (d.day.month == 0)
            note_agency(p, d.agency, d.agency_name, d.score);
        else if (d.score > p->best.score) {
            p->best = d;
            p->best_line = p->line;
        }
        return false;
    }
    if (d.score > p->wire.score) {
        p->wire = d;
        p->wire_line = p->line;
    }
    return d.score >= 0.75 || p->end - p->begin > LINE_SHORT;
}

static bool is_prose(const struct pass *p)
{
    size_t n = p->end - p->begin, next = p->end + 1;
    char last = p->text[p->end - (n > 1 && p->text[p->end - 1] == '\r' ? 2 : 1)];

    if (n > LINE_SHORT)
        return true;
    if (n >= SENTENCE && (last == '.' || last == '"' || last == '?' || last == '\x9D'))
        return true;
    while (next < p->len && p->text[next] == ' ')
        next++;
    return n >= WRAPPED && next < p->len && p->text[next] >= 'a' && p->text[next] <= 'z';
}

static void read_line(struct pass *p)
{
    if (is_prose(p)) {
        p->stories += p->end - p->begin > LINE_SHORT ? 2 : 1;
        p->headline = false;
        p->labels = 0;
        return;
    }
    lex_cut(&p->x, p->text, p->begin, p->end, LEX_MAX, true);
    if (p->x.n == 0)
        return;
    read_furniture(p);
    p->headline = p->end - p->begin > 20 && p->x.n > 3;
}

static bool next_line(struct pass *p, size_t limit)
{
    const char *newline;

    while (p->begin < limit && (unsigned char)p->text[p->begin] <= ' ')
        p->begin++;
    if (p->begin >= limit)
        return false;
    newline = memchr(p->text + p->begin, '\n', p->len - p->begin);
    p->end = newline ? (size_t)(newline - p->text) : p->len;
    return true;
}

/* Whether an agency's name standing alone belongs to the story: near its dateline
 * or its date. */
static bool agency_near(const struct pass *p, bool dated)
{
    unsigned at = p->wire.score > 0 ? p->wire_line : p->best_line;

    return p->agency_score > 0 && (p->wire.score > 0 || dated) &&
           p->agency_line + NEAR_LINES >= at && at + NEAR_LINES >= p->agency_line;
}

/* What the dateline leaves open, from the furniture. */
static void complete(const struct pass *p, struct dateline *d)
{
    bool dated = p->best.score >= 0.5 && p->best.day.month > 0;

    if (d->day.month == 0 && d->day.weekday < 0 && dated)
        d->day = p->best.day;
    if (d->day.year == 0 && dated && p->best.day.year != 0) {
        struct calendar anchor = {.published = p->best.day};

        d->day = calendar_resolve(&anchor, d->day);
    }
    if (d->agency.end > 0)
        return;
    if (p->best.agency.end > 0 && p->best.score >= 0.5) {
        d->agency = p->best.agency;
        d->agency_name = p->best.agency_name;
    } else if (p->agency_score >= 0.5 || agency_near(p, dated)) {
        d->agency = p->agency;
        d->agency_name = p->agency_name;
    }
}

static bool settle(const struct pass *p, struct dateline *d)
{
    *d = p->wire;
    if (d->score < p->f->min_score) {
        *d = p->best;
        if (d->score < p->f->min_score && p->agency_score > d->score)
            *d = (struct dateline){.span = p->agency, .day = DAY_NONE, .score = p->agency_score};
    }
    complete(p, d);
    return d->score >= p->f->min_score && d->span.end > d->span.begin;
}

bool find_dateline(const struct finder *f, const char *text, size_t len, size_t body,
                   struct dateline *d)
{
    size_t limit = len - body > f->scan_bytes ? body + f->scan_bytes : len;
    struct pass p = {.f = f, .text = text, .len = len, .begin = body};

    p.wire.day = p.best.day = DAY_NONE;
    for (; next_line(&p, limit); p.begin = p.end, p.line++) {
        if (p.stories < UNDER_WAY && read_head(&p))
            break;
        read_line(&p);
    }
    return settle(&p, d);
}
