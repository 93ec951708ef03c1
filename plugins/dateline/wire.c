/* SPDX-License-Identifier: Apache-2.0
 *
 * wire.c - the grammar. Each read_* function takes what it knows at s->at and moves
 * on, or leaves s as it was. The hard rule: the grammar only collects evidence;
 * judge() alone decides.
 */
#include "wire.h"

#include "judge.h"
#include "source.h"

#include <string.h>

enum {
    PHRASE_WORDS = 9,
    FIRST_LOOK = 10,  /* pieces that tell most prose */
    CODE_LETTERS = 3, /* of airports */
};

/* ---- dates */

/* Whether a date with a day can begin at i: saves reading most words. */
static bool number_near(const struct parse *s, size_t i)
{
    return kind(s, i) == LEX_NUMBER || kind(s, i + 1) == LEX_NUMBER || kind(s, i + 2) == LEX_NUMBER;
}

/* A date at i that is more than a weekday, or a weekday with a mark behind it. One
 * that is in no calendar is one, too, but leaves the day open. */
static size_t date_at(const struct parse *s, size_t i, struct day *d)
{
    size_t n;

    if (kind(s, i) != LEX_WORD && kind(s, i) != LEX_NUMBER)
        return 0;
    n = calendar_read(&s->w->calendar, s->x, i, d);
    if (n == 0)
        return number_near(s, i) ? calendar_skip(&s->w->calendar, s->x, i) : 0;
    if (d->month != 0)
        return n;
    switch (kind(s, i + n)) {
    case LEX_OPEN:
    case LEX_DASH:
    case LEX_COLON:
        return n;
    default:
        return 0;
    }
}

static bool read_date(struct parse *s)
{
    struct day d;
    size_t n;

    if (s->evidence & HAS_DATE)
        return false;
    if (lex_is(s->x, s->at, "no") && lex_is(s->x, s->at + 1, "date")) {
        s->at += 2;
        s->evidence |= HAS_DATE;
        return true;
    }
    n = date_at(s, s->at, &d);
    if (n == 0)
        return false;
    s->d->day = d;
    s->at += n;
    s->evidence |= HAS_DATE | (d.month == 0 && d.weekday < 0 ? DOUBTFUL : 0);
    return true;
}

/* "3 May 2022, GENEVA –": the date before the place, a mark between them. */
static bool read_lead_date(struct parse *s)
{
    struct day d;
    bool may = !(s->evidence & LEADS) && number_near(s, s->at);
    size_t n = may ? date_at(s, s->at, &d) : 0;

    if (n == 0 || d.month == 0)
        return false;
    switch (kind(s, s->at + n)) {
    case LEX_COMMA:
    case LEX_DASH:
    case LEX_COLON:
    case LEX_BAR:
        s->d->day = d;
        s->at += n + 1;
        s->evidence |= HAS_DATE | DATE_LEADS;
        return true;
    default:
        return false;
    }
}

/* ---- places */

static bool is_particle(const struct parse *s, size_t i)
{
    static const char *const words[] = {
        "de",  "del", "la",  "las", "los", "el",  "le",   "les", "du",   "des",  "da",
        "do",  "dos", "das", "di",  "d",   "der", "den",  "am",  "an",   "im",   "ob",
        "bei", "zu",  "van", "het", "aan", "of",  "the",  "on",  "upon", "and",  "und",
        "et",  "y",   "e",   "al",  "el",  "sur", "sous", "en",  "in",   "near", "i",
        "ad",  "bin", "ibn", "op",  "ter", "ter", "lez",  "les", "s",    "von",  NULL};

    return any(s, i, words);
}

static bool starts_date(const struct parse *s, size_t i)
{
    struct day d;

    return kind(s, i) == LEX_WORD && number_near(s, i) &&
           calendar_month(&s->w->calendar, s->x, i) > 0 &&
           calendar_read(&s->w->calendar, s->x, i, &d) > 0 && d.month > 0;
}

