/* SPDX-License-Identifier: Apache-2.0
 *
 * judge.c - weighs the evidence. The hard rule: a name alone scores 0.
 */
#include "judge.h"

enum {
    LOOK = 200,   /* bytes of the story's beginning */
    STORY = 70,   /* bytes that no title has */
    SENTENCE = 20 /* nor one that ends with a full stop */
};

static bool is_small(char c)
{
    return c >= 'a' && c <= 'z';
}

/* Of a word, apostrophes and all scripts' letters among them. */
static bool is_letter(char c)
{
    return is_small(c) || (c >= 'A' && c <= 'Z') || (c & 0x80) || c == '\'';
}

/* White space, and the marks of ASCII, dashes and quotation marks of others. */
static bool is_mark(const char *s)
{
    unsigned char c = (unsigned char)*s;

    return c < '0' || (c > '9' && c < 'A') || (c > 'Z' && c < 'a') || (c == 0xE2 && s[1] == '\x80');
}

/* Whether the paragraph goes on behind the line's end at a byte: text that was wrapped. */
static bool goes_on(const struct head *h, size_t at)
{
    do
        at++;
    while (at < h->len && (h->text[at] == ' ' || h->text[at] == '\t'));
    return at < h->len && is_small(h->text[at]);
}

/* What judge_rest counts: bytes of small letters and of other scripts, words, and
 * those of them that begin small. */
struct counts {
    size_t small, wide, words, small_words;
};

static void count(struct counts *n, char before, char c)
{
    bool begins = is_letter(c) && !is_letter(before) && !(c & 0x80);

    n->small += is_small(c);
    n->wide += (c & 0x80) != 0;
    n->words += begins;
    n->small_words += begins && is_small(c);
}

struct rest judge_rest(const struct head *h, size_t at)
{
    const char *text = h->text;
    struct rest r = {.bytes = 0};
    struct counts n = {0};
    unsigned lines = 0;
    char last = ' ';
    bool capital;

    while (at < h->len && is_mark(text + at))
        at += (unsigned char)text[at] == 0xE2 ? 3 : 1;
    if (at >= h->len)
        return r;
    capital = !is_small(text[at]);
    for (; at < h->len && r.bytes < LOOK && (text[at] != '\n' || goes_on(h, at)); at++, r.bytes++) {
        count(&n, r.bytes > 0 ? text[at - 1] : ' ', text[at]);
        last = (unsigned char)text[at] > ' ' ? text[at] : last;
    }
    for (; at < h->len && (unsigned char)text[at] <= ' '; at++)
        lines += text[at] == '\n';
    r.last = at >= h->len;
    r.stops = last == '.' && r.bytes < LOOK;
    r.heading = !r.last && lines > 1 && (is_letter(last) || (last >= '0' && last <= '9'));
    r.foreign = n.wide * 2 > r.bytes;
    r.sentence = capital && n.small * 2 > r.bytes;
    r.prose = r.sentence && (n.small_words * 4 >= n.words || n.words < 2);
    return r;
}

/* A place in capitals and a separator, nothing else. */
static double judge_capitals(unsigned e, const struct rest *r, bool region, bool known)
{
    bool dash = e & (SEP | SEP_STRONG);
    bool story = r->prose && (r->bytes >= STORY || (r->stops && r->bytes >= SENTENCE));

    if (region)
        return r->prose ? 0.9 : e & (TOWN_KNOWN | LAND_KNOWN) ? 0.6 : 0;
    if (story)
        return dash || known ? 0.8 : 0;
    return dash && (r->prose || r->last) && (known || e & SEP_STRONG) ? 0.6 : 0;
}

/* A place and a separator, nothing else: so the story must bear it out. */
static double judge_bare(unsigned e, const struct dateline *d, const struct head *h, size_t at)
{
    bool region = e & REGION_KNOWN && d->region.end > 0;
    bool sep = e & (SEP | SEP_STRONG | SEP_COLON);
    struct rest r;

    if (e & (SMALL | NOWHERE) || !(e & (TOWN_KNOWN | LAND_KNOWN) || (region && e & CAPITALS)))
        return 0;
    r = judge_rest(h, at);
    if (!r.sentence || (r.bytes < STORY && r.heading) || (r.bytes < 12 && !r.last))
        return 0;
    if (!sep)
        return e & CAPITALS && e & TOWN_KNOWN && h->credit && !(e & LINE_ENDS) ? 0.6 : 0;
    if (e & CAPITALS)
        return judge_capitals(e, &r, region, e & (TOWN_BIG | LAND_KNOWN));
    if (!r.prose || e & BRACKETED)
        return 0;
    if (r.bytes < STORY)
        return r.last && e & SEP_STRONG && (region || e & TOWN_BIG) ? 0.5 : 0;
    return region ? 0.7 : e & TOWN_BIG || (e & LAND_KNOWN && e & SEP_COLON) ? 0.6 : 0;
}

