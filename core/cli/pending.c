/* SPDX-License-Identifier: Apache-2.0
 *
 * pending.c - see pending.h, whose hard rule holds.
 */
#include "cli/pending.h"

#include "cli/cli.h"
#include "wire/json.h"

#include <stdlib.h>
#include <string.h>

/* The id a document brings along, to be freed; NULL where it has none. That of one
 * that will be rejected counts too: the answer carries it. */
static char *id_of(const struct input *in)
{
    struct arena scratch;
    struct json_doc d;
    struct fault f;
    char *id = NULL;

    if (in->plain)
        return NULL;
    arena_init(&scratch, SIZE_MAX);
    json_read(&d, &scratch, in->text, in->n, true, &f);
    if (d.fields.id.p)
        id = strndup(d.fields.id.p, d.fields.id.n);
    arena_finish(&scratch);
    return id;
}

bool pending_add(struct pending *p, const struct input *in)
{
    if (p->n == p->room) {
        size_t room = p->room * 2 + 64;
        struct pending_doc *grown = realloc(p->docs, room * sizeof *grown);

        if (!grown) {
            cli_error(0, "send", "no memory");
            return false;
        }
        p->docs = grown;
        p->room = room;
    }
    p->docs[p->n++] = (struct pending_doc){id_of(in), in->name, in->line, in->n};
    return true;
}

/* The oldest of that id; else the oldest that brought none. */
static size_t find(const struct pending *p, const char *id)
{
    for (size_t i = 0; id && i < p->n; i++)
        if (p->docs[i].id && !strcmp(p->docs[i].id, id))
            return i;
    for (size_t i = 0; i < p->n; i++)
        if (!p->docs[i].id)
            return i;
    return id ? p->n : 0;
}

bool pending_take(struct pending *p, const char *id, struct pending_doc *d)
{
    size_t i = find(p, id);

    if (i >= p->n)
        return false;
    *d = p->docs[i];
    memmove(p->docs + i, p->docs + i + 1, (p->n - i - 1) * sizeof *p->docs);
    p->n--;
    return true;
}

void pending_doc_finish(struct pending_doc *d)
{
    free(d->id);
}

void pending_finish(struct pending *p)
{
    for (size_t i = 0; i < p->n; i++)
        pending_doc_finish(&p->docs[i]);
    free(p->docs);
}
