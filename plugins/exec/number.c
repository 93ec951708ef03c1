/* SPDX-License-Identifier: Apache-2.0
 *
 * exec/number.c - the number of a question and of an answer. */
#include "number.h"

#include <stdbool.h>
#include <stddef.h>

uint32_t number_next(uint32_t n)
{
    return n < NUMBER_FIRST || n == NUMBER_LAST ? NUMBER_FIRST : n + 1;
}

static const char *after_blank(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
        p++;
    return p;
}

/* Behind the closing quote of the string that opens at p. */
static const char *after_string(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        if (*p == '\\' && p + 1 < end)
            p++;
    return p < end ? p + 1 : end;
}

/* Its value, where the string from p to behind is the key. */
static const char *value_of(const char *p, const char *behind, const char *end)
{
    const char *colon = after_blank(behind, end);

    if (behind - p != 3 || p[1] != 'n' || colon == end || *colon != ':')
        return NULL;
    return after_blank(colon + 1, end);
}

const char *number_find(const char *line, const char *end)
{
    size_t depth = 0;

    for (const char *p = line; p < end;) {
        const char *behind = *p == '"' ? after_string(p, end) : p + 1;
        const char *value = *p == '"' && depth == 1 ? value_of(p, behind, end) : NULL;

        if (value)
            return value;
        if (*p == '{' || *p == '[')
            depth++;
        else if ((*p == '}' || *p == ']') && depth > 0)
            depth--;
        p = behind;
    }
    return NULL;
}