/* Whether the dot after piece i belongs to it: St. Louis, Fla., N.Y. */
static bool dot_belongs(const struct parse *s, size_t i)
{
    static const char *const short_names[] = {"st",  "ste", "sta", "sto", "mt", "ft", "pt", "sts",
                                              "gen", "dr",  "n",   "s",   "e",  "w",  NULL};
    const struct lex_piece *p = piece(s, i);

    if (piece(s, i + 1)->spaced || p->kind != LEX_WORD)
        return false;
    switch (kind(s, i + 2)) {
    case LEX_COMMA:
    case LEX_CLOSE:
        return true;
    case LEX_OPEN:
    case LEX_DASH:
    case LEX_COLON:
        return p->end - p->begin <= 6 && piece(s, i + 2)->spaced;
    case LEX_WORD:
        return (any(s, i, short_names) || p->end - p->begin == 1) && !starts_date(s, i + 2);
    default:
        return false;
    }
}

static bool is_land(const struct parse *s, size_t i, size_t n)
{
    struct phrase p = {piece(s, i)->begin, piece(s, i + n - 1)->end};

    return place_kinds(s->w->gazetteer, s->x->text, p) & (PLACE_REGION | PLACE_COUNTRY);
}

static bool is_capitalised(const struct parse *s, size_t i)
{
    return kind(s, i) == LEX_WORD && piece(s, i)->shape != LEX_LOWER;
}

/* A small word inside a name: a particle, or one that lost its capital, as in
 * "New york, March 2". */
static bool small_word_belongs(const struct parse *s, size_t i)
{
    struct day d;

    if (kind(s, i + 1) == LEX_COMMA && date_at(s, i + 2, &d) > 0)
        return true;
    return is_particle(s, i) &&
           (is_capitalised(s, i + 1) || (is_particle(s, i + 1) && is_capitalised(s, i + 2)));
}

/* "CHENNAI | MUMBAI:": another town in capitals behind the bar at i. */
static bool joins_town(const struct parse *s, size_t i)
{
    size_t end = i + 1;

    while (end < i + 4 && kind(s, end) == LEX_WORD && piece(s, end)->shape == LEX_UPPER)
        end++;
    return end > i + 1 && s->x->text[piece(s, i)->begin] == '|' &&
           place_kinds(s->w->gazetteer, s->x->text,
                       (struct phrase){piece(s, i + 1)->begin, piece(s, end - 1)->end}) &
               PLACE_TOWN;
}

/* Whether the name goes on at i after the piece before it. */
static bool phrase_goes_on(const struct parse *s, size_t i, int shape, bool small)
{
    const struct lex_piece *p = piece(s, i);
    const char *name;
    int how;

    if (is_capitalised(s, i)) /* "FARMINGTON Conn." is two names, "BALDWIN Park," one */
        return !starts_date(s, i) && !source_before_dash(s, i) &&
               !(shape == LEX_UPPER && p->shape == LEX_TITLE && p->end - p->begin > 1 &&
                 (kind(s, i + 1) != LEX_COMMA || is_land(s, i, 1)));
    if (p->kind == LEX_WORD)
        return small ? !starts_date(s, i) : small_word_belongs(s, i);
    if (p->kind == LEX_SLASH)
        return is_capitalised(s, i + 1) && source_at(s, i + 1, &name, &how) == 0;
    if (p->kind == LEX_BAR)
        return shape == LEX_UPPER && joins_town(s, i);
    return p->kind == LEX_AMP && is_capitalised(s, i + 1);
}

/* A name at i: words with capitals and what joins them. Pieces taken. */
static size_t phrase_at(const struct parse *s, size_t i, bool small, struct phrase *out)
{
    const struct lex_piece *first = piece(s, i);
    size_t at = i + 1;
    int shape = first->end - first->begin == 1 ? LEX_TITLE : first->shape;

    if (first->kind != LEX_WORD || (first->shape == LEX_LOWER) != small || starts_date(s, i))
        return 0;
    while (at < i + PHRASE_WORDS + 3) {
        if (!(kind(s, at) == LEX_DOT && dot_belongs(s, at - 1)) &&
            !phrase_goes_on(s, at, shape, small))
            break;
        at++;
    }
    *out = (struct phrase){first->begin, piece(s, at - 1)->end};
    return at - i;
}

