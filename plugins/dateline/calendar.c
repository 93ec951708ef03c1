/* SPDX-License-Identifier: Apache-2.0
 *
 * calendar.c - reads and resolves dates. The hard rule: a day that is in no
 * calendar (31 June) is no date.
 */
#include "calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Days a dateline may be ahead of the day of publication: a date line between them, copy
 * sent in advance, a day of publication that is but a month's first. A story is not
 * filed months after it was published, so more is a story of the year before; or,
 * where the day or the month is that of the publication, a misprint. */
enum { AHEAD = 14, MISPRINT = 62 };

struct name {
    const char *word; /* folded */
    int8_t least;     /* letters that are enough */
    int8_t value;
};

/* English, Spanish, French, German, Portuguese, Italian, Dutch, the Scandinavian
 * languages, Polish, Czech, Turkish, Indonesian, Finnish, Russian, Ukrainian, Arabic. */
static const struct name months[] = {
    {"january", 3, 1},       {"januar", 3, 1},       {"januari", 3, 1},    {"enero", 3, 1},
    {"janvier", 3, 1},       {"janeiro", 3, 1},      {"gennaio", 3, 1},    {"jaenner", 4, 1},
    {"janner", 4, 1},        {"stycznia", 3, 1},     {"ledna", 4, 1},      {"ocak", 3, 1},
    {"tammikuuta", 5, 1},    {"января", 6, 1},       {"січня", 6, 1},      {"february", 3, 2},
    {"februar", 3, 2},       {"febrero", 3, 2},      {"fevrier", 3, 2},    {"fevereiro", 3, 2},
    {"febbraio", 3, 2},      {"lutego", 3, 2},       {"unora", 4, 2},      {"subat", 4, 2},
    {"helmikuuta", 5, 2},    {"февраля", 6, 2},      {"лютого", 6, 2},     {"march", 3, 3},
    {"marzo", 3, 3},         {"mars", 3, 3},         {"marz", 3, 3},       {"maerz", 4, 3},
    {"marco", 3, 3},         {"maart", 4, 3},        {"marts", 4, 3},      {"marca", 5, 3},
    {"brezna", 4, 3},        {"mart", 4, 3},         {"maret", 4, 3},      {"maaliskuuta", 5, 3},
    {"марта", 6, 3},         {"березня", 6, 3},      {"april", 3, 4},      {"abril", 3, 4},
    {"avril", 3, 4},         {"aprile", 3, 4},       {"kwietnia", 3, 4},   {"dubna", 4, 4},
    {"nisan", 4, 4},         {"huhtikuuta", 5, 4},   {"апреля", 6, 4},     {"квітня", 6, 4},
    {"may", 3, 5},           {"mayo", 3, 5},         {"mai", 3, 5},        {"maio", 3, 5},
    {"maggio", 3, 5},        {"mei", 3, 5},          {"maj", 3, 5},        {"maja", 3, 5},
    {"kvetna", 4, 5},        {"mayis", 4, 5},        {"toukokuuta", 5, 5}, {"мая", 6, 5},
    {"травня", 6, 5},        {"june", 3, 6},         {"junio", 3, 6},      {"juin", 3, 6},
    {"juni", 3, 6},          {"junho", 3, 6},        {"giugno", 3, 6},     {"czerwca", 3, 6},
    {"cervna", 6, 6},        {"haziran", 4, 6},      {"kesakuuta", 5, 6},  {"июня", 6, 6},
    {"червня", 6, 6},        {"july", 3, 7},         {"julio", 3, 7},      {"juillet", 4, 7},
    {"juli", 3, 7},          {"julho", 3, 7},        {"luglio", 3, 7},     {"lipca", 3, 7},
    {"cervence", 7, 7},      {"temmuz", 4, 7},       {"heinakuuta", 5, 7}, {"июля", 6, 7},
    {"липня", 6, 7},         {"august", 3, 8},       {"agosto", 3, 8},     {"aout", 3, 8},
    {"augustus", 3, 8},      {"augusti", 3, 8},      {"agustus", 3, 8},    {"sierpnia", 3, 8},
    {"srpna", 4, 8},         {"agustos", 4, 8},      {"elokuuta", 5, 8},   {"августа", 6, 8},
    {"серпня", 6, 8},        {"september", 3, 9},    {"sept", 4, 9},       {"septiembre", 3, 9},
    {"setiembre", 3, 9},     {"septembre", 3, 9},    {"setembro", 3, 9},   {"settembre", 3, 9},
    {"wrzesnia", 3, 9},      {"zari", 4, 9},         {"eylul", 4, 9},      {"syyskuuta", 5, 9},
    {"сентября", 6, 9},      {"вересня", 6, 9},      {"october", 3, 10},   {"octubre", 3, 10},
    {"octobre", 3, 10},      {"oktober", 3, 10},     {"outubro", 3, 10},   {"ottobre", 3, 10},
    {"pazdziernika", 3, 10}, {"rijna", 4, 10},       {"ekim", 4, 10},      {"lokakuuta", 5, 10},
    {"октября", 6, 10},      {"жовтня", 6, 10},      {"november", 3, 11},  {"noviembre", 3, 11},
    {"novembre", 3, 11},     {"novembro", 3, 11},    {"listopada", 3, 11}, {"listopadu", 3, 11},
    {"kasim", 4, 11},        {"marraskuuta", 5, 11}, {"ноября", 6, 11},    {"december", 3, 12},
    {"diciembre", 3, 12},    {"decembre", 3, 12},    {"dezember", 3, 12},  {"dezembro", 3, 12},
    {"dicembre", 3, 12},     {"desember", 3, 12},    {"grudnia", 3, 12},   {"prosince", 4, 12},
    {"aralik", 4, 12},       {"joulukuuta", 5, 12},  {"декабря", 6, 12},   {"грудня", 6, 12},
    {"يناير", 10, 1},        {"فبراير", 12, 2},      {"مارس", 8, 3},       {"أبريل", 10, 4},
    {"مايو", 8, 5},          {"يونيو", 10, 6},       {"يوليو", 10, 7},     {"أغسطس", 10, 8},
    {"سبتمبر", 12, 9},       {"أكتوبر", 12, 10},     {"نوفمبر", 12, 11},   {"ديسمبر", 12, 12},
};

