/* SPDX-License-Identifier: Apache-2.0
 *
 * source.c - reads the agency of a dateline. The hard rule: see source.h.
 */
#include "source.h"

#include "judge.h"

#include <string.h>

enum {
    NAME_WORDS = 5,
    NAME_BYTES = 60,
    CODE_BYTES = 3, /* of a code in small letters where no date bears it out: (lhe) */
};

int source_between(const struct parse *s, uint32_t begin, uint32_t end, const char **name)
{
    return agency_find_first(&s->w->agencies, s->x->text + begin, end - begin, name);
}

size_t source_at(const struct parse *s, size_t i, const char **name, int *how)
{
    size_t best = 0;

    for (size_t n = 1; n <= NAME_WORDS && kind(s, i + n - 1) == LEX_WORD; n++) {
        const struct lex_piece *last = piece(s, i + n - 1);
        const char *found;

        if (last->shape == LEX_LOWER && n == 1 && !lex_is(s->x, i, "dpa") &&
            !lex_is(s->x, i, "askanews") && !lex_is(s->x, i, "epd"))
            break;
        int known = agency_find(&s->w->agencies, s->x->text + piece(s, i)->begin,
                                last->end - piece(s, i)->begin, &found);

        if (known) {
            best = n;
            *name = found;
            *how = known;
        }
    }
    return best;
}

size_t source_before_dash(const struct parse *s, size_t i)
{
    const char *name;
    size_t n = 0;
    int how = AGENCY_NONE;

    while (n < NAME_WORDS && kind(s, i + n) == LEX_WORD)
        n++;
    if (n == 0 || kind(s, i + n) != LEX_DASH || !piece(s, i + n)->spaced)
        return 0;
    return source_at(s, i, &name, &how) == n && how == AGENCY_SURE ? n : 0;
}

void source_take(struct parse *s, uint32_t begin, uint32_t end, const char *name)
{
    s->d->agency = (struct phrase){begin, end};
    s->d->agency_name = name;
    s->evidence |= HAS_AGENCY;
}

bool source_is_note(const struct parse *s, size_t i)
{
    static const char *const words[] = {
        "rpt",      "urgent",     "update",     "updated",  "updates", "corrected", "correction",
        "refile",   "lead",       "adv",        "bulletin", "flash",   "alert",     "wrapup",
        "breaking", "developing", "dateline",   "body",     "video",   "videos",    "photo",
        "photos",   "pictures",   "gallery",    "audio",    "live",    "watch",     "exclusive",
        "analysis", "opinion",    "commentary", "feature",  "report",  "pdf",       NULL};

    return any(s, i, words);
}

/* ---- in brackets */

size_t source_closing(const struct parse *s, size_t i, int close)
{
    for (size_t k = i + 1, depth = 1; k < i + 14 && k < s->x->n; k++) {
        int now = kind(s, k);

        if (now == LEX_LINE)
            return 0;
        if (now == close && --depth == 0)
            return k;
        if (now == LEX_OPEN && close == LEX_CLOSE)
            depth++;
    }
    return 0;
}

/* "(AP, May 12)", "(Marketwired - May 12, 2015)": the date among what is in brackets. */
static size_t date_inside(struct parse *s, size_t open, size_t close)
{
    for (size_t k = open + 1; k < close; k++) {
        struct day d;
        size_t n = calendar_read(&s->w->calendar, s->x, k, &d);

        if (n == 0 || d.month == 0 || k + n > close)
            continue;
        if (!(s->evidence & HAS_DATE)) {
            s->d->day = d;
            s->evidence |= HAS_DATE;
        }
        while (k > open + 1 && (kind(s, k - 1) == LEX_COMMA || kind(s, k - 1) == LEX_DASH))
            k--;
        return k;
    }
    return close;
}

/* A name that means other things too is the agency's only as the agency writes it,
 * or in capitals: (SPA), not (Spa). */
static bool is_written_right(const struct parse *s, size_t first, size_t last, const char *name)
{
    const struct lex_piece *p = piece(s, first);
    size_t n = piece(s, last - 1)->end - p->begin;

    return p->shape == LEX_UPPER ||
           (name && strlen(name) == n && memcmp(s->x->text + p->begin, name, n) == 0);
}

/* Whether the pieces from first up to last, in brackets, are a desk's note: words of
 * the desk, and what stands beside them in small letters or figures. */
static bool is_note(const struct parse *s, size_t first, size_t last)
{
    bool note = false;

    for (size_t i = first; i < last; i++) {
        if (source_is_note(s, i))
            note = true;
        else if (kind(s, i) != LEX_NUMBER &&
                 (kind(s, i) != LEX_WORD || piece(s, i)->shape != LEX_LOWER))
            return false;
    }
    return note;
}

