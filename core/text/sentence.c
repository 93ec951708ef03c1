/* SPDX-License-Identifier: Apache-2.0
 *
 * sentence.c - where a sentence ends. The rules:
 *
 *   marks   . ! ? and their like in other scripts end one, and the quotes and
 *           brackets that close right after them belong to it; what follows must
 *           look like a beginning: no small letter, no comma
 *   titles  Mr. Gen. vs. end none; Inc. U.S. Sept. and initials do where a word
 *           follows that often begins sentences (The, He, But)
 *   lines   a blank line ends one. A line break ends one too (headlines, lists,
 *           "Views: 1254"), unless the text is wrapped: then only where the next
 *           line's first word would have fitted on the line, or is indented
 *
 * The hard rule: a sentence holds at most SENTENCE_MAX tokens, so that no plugin
 * meets one of a million words.
 */
#include "text/arena.h"
#include "text/split.h"

#include <string.h>

enum { SENTENCE_MAX = 1000, WIDTH_MIN = 40, WIDTH_MAX = 100, LONG_LINE = 30, LOOK_BACK = 100 };

struct sentences {
    struct tokens *t;
    struct arena *a;
    const struct text *x;
    size_t room;
    size_t first; /* the sentence's first token */
    size_t line;  /* where the line begins */
};

/* What a token says about the end of a sentence. */
enum mark {
    MARK_NONE,
    MARK_DOT,
    MARK_DOTS,  /* ... */
    MARK_ASKS,  /* ! ? */
    MARK_WIDE,  /* the full stops of scripts that put no space after them */
    MARK_NAME,  /* an abbreviation that ends none */
    MARK_MAYBE, /* one that may */
};

static const struct gloss_token *token_at(const struct sentences *s, size_t i)
{
    return &s->t->tokens[i];
}

static struct glyph first_of(const struct sentences *s, size_t i)
{
    return glyph_at(s->x, token_at(s, i)->span.begin);
}

static bool is_spaced(const struct sentences *s, size_t i)
{
    return i >= s->t->n_tokens || token_at(s, i)->flags & GLOSS_TOKEN_SPACED;
}

static enum mark word_mark(const struct sentences *s, const struct gloss_token *t)
{
    const char *word = s->x->s + t->span.begin;
    size_t n = t->span.end - t->span.begin - 1;

    switch (abbreviation_find(word, n)) {
    case ABBR_NAME:
    case ABBR_NUMBER:
        return MARK_NAME;
    default:
        return MARK_MAYBE;
    }
}

static enum mark mark_of(const struct sentences *s, size_t i)
{
    const struct gloss_token *t = token_at(s, i);
    struct glyph g;

    if (!(t->flags & SPLIT_MARK))
        return MARK_NONE;
    if (!(t->flags & GLOSS_TOKEN_PUNCT))
        return word_mark(s, t);
    g = first_of(s, i);
    if (g.class == U_TERMINAL || g.code == ';')
        return g.code < 0x80 ? MARK_ASKS : MARK_WIDE;
    if (g.class != U_DOT)
        return MARK_DOTS;
    if (g.code != '.')
        return MARK_WIDE;
    return t->span.end - t->span.begin > 1 ? MARK_DOTS : MARK_DOT;
}

/* Whether a quote that stands between spaces closes: an odd one before it, in the
 * sentence, has opened. */
static bool closes_odd(const struct sentences *s, size_t i, uint32_t code)
{
    size_t stop = i - s->first > LOOK_BACK ? i - LOOK_BACK : s->first, n = 0;

    while (i-- > stop)
        n += first_of(s, i).code == code;
    return n % 2 == 1;
}

/* A quote or bracket that closes: stands right after what it closes, or (in text
 * split before, `good . "`) between spaces. */
static bool is_closer(const struct sentences *s, size_t i)
{
    struct glyph g = first_of(s, i);

    if (!(token_at(s, i)->flags & GLOSS_TOKEN_PUNCT))
        return false;
    if (g.class == U_CLOSE)
        return true;
    if (g.class != U_QUOTE && g.class != U_APOSTROPHE)
        return false;
    if (g.code == 0x201C || g.code == 0x2018 || g.code == 0xAB) /* German ones close */
        return !is_spaced(s, i) && is_spaced(s, i + 1);
    return !is_spaced(s, i) || (is_spaced(s, i + 1) && closes_odd(s, i, g.code));
}

