/* SPDX-License-Identifier: Apache-2.0
 *
 * scan.c - RFC 8259, nothing more and nothing less, one function a production.
 * Of strings it refuses also an escaped surrogate without its other half, for
 * there is no UTF-8 for it.
 */
#include "wire/scan.h"

#include <stdio.h>

int scan_fault(struct scan *s, const char *at, const char *fmt, ...)
{
    size_t line, column;
    char text[512];
    va_list ap;

    utf8_position(s->text, (size_t)(at - s->text), &line, &column);
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return fault_set(s->f, "line %zu, column %zu: %s", line, column, text);
}

int scan_unexpected(struct scan *s, const char *at, const char *expected)
{
    size_t i = 0;
    uint32_t c;

    if (at >= s->end)
        return scan_fault(s, s->end, "found the end of the document, expected %s", expected);
    c = utf8_next(at, (size_t)(s->end - at), &i);
    if (c > 0x20 && c < 0x7f)
        return scan_fault(s, at, "found '%c', expected %s", (char)c, expected);
    return scan_fault(s, at, "found U+%04X, expected %s", (unsigned)c, expected);
}

void scan_blank(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
        s->p++;
}

int scan_open(struct scan *s)
{
    if (++s->depth > SCAN_DEPTH)
        return scan_fault(s, s->p, "nested more than %d deep", SCAN_DEPTH);
    s->p++;
    scan_blank(s);
    return 0;
}

/* What stands for what behind a backslash; zero for what does not. */
static const char escaped[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                  ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits behind "\u" at p; -1 where there are not four. */
static int32_t unit(const char *p, const char *end)
{
    int32_t c = 0;

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        int digit = hex(p[i]);
        if (digit < 0)
            return -1;
        c = c * 16 + digit;
    }
    return c;
}

static bool is_high(int32_t c)
{
    return c >= 0xd800 && c < 0xdc00;
}

static bool is_low(int32_t c)
{
    return c >= 0xdc00 && c < 0xe000;
}

static int unicode_escape(struct scan *s, struct scan_string *to)
{
    int32_t c = unit(s->p, s->end);

    if (c < 0) {
        const char *at = s->p + 2;
        while (at < s->end && hex(*at) >= 0)
            at++;
        return scan_unexpected(s, at, "four hexadecimal digits after \\u");
    }
    if (is_low(c) || (is_high(c) && !is_low(unit(s->p + 6, s->end))))
        return scan_fault(s, s->p,
                          "\\u%04X is half of a surrogate pair, its other half is not "
                          "with it",
                          (unsigned)c);
    if (c == 0)
        to->nul = true;
    s->p += is_high(c) ? 12 : 6;
    return 0;
}

static int escape(struct scan *s, struct scan_string *to)
{
    to->escaped = true;
    if (s->end - s->p >= 2 && escaped[(unsigned char)s->p[1]]) {
        s->p += 2;
        return 0;
    }
    if (s->end - s->p >= 2 && s->p[1] == 'u')
        return unicode_escape(s, to);
    return scan_unexpected(s, s->p + 1, "one of \" \\ / b f n r t u after the backslash");
}

int scan_string(struct scan *s, struct scan_string *to)
{
    const char *begin = ++s->p;

    to->escaped = to->nul = false;
    for (;;) {
        s->p += scan_plain(s->p, (size_t)(s->end - s->p));
        if (s->p == s->end)
            return scan_unexpected(s, s->p, "'\"' at the end of a string");
        if (*s->p == '"')
            break;
        if (*s->p != '\\')
            return scan_unexpected(s, s->p,
                                   "control characters in strings as escapes (\\n, \\u001F)");
        if (escape(s, to) < 0)
            return -1;
    }
    to->raw = (struct slice){begin, (size_t)(s->p++ - begin)};
    return 0;
}