/* What the evidence is that an unknown name is an agency's; 0: it can't be one. */
static unsigned weigh_look(const struct parse *s, size_t first, size_t close, size_t last)
{
    const struct lex_piece *p = piece(s, first);
    bool dated = s->evidence & HAS_DATE;

    if (kind(s, first - 1) == LEX_SLASH)
        return p->shape == LEX_UPPER && close == first + 1 ? HAS_AGENCY : 0;
    if (calendar_weekday(&s->w->calendar, s->x, first) >= 0)
        return 0;
    switch (agency_look(&s->w->agencies, s->x, first, last)) {
    case AGENCY_LOOKS_CODE:
        return kind(s, close + 1) == LEX_DASH && (dated || p->end - p->begin <= CODE_BYTES)
                   ? HAS_AGENCY | AGENCY_FAINT
                   : 0;
    case AGENCY_LOOKS_CASELESS:
        return HAS_AGENCY | AGENCY_FAINT;
    case AGENCY_LOOKS_NUMBERED:
        return dated ? HAS_AGENCY : 0;
    case AGENCY_LOOKS_NAME:
        return HAS_AGENCY;
    case AGENCY_LOOKS_SIGN:
        return HAS_AGENCY | AGENCY_SIGN;
    case AGENCY_LOOKS_SERVICE:
        return HAS_AGENCY | AGENCY_SERVICE;
    default:
        return 0;
    }
}

/* What is in brackets and is no agency: a note is passed over; anything else only
 * behind a date, and it tells against the whole. */
static bool pass_over(struct parse *s, size_t close, size_t last)
{
    if (is_note(s, s->at + 1, last))
        s->evidence |= BRACKETED;
    else if (s->evidence & HAS_DATE && kind(s, s->at) == LEX_OPEN)
        s->evidence |= DOUBTFUL;
    else
        return false;
    s->at = close + 1;
    return true;
}

bool source_read_bracket(struct parse *s, bool known_only)
{
    size_t open = s->at, close, last;
    const char *name = NULL;
    unsigned look;
    int known;

    if (kind(s, open) != LEX_OPEN && kind(s, open) != LEX_SLASH)
        return false;
    close = source_closing(s, open, kind(s, open) == LEX_OPEN ? LEX_CLOSE : LEX_SLASH);
    if (close < open + 2 || piece(s, close)->begin - piece(s, open)->end > NAME_BYTES)
        return false;
    last = date_inside(s, open, close);
    if (last <= open + 1) { /* a date and nothing else */
        s->at = close + 1;
        return true;
    }
    known = source_between(s, piece(s, open + 1)->begin, piece(s, last - 1)->end, &name);
    if (!known && kind(s, open) == LEX_SLASH) { /* "/TASS correspondent .../" */
        last = open + 2;
        known = source_between(s, piece(s, open + 1)->begin, piece(s, open + 1)->end, &name);
    }
    if (known == AGENCY_WEAK && !is_written_right(s, open + 1, last, name))
        known = AGENCY_NONE;
    known_only |= s->x->text[piece(s, open)->begin] == '[' ||
                  (kind(s, open) == LEX_SLASH && !(s->evidence & HAS_DATE));
    if (!known && known_only)
        return false;
    look = known == AGENCY_SURE   ? HAS_AGENCY | AGENCY_KNOWN
           : known == AGENCY_WEAK ? HAS_AGENCY | AGENCY_KNOWN | AGENCY_FAINT
                                  : weigh_look(s, open + 1, close, last);
    if (!look || is_note(s, open + 1, last))
        return pass_over(s, close, last);
    source_take(s, piece(s, open + 1)->begin, piece(s, last - 1)->end, known ? name : NULL);
    s->evidence |= look;
    s->at = close + 1;
    return true;
}

/* ---- without brackets */

bool source_ends(const struct parse *s, size_t i, int how)
{
    if (how == AGENCY_WEAK && piece(s, i - 1)->shape != LEX_UPPER)
        return false;
    switch (kind(s, i)) {
    case LEX_DASH:
    case LEX_COLON:
    case LEX_SLASH:
    case LEX_LINE:
    case LEX_END:
    case LEX_BAR:
    case LEX_CLOSE:
        return true;
    case LEX_OPEN:
        return how == AGENCY_SURE;
    case LEX_DOT:
        return how == AGENCY_SURE && (kind(s, i + 1) != LEX_WORD || piece(s, i + 1)->spaced);
    default:
        return false;
    }
}

/* Where the name may begin: behind a mark; behind a date, as in "May 12 AFP -", or a
 * place that is known, as in "London CNN —", it needs none. */
static bool find_bare(const struct parse *s, size_t *at)
{
    switch (kind(s, s->at)) {
    case LEX_COMMA:
    case LEX_DASH:
    case LEX_DOT:
        *at = s->at + 1;
        return true;
    default:
        *at = s->at;
        return s->evidence & HAS_DATE || (s->evidence & (TOWN_KNOWN | LAND_KNOWN | REGION_KNOWN) &&
                                          source_before_dash(s, s->at));
    }
}

bool source_read_bare(struct parse *s)
{
    size_t i, n;
    const char *name = NULL;
    int how = AGENCY_NONE;

    if (s->evidence & HAS_AGENCY || !find_bare(s, &i))
        return false;
    n = source_at(s, i, &name, &how);
    if (n == 0 || !source_ends(s, i + n, how))
        return false;
    if (i == s->at && kind(s, i + n) != LEX_DASH)
        return false;
    source_take(s, piece(s, i)->begin, piece(s, i + n - 1)->end, name);
    s->evidence |= AGENCY_KNOWN | AGENCY_BARE | (how == AGENCY_WEAK ? AGENCY_FAINT : 0);
    s->at = i + n;
    return true;
}
