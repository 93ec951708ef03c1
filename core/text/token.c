/* SPDX-License-Identifier: Apache-2.0
 *
 * token.c - text into tokens. Words and numbers are word.c's; here is all else:
 *
 *   marks       one token each, but a run of the same one is one: ... -- !!!
 *   quotes      one token each; '' is one
 *   Chinese     a token a character; Japanese kana in runs of one script
 *   Thai, Lao, Khmer, Myanmar  a token a consonant with all that hangs on it
 *   emoji       a token a picture, whatever it is put together from
 *
 * White space, control characters and what can't be seen (byte order mark,
 * directions) are in no token. The hard rule: a token never begins or ends within
 * a grapheme cluster.
 */
#include "text/token.h"

#include "text/arena.h"
#include "text/split.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

struct splitter {
    struct text x;
    struct tokens *t;
    struct arena *a;
    size_t room;
    size_t at;
    uint32_t pending; /* flags of the next token */
};

enum { ZWJ = 0x200D, ELLIPSIS = 0x2026, LONG_VOWEL = 0x30FC, COENG = 0x17D2 };

/* Bytes the short way may look at: 16 letters, what is after them, and after that. */
enum { PLAIN_AHEAD = 18 };

/* English has a token to five bytes. Where memory is short a smaller step is taken
 * before none is. */
static bool grow(struct splitter *p)
{
    struct tokens *t = p->t;
    size_t more = p->room ? p->room / 2 + 16 : (p->x.end - p->x.begin) / 5 + 16;
    struct gloss_token *tokens = NULL;

    for (; more && !tokens; more /= 2) {
        size_t room = t->n_tokens + more;
        tokens = arena_grow(p->a, t->tokens, t->n_tokens * sizeof(*tokens), room * sizeof(*tokens));
        p->room = tokens ? room : p->room;
    }
    if (tokens)
        t->tokens = tokens;
    return tokens != NULL;
}

/* Ends the token that begins at p->at. */
static bool push(struct splitter *p, size_t end, uint32_t flags)
{
    struct tokens *t = p->t;

    if (t->n_tokens >= p->room && !grow(p))
        return false;
    t->tokens[t->n_tokens++] = (struct gloss_token){
        .span = {(uint32_t)p->at, (uint32_t)end},
        .flags = flags | p->pending,
    };
    p->pending = 0;
    p->at = end;
    return true;
}

static uint32_t flags_of(const struct word *w)
{
    uint32_t flags = w->link ? GLOSS_TOKEN_LINK : 0;

    if (w->first & U_DIGITS)
        return flags | GLOSS_TOKEN_NUMBER;
    flags |= GLOSS_TOKEN_WORD;
    if (!(w->first & U_SET(U_UPPER)))
        return flags;
    if (!(w->rest & U_SET(U_UPPER)))
        return flags | GLOSS_TOKEN_TITLE;
    return w->rest & (U_SET(U_LOWER) | U_SET(U_LETTER)) ? flags : flags | GLOSS_TOKEN_UPPER;
}

static bool push_word(struct splitter *p)
{
    struct word w;

    word_scan(&p->x, p->at, &w);
    return push(p, w.end, flags_of(&w) | (p->x.s[w.end - 1] == '.' && !w.link ? SPLIT_MARK : 0));
}

static size_t after_marks(const struct text *x, size_t i)
{
    for (;;) {
        struct glyph g = glyph_at(x, i);
        if (!unicode_in(g.class, U_MARKS))
            return i;
        i += g.len;
    }
}

/* Greek asks with a semicolon. */
static bool is_greek_question(const struct splitter *p, struct glyph g)
{
    return g.code == ';' && p->at > p->x.begin + 1 && !p->pending &&
           ((unsigned char)p->x.s[p->at - 2] | 1) == 0xCF;
}

static uint32_t mark_of(const struct splitter *p, struct glyph g)
{
    bool mark =
        g.class == U_TERMINAL || g.class == U_DOT || g.code == ELLIPSIS || is_greek_question(p, g);

    return mark ? SPLIT_MARK : 0;
}

/* The same mark again and again, ! and ? as one. */
static bool push_run(struct splitter *p, struct glyph g)
{
    size_t i = p->at + g.len;

    for (;;) {
        struct glyph next = glyph_at(&p->x, i);
        bool asks = (g.code == '!' || g.code == '?') && (next.code == '!' || next.code == '?');
        if (!next.len || (next.code != g.code && !asks))
            break;
        i += next.len;
    }
    return push(p, after_marks(&p->x, i), GLOSS_TOKEN_PUNCT | mark_of(p, g));
}

static bool push_one(struct splitter *p, struct glyph g, uint32_t flags)
{
    return push(p, after_marks(&p->x, p->at + g.len), flags);
}

/* A clitic stands right after its word, or alone in text that has been split
 * before ("Germany 's"). Two apostrophes are a quotation mark. */
