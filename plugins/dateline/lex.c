/* SPDX-License-Identifier: Apache-2.0
 *
 * lex.c - cuts a line's head into pieces. The hard rule: one pass, no table but
 * the code below, so that a line that is no dateline costs next to nothing.
 */
#include "lex.h"

#include <string.h>

/* What the characters of ASCII are: most of any text, so looked up. */
enum { SPACE = 1, DIGIT = 2, SMALL = 4, CAPITAL = 8, JOINT = 16 };

/* clang-format off */
static const uint8_t ascii[128] = {
    ['\t'] = SPACE, ['\r'] = SPACE, [' '] = SPACE, ['\''] = JOINT, ['-'] = JOINT, ['.'] = JOINT,
    ['0'] = DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT,
    ['A'] = CAPITAL, CAPITAL, CAPITAL, CAPITAL, CAPITAL, CAPITAL, CAPITAL, CAPITAL, CAPITAL,
            CAPITAL, CAPITAL, CAPITAL, CAPITAL, CAPITAL, CAPITAL, CAPITAL, CAPITAL, CAPITAL,
            CAPITAL, CAPITAL, CAPITAL, CAPITAL, CAPITAL, CAPITAL, CAPITAL, CAPITAL,
    ['a'] = SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL,
            SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL,
            SMALL, SMALL,
};
/* clang-format on */

/* A character of the text; text is valid UTF-8. */
struct letter {
    uint32_t cp;
    uint8_t bytes;
};

static struct letter wide_letter(const uint8_t *p, size_t left)
{
    if (p[0] < 0xE0 && left >= 2)
        return (struct letter){(p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu), 2};
    if (p[0] < 0xF0 && left >= 3)
        return (struct letter){(p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu), 3};
    if (left >= 4)
        return (struct letter){0x10000, 4};
    return (struct letter){' ', (uint8_t)left};
}

static inline struct letter letter_at(const char *s, size_t left)
{
    uint8_t c = (uint8_t)*s;

    return c < 0x80 ? (struct letter){c, 1} : wide_letter((const uint8_t *)s, left);
}

static bool is_digit(uint32_t cp)
{
    return cp < 0x80 && ascii[cp] & DIGIT;
}

/* Good enough for the scripts datelines are written in: a mark taken for a
 * letter only ends a parse. */
static bool is_wide_letter(uint32_t cp)
{
    if (cp < 0xC0)
        return cp == 0xAA || cp == 0xBA || cp == 0xB5;
    return cp != 0xD7 && cp != 0xF7 && (cp < 0x2000 || cp >= 0x2E80) &&
           !(cp >= 0x3000 && cp < 0x3041) && !(cp >= 0xFF00 && cp < 0xFF21);
}

static inline bool is_letter(uint32_t cp)
{
    return cp < 0x80 ? ascii[cp] & (SMALL | CAPITAL) : is_wide_letter(cp);
}

static bool is_wide_capital(uint32_t cp)
{
    if (cp < 0x100)
        return cp >= 0xC0 && cp < 0xDF && cp != 0xD7;
    if ((cp >= 0x139 && cp < 0x149) || (cp >= 0x179 && cp < 0x17F))
        return cp & 1;
    if (cp < 0x180)
        return !(cp & 1);
    if (cp < 0x370)
        return false;
    return (cp >= 0x386 && cp < 0x3AC) || (cp >= 0x400 && cp < 0x430) ||
           (cp >= 0x1E00 && cp < 0x1F00 && !(cp & 1));
}

static inline bool is_capital(uint32_t cp)
{
    return cp < 0x80 ? ascii[cp] & CAPITAL : is_wide_capital(cp);
}

static bool is_space(uint32_t cp)
{
    if (cp < 0x80)
        return ascii[cp] & SPACE;
    return cp == 0xA0 || cp == 0x3000 || cp == 0xFEFF || (cp >= 0x2000 && cp < 0x2010);
}

static bool is_dash(uint32_t cp)
{
    return cp == '-' || cp == '_' || (cp >= 0x2010 && cp <= 0x2015) || cp == 0x2212;
}

static uint8_t mark_kind(uint32_t cp)
{
    switch (cp) {
    case '\n':
        return LEX_LINE;
    case ',':
        return LEX_COMMA;
    case '.':
        return LEX_DOT;
    case '(':
    case '[':
        return LEX_OPEN;
    case ')':
    case ']':
        return LEX_CLOSE;
    case '/':
        return LEX_SLASH;
    case ':':
        return LEX_COLON;
    case '&':
        return LEX_AMP;
    case '|':
    case 0xB7:
    case 0x2022:
        return LEX_BAR;
    default:
        return is_dash(cp) ? LEX_DASH : LEX_OTHER;
    }
}

