/* SPDX-License-Identifier: Apache-2.0
 *
 * judge.c - weighs the evidence. The hard rule: a name alone scores 0.
 */
#include "judge.h"

enum { LOOK = 200 }; /* bytes of the story's beginning */

static bool is_small(char c)
{
    return c >= 'a' && c <= 'z';
}

/* White space, and the marks of ASCII, dashes and quotation marks of others. */
static bool is_mark(const char *s)
{
    unsigned char c = (unsigned char)*s;

    return c < '0' || (c > '9' && c < 'A') || (c > 'Z' && c < 'a') || (c == 0xE2 && s[1] == '\x80');
}

struct rest judge_rest(const struct head *h, size_t at)
{
    const char *text = h->text;
    struct rest r = {false, false, 0};
    size_t small = 0;
    bool capital;

    while (at < h->len && is_mark(text + at))
        at += (unsigned char)text[at] == 0xE2 ? 3 : 1;
    if (at >= h->len)
        return r;
    capital = !is_small(text[at]);
    for (; at < h->len && r.bytes < LOOK && text[at] != '\n'; at++, r.bytes++)
        small += is_small(text[at]);
    while (at < h->len && (unsigned char)text[at] <= ' ')
        at++;
    r.last = at >= h->len;
    r.sentence = capital && small * 2 > r.bytes;
    return r;
}

/* A place and a separator, nothing else. */
static double judge_bare(unsigned e, const struct dateline *d, const struct head *h, size_t at)
{
    bool region = e & REGION_KNOWN && d->region.end > 0;
    bool dash = e & (SEP | SEP_STRONG);
    struct rest r;

    if (e & (SMALL | NOWHERE) || !(e & (TOWN_KNOWN | LAND_KNOWN) || (region && e & CAPITALS)))
        return 0;
    r = judge_rest(h, at);
    if (!r.sentence || (r.bytes < 12 && !r.last))
        return 0;
    if (!(dash || e & SEP_COLON))
        return e & CAPITALS && e & TOWN_KNOWN && h->credit && !(e & LINE_ENDS) ? 0.6 : 0;
    if (e & CAPITALS)
        return region ? 0.9 : dash || e & (TOWN_BIG | LAND_KNOWN) ? 0.8 : 0;
    if ((r.bytes < 70 && !r.last) || e & BRACKETED)
        return 0;
    return region ? 0.7 : e & TOWN_BIG || (e & LAND_KNOWN && e & SEP_COLON) ? 0.6 : 0;
}

static double judge_agency(unsigned e)
{
    bool place = e & (CAPITALS | TOWN_KNOWN | LAND_KNOWN | NOWHERE | REGION_KNOWN);
    bool sep = e & (SEP | SEP_STRONG | SEP_COLON);

    if (e & AGENCY_KNOWN && !(e & (AGENCY_BARE | LEADS)))
        return place ? 0.97 : sep ? 0.85 : 0;
    if (e & AGENCY_KNOWN)
        return place && (sep || e & LINE_ENDS) ? 0.85 : 0;
    if (!sep)
        return e & CALL_SIGN && e & CAPITALS && e & TOWN_KNOWN && !(e & LINE_ENDS) ? 0.7 : 0;
    return e & (TOWN_KNOWN | REGION_KNOWN) || (e & CAPITALS && e & SEP_STRONG) ? 0.8 : 0;
}

static double judge_date(unsigned e, const struct dateline *d, const struct head *h, size_t at)
{
    bool known = e & (TOWN_KNOWN | LAND_KNOWN | REGION_KNOWN);

    if (e & SMALL && !known)
        return 0;
    if (e & (SEP | SEP_STRONG | SEP_COLON))
        return known || e & (CAPITALS | NOWHERE) ? 0.95 : d->place.end ? 0.7 : 0;
    if (!(e & LINE_ENDS) && e & CAPITALS && e & TOWN_KNOWN) /* "MIAMI, Nov. 16 The flow" */
        return judge_rest(h, at).sentence ? 0.7 : 0;
    if (!(e & LINE_ENDS) || !(known || e & (CAPITALS | NOWHERE)))
        return 0;
    return e & CAPITALS || d->day.year != 0 || d->region.end > 0 ? 0.85 : 0; /* "Pay 1 May" */
}

double judge(unsigned e, const struct dateline *d, const struct head *h, size_t at)
{
    double score = 0;

    if (e & HAS_DATE)
        score = judge_date(e, d, h, at);
    if (e & HAS_AGENCY) {
        double by_agency = judge_agency(e);

        score = score > by_agency ? score : by_agency;
        if (score > 0 && e & HAS_DATE && e & AGENCY_KNOWN)
            score = 0.99;
    }
    return e & (HAS_DATE | HAS_AGENCY) ? score : judge_bare(e, d, h, at);
}
