/* SPDX-License-Identifier: Apache-2.0
 *
 * config_folders.c - what the configuration finds on disk: the folders that go
 * with the executable, entries in plugins.d, plugins dropped into a folder. The
 * hard rule: names are taken in sorted order, so that two starts are alike.
 */
#include "config_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES (16u << 20)

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), n_end = strlen(end);

    return n > n_end && strcmp(name + n - n_end, end) == 0;
}

static int no_memory(struct fault *f)
{
    return fault_set(f, "there is no memory for the configuration");
}

/* ---- files */

/* Opens a file, and nothing that a reader might have to wait for. NULL with f. */
static FILE *open_file(const char *file, struct fault *f)
{
    struct stat st;
    bool odd = stat(file, &st) == 0 && !S_ISREG(st.st_mode);
    /* O_NONBLOCK: another may have taken its place meanwhile. */
    int fd = odd ? -1 : open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    FILE *from = fd < 0 ? NULL : fdopen(fd, "r");

    if (odd)
        fault_set(f,
                  "%s: is not a regular file: write the configuration into one, or take this away",
                  file);
    else if (!from)
        fault_set(f, "%s: can't be read: %s", file, strerror(errno));
    if (!from && fd >= 0)
        close(fd);
    return from;
}

char *config_slurp(const char *file, size_t *n, struct fault *f)
{
    FILE *from = open_file(file, f);
    char *text = from ? malloc(FILE_BYTES + 1) : NULL;

    if (!from)
        return NULL;
    if (text)
        *n = fread(text, 1, FILE_BYTES + 1, from);
    if (!text || ferror(from)) {
        fault_set(f, "%s: can't be read: %s", file, strerror(errno));
        goto fail;
    }
    if (*n > FILE_BYTES) {
        fault_set(f, "%s: is too long for a configuration (above 16 MiB)", file);
        goto fail;
    }
    text[*n] = '\0';
    fclose(from);
    return text;
fail:
    free(text);
    fclose(from);
    return NULL;
}

/* ---- folders that were named */

static int check_folders(const struct config *c, const char *key, const char *const *list,
                         struct fault *f)
{
    for (size_t i = 0; list && list[i]; i++) {
        struct config_path path = {0};
        if (is_folder(list[i]))
            continue;
        config_path_add(&path, "%s[%zu]", key, i);
        fault_set(f, "the folder %s is not there; make it, or leave it out", list[i]);
        return config_fault(c, path.text, f);
    }
    return 0;
}

int config_check_folders(const struct config *c, struct fault *f)
{
    if (check_folders(c, "plugin_path", c->plugin_path, f) < 0 ||
        check_folders(c, "model_path", c->model_path, f) < 0 ||
        check_folders(c, "drop_in", c->drop_in, f) < 0)
        return -1;
    if (!c->plugins_d || !*c->plugins_d || is_folder(c->plugins_d))
        return 0;
    fault_set(f, "the folder %s is not there; make it, or leave it out", c->plugins_d);
    return config_fault(c, "plugins_d", f);
}

/* ---- folders that were not */

static const char *executable_folder(struct config *c)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    char *slash;

    if (n <= 0)
        return config_join(c, NULL, ".");
    path[n] = '\0';
    slash = strrchr(path, '/');
    slash[slash == path] = '\0';
    return config_join(c, NULL, path);
}

/* folder/in, or with in "../x" the folder above. */
static const char *beside(struct config *c, const char *folder, const char *in)
{
    char *path = config_join(c, NULL, folder);

    if (path && strncmp(in, "../", 3) == 0) {
        char *slash = strrchr(path, '/');
        if (slash)
            *slash = '\0';
        in += 3;
    }
    return path ? config_join(c, path, in) : NULL;
}

static int default_list(struct config *c, const char *const **list, const char *path)
{
    struct config_memory *m = c->memory;
    const char **made;

    if (*list)
        return 0;
    made = arena_alloc(&m->arena, 2 * sizeof *made);
    if (!made || !path)
        return -1;
    made[0] = path;
    made[1] = NULL;
    *list = made;
    return 0;
}

int config_default_folders(struct config *c, struct fault *f)
{
    const char *folder = executable_folder(c), *plugins;
    bool checkout;

    if (!folder || !(plugins = beside(c, folder, "plugins")))
        return no_memory(f);
    checkout = is_folder(plugins);
    if (default_list(c, &c->plugin_path,
                     checkout ? plugins : beside(c, folder, "../lib/gloss/plugins")) < 0 ||
        default_list(c, &c->model_path,
                     beside(c, folder, checkout ? "models" : "../share/gloss/models")) < 0 ||
        default_list(c, &c->drop_in,
                     beside(c, folder, checkout ? "drop-in" : "../lib/gloss/drop-in")) < 0)
        return no_memory(f);
    return 0;
}

/* ---- entries in folders */

static int is_json(const struct dirent *e)
{
    return e->d_name[0] != '.' && ends_with(e->d_name, ".json");
}

static int is_object(const struct dirent *e)
{
    return e->d_name[0] != '.' && ends_with(e->d_name, ".so");
}

/* By errno. */
static int refuse_folder(const char *folder, struct fault *f)
{
    if (errno == ENOTDIR)
        return fault_set(f, "%s is no folder: move it away, and make a folder of that name",
                         folder);
    return fault_set(f, "%s: can't be read: %s", folder, strerror(errno));
}

