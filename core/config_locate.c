/* SPDX-License-Identifier: Apache-2.0
 *
 * config_locate.c - the place of a key in JSON text, which Jansson does not tell.
 * The text has been parsed before, so it is walked and not checked; but nothing
 * is read past its end, whatever it holds.
 */
#include "config_parts.h"

#include <stdlib.h>
#include <string.h>

struct walk {
    const char *p, *end;
};

static bool at(const struct walk *w, char c)
{
    return w->p < w->end && *w->p == c;
}

/* White space, and what stands between members. */
static void blank(struct walk *w)
{
    while (w->p < w->end && strchr(" \t\r\n,:", *w->p) && *w->p)
        w->p++;
}

static void skip_string(struct walk *w)
{
    for (w->p++; w->p < w->end && *w->p != '"'; w->p++)
        if (*w->p == '\\')
            w->p++;
    w->p = w->p < w->end ? w->p + 1 : w->end;
}

static void skip_value(struct walk *w)
{
    size_t depth = 0;

    do {
        if (at(w, '"')) {
            skip_string(w);
            continue;
        }
        if (at(w, '{') || at(w, '['))
            depth++;
        else if (depth && (at(w, '}') || at(w, ']')))
            depth--;
        else if (depth == 0)
            while (w->p + 1 < w->end && !strchr(",]} \t\r\n", w->p[1]))
                w->p++;
        w->p += w->p < w->end;
    } while (depth > 0 && w->p < w->end);
}

/* What is left of path behind key, where path begins with it; else NULL. */
static const char *behind(const char *path, const char *key, size_t n)
{
    if (strlen(path) < n || memcmp(path, key, n) != 0 ||
        (path[n] && path[n] != '.' && path[n] != '['))
        return NULL;
    return path + n + (path[n] == '.');
}

/* Into the member that path begins with: w is at its value then and *found at
 * its key. The rest of path, or NULL. */
static const char *enter_object(struct walk *w, const char *path, const char **found)
{
    for (w->p++, blank(w); at(w, '"'); blank(w)) {
        const char *key = w->p, *rest;
        skip_string(w);
        rest = w->p - key < 2 ? NULL : behind(path, key + 1, (size_t)(w->p - key - 2));
        blank(w);
        if (rest) {
            *found = key;
            return rest;
        }
        skip_value(w);
    }
    return NULL;
}

static const char *enter_array(struct walk *w, const char *path, const char **found)
{
    char *rest;
    unsigned long index = strtoul(path + 1, &rest, 10);

    if (*rest != ']')
        return NULL;
    for (w->p++, blank(w); w->p < w->end && *w->p != ']'; blank(w)) {
        if (index-- == 0) {
            *found = w->p;
            return rest + 1 + (rest[1] == '.');
        }
        skip_value(w);
    }
    return NULL;
}

size_t config_locate(const char *text, size_t n, const char *path)
{
    struct walk w = {text, text + n};
    const char *found;

    blank(&w);
    found = w.p;
    while (path && *path) {
        if (at(&w, '{') && *path != '[')
            path = enter_object(&w, path, &found);
        else if (at(&w, '[') && *path == '[')
            path = enter_array(&w, path, &found);
        else
            path = NULL;
    }
    return (size_t)(found - text);
}