static bool is_picture(const struct sentences *s, size_t i)
{
    return unicode_in(first_of(s, i).class, U_SET(U_EMOJI) | U_SET(U_REGIONAL));
}

/* The last token that goes with the mark at i. A line is not passed. */
static size_t last_with(const struct sentences *s, size_t i)
{
    while (i + 1 < s->t->n_tokens && i + 1 - s->first < SENTENCE_MAX) {
        size_t next = i + 1;
        bool marked = !is_spaced(s, next) && mark_of(s, next) != MARK_NONE &&
                      token_at(s, next)->flags & GLOSS_TOKEN_PUNCT;
        if (token_at(s, next)->flags & GLOSS_TOKEN_LINE)
            break;
        if (!marked && !is_closer(s, next) && !is_picture(s, next))
            break;
        i = next;
    }
    return i;
}

static bool is_small(const struct sentences *s, size_t i)
{
    return i < s->t->n_tokens && first_of(s, i).class == U_LOWER;
}

static bool is_starter(const struct sentences *s, size_t i)
{
    const struct gloss_token *t = token_at(s, i);

    return t->flags & (GLOSS_TOKEN_TITLE | GLOSS_TOKEN_UPPER) &&
           abbreviation_starter(s->x->s + t->span.begin, t->span.end - t->span.begin);
}

static bool is_word_of(const struct sentences *s, size_t i, uint32_t set)
{
    return i < s->t->n_tokens && !(token_at(s, i)->flags & GLOSS_TOKEN_PUNCT) &&
           unicode_in(first_of(s, i).class, set);
}

/* Whether a mark at next, after a full stop and a space, opens a sentence. */
static bool opens(const struct sentences *s, size_t next)
{
    struct glyph g = first_of(s, next);

    if (unicode_in(g.class, U_SET(U_CLOSE) | U_SET(U_DOT) | U_SET(U_TERMINAL)))
        return false;
    if (one_of(",;:%/&|", g.code) || g.code == 0x3001 || g.code == 0xFF0C || g.code == 0x60C)
        return false;
    return next + 1 < s->t->n_tokens && !is_small(s, next + 1);
}

static bool is_among(const struct sentences *s, size_t i, const char *words)
{
    const struct gloss_token *t = token_at(s, i);
    size_t n = t->span.end - t->span.begin;
    char key[16] = " ";

    if (n > sizeof(key) - 3)
        return false;
    memcpy(key + 1, s->x->s + t->span.begin, n);
    if (t->flags & GLOSS_TOKEN_TITLE && key[1] >= 'A' && key[1] <= 'Z')
        key[1] |= 0x20;
    memcpy(key + 1 + n, " ", 2);
    return strstr(words, key) != NULL;
}

/* 1. Introduction; 3. Oktober; gegen den 1. FC Köln: the number's full stop is
 * no end. */
static bool is_ordinal(const struct sentences *s, size_t dot, size_t next)
{
    static const char after[] = " januar februar märz april mai juni juli august september oktober "
                                "november dezember jahrhundert jänner FC ";
    static const char before[] = " am der die das dem den des im zum vom beim zur bis ab seit und "
                                 "ihr sein ihrem seinem ";
    const struct gloss_token *number;

    if (dot == s->first || is_spaced(s, dot))
        return false;
    number = token_at(s, dot - 1);
    if (!(number->flags & GLOSS_TOKEN_NUMBER) || number->span.end - number->span.begin > 2)
        return false;
    return dot - 1 == s->first || is_among(s, next, after) || is_among(s, dot - 2, before);
}