static const struct name weekdays[] = {
    {"monday", 3, 0},    {"lunes", 3, 0},          {"lundi", 3, 0},     {"montag", 6, 0},
    {"lunedi", 6, 0},    {"segunda-feira", 13, 0}, {"maandag", 7, 0},   {"mandag", 6, 0},
    {"tuesday", 3, 1},   {"martes", 6, 1},         {"mardi", 5, 1},     {"dienstag", 8, 1},
    {"martedi", 7, 1},   {"terca-feira", 11, 1},   {"dinsdag", 7, 1},   {"tisdag", 6, 1},
    {"wednesday", 3, 2}, {"miercoles", 3, 2},      {"mercredi", 8, 2},  {"mittwoch", 8, 2},
    {"mercoledi", 9, 2}, {"quarta-feira", 12, 2},  {"woensdag", 8, 2},  {"onsdag", 6, 2},
    {"thursday", 3, 3},  {"jueves", 6, 3},         {"jeudi", 5, 3},     {"donnerstag", 10, 3},
    {"giovedi", 7, 3},   {"quinta-feira", 12, 3},  {"donderdag", 9, 3}, {"torsdag", 7, 3},
    {"friday", 3, 4},    {"viernes", 7, 4},        {"vendredi", 8, 4},  {"freitag", 7, 4},
    {"venerdi", 8, 4},   {"sexta-feira", 11, 4},   {"vrijdag", 7, 4},   {"fredag", 6, 4},
    {"saturday", 3, 5},  {"sabado", 6, 5},         {"samedi", 6, 5},    {"samstag", 7, 5},
    {"sonnabend", 9, 5}, {"sabato", 6, 5},         {"zaterdag", 8, 5},  {"lordag", 6, 5},
    {"sunday", 3, 6},    {"domingo", 7, 6},        {"dimanche", 8, 6},  {"sonntag", 7, 6},
    {"domenica", 8, 6},  {"zondag", 6, 6},         {"sondag", 6, 6},
};

