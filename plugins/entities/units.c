/* SPDX-License-Identifier: Apache-2.0
 *
 * units.c - see units.h. A possessive 's is cut off; a word with hyphens is cut at each of
 * them where one of its parts begins with a capital.
 */
#include "units.h"

static int is_apostrophe(const char *s, size_t n, size_t *len)
{
    static const char curly[] = "\xe2\x80\x99";

    if (n >= 1 && s[0] == '\'')
        *len = 1;
    else if (n >= 3 && s[0] == curly[0] && s[1] == curly[1] && s[2] == curly[2])
        *len = 3;
    else
        return 0;
    return 1;
}

/* Bytes of the possessive at the end of the word, 0 where it has none. */
static size_t possessive(const char *s, size_t n)
{
    size_t len;

    if (n > 2 && (s[n - 1] == 's' || s[n - 1] == 'S')) {
        if (is_apostrophe(s + n - 2, 1, &len))
            return 2;
        if (n > 4 && is_apostrophe(s + n - 4, 3, &len) && len == 3)
            return 4;
    }
    if (n > 1 && is_apostrophe(s + n - 1, 1, &len))
        return 1;
    return n > 3 && is_apostrophe(s + n - 3, 3, &len) && len == 3 ? 3 : 0;
}

static int begins_capital(const char *s, size_t n)
{
    size_t i = 0;
    uint32_t c = word_next(s, n, &i);

    return word_lower(c) != c;
}

/* Bytes of the hyphen or slash at s, 0 where there is none. */
static size_t joint(const char *s, size_t n)
{
    if (s[0] == '-' || s[0] == '/')
        return 1;
    return n >= 3 && s[0] == '\xe2' && s[1] == '\x80' && s[2] >= '\x90' && s[2] <= '\x95' ? 3 : 0;
}

static int wants_cutting(const char *s, size_t n)
{
    int joints = 0, capital = begins_capital(s, n);

    for (size_t i = 1; i + 1 < n; i++) {
        size_t len = joint(s + i, n - i);

        if (!len || i + len >= n)
            continue;
        joints++;
        capital |= begins_capital(s + i + len, n - i - len);
        i += len - 1;
    }
    return joints && capital;
}

static size_t add(struct unit *to, size_t n, size_t begin, size_t end)
{
    to[n].span = (struct gloss_span){(uint32_t)begin, (uint32_t)end};
    to[n].flags = UNIT_GLUED;
    return n + 1;
}

/* Cuts text[begin..end) at its joints, each of which is a unit too. */
static size_t cut_joints(const char *text, size_t begin, size_t end, struct unit *to)
{
    size_t n = 0, from = begin;

    for (size_t i = begin + 1; i < end && n + 4 < UNITS_TOKEN; i++) {
        size_t len = joint(text + i, end - i);

        if (!len)
            continue;
        if (i > from)
            n = add(to, n, from, i);
        n = add(to, n, i, i + len);
        from = i + len;
        i = from - 1;
    }
    return from < end ? add(to, n, from, end) : n;
}

size_t units_cut(const char *text, const struct gloss_token *token, struct unit *to)
{
    size_t begin = token->span.begin, end = token->span.end, n = 0;
    size_t tail = token->flags & GLOSS_TOKEN_WORD ? possessive(text + begin, end - begin) : 0;
    size_t main = end - tail;

    if (token->flags & GLOSS_TOKEN_WORD && wants_cutting(text + begin, main - begin))
        n = cut_joints(text, begin, main, to);
    else
        n = add(to, n, begin, main);
    if (tail)
        n = add(to, n, main, end);
    to[0].flags = (uint8_t)((token->flags & GLOSS_TOKEN_SPACED ? 0 : UNIT_GLUED) |
                            (token->flags & GLOSS_TOKEN_LINE ? UNIT_LINE : 0) |
                            (token->flags & GLOSS_TOKEN_LINK ? UNIT_LINK : 0));
    return n;
}
