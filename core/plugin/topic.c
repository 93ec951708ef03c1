/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/topic.c - under which topic a document is published. The hard rule:
 * subscribers match prefixes, so a dot or a blank in a value becomes "-". */
#include "plugin/topic.h"

#include "plugin/table.h"

#include <string.h>

/* A value beyond this many bytes is no topic any more. */
#define MOST 128

int topic_check(const char *template, struct fault *f)
{
    for (const char *s = template; *(s += strcspn(s, "{}"));) {
        size_t n = *s == '{' ? strcspn(s + 1, "{}") : 0;
        char name[MOST];

        if (*s == '}')
            return fault_set(f, "a \"}\" has no \"{\" before it");
        if (s[1 + n] != '}')
            return fault_set(f, "a \"{\" has no \"}\" after it");
        if (n >= sizeof name)
            n = sizeof name - 1;
        memcpy(name, s + 1, n);
        name[n] = '\0';
        if (!table_is_name(name))
            return fault_set(f, "\"{%s}\" names no layer (a-z 0-9 _, a letter first)", name);
        s += n + 2;
    }
    return 0;
}

static const char *value(const struct doc *d, const char *name, size_t n)
{
    char layer[MOST];
    const struct doc_layer *l;
    const char *label;

    if (n == 6 && memcmp(name, "source", 6) == 0)
        return d->fields.source.n ? d->fields.source.p : "-";
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
    return out;
}