static int find_name(const struct calendar *c, const struct lex *x, size_t i,
                     const struct name *names, size_t n, int none)
{
    const struct lex_piece *p = &x->piece[i];
    char word[GAZETTEER_NAME_MAX + 1];
    size_t len;

    if (p->kind != LEX_WORD || p->end - p->begin > 26)
        return none;
    len = gazetteer_fold(c->gazetteer, x->text + p->begin, p->end - p->begin, word);
    for (size_t k = 0; k < n && len >= 3; k++)
        if (names[k].word[0] == word[0] && len >= (size_t)names[k].least &&
            strncmp(names[k].word, word, len) == 0)
            return names[k].value;
    return none;
}

int calendar_month(const struct calendar *c, const struct lex *x, size_t i)
{
    return find_name(c, x, i, months, sizeof months / sizeof *months, 0);
}

int calendar_weekday(const struct calendar *c, const struct lex *x, size_t i)
{
    return find_name(c, x, i, weekdays, sizeof weekdays / sizeof *weekdays, -1);
}

/* ---- arithmetic */

static int days_in(int year, int month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year == 0 || (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));

    return month == 2 && leap ? 29 : days[month - 1];
}

static bool valid(struct day d)
{
    return d.month >= 1 && d.month <= 12 && d.day >= 1 && d.day <= days_in(d.year, d.month) &&
           (d.year == 0 || (d.year >= 1600 && d.year < 2300));
}

/* Days since 1 March of the year 0. */
static long number_of(struct day d)
{
    long y = d.month > 2 ? d.year : d.year - 1, m = (d.month + 9) % 12;

    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + d.day - 1;
}

static struct day day_of(long n)
{
    struct day d = {(int)((n * 10000 + 14780) / 3652425), 0, 0, -1};
    long rest, m;

    rest = n - (365L * d.year + d.year / 4 - d.year / 100 + d.year / 400);
    if (rest < 0) {
        d.year--;
        rest = n - (365L * d.year + d.year / 4 - d.year / 100 + d.year / 400);
    }
    m = (100 * rest + 52) / 3060;
    d.month = (int)((m + 2) % 12 + 1);
    d.year += (int)((m + 2) / 12);
    d.day = (int)(rest - (m * 306 + 5) / 10 + 1);
    return d;
}

long calendar_between(struct day a, struct day b)
{
    return number_of(b) - number_of(a);
}

struct day calendar_iso(const char *s)
{
    struct day d = DAY_NONE;

    if (!s || sscanf(s, "%4d-%2d-%2d", &d.year, &d.month, &d.day) != 3 || d.year == 0 || !valid(d))
        return DAY_NONE;
    return d;
}

/* Whether a story may bear the date though it was published on the day given. */
static bool may_follow(struct day published, struct day dated)
{
    long ahead = calendar_between(published, dated);

    return ahead <= AHEAD ||
           (ahead <= MISPRINT && (published.day == dated.day || published.month == dated.month));
}

struct day calendar_resolve(const struct calendar *c, struct day d)
{
    struct day best = d;

    if (c->published.year == 0)
        return d;
    if (d.month == 0 && d.weekday >= 0) {
        /* The last such day; a dateline of tomorrow is one written across a date line. */
        long today = number_of(c->published);
        long back = (today + 1 + 2 - d.weekday) % 7; /* 1 March of year 0 was a Wednesday */

        best = day_of(today + 1 - back);
        best.weekday = d.weekday;
        return best;
    }
    if (d.year != 0 || d.month == 0)
        return d;
    for (int year = c->published.year + 1; year >= c->published.year - 1; year--) {
        best.year = year;
        if (valid(best) && may_follow(c->published, best))
            return best;
    }
    return d;
}

bool calendar_write(struct day d, char out[CALENDAR_TEXT])
{
    if (!valid(d))
        return false;
    if (d.year == 0)
        snprintf(out, CALENDAR_TEXT, "XXXX-%02d-%02d", d.month & 15, d.day & 31);
    else
        snprintf(out, CALENDAR_TEXT, "%04d-%02d-%02d", d.year & 4095, d.month & 15, d.day & 31);
    return true;
}

