/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/topic.c - under which topic a document is published. The hard rule:
 * subscribers match prefixes, so a dot or a blank in a value becomes "-". */
#include "plugin/topic.h"

#include <string.h>

/* A value beyond this many bytes is no topic any more. */
#define MOST 128

static bool is(const char *word, const char *name, size_t n)
{
    return strlen(word) == n && memcmp(name, word, n) == 0;
}

const char *topic_name(const char **at, size_t *n)
{
    const char *open = strchr(*at, '{');

    if (!open)
        return NULL;
    *n = strcspn(open + 1, "}");
    *at = open + 1 + *n;
    return open + 1;
}

/* {language} is in the default, also where no plugin tells it. */
bool topic_is_known(const char *name, size_t n)
{
    return is("source", name, n) || is("language", name, n);
}

/* What stands for {NAME}, n bytes of it. */
static const char *value(const struct doc *d, const char *name, size_t n)
{
    char layer[MOST];
    const struct doc_layer *l;
    const char *label;

    if (is("source", name, n))
        return d->fields.source.n ? d->fields.source.p : "-";
    if (n >= sizeof layer)
        return "und";
    memcpy(layer, name, n);
    layer[n] = '\0';
    l = doc_layer_find(d, layer);
    label = l && l->n ? l->annots[0].label : NULL;
    return label && *label ? label : "und";
}

static size_t put_value(char *to, const char *s)
{
    size_t n = strnlen(s, MOST);

    while (n < strlen(s) && ((unsigned char)s[n] & 0xC0) == 0x80)
        n--;
    for (size_t i = 0; i < n; i++)
        to[i] = (unsigned char)s[i] <= ' ' || s[i] == '.' || s[i] == 0x7f ? '-' : s[i];
    return n;
}

const char *topic_make(const char *template, struct doc *d)
{
    size_t room = strlen(template) + 1, n = 0;
    char *out;

    for (const char *s = template; (s = strchr(s, '{')); s++)
        room += MOST;
    out = arena_alloc(&d->arena, room);
    if (!out)
        return "";
    for (const char *s = template; *s;) {
        size_t name = *s == '{' ? strcspn(s, "}") - 1 : 0;

        if (*s == '{') {
            n += put_value(out + n, value(d, s + 1, name));
            s += name + 2;
        } else {
            out[n++] = *s++;
        }
    }
    out[n] = '\0';
    if (out[0] == '~') /* the beat's */
        out[0] = '-';
    return out;
}
