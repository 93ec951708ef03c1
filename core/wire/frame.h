/* SPDX-License-Identifier: Apache-2.0
 *
 * frame.h - what supervisor and worker say to each other over their socketpair.
 * Both are the same binary on the same machine: native byte order, no versions.
 * The hard rule: a frame is never trusted to fit; the reader checks every length.
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include "text/doc.h"

#include <stddef.h>
#include <stdint.h>

enum frame_type {
    FRAME_CONFIG = 1, /* to the worker, first: the configuration as JSON */
    FRAME_READY,   /* from it: the names of the pipeline in the order they run, for the log; those
                    * of its entries one by one; warnings; NUL after each */
    FRAME_REFUSED, /* from it, instead: why it can't start; it exits then */
    FRAME_DOC,     /* to it: a document */
    FRAME_GLOSS,   /* from it: topic and gloss members */
    FRAME_DEAD,    /* from it: the document must not be published, and why */
};

struct frame_head {
    uint32_t size; /* bytes that follow the head */
    uint32_t type;
    uint64_t ticket; /* which document; FRAME_CONFIG: the mark of the worker's log lines; else 0 */
};

/* A plugin that must not run on this document again, and why. */
struct frame_skip {
    uint32_t entry; /* index in the pipeline */
    struct slice why;
};

/* Bytes a FRAME_DOC of these takes, head included. */
size_t frame_doc_size(const struct doc_fields *f, const struct frame_skip *skip, size_t n_skip);

/* Writes it; to has frame_doc_size bytes. */
void frame_doc_write(char *to, uint64_t ticket, const struct doc_fields *f,
                     const struct frame_skip *skip, size_t n_skip);

/* Reads one back; slices point into the frame. *n_skip is room on the way in.
 * 0, or -1 where it does not fit. */
int frame_doc_read(const char *payload, size_t n, struct doc_fields *f, struct frame_skip *skip,
                   size_t *n_skip);

/* What an entry of the pipeline did with a document. */
enum frame_outcome { FRAME_NOT_RUN, FRAME_PASSED, FRAME_FAILED };

/* What a worker answers. FRAME_GLOSS: topic, members, and where a plugin failed which (the
 * first) and how; FRAME_DEAD: plugin and error alone. outcomes: an enum frame_outcome in a
 * byte for each entry of the configuration. */
struct frame_result {
    struct slice topic, plugin, error, outcomes, members; /* error.p NULL: nothing failed */
};

/* The most that an answer may take, whatever it is about: it fits a row of the spool. */
#define FRAME_LARGEST (UINT64_C(384) << 20)

/* The most that one about a document of n bytes may take; who sends more has gone mad. */
uint64_t frame_most(uint64_t n);

/* The status of a worker that has ended because it is used up: a fresh one can go on. */
enum { FRAME_SPENT = 75 };

/* Bytes that go before the members: all the rest of a result. */
size_t frame_result_size(const struct frame_result *r);
void frame_result_write(char *to, const struct frame_result *r);

/* Slices point into the payload. 0, or -1 where it does not fit. */
int frame_result_read(const char *payload, size_t n, struct frame_result *r);

#endif