/* ---- reading */

static bool word_in(const struct lex *x, size_t i, const char *const *words)
{
    for (; *words; words++)
        if (lex_is(x, i, *words))
            return true;
    return false;
}

static int full_year(const struct calendar *c, int yy)
{
    int base = c->published.year ? c->published.year / 100 * 100 : yy >= 50 ? 1900 : 2000;
    int year = base + yy;

    return c->published.year == 0          ? year
           : year > c->published.year + 50 ? year - 100
           : year < c->published.year - 49 ? year + 100
                                           : year;
}

/* Whether two figures at piece i are a year: 89, or 11 where a bracket or dash follows. */
static bool short_year(const struct lex *x, size_t i)
{
    int next = x->piece[i + 1].kind;

    if (x->piece[i].end - x->piece[i].begin != 2)
        return false;
    return next == LEX_OPEN || next == LEX_DASH ||
           (lex_number(x, i) > 31 && next != LEX_COLON); /* 10:45 is a time of day */
}

/* The year at piece i, after what may stand before one. Pieces taken. */
static size_t read_year(const struct calendar *c, const struct lex *x, size_t i, int *year)
{
    static const char *const of[] = {"de", "del", NULL};
    size_t at = i;
    bool comma = x->piece[at].kind == LEX_COMMA;
    int v;

    if (comma || word_in(x, at, of))
        at++;
    if (x->piece[at].kind == LEX_OTHER && x->piece[at + 1].kind == LEX_NUMBER)
        at++; /* '90 */
    v = lex_number(x, at);
    if (x->piece[at].kind != LEX_NUMBER)
        return 0;
    if (x->piece[at].end - x->piece[at].begin == 4 && v >= 1600 && v < 2300)
        *year = v;
    else if (!comma && short_year(x, at))
        *year = full_year(c, v);
    else
        return 0;
    return at + 1 - i;
}

/* The day of the month at piece i with its ending: 1st, 1er, 29. Pieces taken. */
static size_t read_day(const struct lex *x, size_t i, int *day)
{
    static const char *const endings[] = {"st",       "nd",       "rd",       "th", "er",
                                          "\xC2\xBA", "\xC2\xB0", "\xC2\xAA", NULL};
    const struct lex_piece *p = &x->piece[i];

    if (p->kind != LEX_NUMBER || p->end - p->begin > 2)
        return 0;
    *day = lex_number(x, i);
    return !p[1].spaced && word_in(x, i + 1, endings) ? 2 : 1;
}

/* March 12, 1987 */
static size_t month_first(const struct calendar *c, const struct lex *x, size_t i, struct day *d)
{
    size_t at = i + 1, n;

    d->month = calendar_month(c, x, i);
    if (d->month == 0)
        return 0;
    if (x->piece[at].kind == LEX_DOT)
        at++;
    n = read_day(x, at, &d->day);
    if (n == 0)
        return 0;
    at += n;
    return at + read_year(c, x, at, &d->year) - i;
}

/* 12 March 1987, 29. September, 23 de mayo de 2010 */
static size_t day_first(const struct calendar *c, const struct lex *x, size_t i, struct day *d)
{
    static const char *const of[] = {"de", "of", NULL};
    size_t at = i + read_day(x, i, &d->day);

    if (at == i)
        return 0;
    if (x->piece[at].kind == LEX_DOT || x->piece[at].kind == LEX_DASH || word_in(x, at, of))
        at++;
    d->month = calendar_month(c, x, at);
    if (d->month == 0)
        return 0;
    at++;
    if (x->piece[at].kind == LEX_DOT && !x->piece[at].spaced && x->piece[at + 1].kind != LEX_WORD)
        at++; /* before a word, the dot ends the sentence */
    if (x->piece[at].kind == LEX_DASH && !x->piece[at].spaced && lex_number(x, at + 1) >= 1600)
        at++;
    return at + read_year(c, x, at, &d->year) - i;
}

