/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/lineup.c - a configuration and its plugins' files, whole or mended.
 */
#include "daemon/lineup.h"

#include <stdlib.h>
#include <string.h>

enum mending { LEFT_OUT, KEPT, NOT_MENDED };

/* ---- what serves */

/* The entry of l that stands where e does, the k-th; or NULL. */
static const struct config_entry *find(const struct lineup *l, const struct config_entry *e,
                                       size_t *k)
{
    *k = config_find_entry(&l->config, e->where);
    return *k < l->config.n_pipeline ? &l->config.pipeline[*k] : NULL;
}

static bool is_serving(const struct lineup *l, size_t i, const struct lineup *serving)
{
    const struct config_entry *e = &l->config.pipeline[i], *old;
    size_t k;

    old = find(serving, e, &k);
    return old && config_same_entry(e, old) && l->object[i] == serving->object[k];
}

/* ---- mending */

static void set_object(struct lineup *l, size_t i, struct object *o)
{
    object_hold(o);
    object_release(l->object[i]);
    l->object[i] = o;
}

static void take_out(struct lineup *l, size_t i)
{
    object_release(l->object[i]);
    memmove(&l->object[i], &l->object[i + 1],
            (l->config.n_pipeline - i - 1) * sizeof(struct object *));
    config_remove_entry(&l->config, i);
}

/* Of what the user wrote into the configuration only the file may stay as it was. */
static enum mending mend(struct lineup *l, size_t i, const struct lineup *serving)
{
    const struct config_entry *e = &l->config.pipeline[i], *old;
    bool is_new = !is_serving(l, i, serving);
    size_t k;

    old = find(serving, e, &k);
    if (old && is_new && config_is_found(e)) {
        if (config_put_entry(&l->config, i, &serving->config, k, NULL) < 0)
            return NOT_MENDED;
        set_object(l, i, serving->object[k]);
        return KEPT;
    }
    if (old && is_new && old->file && e->file && strcmp(old->file, e->file) == 0 &&
        l->object[i] != serving->object[k] && serving->object[k]) {
        set_object(l, i, serving->object[k]);
        return KEPT;
    }
    if (!config_is_found(e))
        return NOT_MENDED;
    take_out(l, i);
    return LEFT_OUT;
}

static int mend_and_say(struct lineup *l, size_t i, const struct lineup *serving, const char *why,
                        const struct lineup_ops *ops)
{
    char *where = strdup(l->config.pipeline[i].where);
    enum mending how = where ? mend(l, i, serving) : NOT_MENDED;

    if (how != NOT_MENDED)
        ops->on_refused(ops->owner, where, why, how == KEPT);
    free(where);
    return how == NOT_MENDED ? -1 : 0;
}

/* Whether something that serves is no longer there. */
static bool has_lost(const struct lineup *l, const struct lineup *serving)
{
    for (size_t k = 0; k < serving->config.n_pipeline; k++)
        if (config_find_entry(&l->config, serving->config.pipeline[k].where) ==
            l->config.n_pipeline)
            return true;
    return false;
}

/* What serves as it is has no fault of its own: only where it misses what was removed is it
 * taken out. */
int lineup_mend(struct lineup *l, const struct lineup *serving, const bool *at_fault,
                const char *why, const struct lineup_ops *ops)
{
    size_t n = l->config.n_pipeline, last = n, last_new = n;

    for (size_t i = 0; i < n; i++) {
        if (!at_fault[i])
            continue;
        if (config_is_found(&l->config.pipeline[i]))
            last = i;
        if (!is_serving(l, i, serving) && (last == i || last_new == n))
            last_new = i;
    }
    if (last_new == n && (last == n || !has_lost(l, serving)))
        return -1;
    return mend_and_say(l, last_new < n ? last_new : last, serving, why, ops);
}

/* ---- the files */

static struct object *find_object(const struct lineup *l, const struct object_mark *mark)
{
    for (size_t i = 0; l->object && i < l->config.n_pipeline; i++)
        if (l->object[i] && object_is(l->object[i], mark))
            return object_hold(l->object[i]);
    return NULL;
}

/* The object of entry i: one that is there already, or new. */
static int take_object(struct lineup *l, size_t i, const struct lineup *serving,
                       const struct lineup *last, struct fault *f)
{
    const struct config_entry *e = &l->config.pipeline[i];
    struct object_mark mark;
    struct fault why;

    if (!e->file || object_look(e->file, &mark) < 0)
        return 0;
    l->object[i] = find_object(serving, &mark);
    if (!l->object[i])
        l->object[i] = find_object(last, &mark);
    if (!l->object[i])
        l->object[i] = find_object(l, &mark);
    if (!l->object[i] && !(l->object[i] = object_copy(e->file, &why))) {
        fault_set(f, "plugin %s %s", e->file, why.text);
        return config_fault(&l->config, e->where, f);
    }
    return 0;
}

static int take_objects(struct lineup *l, const struct lineup *serving, const struct lineup *last,
                        const struct lineup_ops *ops, struct fault *f)
{
    size_t i = 0;

    while (i < l->config.n_pipeline) {
        size_t n = l->config.n_pipeline;

        if (!l->object[i] && take_object(l, i, serving, last, f) < 0 &&
            mend_and_say(l, i, serving, f->text, ops) < 0)
            return -1;
        i += l->config.n_pipeline == n;
    }
    return 0;
}

/* ---- the whole */

static int make_objects(struct lineup *l, struct fault *f)
{
    l->object = calloc(l->config.n_pipeline + 1, sizeof(struct object *));
    return l->object ? 0 : fault_set(f, "no memory");
}

int lineup_load(struct lineup *l, const char *file, const struct lineup *serving,
                const struct lineup *last, const struct lineup_ops *ops, struct fault *f)
{
    const struct config_spare spare = {&serving->config, ops->on_refused, ops->owner};

    memset(l, 0, sizeof *l);
    if (config_load_sparing(&l->config, file, &spare, f) < 0)
        return -1;
    if (config_find_plugins(&l->config, f) == 0 && make_objects(l, f) == 0 &&
        take_objects(l, serving, last, ops, f) == 0)
        return 0;
    lineup_finish(l);
    return -1;
}

void lineup_finish(struct lineup *l)
{
    for (size_t i = 0; l->object && i < l->config.n_pipeline; i++)
        object_release(l->object[i]);
    free(l->object);
    config_finish(&l->config);
    l->object = NULL;
}

int lineup_copy(struct lineup *to, const struct lineup *from)
{
    char *json = config_dump(&from->config);
    struct fault f;

    memset(to, 0, sizeof *to);
    if (!json || config_parse(&to->config, "configuration", json, strlen(json), &f) < 0 ||
        make_objects(to, &f) < 0)
        goto fail;
    for (size_t i = 0; i < to->config.n_pipeline; i++)
        to->object[i] = object_hold(from->object[i]);
    free(json);
    return 0;
fail:
    free(json);
    lineup_finish(to);
    return -1;
}

bool lineup_same(const struct lineup *a, const struct lineup *b)
{
    bool same = config_same(&a->config, &b->config);

    for (size_t i = 0; same && i < a->config.n_pipeline; i++)
        same = a->object[i] == b->object[i];
    return same;
}
