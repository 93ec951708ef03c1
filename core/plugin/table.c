/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/table.c - is a plugin's table in order? The hard rule: each refusal
 * names the entry of the table that is wrong. */
#include "plugin/table.h"

#include "plugin/options.h"
#include "text/utf8.h"

#include <string.h>

bool table_is_name(const char *s)
{
    size_t n = s ? strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") : 0;

    return n > 0 && n <= 64 && !s[n] && s[0] >= 'a';
}

bool table_is_reserved(const char *layer)
{
    static const char *const taken[] = {"log", "seq", "prev", "received", "run"};

    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(layer, taken[i]) == 0)
            return true;
    return false;
}

static int check_text(const char *s, const char *member, struct fault *f)
{
    if (!s || !*s)
        return fault_set(f, "%s is missing", member);
    if (utf8_check(s, strlen(s)) != strlen(s))
        return fault_set(f, "%s is not UTF-8", member);
    return 0;
}

static const struct gloss_layer *provided(const struct gloss_plugin *t, const char *layer)
{
    for (const struct gloss_layer *l = t->provides; l && l->name; l++)
        if (strcmp(l->name, layer) == 0)
            return l;
    return NULL;
}

static int check_reads(const struct gloss_plugin *t, const char *const *list, const char *member,
                       struct fault *f)
{
    for (; list && *list; list++) {
        if (!table_is_name(*list))
            return fault_set(f, "%s: \"%s\" is no name (a-z 0-9 _, a letter first)", member, *list);
        if (provided(t, *list))
            return fault_set(f, "%s: it provides the layer \"%s\" itself", member, *list);
    }
    return 0;
}

static int check_provides(const struct gloss_plugin *t, struct fault *f)
{
    for (const struct gloss_layer *l = t->provides; l && l->name; l++) {
        uint32_t kind = l->flags & (GLOSS_ONE | GLOSS_MANY);

        if (!table_is_name(l->name))
            return fault_set(f, "provides: \"%s\" is no name (a-z 0-9 _, a letter first)", l->name);
        if (table_is_reserved(l->name))
            return fault_set(f, "provides: \"%s\" is a name the daemon writes itself", l->name);
        if (provided(t, l->name) != l)
            return fault_set(f, "provides: \"%s\" stands there twice", l->name);
        if (kind != GLOSS_ONE && kind != GLOSS_MANY)
            return fault_set(f, "provides: \"%s\" must be either GLOSS_ONE or GLOSS_MANY", l->name);
        if (check_text(l->help, "the help of a layer", f) < 0)
            return -1;
    }
    return 0;
}

static int check_options(const struct gloss_plugin *t, struct fault *f)
{
    for (const struct gloss_option *o = t->options; o && o->key; o++) {
        if (!table_is_name(o->key))
            return fault_set(f, "options: \"%s\" is no name (a-z 0-9 _, a letter first)", o->key);
        if (options_find(t->options, o->key) != o)
            return fault_set(f, "options: \"%s\" stands there twice", o->key);
        if (o->type < GLOSS_STR || o->type > GLOSS_WANTS)
            return fault_set(f, "options: \"%s\" has the type %d, which is none", o->key, o->type);
        if (options_check_default(o) < 0)
            return fault_set(f, "options: the default of \"%s\", \"%s\", is not %s", o->key, o->def,
                             options_type(o->type));
        if (check_text(o->help, "the help of an option", f) < 0)
            return -1;
    }
    return 0;
}

int table_check(const struct gloss_plugin *t, struct fault *f)
{
    if (!table_is_name(t->name))
        return fault_set(f, "its name, \"%s\", is none (a-z 0-9 _, a letter first)",
                         t->name ? t->name : "");
    if (check_text(t->version, "version", f) < 0 || check_text(t->summary, "summary", f) < 0 ||
        check_reads(t, t->needs, "needs", f) < 0 || check_reads(t, t->wants, "wants", f) < 0 ||
        check_provides(t, f) < 0 || check_options(t, f) < 0)
        return -1;
    if (!t->process)
        return fault_set(f, "process is missing");
    return 0;
}