/* Where no space stands after the mark: a typing error, or no end. */
static bool begins_unspaced(const struct sentences *s, size_t mark, size_t next)
{
    const struct gloss_token *before;

    if (mark == s->first || !is_word_of(s, next, U_SET(U_UPPER)))
        return false;
    before = token_at(s, mark - 1);
    return before->flags & GLOSS_TOKEN_WORD && before->span.end - before->span.begin > 1 &&
           glyph_at(s->x, before->span.end - 1).class == U_LOWER;
}

/* After a full stop that needs no space: what was said goes on with a particle
 * (「はい。」と言った) or a comma (“你好！”，他说). */
static bool begins_wide(const struct sentences *s, size_t mark, size_t last)
{
    if (token_at(s, last + 1)->flags & GLOSS_TOKEN_PUNCT)
        return opens(s, last + 1);
    return last == mark || first_of(s, last + 1).class != U_HIRAGANA;
}

/* Whether a sentence begins at next, after the mark at i and what closes with it. */
static bool begins(const struct sentences *s, enum mark mark, size_t i, size_t last)
{
    size_t next = last + 1;

    if (mark == MARK_WIDE)
        return begins_wide(s, i, last);
    if (!is_spaced(s, next))
        return (mark == MARK_DOT || mark == MARK_ASKS) && begins_unspaced(s, i, next);
    if (mark == MARK_NAME)
        return false;
    if (is_small(s, next))
        return last == i && (mark == MARK_DOT || mark == MARK_ASKS) && is_small(s, s->first);
    if (token_at(s, next)->flags & GLOSS_TOKEN_PUNCT)
        return opens(s, next) && (mark != MARK_MAYBE || is_word_of(s, next + 1, U_SET(U_UPPER)));
    if (mark == MARK_MAYBE)
        return is_starter(s, next);
    if (mark == MARK_DOTS)
        return !(token_at(s, next)->flags & GLOSS_TOKEN_NUMBER);
    return mark != MARK_DOT || !is_ordinal(s, i, next);
}

/* ---- lines */

/* What stands between two lines. */
struct gap {
    size_t breaks, line; /* line: where the line after it begins */
};

static struct gap gap_before(const struct sentences *s, size_t next)
{
    struct gap g = {0, token_at(s, next)->span.begin};
    size_t end = g.line, i = next ? token_at(s, next - 1)->span.end : s->x->begin;

    g.line = i;
    while (i < end) {
        struct glyph c = glyph_at(s->x, i);
        i += c.len;
        if (c.class != U_NEWLINE || (c.code == '\r' && i < end && s->x->s[i] == '\n'))
            continue;
        g.breaks += c.code == 0x2029 ? 2 : 1;
        g.line = i;
    }
    return g;
}

static size_t columns(const struct sentences *s, size_t begin, size_t end)
{
    return utf8_count(s->x->s + begin, end - begin);
}

/* Whether a line that ends with this token is surely not complete. */
static bool hangs(const struct sentences *s, size_t last)
{
    static const char words[] =
        " of the and a an in to for with by on at from its or that as than , ";
    const struct gloss_token *t = token_at(s, last);

    return t->span.end - t->span.begin <= 4 && !(t->flags & GLOSS_TOKEN_TITLE) &&
           is_among(s, last, words);
}

/* Whether the line break before token next, after last, ends a sentence. */
static bool line_ends(const struct sentences *s, size_t last, size_t next)
{
    struct gap gap = gap_before(s, next);
    size_t begin = token_at(s, next)->span.begin, word = token_at(s, next)->span.end - begin;
    size_t indent = begin - gap.line, cols;

    if (gap.breaks > 1)
        return true;
    cols = columns(s, s->line, token_at(s, last)->span.end);
    if (is_small(s, next) && mark_of(s, last) == MARK_NONE)
        return cols < (s->x->width ? s->x->width / 2 : LONG_LINE);
    if (hangs(s, last))
        return false;
    if (!s->x->width)
        return true;
    if (indent > 1 || (indent && s->x->s[gap.line] == '\t'))
        return true;
    /* Lines are wrapped by hand too: not each is filled as far as it could be. */
    return cols + 1 + word <= s->x->width * 7 / 8;
}

/* ---- */