static bool nowhere(const struct parse *s, struct phrase p)
{
    static const char *const words[] = {"NO CITY", "CLANDESTINE", "UNDATED", "NO DATELINE"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == p.end - p.begin &&
            memcmp(s->x->text + p.begin, words[i], p.end - p.begin) == 0)
            return true;
    return false;
}

/* Words that stand before dates and are names of places, too. */
static bool no_place(const struct parse *s, size_t i)
{
    static const char *const words[] = {
        "on",   "in",   "at",   "by",  "from", "since", "until", "till", "after",  "before",
        "this", "next", "last", "pay", "for",  "of",    "as",    "the",  "record", "payable",
        "el",   "le",   "la",   "am",  "im",   "vom",   "em",    "de",   "du",     "den",
        "ab",   "bis",  "date", "day", "week", "today", "ended", "page", NULL};

    return any(s, i, words);
}

/* Whether the name of n pieces at i is in capitals; "A" alone, as in "A Board", tells
 * nothing. */
static bool in_capitals(const struct parse *s, size_t i, size_t n)
{
    const struct lex_piece *first = piece(s, i);
    bool letter = first->end - first->begin == 1 && n > 1 && kind(s, i + 1) == LEX_WORD;

    return piece(s, i + letter)->shape == LEX_UPPER && piece(s, i + n - 1)->end - first->begin > 2;
}

/* The place's own evidence. */
static bool read_place(struct parse *s)
{
    const struct lex_piece *first = piece(s, s->at);
    struct phrase p;
    bool small = first->kind == LEX_WORD && first->shape == LEX_LOWER;
    size_t n = phrase_at(s, s->at, small, &p);
    const char *name;
    int kinds;

    if (n == 0 || (n == 1 && no_place(s, s->at)) ||
        agency_find(&s->w->agencies, s->x->text + p.begin, p.end - p.begin, &name) == AGENCY_SURE)
        return false;
    s->evidence |= small ? SMALL : in_capitals(s, s->at, n) ? CAPITALS : 0;
    s->at += n;
    if (nowhere(s, p)) {
        s->evidence |= NOWHERE;
        return true;
    }
    kinds = place_kinds(s->w->gazetteer, s->x->text, p);
    s->evidence |= (kinds & PLACE_TOWN ? TOWN_KNOWN : 0) | (kinds & PLACE_BIG ? TOWN_BIG : 0) |
                   (kinds & (PLACE_REGION | PLACE_COUNTRY) ? LAND_KNOWN : 0);
    s->d->place = p;
    return true;
}

static void take_region(struct parse *s, struct phrase p)
{
    if (s->d->region.end == 0)
        s->d->region = p;
    else
        s->d->region.end = p.end;
    if (place_kinds(s->w->gazetteer, s->x->text, p))
        s->evidence |= REGION_KNOWN;
}

/* Whether the gazetteer knows it; a few capitals, the code of an airport say, must be
 * more than a town: (NSW), not (RNS). */
static bool names_region(const struct parse *s, const struct lex_piece *first, struct phrase p)
{
    int kinds = place_kinds(s->w->gazetteer, s->x->text, p);

    return p.end - p.begin > CODE_LETTERS || first->shape != LEX_UPPER ? kinds
                                                                       : kinds & ~PLACE_TOWN;
}

/* "(NICARAGUA)": in brackets like an agency, so it must be known or come before
 * a date or another bracket. */
static bool read_region_bracket(struct parse *s)
{
    size_t close;
    struct phrase p;
    const char *name;
    int after;

    if (kind(s, s->at) != LEX_OPEN)
        return false;
    close = source_closing(s, s->at, LEX_CLOSE);
    if (close < s->at + 2)
        return false;
    p = (struct phrase){piece(s, s->at + 1)->begin, piece(s, close - 1)->end};
    after = kind(s, close + 1);
    if (source_between(s, p.begin, p.end, &name) ||
        !(names_region(s, piece(s, s->at + 1), p) || after == LEX_COMMA || after == LEX_OPEN))
        return false;
    if (piece(s, s->at + 1)->kind != LEX_WORD || piece(s, s->at + 1)->shape == LEX_LOWER)
        return false;
    take_region(s, p);
    s->evidence |= BRACKETED;
    s->at = close + 1;
    return true;
}

