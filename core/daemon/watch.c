/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/watch.c - folders watched with inotify. With each folder the one it is in is
 * watched, so that one that is made, removed, renamed or a symbolic link set anew is
 * noticed; where that is missing too, the nearest one that is there.
 */
#include "daemon/watch.h"

#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
    QUIET_MS = 150, /* without a further event, until they are told */
    HOLD_MS = 500,  /* the longest they are held back */
};

#define EVENTS                                                                                     \
    (IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVE | IN_DELETE_SELF |   \
     IN_MOVE_SELF)

struct watch_folder {
    int wd;
    char *name; /* of a folder in this one that matters, or NULL: plugins and entries do */
};

/* ---- events */

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), n_end = strlen(end);

    return n > n_end && strcmp(name + n - n_end, end) == 0;
}

static bool matters(const struct watch *w, const struct inotify_event *e)
{
    bool is_file = e->len > 0 && e->name[0] != '.' &&
                   (ends_with(e->name, ".so") || ends_with(e->name, ".json"));

    if (e->mask & IN_IGNORED)
        return false;
    if (e->len == 0) /* the folder itself, or events were lost */
        return (e->mask & ~(uint32_t)(IN_ATTRIB | IN_ISDIR)) != 0;
    for (size_t i = 0; i < w->n; i++)
        if (w->folder[i].wd == e->wd &&
            (w->folder[i].name ? strcmp(w->folder[i].name, e->name) == 0 : is_file))
            return true;
    return false;
}

static void on_quiet(uv_timer_t *timer)
{
    struct watch *w = timer->data;

    w->since = 0;
    w->on_change(w->owner);
}

static void on_matter(struct watch *w)
{
    uint64_t now = uv_now(w->poll.loop), held;

    if (w->since == 0)
        w->since = now;
    held = now - w->since;
    uv_timer_start(&w->quiet, on_quiet, held + QUIET_MS < HOLD_MS ? QUIET_MS : HOLD_MS - held, 0);
}

static void on_events(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    _Alignas(struct inotify_event) char room[16384];
    bool some = false;
    ssize_t n;

    (void)status;
    (void)events;
    while ((n = read(w->fd, room, sizeof room)) > 0)
        for (const char *at = room; at < room + n;) {
            const struct inotify_event *e = (const void *)at;

            some = some || matters(w, e);
            at += sizeof *e + e->len;
        }
    if (some && !(w->since && uv_now(poll->loop) - w->since >= HOLD_MS))
        on_matter(w);
}

/* ---- folders */

static void add(struct watch *w, const char *path, const char *name)
{
    struct watch_folder *more = realloc(w->folder, (w->n + 1) * sizeof *more);
    int wd = inotify_add_watch(w->fd, path, EVENTS | IN_ONLYDIR);

    if (more)
        w->folder = more;
    if (more && wd >= 0)
        w->folder[w->n++] = (struct watch_folder){wd, name ? strdup(name) : NULL};
    if (wd < 0 && errno != ENOENT && errno != ENOTDIR)
        log_warn("watch", "the folder %s can't be watched: %s: reload (SIGHUP) after changes", path,
                 strerror(errno));
}

/* The folder, and in its parent (or the nearest ancestor that is there) its name. */
static void add_folder(struct watch *w, const char *folder)
{
    char *path = strdup(folder), *slash;

    if (path && *path)
        add(w, path, NULL);
    while (path && (slash = strrchr(path, '/'))) {
        char *name = slash + 1;

        *slash = '\0';
        if (*name)
            add(w, *path ? path : "/", name);
        if (*name && (!*path || access(path, F_OK) == 0))
            break;
    }
    free(path);
}

static void add_folder_of(struct watch *w, const char *file)
{
    const char *slash = strrchr(file, '/');
    char *folder = slash > file ? strndup(file, (size_t)(slash - file)) : NULL;

    if (folder)
        add_folder(w, folder);
    free(folder);
}

static bool has(const struct watch_folder *folder, size_t n, int wd)
{
    for (size_t i = 0; i < n; i++)
        if (folder[i].wd == wd)
            return true;
    return false;
}

static void forget(struct watch_folder *folder, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(folder[i].name);
    free(folder);
}

void watch_folders(struct watch *w, const struct config *c)
{
    struct watch_folder *old = w->folder;
    size_t n_old = w->n;

    if (w->fd < 0)
        return;
    w->folder = NULL;
    w->n = 0;
    for (const char *const *folder = c->drop_in; folder && *folder; folder++)
        add_folder(w, *folder);
    add_folder(w, c->plugins_d);
    for (size_t i = 0; i < c->n_pipeline; i++)
        if (c->pipeline[i].file)
            add_folder_of(w, c->pipeline[i].file);
    /* The new ones first: a folder that stays is watched without a gap. Into one that is
     * new something may have come before. */
    for (size_t i = 0; i < n_old; i++)
        if (!has(w->folder, w->n, old[i].wd))
            inotify_rm_watch(w->fd, old[i].wd);
    for (size_t i = 0; i < w->n; i++)
        if (!has(old, n_old, w->folder[i].wd))
            on_matter(w);
    forget(old, n_old);
}

/* ---- the whole */

void watch_init(struct watch *w, uv_loop_t *loop)
{
    uv_timer_init(loop, &w->quiet);
    w->poll.data = w->quiet.data = w;
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (w->fd >= 0 && uv_poll_init(loop, &w->poll, w->fd) == 0) {
        uv_poll_start(&w->poll, UV_READABLE, on_events);
        return;
    }
    log_warn("watch", "plugin folders can't be watched: %s: reload (SIGHUP) after changes",
             strerror(errno));
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}

void watch_finish(struct watch *w)
{
    uv_close((uv_handle_t *)&w->quiet, NULL);
    if (w->fd < 0)
        return;
    uv_close((uv_handle_t *)&w->poll, NULL);
    close(w->fd);
    forget(w->folder, w->n);
    w->folder = NULL;
    w->fd = -1;
}
