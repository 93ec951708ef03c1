/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/plugin.c - a plugin's shared object: found, checked, held. The hard
 * rule: no member of a table is read before abi and size are known to be right.
 * An object is never closed: code of it may be on the stack, or in atexit. */
#include "plugin/plugin.h"

#include "config.h"
#include "object/elf.h"
#include "plugin/table.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The table as it was when GLOSS_ABI became 1; what came later may be missing. */
#define LEAST_SIZE                                                                                 \
    (offsetof(struct gloss_plugin, process) + sizeof((struct gloss_plugin *)0)->process)

/* What dlerror says, without the path in front that our own message has. */
static const char *dl_reason(const char *file)
{
    const char *s = dlerror();
    size_t n = strlen(file);

    if (!s)
        return "no reason given";
    return strncmp(s, file, n) == 0 && strncmp(s + n, ": ", 2) == 0 ? s + n + 2 : s;
}

/* Debuggers and sanitizers look for symbols in the file that an object says it is of:
 * for a copy that must be the file it was copied from. Never freed, as the object; one that
 * two entries share is named once. */
static void name_copy(void *object, const char *file)
{
    struct link_map *map;
    char *name;

    if (dlinfo(object, RTLD_DI_LINKMAP, &map) < 0 || strcmp(map->l_name, file) == 0)
        return;
    name = strdup(file);
    if (name)
        map->l_name = name;
}

/* file, or where copy is a descriptor what is behind that. */
static void *load_object(const char *file, int copy, struct fault *f)
{
    char path[32];
    struct fault why;
    void *object;

    if ((copy ? elf_check_fd(copy, &why) : elf_check(file, &why)) < 0) {
        fault_set(f, "plugin %s %s", file, why.text);
        return NULL;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", copy);
    object = dlopen(copy ? path : file, RTLD_NOW | RTLD_LOCAL);
    if (!object)
        fault_set(f, "plugin %s can't be loaded: %s", file, dl_reason(copy ? path : file));
    else if (copy)
        name_copy(object, file);
    return object;
}

static const void *load(const char *file, int copy, struct fault *f)
{
    void *object = load_object(file, copy, f), *table;

    if (!object)
        return NULL;
    table = dlsym(object, "gloss_plugin");
    if (!table)
        fault_set(f,
                  "plugin %s has no table: it must export the symbol gloss_plugin "
                  "(GLOSS_PLUGIN in gloss/plugin.h defines it)",
                  file);
    return table;
}

static int take_table(struct plugin *p, const void *table, const char *file, struct fault *f)
{
    struct {
        uint32_t abi, size;
    } head;
    struct fault why;

    memcpy(&head, table, sizeof head);
    if (head.abi != GLOSS_ABI)
        return fault_set(f,
                         "plugin %s is built for ABI %u, this daemon has ABI %u: build it "
                         "against this version's gloss/plugin.h",
                         file, head.abi, GLOSS_ABI);
    if (head.size < LEAST_SIZE)
        return fault_set(f,
                         "plugin %s has a table of %u bytes, ABI %u has %zu at least: set its "
                         "size with GLOSS_PLUGIN",
                         file, head.size, GLOSS_ABI, LEAST_SIZE);
    memset(&p->table, 0, sizeof p->table);
    memcpy(&p->table, table, head.size < sizeof p->table ? head.size : sizeof p->table);
    if (table_check(&p->table, &why) < 0)
        return fault_set(f, "plugin %s has a wrong table: %s", file, why.text);
    return 0;
}

int plugin_open(struct plugin *p, const char *file, int copy, struct fault *f)
{
    const void *table;

    /* Without a slash dlopen would look in the system's library folders. */
    if (asprintf(&p->path, "%s%s", strchr(file, '/') ? "" : "./", file) < 0) {
        p->path = NULL;
        return fault_set(f, "no memory");
    }
    table = load(p->path, copy, f);
    if (table && take_table(p, table, p->path, f) == 0)
        return 0;
    plugin_finish(p);
    return -1;
}

void plugin_finish(struct plugin *p)
{
    if (!p)
        return;
    free(p->path);
    p->path = NULL;
}

/* ---- looking for one */

/* The name in the folders that is nearest to the one not found; to be freed. */
static char *nearest(const char *name, const char *const *folders)
{
    char *best = NULL;

    for (; folders && *folders; folders++) {
        DIR *dir = opendir(*folders);
        struct dirent *entry;

        while (dir && (entry = readdir(dir))) {
            size_t n = strlen(entry->d_name);
            char *stem = n > 3 && strcmp(entry->d_name + n - 3, ".so") == 0
                             ? strndup(entry->d_name, n - 3)
                             : NULL;
            const char *two[] = {stem, best};

            if (stem && config_nearest(name, two, best ? 2 : 1) == stem) {
                free(best);
                best = stem;
            } else {
                free(stem);
            }
        }
        if (dir)
            closedir(dir);
    }
    return best;
}

static void refuse_missing(const char *name, const char *const *folders, struct fault *f)
{
    char list[sizeof f->text / 2] = "";
    char *near = nearest(name, folders);
    size_t used = 0;

    for (const char *const *dir = folders; dir && *dir && used < sizeof list; dir++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s%s", used ? ", " : "", *dir,
                                 access(*dir, X_OK) == 0 ? "" : " (no such folder)");
    if (!used)
        fault_set(f, "no plugin \"%s\": \"plugin_path\" names no folder to look in", name);
    else if (near)
        fault_set(f, "no plugin \"%s\" (%s.so) in %s; did you mean \"%s\"?", name, name, list,
                  near);
    else
        fault_set(f,
                  "no plugin \"%s\" (%s.so) in %s: put it there, or add its folder to "
                  "\"plugin_path\"",
                  name, name, list);
    free(near);
}

char *plugin_find(const char *name, const char *const *folders, struct fault *f)
{
    if (!*name || strchr(name, '/')) {
        fault_set(f,
                  "\"%s\" is no plugin's name: give the name alone, and its folder in "
                  "\"plugin_path\"",
                  name);
        return NULL;
    }
    for (const char *const *dir = folders; dir && *dir; dir++) {
        char *path;

        if (asprintf(&path, "%s/%s.so", *dir, name) < 0) {
            fault_set(f, "no memory");
            return NULL;
        }
        if (access(path, F_OK) == 0)
            return path;
        free(path);
    }
    refuse_missing(name, folders, f);
    return NULL;
}