static void free_names(struct dirent **names, int n)
{
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

/* The entry in a file of plugins.d; its plugin is the file's name where it names none. The
 * source is added even where there is none: it says that the name is taken. */
static int add_entry_file(struct config *c, const char *folder, const char *name, const char *path,
                          struct fault *f)
{
    const char *file = config_join(c, folder, name);
    const struct config_source *s = NULL;
    json_t *json = NULL;
    char *text;
    size_t n;
    int status = -1;

    if (!file)
        return no_memory(f);
    text = config_slurp(file, &n, f);
    s = config_add_source(c, path, file, text ? text : "");
    free(text);
    if (!text)
        return -1;
    if (!s)
        return no_memory(f);
    json = config_json(s, f);
    if (!json)
        return -1;
    if (json_is_object(json) && !json_object_get(json, "plugin"))
        json_object_set_new(json, "plugin", json_stringn(name, strlen(name) - strlen(".json")));
    status = config_read_entry(c, json, folder, path, f);
    json_decref(json);
    return status;
}

/* A file that can't be had: what was in it before stands in its place. */
static void spare_entry(struct config *c, const char *path, const struct config_spare *spare,
                        const struct fault *why)
{
    size_t k = spare->before ? config_find_entry(spare->before, path) : 0;
    bool kept = spare->before && k < spare->before->n_pipeline &&
                config_put_entry(c, c->n_pipeline, spare->before, k, NULL) == 0;

    if (spare->on_refused)
        spare->on_refused(spare->owner, path, why->text, kept);
}

static int add_entry(struct config *c, const char *folder, const char *name,
                     const struct config_spare *spare, struct fault *f)
{
    const char *path = config_join(c, "plugins.d", name);
    size_t n = c->n_pipeline;

    if (!path)
        return no_memory(f);
    if (add_entry_file(c, folder, name, path, f) == 0)
        return 0;
    if (!spare)
        return -1;
    c->n_pipeline = n; /* without what it has begun */
    spare_entry(c, path, spare, f);
    return 0;
}

static int add_plugins_d(struct config *c, const struct config_spare *spare, struct fault *f)
{
    struct dirent **names = NULL;
    int n, status = 0;

    if (!*c->plugins_d)
        return 0;
    n = scandir(c->plugins_d, &names, is_json, alphasort);
    if (n < 0)
        return errno == ENOENT ? 0 : refuse_folder(c->plugins_d, f);
    for (int i = 0; i < n && status == 0; i++)
        status = add_entry(c, c->plugins_d, names[i]->d_name, spare, f);
    free_names(names, n);
    return status;
}

/* Where the plugin path has it; false where it does not. */
static bool in_plugin_path(const struct config *c, const char *name, char *path, size_t room)
{
    for (const char *const *folder = c->plugin_path; *folder; folder++) {
        int n = snprintf(path, room, "%s/%s.so", *folder, name);
        if (n > 0 && (size_t)n < room && access(path, F_OK) == 0)
            return true;
    }
    return false;
}

int config_find_plugins(struct config *c, struct fault *f)
{
    char path[4096];

    for (size_t i = 0; i < c->n_pipeline; i++) {
        struct config_entry *e = &c->pipeline[i];

        if (e->file || !in_plugin_path(c, e->plugin, path, sizeof path))
            continue;
        e->file = config_join(c, NULL, path);
        if (!e->file)
            return no_memory(f);
    }
    return 0;
}

/* Whether plugins.d has a file of this name, be it broken. */
static bool is_taken(const struct config *c, const char *name)
{
    const struct config_memory *m = c->memory;
    char path[512];

    snprintf(path, sizeof path, "plugins.d/%s.json", name);
    for (size_t i = 0; i < m->n_sources; i++)
        if (strcmp(m->sources[i].prefix, path) == 0)
            return true;
    return false;
}

/* A plugin dropped in is run with all its defaults, unless an entry names it: then
 * it is what that entry means, where the plugin path has none of that name. */
static int add_plugin(struct config *c, const char *folder, const char *file, struct fault *f)
{
    struct config_memory *m = c->memory;
    const char *name = arena_strndup(&m->arena, file, strlen(file) - strlen(".so"));
    const char *path = config_join(c, folder, file);
    char found[4096];
    bool named = false;
    json_t *json;
    int status;

    if (!name || !path)
        return no_memory(f);
    named = is_taken(c, name);
    for (size_t i = 0; i < c->n_pipeline; i++) {
        struct config_entry *e = &c->pipeline[i];
        if (strcmp(e->plugin, name) != 0)
            continue;
        named = true;
        if (!e->file && !in_plugin_path(c, name, found, sizeof found))
            e->file = path;
    }
    if (named)
        return 0;
    json = json_pack("{ss}", "plugin", path);
    if (!json)
        return fault_set(f, "%s: its name is not UTF-8", path);
    status = config_read_entry(c, json, folder, path, f);
    json_decref(json);
    return status;
}

static int add_drop_in(struct config *c, const char *folder, struct fault *f)
{
    struct dirent **names = NULL;
    int n = scandir(folder, &names, is_object, alphasort), status = 0;

    if (n < 0)
        return errno == ENOENT ? 0 : refuse_folder(folder, f);
    for (int i = 0; i < n && status == 0; i++)
        status = add_plugin(c, folder, names[i]->d_name, f);
    free_names(names, n);
    return status;
}

/* plugins.d beside the file, where nothing else was said; it need not be there. */
static int default_plugins_d(struct config *c, struct fault *f)
{
    const struct config_memory *m = c->memory;
    const char *folder = config_join(c, m->folder, "plugins.d");

    if (!folder)
        return no_memory(f);
    if (!c->plugins_d)
        c->plugins_d = c->file ? folder : "";
    return 0;
}

int config_add_folders(struct config *c, const struct config_spare *spare, struct fault *f)
{
    if (default_plugins_d(c, f) < 0 || add_plugins_d(c, spare, f) < 0)
        return -1;
    for (const char *const *folder = c->drop_in; *folder; folder++)
        if (add_drop_in(c, *folder, f) < 0)
            return -1;
    return 0;
}