static bool push_apostrophe(struct splitter *p, struct glyph g)
{
    size_t end = word_clitic(&p->x, p->at);

    if (end && p->pending)
        end = glyph_in(&p->x, end, U_SET(U_SPACE) | U_SET(U_NEWLINE)) ? end : 0;
    if (end) {
        struct word w = {.rest = 0};
        w.first = U_SET(glyph_at(&p->x, p->at + g.len).class);
        w.rest = U_SET(glyph_at(&p->x, end - 1).class);
        if (end - p->at - g.len == 1)
            w.rest = 0;
        return push(p, end, flags_of(&w));
    }
    if (glyph_at(&p->x, p->at + g.len).code == g.code)
        g.len *= 2;
    return push_one(p, g, GLOSS_TOKEN_PUNCT);
}

static bool push_kana(struct splitter *p, enum unicode_class script)
{
    size_t i = p->at;

    for (;;) {
        struct glyph g = glyph_at(&p->x, i);
        if (!g.len || (g.class != script && g.code != LONG_VOWEL && !unicode_in(g.class, U_MARKS)))
            break;
        i += g.len;
    }
    return push(p, i, GLOSS_TOKEN_WORD);
}

/* Whether the letter at i closes the syllable before it (Myanmar). Khmer's coeng
 * is a stacker too, but what stands before it begins a syllable. */
static bool closes(const struct text *x, size_t i)
{
    struct glyph next = glyph_at(x, i + glyph_at(x, i).len);

    return next.class == U_KILLER || (next.class == U_STACKER && next.code != COENG);
}

/* A letter and what hangs on it: the vowel before it, the letters stacked under
 * it, the one that closes its syllable. */
static bool push_syllable(struct splitter *p, struct glyph g)
{
    size_t i = p->at + g.len;
    bool open = g.class == U_SA_LEAD;

    for (;;) {
        struct glyph next = glyph_at(&p->x, i);
        bool hangs = unicode_in(next.class, U_MARKS);
        if (!hangs && !(next.class == U_SA && (open || closes(&p->x, i))))
            break;
        i += next.len;
        open = next.class == U_STACKER;
    }
    return push(p, i, GLOSS_TOKEN_WORD);
}

/* Pictures joined by ZWJ are one. */
static bool push_emoji(struct splitter *p, struct glyph g)
{
    size_t i = p->at + g.len;

    for (;;) {
        struct glyph next = glyph_at(&p->x, i);
        if (unicode_in(next.class, U_MARKS)) {
            i += next.len;
            if (next.code != ZWJ || !glyph_in(&p->x, i, U_SET(U_EMOJI)))
                continue;
            i += glyph_at(&p->x, i).len;
        } else {
            break;
        }
    }
    return push(p, i, GLOSS_TOKEN_PUNCT);
}

static bool push_flag(struct splitter *p, struct glyph g)
{
    struct glyph other = glyph_at(&p->x, p->at + g.len);

    if (other.class == U_REGIONAL)
        g.len += other.len;
    return push_one(p, g, GLOSS_TOKEN_PUNCT);
}

/* An @ may turn what was split before it into an e-mail address. */
static bool push_at(struct splitter *p, struct glyph g)
{
    struct gloss_token *last = p->t->tokens;
    struct gloss_span span;
    uint32_t flags;

    if (p->pending || !link_email(&p->x, p->at, &span))
        return push_run(p, g);
    while (p->t->n_tokens && last[p->t->n_tokens - 1].span.end > span.begin)
        p->t->n_tokens--;
    last += p->t->n_tokens;
    flags = last->flags & (GLOSS_TOKEN_SPACED | GLOSS_TOKEN_LINE);
    p->at = last->span.begin;
    return push(p, span.end, flags | GLOSS_TOKEN_WORD | GLOSS_TOKEN_LINK);
}

static bool push_other(struct splitter *p, struct glyph g)
{
    switch (g.class) {
    case U_APOSTROPHE:
        return push_apostrophe(p, g);
    case U_HIRAGANA:
    case U_KATAKANA:
        return push_kana(p, g.class);
    case U_HAN:
        return push_one(p, g, GLOSS_TOKEN_WORD);
    case U_SA:
    case U_SA_LEAD:
        return push_syllable(p, g);
    case U_EMOJI:
        return push_emoji(p, g);
    case U_REGIONAL:
        return push_flag(p, g);
    case U_OPEN:
    case U_CLOSE:
    case U_QUOTE:
        return push_one(p, g, GLOSS_TOKEN_PUNCT);
    default:
        return g.code == '@' ? push_at(p, g) : push_run(p, g);
    }
}

/* ASCII letters at the front of s: how many, and which of them are capitals. Up
 * to 16; there are 16 bytes to look at. */
struct letters {
    unsigned n, capitals;
};

#ifdef __SSE2__
static struct letters letters_of(const char *s)
{
    __m128i v = _mm_loadu_si128((const __m128i *)s), small = _mm_or_si128(v, _mm_set1_epi8(0x20));
    __m128i letter = _mm_and_si128(_mm_cmpgt_epi8(small, _mm_set1_epi8('a' - 1)),
                                   _mm_cmplt_epi8(small, _mm_set1_epi8('z' + 1)));
    unsigned others = ~(unsigned)_mm_movemask_epi8(letter);
    unsigned n = (unsigned)__builtin_ctz(others | 1u << 16);
    __m128i capital = _mm_cmplt_epi8(v, _mm_set1_epi8('a'));

