/* SPDX-License-Identifier: Apache-2.0
 *
 * link.c - URLs, domain names and e-mail addresses, each one token. The hard
 * rule: what could as well be two sentences without a space is no domain name.
 */
#include "text/split.h"

#include <string.h>

enum { LOCAL_MAX = 64, DOMAIN_MAX = 253 };

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_label(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
}

size_t link_url(const struct text *x, size_t at)
{
    const uint32_t stop = U_SET(U_SPACE) | U_SET(U_NEWLINE) | U_SET(U_QUOTE) | U_SET(U_HAN) |
                          U_SET(U_HIRAGANA) | U_SET(U_KATAKANA) | U_SET(U_SA) | U_SET(U_SA_LEAD);
    size_t end = at, open = 0;

    while (end < x->end) {
        char c = x->s[end];
        struct glyph g = glyph_at(x, end);
        if (c != '\'' && (unicode_in(g.class, stop) || one_of("<>`{}|\\^", g.code)))
            break;
        if (g.code >= 0x80 && unicode_in(g.class, U_SET(U_CLOSE) | U_SET(U_TERMINAL)))
            break;
        if (c == '(')
            open++;
        if (c == ')' && !open--)
            break;
        end += g.len;
    }
    /* What ends a URL only where more of it follows. */
    while (end > at &&
           (one_of(".,;:!?'*_~", (unsigned char)x->s[end - 1]) || (open && x->s[end - 1] == '(')))
        end--;
    return end;
}

/* Domains are many, and so are full stops without a space after them: only
 * these end a name that has no scheme. */
static bool is_top(const char *s, size_t n)
{
    static const char tops[] =
        " com org net edu gov mil int info biz eu uk de fr es nl ch ca au jp "
        "cn ru br pl se dk fi ie nz za kr cz gr pt hu ro ua tr mx tv io ";
    char key[8] = " ";

    if (n < 2 || n > 4)
        return false;
    for (size_t i = 0; i < n; i++)
        key[i + 1] = (char)(s[i] | 0x20);
    key[n + 1] = ' ';
    key[n + 2] = '\0';
    return strstr(tops, key) != NULL;
}

/* Two letters after co, com, gov and the like are a country, whichever. */
static bool is_second(const char *s, size_t n)
{
    static const char *const seconds[] = {"co", "com", "org", "net", "ac", "edu", "gov", "gob"};

    for (size_t i = 0; i < sizeof(seconds) / sizeof(*seconds); i++)
        if (strlen(seconds[i]) == n && memcmp(seconds[i], s, n) == 0)
            return true;
    return false;
}

/* Com in "said.Com" is no domain; com and COM are. */
static bool one_case(const char *s, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if ((s[i] ^ s[0]) & 0x20)
            return false;
    return true;
}

/* The end of the labels that go on at the dot at dot. */
static size_t labels_end(const struct text *x, size_t dot)
{
    size_t i = dot, stop = x->end - dot < DOMAIN_MAX ? x->end : dot + DOMAIN_MAX;

    while (i < stop &&
           (is_label(x->s[i]) || (x->s[i] == '.' && i + 1 < stop && is_label(x->s[i + 1]))))
        i++;
    while (i > dot && !is_letter(x->s[i - 1]) && !(x->s[i - 1] >= '0' && x->s[i - 1] <= '9'))
        i--;
    return i;
}

/* Whether the labels of s[begin..end) end in one that only domains have. */
static bool ends_in_top(const char *s, size_t begin, size_t end)
{
    size_t last = end, before;

    while (last > begin && s[last - 1] != '.')
        last--;
    if (last == begin || !one_case(s + last, end - last))
        return false;
    for (before = last - 1; before > begin && s[before - 1] != '.';)
        before--;
    if (end - last == 2 && before > begin && is_second(s + before, last - 1 - before))
        return is_letter(s[last]) && is_letter(s[last + 1]);
    return is_top(s + last, end - last);
}

size_t link_domain(struct text *x, size_t begin, size_t dot)
{
    size_t end;

    if (dot < x->no_domain)
        return 0;
    end = labels_end(x, dot);
    x->no_domain = end;
    for (size_t i = dot; i > begin; i--) {
        if (!is_label(x->s[i - 1]) && x->s[i - 1] != '.')
            return 0;
        if (dot - i > DOMAIN_MAX)
            return 0;
    }
    if (!ends_in_top(x->s, begin, end))
        return 0;
    if (end + 1 < x->end && (x->s[end] == '/' || (x->s[end] == ':' && is_label(x->s[end + 1]))))
        return link_url(x, end);
    return end;
}

bool link_email(const struct text *x, size_t at, struct gloss_span *span)
{
    size_t begin = at, end, dot;

    while (begin > x->begin && at - begin < LOCAL_MAX &&
           (is_label(x->s[begin - 1]) || one_of("._%+", (unsigned char)x->s[begin - 1])))
        begin--;
    while (begin < at && !is_letter(x->s[begin]) && !(x->s[begin] >= '0' && x->s[begin] <= '9'))
        begin++;
    if (begin == at || at + 1 >= x->end || !is_label(x->s[at + 1]))
        return false;
    end = labels_end(x, at + 1);
    for (dot = end - 1; dot > at && x->s[dot] != '.';)
        dot--;
    if (dot <= at || end - dot < 3 || !is_letter(x->s[dot + 1]))
        return false;
    *span = (struct gloss_span){(uint32_t)begin, (uint32_t)end};
    return true;
}
