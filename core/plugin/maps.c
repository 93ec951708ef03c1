/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/maps.c - files mapped read-only. A mapping is shared with all other
 * processes that map the file, so N workers hold one copy of a model. The hard
 * rule: what was handed out stays until maps_destroy. */
#include "plugin/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct map {
    struct map *next;
    char *path;
    void *p;
    size_t len;
};

struct maps {
    struct map *first;
};

struct maps *maps_create(void)
{
    return calloc(1, sizeof(struct maps));
}

void maps_destroy(struct maps *m)
{
    if (!m)
        return;
    while (m->first) {
        struct map *one = m->first;

        m->first = one->next;
        munmap(one->p, one->len);
        free(one->path);
        free(one);
    }
    free(m);
}

static char *refuse_missing(const char *path, const char *const *folders, struct fault *f)
{
    char list[sizeof f->text / 2] = "";
    size_t used = 0;

    for (; folders && *folders && used < sizeof list; folders++) {
        int w = snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", *folders);

        used += (size_t)w;
    }
    if (!used)
        fault_set(f, "no file %s: \"model_path\" names no folder to look in", path);
    else
        fault_set(f, "no file %s in %s: put it there, or add its folder to \"model_path\"", path,
                  list);
    return NULL;
}

char *maps_find(const char *path, const char *const *folders, struct fault *f)
{
    char *found = NULL;

    if (path[0] == '/') {
        if (access(path, F_OK) < 0)
            fault_set(f, "can't open %s: %s", path, strerror(errno));
        else if (!(found = strdup(path)))
            fault_set(f, "no memory");
        return found;
    }
    for (const char *const *folder = folders; folder && *folder; folder++) {
        if (asprintf(&found, "%s/%s", *folder, path) < 0) {
            fault_set(f, "no memory");
            return NULL;
        }
        if (access(found, F_OK) == 0)
            return found;
        free(found);
    }
    return refuse_missing(path, folders, f);
}

static int check_file(int fd, const char *path, size_t *len, struct fault *f)
{
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return fault_set(f, "can't open %s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return fault_set(f, "%s is %s, not a file", path,
                         S_ISDIR(st.st_mode) ? "a folder" : "something else");
    if (st.st_size == 0)
        return fault_set(f, "%s is empty", path);
    *len = (size_t)st.st_size;
    return 0;
}

static struct map *map_new(const char *path, struct fault *f)
{
    struct map *one = calloc(1, sizeof *one);
    int fd = -1;

    if (!one || !(one->path = strdup(path))) {
        fault_set(f, "no memory");
        goto fail;
    }
    /* O_NONBLOCK: a FIFO in the place of a model must not hang the start. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (check_file(fd, path, &one->len, f) < 0)
        goto fail;
    one->p = mmap(NULL, one->len, PROT_READ, MAP_SHARED, fd, 0);
    if (one->p == MAP_FAILED) {
        fault_set(f, "can't map %s: %s", path, strerror(errno));
        goto fail;
    }
    close(fd);
    return one;
fail:
    if (fd >= 0)
        close(fd);
    if (one)
        free(one->path);
    free(one);
    return NULL;
}

const void *maps_get(struct maps *m, const char *path, size_t *len, struct fault *f)
{
    struct map *one = m->first;

    while (one && strcmp(one->path, path) != 0)
        one = one->next;
    if (!one) {
        one = map_new(path, f);
        if (!one)
            return NULL;
        one->next = m->first;
        m->first = one;
    }
    *len = one->len;
    return one->p;
}