    return (struct letters){n, (unsigned)_mm_movemask_epi8(capital) & ((1u << n) - 1)};
}
#else
static struct letters letters_of(const char *s)
{
    struct letters l = {0, 0};

    for (; l.n < 16 && ((s[l.n] | 0x20) >= 'a' && (s[l.n] | 0x20) <= 'z'); l.n++)
        l.capitals |= (unsigned)(s[l.n] < 'a') << l.n;
    return l;
}
#endif

/* Whether a word of ASCII letters, at s, ends at its n-th byte for certain: what
 * stands there joins no letters (word.c), or is a full stop of no abbreviation. */
static bool ends_letters(const char *s, unsigned n)
{
    unsigned char c = (unsigned char)s[n];

    switch (c) {
    case ' ':
    case ',':
    case '\n':
        return true;
    case '.':
        return n > 1 && (s[n + 1] == ' ' || s[n + 1] == '\n') && !abbreviation_find(s, n);
    case '-':
    case '\'':
    case ':':
    case '&':
    case '_':
        return false;
    default:
        return c < 0x80 && !unicode_in(unicode_classes[c], U_ALNUM);
    }
}

/* The length of a word of ASCII letters alone at s, where PLAIN_AHEAD bytes are;
 * 0 where what is there is not for certain one. */
static inline size_t plain_word(const char *s, uint32_t *flags)
{
    struct letters l = letters_of(s);

    if (l.n == 0 || l.n == 16 || !ends_letters(s, l.n))
        return 0;
    *flags = GLOSS_TOKEN_WORD;
    if (l.capitals == 1)
        *flags |= GLOSS_TOKEN_TITLE;
    else if (l.capitals == (1u << l.n) - 1)
        *flags |= GLOSS_TOKEN_UPPER;
    return l.n;
}

/* The same for marks that are a token each time, with something else after them. */
static inline size_t plain_mark(const char *s, uint32_t *flags)
{
    if ((unsigned char)s[1] >= 0x80 || s[1] == s[0])
        return 0;
    *flags = GLOSS_TOKEN_PUNCT;
    switch (s[0]) {
    case '.':
        *flags |= SPLIT_MARK;
        return 1;
    case ',':
    case '"':
    case '(':
    case ')':
        return 1;
    default:
        return 0;
    }
}

/* The short way for most of English: plain words, marks and single spaces, until
 * something else comes or there is no room. */
static void push_plain(struct splitter *p)
{
    struct gloss_token *tokens = p->t->tokens;
    const char *s = p->x.s;
    size_t at = p->at, n = p->t->n_tokens;
    uint32_t pending = p->pending, flags = 0;

    while (n < p->room && p->x.end - at >= PLAIN_AHEAD) {
        size_t len = plain_word(s + at, &flags);
        if (!len)
            len = plain_mark(s + at, &flags);
        if (!len)
            break;
        tokens[n++] = (struct gloss_token){
            .span = {(uint32_t)at, (uint32_t)(at + len)},
            .flags = flags | pending,
        };
        at += len;
        pending = s[at] == ' ' ? GLOSS_TOKEN_SPACED : 0;
        at += s[at] == ' ';
    }
    p->at = at;
    p->pending = pending;
    p->t->n_tokens = n;
}

static bool scan(struct splitter *p)
{
    while (p->at < p->x.end) {
        struct glyph g;
        push_plain(p);
        if (p->at == p->x.end)
            break;
        g = glyph_at(&p->x, p->at);
        if (unicode_in(g.class, U_ALNUM)) {
            if (!push_word(p))
                return false;
        } else if (g.class == U_SPACE) {
            p->pending |= GLOSS_TOKEN_SPACED;
            p->at += g.len;
        } else if (g.class == U_NEWLINE) {
            p->pending |= GLOSS_TOKEN_SPACED | GLOSS_TOKEN_LINE;
            p->at += g.len;
        } else if (unicode_in(g.class, U_MARKS | U_SET(U_FORMAT))) {
            p->at += g.len; /* a mark here hangs on white space */
        } else if (!push_other(p, g)) {
            return false;
        }
    }
    return true;
}

int tokens_split(struct tokens *t, struct arena *a, const char *text, size_t begin, size_t end)
{
    struct splitter p = {
        .x = {.s = text, .begin = begin, .end = end},
        .t = t,
        .a = a,
        .at = begin,
        .pending = GLOSS_TOKEN_SPACED | GLOSS_TOKEN_LINE,
    };
    size_t first = t->n_tokens;
    bool whole;

    p.x.width = sentence_width(&p.x);
    whole = scan(&p);

    return sentence_split(t, a, &p.x, first) < 0 || !whole ? -1 : 0;
}