/* What may stand behind a region. */
static bool ends_region(const struct parse *s, size_t i)
{
    struct day d;

    switch (kind(s, i)) {
    case LEX_COMMA:
    case LEX_OPEN:
    case LEX_DASH:
    case LEX_COLON:
    case LEX_SLASH:
    case LEX_DOT:
        return true;
    case LEX_LINE:
    case LEX_END:
        return s->evidence & HAS_DATE;
    default:
        return date_at(s, i, &d) > 0 || source_before_dash(s, i);
    }
}

/* ", Mass." or, where the comma was forgotten, "Mass." */
static bool read_region(struct parse *s)
{
    size_t i = s->at, n;
    struct phrase p;
    const char *name;
    struct day d;
    int how = AGENCY_NONE;

    while (kind(s, i) == LEX_COMMA)
        i++;
    if (i > s->at && kind(s, i) == LEX_LINE)
        i++;
    if (date_at(s, i, &d) > 0 || lex_is(s->x, i, "no"))
        return false;
    if (i > s->at && lex_is(s->x, i, "the"))
        i++;
    n = source_at(s, i, &name, &how);
    if (n > 0 && source_ends(s, i + n, how) && !(how == AGENCY_WEAK && is_land(s, i, n)))
        return false;
    n = phrase_at(s, i, i > s->at && s->evidence & SMALL, &p);
    if (n == 0 || !ends_region(s, i + n))
        return false;
    if (i == s->at && !(place_kinds(s->w->gazetteer, s->x->text, p) & ~PLACE_TOWN))
        return false;
    take_region(s, p);
    s->at = i + n;
    return true;
}

static void read_regions(struct parse *s)
{
    for (int i = 0; i < 3; i++)
        if (!read_region(s) && !read_region_bracket(s))
            break;
}

/* ---- the whole */

/* Marks between the parts: a comma, a dot, or a hyphen that a date follows. */
static void skip_mark(struct parse *s)
{
    struct day d;
    size_t i = s->at;

    while (kind(s, i) == LEX_COMMA || kind(s, i) == LEX_DOT)
        i++;
    if (i > s->at && kind(s, i) == LEX_LINE)
        i++;
    if (i == s->at &&
        (kind(s, i) == LEX_DASH || kind(s, i) == LEX_COLON || kind(s, i) == LEX_BAR) &&
        date_at(s, i + 1, &d) > 0 && d.month > 0)
        i++;
    if (i > s->at && (date_at(s, i, &d) > 0 || kind(s, i) == LEX_OPEN || kind(s, i) == LEX_SLASH ||
                      lex_is(s->x, i, "no")))
        s->at = i;
}

/* "NEW YORK--(BUSINESS WIRE)--"; between blanks it is the separator. */
static void skip_dash_before_bracket(struct parse *s)
{
    if (kind(s, s->at) == LEX_DASH && kind(s, s->at + 1) == LEX_OPEN &&
        !piece(s, s->at + 1)->spaced)
        s->at++;
}

static void read_details(struct parse *s)
{
    for (int i = 0; i < 4; i++) {
        size_t before = s->at;

        skip_mark(s);
        if (read_date(s))
            continue;
        skip_dash_before_bracket(s);
        if (!(s->evidence & HAS_AGENCY) && (source_read_bracket(s, false) || source_read_bare(s)))
            continue;
        if (s->evidence & HAS_AGENCY && kind(s, s->at) == LEX_OPEN && source_read_bracket(s, true))
            continue;
        s->at = before;
        if (!source_read_bare(s))
            break;
    }
}