/* Whether a mark between two letters is part of the word: N.Y, Port-au, N'Dj. */
static bool joins(uint32_t cp)
{
    return cp < 0x80 ? ascii[cp] & JOINT : cp == 0x2019 || cp == 0x2010;
}

/* Letters of scripts without capitals, which count as names may. */
static bool is_caseless(uint32_t cp)
{
    return cp >= 0x590 && !(cp >= 0x1E00 && cp < 0x2000);
}

static uint32_t word_end(const char *text, uint32_t at, size_t end, uint8_t *shape)
{
    unsigned capitals = 0, letters = 0;
    bool first = false;

    while (at < end) {
        struct letter c = letter_at(text + at, end - at);

        if (is_letter(c.cp)) {
            if (letters++ == 0)
                first = is_capital(c.cp) || is_caseless(c.cp);
            capitals += is_capital(c.cp);
            at += c.bytes;
        } else if (joins(c.cp) && at + c.bytes < end &&
                   is_letter(letter_at(text + at + c.bytes, end - at - c.bytes).cp)) {
            at += c.bytes;
        } else {
            break;
        }
    }
    *shape = !first                ? LEX_LOWER
             : capitals == letters ? LEX_UPPER
             : capitals <= 1       ? LEX_TITLE
                                   : LEX_MIXED;
    return at;
}

static uint32_t run_end(const char *text, uint32_t at, size_t end, bool (*is)(uint32_t))
{
    while (at < end) {
        struct letter c = letter_at(text + at, end - at);

        if (!is(c.cp))
            break;
        at += c.bytes;
    }
    return at;
}

static bool blank_line(const char *text, size_t at, size_t end)
{
    while (at < end && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r'))
        at++;
    return at >= end || text[at] == '\n';
}

static void cut_one(const char *text, uint32_t at, size_t end, struct lex_piece *p)
{
    struct letter c = letter_at(text + at, end - at);

    p->begin = at;
    p->shape = 0;
    if (is_letter(c.cp)) {
        p->kind = LEX_WORD;
        p->end = word_end(text, at, end, &p->shape);
    } else if (is_digit(c.cp)) {
        p->kind = LEX_NUMBER;
        p->end = run_end(text, at, end, is_digit);
    } else {
        p->kind = mark_kind(c.cp);
        p->end = p->kind == LEX_DASH ? run_end(text, at, end, is_dash) : at + c.bytes;
    }
}

void lex_cut(struct lex *x, const char *text, size_t begin, size_t end, size_t most, bool one_line)
{
    x->text = text;
    x->n = 0;
    x->piece[0].begin = (uint32_t)begin;
    lex_more(x, end, most, one_line);
}

void lex_more(struct lex *x, size_t end, size_t most, bool one_line)
{
    const char *text = x->text;
    uint32_t at = x->piece[x->n].begin;

    while (x->n < most) {
        struct lex_piece *p = &x->piece[x->n];
        uint32_t from = at;

        at = run_end(text, at, end, is_space);
        if (at >= end)
            break;
        cut_one(text, at, end, p);
        p->spaced = at > from || x->n == 0 || x->piece[x->n - 1].kind == LEX_LINE;
        at = p->end;
        if (p->kind == LEX_LINE && (one_line || blank_line(text, at, end)))
            break;
        x->n++;
    }
    for (size_t i = 0; i < LEX_PAD; i++)
        x->piece[x->n + i] = (struct lex_piece){at, at, LEX_END, 0, true};
}

bool lex_is(const struct lex *x, size_t i, const char *word)
{
    const struct lex_piece *p = &x->piece[i];
    const char *s = x->text + p->begin;
    size_t n = p->end - p->begin;

    for (size_t k = 0; k < n; k++) {
        char c = s[k] >= 'A' && s[k] <= 'Z' ? (char)(s[k] + 32) : s[k];

        if (word[k] == '\0' || c != word[k])
            return false;
    }
    return word[n] == '\0';
}

int lex_number(const struct lex *x, size_t i)
{
    const struct lex_piece *p = &x->piece[i];
    int v = 0;

    if (p->kind != LEX_NUMBER || p->end - p->begin > 4)
        return -1;
    for (uint32_t k = p->begin; k < p->end; k++)
        v = v * 10 + (x->text[k] - '0');
    return v;
}
