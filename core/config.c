/* SPDX-License-Identifier: Apache-2.0
 *
 * config.c - the configuration as others see it: loaded, checked as a whole,
 * pointed into for errors, given back. The hard rule: nothing is half done: a
 * configuration with one thing wrong in it is refused.
 */
#include "config_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- memory */

char *config_join(struct config *c, const char *folder, const char *path)
{
    struct config_memory *m = c->memory;
    size_t size = (folder ? strlen(folder) : 0) + strlen(path) + 2;
    char *to = arena_alloc(&m->arena, size);

    if (to && folder && *path != '/')
        snprintf(to, size, "%s/%s", folder, path);
    else if (to)
        memcpy(to, path, strlen(path) + 1);
    return to;
}

struct config_source *config_add_source(struct config *c, const char *prefix, const char *file,
                                        const char *text)
{
    struct config_memory *m = c->memory;
    size_t size = sizeof *m->sources;
    struct config_source made = {config_join(c, NULL, prefix),
                                 file ? config_join(c, NULL, file) : NULL,
                                 config_join(c, NULL, text)};
    struct config_source *sources =
        arena_grow(&m->arena, m->sources, m->n_sources * size, (m->n_sources + 1) * size);

    if (!sources || !made.prefix || !made.text || (file && !made.file))
        return NULL;
    m->sources = sources;
    m->sources[m->n_sources] = made;
    return &m->sources[m->n_sources++];
}

struct config_entry *config_add_entry(struct config *c)
{
    struct config_memory *m = c->memory;
    size_t size = sizeof *c->pipeline;
    struct config_entry *p =
        arena_grow(&m->arena, c->pipeline, c->n_pipeline * size, (c->n_pipeline + 1) * size);

    if (!p)
        return NULL;
    c->pipeline = p;
    memset(&p[c->n_pipeline], 0, size);
    return &p[c->n_pipeline++];
}

static int init(struct config *c, struct fault *f)
{
    struct config_memory *m = calloc(1, sizeof *m);

    memset(c, 0, sizeof *c);
    if (!m)
        return fault_set(f, "there is no memory for the configuration");
    arena_init(&m->arena, SIZE_MAX);
    c->memory = m;
    return 0;
}

void config_finish(struct config *c)
{
    struct config_memory *m = c ? c->memory : NULL;

    if (m)
        arena_finish(&m->arena);
    free(m);
    if (c)
        memset(c, 0, sizeof *c);
}

/* ---- faults */

/* The source a key path is in: the one with the longest prefix. *path is moved
 * past it. */
static const struct config_source *find_source(const struct config *c, const char **path)
{
    const struct config_memory *m = c->memory;
    const struct config_source *best = NULL;
    size_t best_n = 0;

    for (size_t i = 0; m && i < m->n_sources; i++) {
        size_t n = strlen(m->sources[i].prefix);
        if (strncmp(*path, m->sources[i].prefix, n) == 0 && (!best || n > best_n)) {
            best = &m->sources[i];
            best_n = n;
        }
    }
    *path += best_n;
    *path += best_n > 0 && **path == '.';
    return best;
}

uint32_t config_allowed(const struct config *c)
{
    uint32_t allowed = 0;

    for (size_t i = 0; i < c->n_pipeline; i++)
        allowed |= c->pipeline[i].allow;
    return allowed;
}

int config_fault(const struct config *c, const char *path, struct fault *f)
{
    const struct config_source *s;
    size_t line, column;
    struct fault why;

    if (!f)
        return -1;
    why = *f;
    if (*path == '/' && strstr(why.text, path))
        return -1;
    s = *path == '/' ? NULL : find_source(c, &path);
    if (!s || !s->file)
        return fault_set(f, "%s%s%s", path, *path ? ": " : "", why.text);
    utf8_position(s->text, config_locate(s->text, strlen(s->text), path), &line, &column);
    return fault_set(f, "%s:%zu:%zu: %s%s%s", s->file, line, column, path, *path ? ": " : "",
                     why.text);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters to put in, leave out, change or swap to make b of a. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][33], n = strlen(b), *before = rows[0], *above = rows[1], *row = rows[2];

    if (n > 32)
        return SIZE_MAX;
    for (size_t j = 0; j <= n; j++)
        above[j] = before[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t *spare = before;
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            row[j] = least(above[j] + 1, row[j - 1] + 1);
            row[j] = least(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        before = above;
        above = row;
        row = spare;
    }
    return above[n];
}

const char *config_nearest(const char *word, const char *const *known, size_t n)
{
    const char *best = NULL;
    size_t limit = 1 + strlen(word) / 3;

    for (size_t i = 0; i < n; i++) {
        size_t d = distance(word, known[i]);
        if (d <= limit) {
            best = known[i];
            limit = d - (d > 0);
        }
    }
    return best;
}

/* ---- the whole */

static const char *whole_path(struct config *c, const char *file)
{
    char *path = realpath(file, NULL);
    const char *kept = path ? config_join(c, NULL, path) : NULL;

    free(path);
    return kept;
}

/* The folder a file is in, absolute, whether or not the file is there. */
static const char *folder_of(struct config *c, const char *file)
{
    struct config_memory *m = c->memory;
    const char *slash = file ? strrchr(file, '/') : NULL;
    char *name = slash ? arena_strndup(&m->arena, file, slash > file ? (size_t)(slash - file) : 1)
                       : config_join(c, NULL, ".");
    const char *whole = name ? whole_path(c, name) : NULL;

    return whole ? whole : name;
}