static bool same_mark(const struct lex *x, size_t a, size_t b)
{
    int kind = x->piece[a].kind;

    return kind == x->piece[b].kind && (kind == LEX_DASH || kind == LEX_SLASH || kind == LEX_DOT) &&
           x->piece[a].end - x->piece[a].begin == x->piece[b].end - x->piece[b].begin;
}

/* 2015-09-29, 29.09.2015, 29/09/15, 09/29/2015 */
static size_t figures(const struct calendar *c, const struct lex *x, size_t i, struct day *d)
{
    const struct lex_piece *p = &x->piece[i];
    int a = lex_number(x, i), b, y;

    if (a < 0 || i + 4 > x->n || !same_mark(x, i + 1, i + 3) || p[1].spaced || p[3].spaced)
        return 0;
    if ((p[2].spaced || p[4].spaced) && p[1].kind != LEX_DOT) /* 28. 4. 2023 */
        return 0;
    b = lex_number(x, i + 2);
    y = lex_number(x, i + 4);
    if (p[0].end - p[0].begin == 4) {
        *d = (struct day){a, b, y, d->weekday};
        return 5;
    }
    if (p[4].end - p[4].begin == 2 && p[1].kind != LEX_DASH)
        y = full_year(c, y);
    else if (p[4].end - p[4].begin != 4)
        return 0;
    *d = (struct day){y, b, a, d->weekday};
    if (b > 12 || (a <= 12 && c->month_first))
        *d = (struct day){y, a, b, d->weekday};
    return 5;
}

/* The year, month and day signs of Chinese and Japanese. */
static size_t signs(const struct lex *x, size_t i, struct day *d)
{
    static const char *const sign[] = {"年", "月", "日"};
    int *part[] = {&d->year, &d->month, &d->day};
    size_t at = i, first = lex_is(x, i + 1, sign[1]) ? 1 : 0;

    for (size_t k = first; k < 3; k++, at += 2) {
        const struct lex_piece *p = &x->piece[at];

        if (p->kind != LEX_NUMBER || p[1].kind != LEX_WORD ||
            memcmp(x->text + p[1].begin, sign[k], 3) != 0)
            return 0;
        *part[k] = lex_number(x, at);
    }
    return at - i;
}

static size_t read_date(const struct calendar *c, const struct lex *x, size_t i, struct day *d)
{
    static size_t (*const form[])(const struct calendar *, const struct lex *, size_t,
                                  struct day *) = {figures, day_first, month_first};
    int weekday = d->weekday;
    size_t n;

    for (size_t k = 0; k < sizeof form / sizeof *form; k++) {
        *d = (struct day){0, 0, 0, weekday};
        n = form[k](c, x, i, d);
        if (n > 0 && valid(*d))
            return n;
    }
    *d = (struct day){0, 0, 0, weekday};
    n = signs(x, i, d);
    return n > 0 && valid(*d) ? n : 0;
}

size_t calendar_read(const struct calendar *c, const struct lex *x, size_t i, struct day *d)
{
    static const char *const before[] = {"le", "el", "den", "der", "am", "il", "dia", "the", NULL};
    size_t at = i, n;

    *d = DAY_NONE;
    if (x->piece[i].kind != LEX_WORD && x->piece[i].kind != LEX_NUMBER)
        return 0;
    d->weekday = calendar_weekday(c, x, i);
    if (d->weekday >= 0) {
        at++;
        if (x->piece[at].kind == LEX_DOT)
            at++;
        if (x->piece[at].kind == LEX_COMMA)
            at++;
    }
    if (word_in(x, at, before))
        at++;
    n = read_date(c, x, at, d);
    if (n > 0)
        return at + n - i;
    if (d->weekday < 0)
        return 0;
    *d = (struct day){0, 0, 0, d->weekday};
    return x->piece[i + 1].kind == LEX_DOT && x->piece[i].end - x->piece[i].begin < 6 ? 2 : 1;
}

size_t calendar_skip(const struct calendar *c, const struct lex *x, size_t i)
{
    struct day d = DAY_NONE;
    size_t n = day_first(c, x, i, &d);

    if (n == 0)
        n = month_first(c, x, i, &d);
    return n > 0 && !valid(d) ? n : 0;
}
