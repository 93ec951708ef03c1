/* SPDX-License-Identifier: Apache-2.0
 *
 * word.c - where a word or a number ends: which marks join what stands on both
 * sides of them. The rules:
 *
 *   hyphen      joins: al-Assad, self-defeating, Jean-Paul, 1996-08-30; but is a token
 *               of its own beside a name that is a part: Saudi - led, anti - Putin,
 *               US - China. Dashes never join
 *   apostrophe  parts 's 'm 'd 're 've 'll from the word (Putin 's) and n't too
 *               (do n't, ca n't); parts an article that lost its vowel (l' Italie,
 *               dell' Unione); else joins: O'Brien, rock'n'roll
 *   full stop   joins digits (3.5), letters (U.S., a.m., Node.js, bbc.co.uk);
 *               belongs to an abbreviation (Mr.) and an initial (J.)
 *   , : /       join digits: 1,254.50 10:30 1/2
 *   & _ ·       join letters: AT&T, col·legi
 *
 * The hard rule: a word never ends within a grapheme cluster.
 */
#include "text/split.h"

#include <string.h>

/* The word so far. */
struct so_far {
    struct word *w;
    size_t part;             /* where the part after the last joining mark begins */
    bool dotted;             /* a full stop joined letters in it */
    enum unicode_class last; /* of the last character that is no mark */
};