static void read_separator(struct parse *s)
{
    size_t i = s->at;
    bool dot = false;

    if (kind(s, i) == LEX_COMMA || kind(s, i) == LEX_CLOSE)
        i++;
    if (kind(s, i) == LEX_DOT)
        dot = true, i++;
    if (kind(s, i) == LEX_DASH &&
        !(kind(s, i + 1) == LEX_NUMBER && !piece(s, i + 1)->spaced)) { /* 12-14 June */
        const struct lex_piece *p = piece(s, i);
        bool wide = p->end - p->begin > 1 || s->x->text[p->begin] == '_';

        s->evidence |= wide || dot ? SEP_STRONG : SEP;
    } else if (kind(s, i) == LEX_COLON) {
        s->evidence |= SEP_COLON;
    } else if (kind(s, i) == LEX_LINE || kind(s, i) == LEX_END) {
        s->evidence |= LINE_ENDS;
    } else if (dot && s->evidence & (CAPITALS | TOWN_KNOWN | LAND_KNOWN | REGION_KNOWN) &&
               s->evidence & (HAS_DATE | AGENCY_KNOWN)) {
        s->evidence |= SEP;
    }
}

/* "URGENT -", "RPT --", "UPDATE 2:" */
static void skip_slug(struct parse *s)
{
    size_t i = s->at;

    if (!source_is_note(s, i))
        return;
    i += 1 + (kind(s, i + 1) == LEX_NUMBER);
    if (kind(s, i) == LEX_DASH || kind(s, i) == LEX_COLON)
        s->at = i + 1 + (kind(s, i + 1) == LEX_LINE);
}

/* Stars, bullets and the stray letters that some feeds put first. */
static void skip_junk(struct parse *s)
{
    const char *name;

    while (kind(s, s->at) == LEX_OTHER || kind(s, s->at) == LEX_DOT || kind(s, s->at) == LEX_BAR ||
           kind(s, s->at) == LEX_DASH)
        s->at++;
    if (s->x->text[piece(s, s->at)->begin] == '[' &&
        !source_between(s, piece(s, s->at + 1)->begin, piece(s, s->at + 1)->end, &name))
        s->at++;
    if (piece(s, s->at)->end - piece(s, s->at)->begin == 1 && piece(s, s->at)->shape == LEX_LOWER &&
        piece(s, s->at + 1)->shape == LEX_UPPER)
        s->at++;
    skip_slug(s);
}

/* "(Reuters) -", "AFP/Paris", "AFP - ": an agency before the place. */
static void read_lead(struct parse *s)
{
    const char *name = NULL;
    int how = AGENCY_NONE;
    size_t n;

    if (kind(s, s->at) == LEX_OPEN) {
        if (!source_read_bracket(s, true))
            return;
    } else {
        n = source_at(s, s->at, &name, &how);
        if (n == 0 || !(source_ends(s, s->at + n, how) || kind(s, s->at + n) == LEX_COMMA) ||
            kind(s, s->at + n) == LEX_DOT)
            return;
        source_take(s, piece(s, s->at)->begin, piece(s, s->at + n - 1)->end, name);
        s->evidence |= AGENCY_KNOWN | AGENCY_BARE | (how == AGENCY_WEAK ? AGENCY_FAINT : 0);
        s->at += n;
    }
    s->evidence |= LEADS;
    switch (kind(s, s->at)) {
    case LEX_DASH:
    case LEX_COLON:
    case LEX_SLASH:
    case LEX_BAR:
        s->evidence |= LEAD_SEP;
        s->at++;
        break;
    case LEX_COMMA:
        s->at++;
        break;
    default:
        break;
    }
}

/* The Chinese form, without any mark: the agency, the place, the date and a sign for
 * "by telegraph" in one run. */
static bool read_chinese(struct parse *s)
{
    static const char agency[] = "新华社", sign[] = "电";
    const struct lex_piece *first = piece(s, s->at);
    const size_t n = sizeof agency - 1;
    struct day d;
    size_t pieces;

    if (first->kind != LEX_WORD || first->end - first->begin <= n ||
        memcmp(s->x->text + first->begin, agency, n) != 0)
        return false;
    pieces = calendar_read(&s->w->calendar, s->x, s->at + 1, &d);
    if (pieces == 0 || d.month == 0 ||
        !memmem(s->x->text + piece(s, s->at + pieces)->begin, 9, sign, sizeof sign - 1))
        return false;
    source_take(s, first->begin, first->begin + n, "Xinhua");
    s->d->place = (struct phrase){first->begin + n, first->end};
    s->d->day = d;
    s->d->score = 0.95;
    s->at += pieces + 1;
    return true;
}