int scan_key(struct scan *s, struct scan_string *to)
{
    if (s->p == s->end || *s->p != '"')
        return scan_unexpected(s, s->p, "'\"' and a key");
    if (scan_string(s, to) < 0)
        return -1;
    scan_blank(s);
    if (s->p == s->end || *s->p != ':')
        return scan_unexpected(s, s->p, "':' after the key");
    s->p++;
    scan_blank(s);
    return 0;
}

int scan_next(struct scan *s, char close)
{
    scan_blank(s);
    if (s->p < s->end && *s->p == ',') {
        s->p++;
        scan_blank(s);
        return 1;
    }
    if (s->p == s->end || *s->p != close)
        return scan_unexpected(s, s->p, close == '}' ? "',' or '}'" : "',' or ']'");
    s->p++;
    s->depth--;
    return 0;
}

static int object(struct scan *s)
{
    struct scan_string key;
    int more = 1;

    if (scan_open(s) < 0)
        return -1;
    if (s->p < s->end && *s->p == '}')
        return scan_next(s, '}');
    while (more > 0) {
        if (scan_key(s, &key) < 0 || scan_value(s) < 0)
            return -1;
        more = scan_next(s, '}');
    }
    return more;
}

static int array(struct scan *s)
{
    int more = 1;

    if (scan_open(s) < 0)
        return -1;
    if (s->p < s->end && *s->p == ']')
        return scan_next(s, ']');
    while (more > 0) {
        if (scan_value(s) < 0)
            return -1;
        more = scan_next(s, ']');
    }
    return more;
}

static bool is_digit(const struct scan *s)
{
    return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

static int digits(struct scan *s)
{
    if (!is_digit(s))
        return scan_unexpected(s, s->p, "a digit");
    while (is_digit(s))
        s->p++;
    return 0;
}

static int number(struct scan *s)
{
    if (*s->p == '-')
        s->p++;
    if (s->p < s->end && *s->p == '0')
        s->p++;
    else if (digits(s) < 0)
        return -1;
    if (is_digit(s))
        return scan_unexpected(s, s->p, "no digit after a leading zero");
    if (s->p < s->end && *s->p == '.') {
        s->p++;
        if (digits(s) < 0)
            return -1;
    }
    if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
        s->p++;
        if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
            s->p++;
        return digits(s);
    }
    return 0;
}

static int literal(struct scan *s, const char *word)
{
    size_t n = strlen(word);

    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
        return scan_fault(s, s->p, "found a word that JSON does not have, expected %s", word);
    s->p += n;
    return 0;
}

int scan_value(struct scan *s)
{
    struct scan_string string;

    switch (s->p < s->end ? *s->p : '\0') {
    case '{':
        return object(s);
    case '[':
        return array(s);
    case '"':
        return scan_string(s, &string);
    case 't':
        return literal(s, "true");
    case 'f':
        return literal(s, "false");
    case 'n':
        return literal(s, "null");
    default:
        if (is_digit(s) || (s->p < s->end && *s->p == '-'))
            return number(s);
        return scan_unexpected(s, s->p, "a value");
    }
}

/* One escape at p, known to be right, into *to; what it took. */
static size_t unescape(const char *p, const char *end, char **to)
{
    int32_t c;

    if (p[1] != 'u') {
        *(*to)++ = escaped[(unsigned char)p[1]];
        return 2;
    }
    c = unit(p, end);
    if (is_high(c))
        c = 0x10000 + ((c - 0xd800) << 10) + (unit(p + 6, end) - 0xdc00);
    *to += utf8_put(*to, (uint32_t)c);
    return c >= 0x10000 ? 12 : 6;
}

struct slice scan_unescape(struct arena *a, const struct scan_string *string)
{
    const char *p = string->raw.p, *end = p + string->raw.n;
    char *to = arena_alloc(a, string->raw.n + 1);
    struct slice made = {to, 0};

    if (!to)
        return made;
    while (p < end) {
        size_t plain = scan_plain(p, (size_t)(end - p));
        memcpy(to, p, plain);
        to += plain;
        p += plain;
        if (p < end)
            p += unescape(p, end, &to);
    }
    *to = '\0';
    made.n = (size_t)(to - made.p);
    return made;
}