enum { AHEAD_MAX = 16 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Whether n bytes of s are one of words, which stand between spaces; in small
 * letters where fold is set. */
static bool among(const char *words, const char *s, size_t n, bool fold)
{
    char key[16] = " ";

    if (n == 0 || n > sizeof(key) - 3)
        return false;
    for (size_t i = 0; i < n; i++)
        key[i + 1] = fold ? lower(s[i]) : s[i];
    memcpy(key + 1 + n, " ", 2);
    return strstr(words, key) != NULL;
}

size_t word_clitic(const struct text *x, size_t at)
{
    size_t i = at + glyph_at(x, at).len;
    char a, b;

    if (i >= x->end)
        return 0;
    a = lower(x->s[i]);
    b = i + 1 < x->end ? lower(x->s[i + 1]) : ' ';
    if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l'))
        i += 2;
    else if (a == 's' || a == 'm' || a == 'd')
        i += 1;
    else
        return 0;
    return glyph_in(x, i, U_ALNUM | U_MARKS) ? 0 : i;
}

/* Whether the word from begin lost its vowel to what follows the apostrophe.
 * D'Angelo is a name. */
static bool elides(const struct text *x, size_t begin, size_t apostrophe, const struct glyph *next)
{
    bool vowel =
        one_of("aeiouyhAEIOUYH", next->code) || (next->code >= 0xC0 && next->code <= 0x17F);
    /* French, Italian, Catalan */
    static const char words[] = " l d j c m n s t qu jusqu lorsqu puisqu quoiqu un dell all nell "
                                "dall sull coll quest quell bell sant gl anch com dov cos ";

    if (!vowel && next->class != U_DIGIT)
        return false;
    if (apostrophe - begin == 1 && x->s[begin] == 'D' && next->class == U_UPPER)
        return false;
    return among(words, x->s + begin, apostrophe - begin, true);
}

static bool hebrew(uint32_t c)
{
    return c >= 0x5D0 && c <= 0x5EA;
}

/* An apostrophe after a Hebrew letter is its geresh. */
static bool hebrew_before(const struct text *x, size_t i)
{
    return i - x->begin >= 2 && (unsigned char)x->s[i - 2] == 0xD7 &&
           hebrew(glyph_at(x, i - 2).code);
}

/* The joins: each gives the offset where the word goes on, or 0 where it ends
 * before the mark at i, having set w->end if that is elsewhere. */

static size_t join_apostrophe(struct text *x, struct so_far *f, size_t i, size_t len)
{
    struct glyph next = glyph_at(x, i + len);

    if (f->last == U_LETTER && hebrew_before(x, i))
        return i + len;
    if (!unicode_in(f->last, U_ALNUM) || !unicode_in(next.class, U_ALNUM) || word_clitic(x, i))
        return 0;
    if (lower((char)next.code) == 't' && next.code < 0x80 && lower(x->s[i - 1]) == 'n' &&
        i - 1 > f->w->begin && !glyph_in(x, i + len + 1, U_ALNUM | U_MARKS)) {
        f->w->end = i - 1;
        return 0;
    }
    if (elides(x, f->w->begin, i, &next)) {
        f->w->end = i + len;
        return 0;
    }
    return i + len;
}

/* Letters in the run at i, 3 at most. */
static size_t letters_at(const struct text *x, size_t i)
{
    size_t n = 0;

    while (n < 3) {
        struct glyph g = glyph_at(x, i);
        if (!unicode_in(g.class, U_LETTERS))
            break;
        i += g.len;
        n++;
    }
    return n;
}

/* The first character after white space that may hold one line break; the text's
 * end where that is farther than a look ahead goes. */
static size_t after_space(const struct text *x, size_t i)
{
    size_t stop = x->end - i < AHEAD_MAX ? x->end : i + AHEAD_MAX, lines = 0;

    while (i < stop) {
        struct glyph g = glyph_at(x, i);
        if (g.class == U_NEWLINE && g.code != '\r')
            lines++;
        if (!unicode_in(g.class, U_SET(U_SPACE) | U_SET(U_NEWLINE)))
            return i;
        if (lines > 1)
            break;
        i += g.len;
    }
    return x->end;
}

/* Whether the word at i is one that begins a sentence. */
static bool starter_at(const struct text *x, size_t i)
{
    size_t n = 0;

    while (n < AHEAD_MAX && i + n < x->end && glyph_in(x, i + n, U_LETTERS))
        n += glyph_at(x, i + n).len;
    return glyph_in(x, i, U_SET(U_UPPER)) && n < AHEAD_MAX && abbreviation_starter(x->s + i, n);
}

/* Whether a sentence ends at i, behind a full stop that may be an abbreviation's:
 * the text ends, or a line that means something, or a starter follows. */
static bool ends_after(const struct text *x, size_t i)
{
    const uint32_t skip = U_SET(U_SPACE) | U_SET(U_QUOTE) | U_SET(U_APOSTROPHE) | U_SET(U_CLOSE);
    size_t stop = i + AHEAD_MAX;

    while (i < stop && glyph_in(x, i, skip) && i < x->end)
        i += glyph_at(x, i).len;
    if (i >= x->end)
        return true;
    if (glyph_in(x, i, U_SET(U_NEWLINE)) && (!x->width || after_space(x, i) == x->end))
        return true;
    return starter_at(x, after_space(x, i));
}

/* Whether the single letter before the full stop at dot stands for a longer
 * word: J. Smith, z. B., p. 4. */
static bool initial(const struct text *x, const struct so_far *f, size_t dot)
{
    size_t i = after_space(x, dot + 1);
    struct glyph next = glyph_at(x, i);

    if (i == dot + 1)
        return false;
    if (letters_at(x, i) == 1 && i + next.len < x->end && x->s[i + next.len] == '.')
        return true;
    if (f->last == U_LOWER)
        return next.class == U_DIGIT || (next.class == U_LOWER && next.code >= 0x80);
    return f->last == U_UPPER && unicode_in(next.class, U_SET(U_LOWER) | U_SET(U_UPPER)) &&
           !ends_after(x, dot + 1);
}

/* Half of a Spanish plural: EE.UU., FF.AA. */
static bool paired(const char *s, size_t n)
{
    return n == 2 && s[0] == s[1] && s[0] >= 'A' && s[0] <= 'Z';
}

/* A full stop between two characters of words, the second a letter. */
static size_t join_letters(struct text *x, struct so_far *f, size_t dot, const struct glyph *next)
{
    size_t before = letters_at(x, f->part), after = letters_at(x, dot + 1);
    size_t past = dot + 1 + next->len;

    if (next->class == U_LOWER && (before < 3 || after < 3))
        goto joins;
    if (after == 1 && !glyph_in(x, past, U_ALNUM | U_MARKS) &&
        (before == 1 || (before == 2 && past < x->end && x->s[past] == '.')))
        goto joins;
    if (after == 2 && paired(x->s + f->part, dot - f->part) && paired(x->s + dot + 1, 2))
        goto joins;
    if (before == 1 || abbreviation_find(x->s + f->part, dot - f->part))
        f->w->end = dot + 1;
    return 0;
joins:
    f->dotted = true;
    return dot + 1;
}

static bool is_www(const char *s, size_t n)
{
    return n == 3 && lower(s[0]) == 'w' && lower(s[1]) == 'w' && lower(s[2]) == 'w';
}

/* A full stop with a letter or digit after it. */
static size_t join_dot_within(struct text *x, struct so_far *f, size_t dot,
                              const struct glyph *next)
{
    struct word *w = f->w;
    size_t link;

    if (next->class == U_DIGIT && f->last == U_DIGIT)
        return dot + 1;
    link = is_www(x->s + w->begin, dot - w->begin) ? link_url(x, dot + 1)
                                                   : link_domain(x, w->begin, dot);
    if (link > dot + 1) {
        w->link = true;
        w->end = link;
        return 0;
    }
    if (!unicode_in(f->last, U_LETTERS))
        return 0;
    if (unicode_in(next->class, U_LETTERS))
        return join_letters(x, f, dot, next);
    if (letters_at(x, f->part) == 1 || abbreviation_find(x->s + f->part, dot - f->part))
        w->end = dot + 1;
    return 0;
}

/* Whether the full stop at dot, which no letter follows, belongs to the word. */
static bool takes_dot(const struct text *x, const struct so_far *f, size_t dot)
{
    size_t part = f->dotted ? f->w->begin : f->part;
    char next = dot + 1 < x->end ? x->s[dot + 1] : ' ';

    if (f->dotted && (letters_at(x, f->part) == 1 || paired(x->s + f->part, dot - f->part)))
        return true;
    if (next == '.')
        return false;
    if (next == ',' || next == ';')
        return true;
    if (!f->dotted && letters_at(x, f->part) == 1 && initial(x, f, dot))
        return true;
    switch (abbreviation_find(x->s + part, dot - part)) {
    case ABBR_NAME:
        return true;
    case ABBR_ANY:
        return !ends_after(x, dot + 1);
    case ABBR_NUMBER:
        return glyph_in(x, after_space(x, dot + 1), U_SET(U_DIGIT));
    default:
        return false;
    }
}

static size_t join_dot(struct text *x, struct so_far *f, size_t dot)
{
    struct glyph next = glyph_at(x, dot + 1);

    if (x->s[dot] != '.' || f->last == U_DOT)
        return 0;
    if (unicode_in(next.class, U_ALNUM))
        return join_dot_within(x, f, dot, &next);
    return unicode_in(f->last, U_LETTERS) && takes_dot(x, f, dot) ? dot + 1 : 0;
}

/* http:// and its like: the rest of it is the link. */
static bool scheme(struct text *x, struct so_far *f, size_t colon)
{
    size_t end;

    if (x->end - colon < 4 || memcmp(x->s + colon, "://", 3) != 0 || colon - f->w->begin > 10)
        return false;
    end = link_url(x, colon + 3);
    if (end == colon + 3)
        return false;
    f->w->link = true;
    f->w->end = end;
    return true;
}

static size_t join_other(struct text *x, struct so_far *f, size_t i, const struct glyph *g)
{
    struct glyph next = glyph_at(x, i + g->len);
    uint32_t both = 0;

    if (g->code == ':' && scheme(x, f, i))
        return 0;
    if (g->code == ',' || g->code == ':' || g->code == '/')
        both = U_SET(U_DIGIT);
    else if (g->code == '_')
        both = U_ALNUM;
    else if (g->code == '&' || g->class == U_MIDDLE)
        both = U_LETTERS;
    else if (g->code == '"' && hebrew(next.code))
        both = U_SET(U_LETTER);
    return unicode_in(f->last, both) && unicode_in(next.class, both) ? i + g->len : 0;
}

static size_t ascii_letters(const struct text *x, size_t i)
{
    size_t n = 0;

    while (n < AHEAD_MAX && i + n < x->end && lower(x->s[i + n]) >= 'a' &&
           lower(x->s[i + n]) <= 'z')
        n++;
    return n;
}

/* Whether the part before the hyphen or the part behind it is a name by itself:
 * Saudi-led, anti-Putin, US-China. */
static bool parts_name(const struct text *x, const struct so_far *f, size_t hyphen, size_t next)
{
    static const char states[] = " US UK EU UN UAE U.S. U.K. E.U. U.N. U.A.E. ";
    static const char before[] = " anti pro non ex pre post mid then ";
    static const char after[] =
        " based led backed born listed style controlled held ruled dominated owned run made built "
        "sponsored funded brokered related linked aligned allied affiliated occupied administered "
        "registered flagged speaking language majority era wide bound trained educated featuring "
        "supported produced mediated imposed drafted designed operated friendly financed launched "
        "organized organised inspired themed mandated appointed installed headquartered ";
    const char *s = x->s;
    size_t part = f->last == U_DOT ? f->w->begin : f->part;
    size_t n = ascii_letters(x, next), n_part = hyphen - part;

    if (n_part <= 6 && s[part] <= 'Z' && among(states, s + part, n_part, false))
        return true;
    if (n_part <= 4 && s[next] <= 'Z' && among(before, s + part, n_part, false))
        return n > 0;
    if (s[next] <= 'Z')
        return n <= 4 && among(states, s + next, n, false);
    return f->w->first & U_SET(U_UPPER) && among(after, s + next, n, false);
}

static size_t join_hyphen(const struct text *x, const struct so_far *f, size_t i, size_t len)
{
    if (!glyph_in(x, i + len, U_ALNUM) || parts_name(x, f, i, i + len))
        return 0;
    return i + len;
}

/* A run of what is not seen joins where the word goes on after it. */
static size_t join_format(const struct text *x, size_t i)
{
    while (glyph_in(x, i, U_SET(U_FORMAT)))
        i += glyph_at(x, i).len;
    return glyph_in(x, i, U_ALNUM | U_MARKS) ? i : 0;
}

static size_t join(struct text *x, struct so_far *f, size_t i, const struct glyph *g)
{
    switch (g->class) {
    case U_HYPHEN:
        return join_hyphen(x, f, i, g->len);
    case U_APOSTROPHE:
        return join_apostrophe(x, f, i, g->len);
    case U_DOT:
        return join_dot(x, f, i);
    case U_FORMAT:
        return join_format(x, i);
    case U_OTHER:
    case U_QUOTE:
    case U_MIDDLE:
        return join_other(x, f, i, g);
    default:
        return 0;
    }
}

void word_scan(struct text *x, size_t at, struct word *w)
{
    struct so_far f = {.w = w, .part = at};
    size_t i = at + glyph_at(x, at).len;

    *w = (struct word){.begin = at};
    f.last = glyph_at(x, at).class;
    w->first = U_SET(f.last);
    for (;;) {
        struct glyph g = glyph_at(x, i);
        if (unicode_in(g.class, U_ALNUM) ||
            (f.last == U_PREPEND && !unicode_in(g.class, U_SET(U_SPACE) | U_SET(U_NEWLINE)))) {
            w->rest |= U_SET(g.class);
            f.last = g.class;
            i += g.len;
        } else if (unicode_in(g.class, U_MARKS)) {
            i += g.len;
        } else {
            size_t next = g.len ? join(x, &f, i, &g) : 0;
            if (!next)
                break;
            f.last = g.class == U_FORMAT ? f.last : g.class;
            f.part = next;
            i = next;
        }
    }
    if (!w->end)
        w->end = i;
}