/* ---- the line */

/* Back to where the agency that leads was read, or nothing was. */
static void forget_all_but_agency(struct parse *s, const struct parse *lead)
{
    struct phrase agency = s->d->agency;
    const char *name = s->d->agency_name;

    *s = *lead;
    *s->d = (struct dateline){.day = DAY_NONE};
    if (lead->evidence & LEADS) {
        s->d->agency = agency;
        s->d->agency_name = name;
    }
}

/* After "(Reuters) -" the story may begin at once; "AFP, Tuesday 29 Sep 2015" may be
 * all there is on the line. */
static bool agency_only(struct parse *s, const struct parse *lead, const struct head *h)
{
    bool bare = lead->evidence & AGENCY_BARE;

    if (!(lead->evidence & LEADS))
        return false;
    forget_all_but_agency(s, lead);
    if (read_date(s)) {
        read_separator(s);
        s->d->score = s->evidence & LINE_ENDS ? 0.9 : 0;
    } else if (!(lead->evidence & AGENCY_FAINT) && (!bare || lead->evidence & LEAD_SEP)) {
        bool sentence = judge_rest(h, piece(s, s->at)->begin).sentence;

        s->d->score = !sentence ? 0 : bare ? 0.6 : lead->evidence & LEAD_SEP ? 0.8 : 0.7;
    }
    return s->d->score > 0;
}

/* Whether the first pieces already tell that this is prose: "The president said". */
static bool hopeless(const struct lex *x)
{
    size_t i = 0;

    while (i < x->n && x->piece[i].kind != LEX_WORD)
        i++;
    if (x->piece[i].shape == LEX_LOWER) /* "amarillo, april 7" */
        return x->piece[i + 1].kind != LEX_COMMA && i + 2 < x->n &&
               x->piece[i + 2].kind != LEX_COMMA && x->piece[i + 1].kind == LEX_WORD;
    while (i < x->n && x->piece[i].kind == LEX_WORD && x->piece[i].shape != LEX_LOWER)
        i++;
    return i + 1 < x->n && x->piece[i].kind == LEX_WORD &&
           x->piece[i].end - x->piece[i].begin > 4 && x->piece[i + 1].kind != LEX_COMMA;
}

/* From the place on. */
static double read_from_place(struct parse *s, const struct head *h)
{
    if (!read_place(s))
        return 0;
    read_regions(s);
    read_details(s);
    read_separator(s);
    return judge(s->evidence, s->d, h, piece(s, s->at)->begin);
}

bool wire_read(const struct wire *w, const struct head *h, struct dateline *d)
{
    struct lex x;
    struct parse s = {w, &x, 0, 0, d}, lead;
    size_t first;

    *d = (struct dateline){.day = DAY_NONE};
    lex_cut(&x, h->text, h->begin, h->end, FIRST_LOOK, false);
    if (!h->credit && hopeless(&x))
        return false;
    if (x.n == FIRST_LOOK)
        lex_more(&x, h->end, LEX_MAX, false);
    skip_junk(&s);
    first = s.at;
    if (read_chinese(&s)) {
        d->span = (struct phrase){x.piece[first].begin, d->place.end};
        return true;
    }
    read_lead(&s);
    lead = s;
    if (read_lead_date(&s))
        d->score = read_from_place(&s, h);
    if (d->score == 0) {
        forget_all_but_agency(&s, &lead);
        d->score = read_from_place(&s, h);
    }
    if (d->score == 0 && !agency_only(&s, &lead, h))
        return false;
    d->span = (struct phrase){x.piece[first].begin, s.at > 0 ? x.piece[s.at - 1].end : 0};
    return true;
}