/* An agency that is not known, so its looks count, and the story. */
static double judge_unknown(unsigned e, const struct rest *r)
{
    bool known = e & (TOWN_KNOWN | REGION_KNOWN);

    if (!(r->sentence || r->foreign))
        return 0;
    if (!(e & (SEP | SEP_STRONG | SEP_COLON)))
        return !(e & CAPITALS && e & TOWN_KNOWN) || e & LINE_ENDS ? 0
               : e & AGENCY_SERVICE                               ? 0.7
               : e & AGENCY_SIGN                                  ? 0.6
                                                                  : 0;
    if (e & AGENCY_SERVICE)
        return known ? 0.8 : e & CAPITALS && e & SEP_STRONG ? 0.6 : 0;
    if (!known)
        return 0;
    if (e & AGENCY_SIGN)
        return e & (CAPITALS | REGION_KNOWN) ? 0.8 : 0.6;
    return e & (CAPITALS | AGENCY_FAINT) ? 0.6 : 0;
}

static double judge_agency(unsigned e, const struct rest *r)
{
    bool place = e & (CAPITALS | TOWN_KNOWN | LAND_KNOWN | NOWHERE | REGION_KNOWN);
    bool sep = e & (SEP | SEP_STRONG | SEP_COLON);

    if (!(e & AGENCY_KNOWN))
        return judge_unknown(e, r);
    if (e & (AGENCY_BARE | LEADS))
        return place && (sep || e & LINE_ENDS) ? e & AGENCY_FAINT ? 0.75 : 0.85 : 0;
    if (e & AGENCY_FAINT && !(e & HAS_DATE)) /* the name means other things, too */
        return !place || !(sep || e & CAPITALS) ? 0 : e & (CAPITALS | REGION_KNOWN) ? 0.9 : 0.8;
    return place ? 0.97 : sep ? 0.85 : 0;
}

/* "3 May 2022, GENEVA –" */
static double judge_lead_date(unsigned e, const struct dateline *d, const struct rest *r)
{
    if (!(e & (TOWN_KNOWN | LAND_KNOWN | REGION_KNOWN)) || !r->sentence)
        return 0;
    if (e & CAPITALS)
        return e & (SEP | SEP_STRONG | SEP_COLON) ? 0.85 : 0;
    return e & (SEP | SEP_STRONG) && d->day.year != 0 && r->prose && r->bytes >= STORY ? 0.7 : 0;
}

static double judge_date(unsigned e, const struct dateline *d, const struct rest *r)
{
    bool known = e & (TOWN_KNOWN | LAND_KNOWN | REGION_KNOWN);

    if (e & SMALL && !known)
        return 0;
    if (e & (SEP | SEP_STRONG | SEP_COLON))
        return known || e & (CAPITALS | NOWHERE) ? 0.95 : d->place.end ? 0.7 : 0;
    if (!(e & LINE_ENDS) && e & TOWN_KNOWN) { /* "MIAMI, Nov. 16 The flow" */
        if (e & HAS_AGENCY && !(e & AGENCY_KNOWN))
            return r->sentence ? 0.75 : 0;
        return e & CAPITALS && r->sentence ? 0.7 : 0;
    }
    if (!(e & LINE_ENDS) || !(known || e & (CAPITALS | NOWHERE)))
        return 0;
    return e & CAPITALS || d->day.year != 0 || d->region.end > 0 ? 0.85 : 0; /* "Pay 1 May" */
}

double judge(unsigned e, const struct dateline *d, const struct head *h, size_t at)
{
    double score = 0;
    struct rest r;

    if (!(e & (HAS_DATE | HAS_AGENCY)))
        return judge_bare(e, d, h, at);
    r = judge_rest(h, at);
    if (e & HAS_DATE)
        score = e & DATE_LEADS ? judge_lead_date(e, d, &r) : judge_date(e, d, &r);
    if (e & DOUBTFUL)
        score = score >= 0.95 ? 0.7 : 0; /* only with a separator */
    if (e & HAS_AGENCY) {
        double by_agency = judge_agency(e, &r);

        score = score > by_agency ? score : by_agency;
        if (score > 0 && e & HAS_DATE && e & AGENCY_KNOWN)
            score = 0.99;
    }
    return score;
}
