/* SPDX-License-Identifier: Apache-2.0
 *
 * pending.h - the documents of `gloss send` that wait for their answer, so that
 * an answer can be told by file and line. The hard rule: an answer with an id
 * belongs to the document of that id, one without to the oldest without.
 */
#ifndef CLI_PENDING_H
#define CLI_PENDING_H

#include "cli/input.h"

#include <stdbool.h>
#include <stddef.h>

struct pending_doc {
    char *id; /* as it was sent; NULL: the daemon makes one */
    const char *name;
    size_t line, bytes;
};

struct pending {
    struct pending_doc *docs; /* oldest first */
    size_t n, room;
};

/* Remembers the document just read. false without memory, which has been said. */
bool pending_add(struct pending *p, const struct input *in);

/* Takes out the one an answer with this id (or NULL) belongs to. */
bool pending_take(struct pending *p, const char *id, struct pending_doc *d);

void pending_doc_finish(struct pending_doc *d);
void pending_finish(struct pending *p);

#endif