/* Where the spool is, and whether: under systemd, which has a folder for it, on disk. */
static int complete_spool(struct config *c, struct fault *f)
{
    struct config_memory *m = c->memory;
    const char *folders = getenv("STATE_DIRECTORY"); /* separated by colons */
    const char *folder = folders ? arena_strndup(&m->arena, folders, strcspn(folders, ":")) : NULL;

    if (!strcmp(c->spool.durability, "auto"))
        c->spool.durability = c->spool.path[0] || folder ? "commit" : "memory";
    if (!strcmp(c->spool.durability, "commit") && !c->spool.path[0] && folder) {
        c->spool.path = config_join(c, folder, "spool.db");
        return c->spool.path ? 0 : fault_set(f, "there is no memory for the configuration");
    }
    if (!strcmp(c->spool.durability, "commit") == (c->spool.path[0] != '\0'))
        return 0;
    if (c->spool.path[0]) {
        fault_set(f, "is for durability \"commit\", and it is \"%s\": leave one of them out",
                  c->spool.durability);
        return config_fault(c, "spool.path", f);
    }
    fault_set(f, "is \"commit\", for which spool.path must name a file");
    return config_fault(c, "spool.durability", f);
}

/* What no key by itself can tell: two endpoints at one address. */
static int check_together(const struct config *c, struct fault *f)
{
    const char *const address[] = {c->endpoints.pull, c->endpoints.ack, c->endpoints.publish,
                                   c->endpoints.replay};
    static const char *const path[] = {"endpoints.pull", "endpoints.ack", "endpoints.publish",
                                       "endpoints.replay"};

    for (int i = 1; i < 4; i++)
        for (int j = 0; j < i; j++) {
            size_t n = strlen(address[i]);
            if (n == 0 || address[i][n - 1] == '*' || strcmp(address[i], address[j]) != 0)
                continue;
            fault_set(f, "is the address of %s already", path[j]);
            return config_fault(c, path[i], f);
        }
    return 0;
}

/* One text into c, which is init. */
static int read_text(struct config *c, const char *name, const char *text, struct fault *f)
{
    const struct config_source *s = config_add_source(c, "", name, text);
    struct config_memory *m = c->memory;
    json_t *root;
    int status;

    m->folder = folder_of(c, name);
    if (!s || !m->folder)
        return fault_set(f, "there is no memory for the configuration");
    c->file = s->file;
    root = config_json(s, f);
    if (!root)
        return -1;
    status = config_restore(c, root, f);
    if (status == 0)
        status = config_read(c, root, f);
    if (status == 0)
        status = config_restore_entries(c, root, f);
    json_decref(root);
    return status;
}

static int parse(struct config *c, const char *name, const char *text, size_t n, struct fault *f)
{
    struct config_memory *m = c->memory;
    const char *copy = arena_strndup(&m->arena, text, n);

    if (!copy)
        return fault_set(f, "there is no memory for the configuration");
    if (strlen(copy) != n)
        return fault_set(f, "%s: holds a NUL byte, which is not JSON", name);
    return read_text(c, name, copy, f);
}

static int complete(struct config *c, struct fault *f)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    if (c->workers == 0)
        c->workers = n < 1 ? 1 : n > 256 ? 256 : (uint32_t)n;
    if (config_default_folders(c, f) < 0 || complete_spool(c, f) < 0)
        return -1;
    return check_together(c, f);
}

int config_parse(struct config *c, const char *name, const char *text, size_t n, struct fault *f)
{
    if (init(c, f) < 0)
        return -1;
    if (parse(c, name, text, n, f) < 0 || complete(c, f) < 0) {
        config_finish(c);
        return -1;
    }
    if (!c->plugins_d)
        c->plugins_d = "";
    return 0;
}

static int load(struct config *c, const char *file, const struct config_spare *spare,
                struct fault *f)
{
    size_t n = 2;
    char *text = NULL;
    int status;

    if (file && !(text = config_slurp(file, &n, f)))
        return -1;
    status = parse(c, file, text ? text : "{}", n, f);
    free(text);
    if (status < 0 || config_check_folders(c, f) < 0 || complete(c, f) < 0)
        return -1;
    return config_add_folders(c, spare, f);
}

int config_load_sparing(struct config *c, const char *file, const struct config_spare *spare,
                        struct fault *f)
{
    if (init(c, f) < 0)
        return -1;
    if (load(c, file, spare, f) == 0)
        return 0;
    config_finish(c);
    return -1;
}

int config_load(struct config *c, const char *file, struct fault *f)
{
    return config_load_sparing(c, file, NULL, f);
}

/* ---- entries */

bool config_is_found(const struct config_entry *e)
{
    return strncmp(e->where, "pipeline[", strlen("pipeline[")) != 0;
}

size_t config_find_entry(const struct config *c, const char *where)
{
    size_t i = 0;

    while (i < c->n_pipeline && strcmp(c->pipeline[i].where, where) != 0)
        i++;
    return i;
}

void config_remove_entry(struct config *c, size_t i)
{
    memmove(&c->pipeline[i], &c->pipeline[i + 1], (--c->n_pipeline - i) * sizeof *c->pipeline);
}

int config_put_entry(struct config *c, size_t i, const struct config *from, size_t k,
                     struct fault *f)
{
    json_t *json = config_dump_entry(&from->pipeline[k]);
    size_t n = c->n_pipeline;
    int status = json ? config_read_entry(c, json, "/", from->pipeline[k].where, f)
                      : fault_set(f, "there is no memory for the configuration");

    json_decref(json);
    c->n_pipeline = n;
    if (status < 0)
        return -1;
    if (i < n)
        c->pipeline[i] = c->pipeline[n];
    else
        c->n_pipeline++;
    return 0;
}