static bool close_sentence(struct sentences *s, size_t last)
{
    struct tokens *t = s->t;
    struct gloss_span span = {token_at(s, s->first)->span.begin, token_at(s, last)->span.end};

    if (t->n_sentences >= s->room) {
        size_t room = t->n_sentences * 2 + (t->n_tokens - s->first) / 16 + 8;
        struct gloss_span *spans =
            arena_grow(s->a, t->sentences, t->n_sentences * sizeof(span), room * sizeof(span));
        if (!spans)
            return false;
        t->sentences = spans;
        s->room = room;
    }
    for (size_t i = s->first; i <= last; i++) {
        t->tokens[i].sentence = (uint32_t)t->n_sentences;
        t->tokens[i].flags &= ~SPLIT_MARK;
    }
    t->sentences[t->n_sentences++] = span;
    s->first = last + 1;
    return true;
}

/* Whether a sentence ends at token *i, which is moved to the last that goes with
 * it. Moved too where none ends: what was looked at need not be again. */
static bool ends_at(const struct sentences *s, size_t *i)
{
    size_t at = *i, n = s->t->n_tokens;
    enum mark mark = mark_of(s, at);

    if (mark != MARK_NONE)
        *i = last_with(s, at);
    if (*i + 1 >= n)
        return true;
    if (token_at(s, *i + 1)->flags & GLOSS_TOKEN_LINE && line_ends(s, *i, *i + 1))
        return true;
    if (mark != MARK_NONE && begins(s, mark, at, *i))
        return true;
    return *i - s->first + 1 >= SENTENCE_MAX;
}

/* Lines of a text, counted by their columns. */
struct census {
    size_t lines[WIDTH_MAX + 1];
    size_t n, longer;
};

static void count_line(struct census *c, const char *line, size_t n)
{
    size_t cols;

    while (n && (line[n - 1] == ' ' || line[n - 1] == '\r' || line[n - 1] == '\t'))
        n--;
    if (!n)
        return;
    cols = n > 4 * WIDTH_MAX ? n : utf8_count(line, n);
    c->n++;
    if (cols > WIDTH_MAX)
        c->longer++;
    else
        c->lines[cols]++;
}

/* Text is wrapped where a third of its lines and more end near the column at
 * which the longest of them end, and hardly any is longer than WIDTH_MAX. The
 * longest fiftieth may stick out. */
size_t sentence_width(const struct text *x)
{
    struct census c = {{0}, 0, 0};
    size_t width = WIDTH_MAX, over = 0, near = 0;
    const char *line = x->s + x->begin, *end = x->s + x->end;

    while (line < end) {
        const char *nl = memchr(line, '\n', (size_t)(end - line));
        count_line(&c, line, (size_t)((nl ? nl : end) - line));
        line = nl ? nl + 1 : end;
    }
    if (c.n < 3 || c.longer * 10 > c.n)
        return 0;
    while (width > WIDTH_MIN && (over + c.lines[width]) * 50 <= c.n)
        over += c.lines[width--];
    for (size_t cols = width * 4 / 5; cols <= width; cols++)
        near += c.lines[cols];
    return width > WIDTH_MIN && near * 3 >= c.n ? width : 0;
}

int sentence_split(struct tokens *t, struct arena *a, const struct text *x, size_t first)
{
    struct sentences s = {.t = t, .a = a, .x = x, .first = first, .line = x->begin};

    if (first == t->n_tokens)
        return 0;
    for (size_t i = first; i < t->n_tokens; i++) {
        bool ends;
        if (i + 1 < t->n_tokens && !(t->tokens[i].flags & (SPLIT_MARK | GLOSS_TOKEN_LINE)) &&
            !(t->tokens[i + 1].flags & GLOSS_TOKEN_LINE) && i - s.first < SENTENCE_MAX - 1)
            continue;
        if (token_at(&s, i)->flags & GLOSS_TOKEN_LINE && i > first)
            s.line = gap_before(&s, i).line;
        ends = ends_at(&s, &i);
        if (ends && !close_sentence(&s, i)) {
            t->n_tokens = s.first;
            return -1;
        }
    }
    return 0;
}
