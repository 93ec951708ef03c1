/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/breaker.h - which plugins of a generation are switched off, because they failed so
 * many times in a row (off_after), and when each is tried again (retry_s): with one document.
 * The hard rule: each change has its line in the log, and nothing else has.
 */
#ifndef DAEMON_BREAKER_H
#define DAEMON_BREAKER_H

#include "config.h"
#include "wire/frame.h"

#include <stddef.h>
#include <stdint.h>

enum breaker_state { BREAKER_ON, BREAKER_OFF, BREAKER_TRIAL };

struct breaker {
    const struct config_entry *entry;
    char *name; /* what it is called in what is published; owned */
    enum breaker_state state;
    uint32_t failures; /* in a row */
    uint64_t retry;    /* off: when it is tried again, ms */
    uint64_t ticket;   /* trial: the document it is tried with */
    uint64_t without;  /* documents run without it since it went off */
    char why[64];      /* what those are told */
};

/* One for each entry of the pipeline. Times are uv_now(). */
struct breakers {
    struct breaker *of;
    size_t n, off; /* off: those that are not on */
};

/* c must outlive b. 0, or -1 without memory. */
int breakers_init(struct breakers *b, const struct config *c);
void breakers_finish(struct breakers *b);

/* The entry is called so in what its workers publish; until then by the configuration's word
 * for the plugin. 0, or -1 without memory. */
int breakers_rename(struct breakers *b, size_t entry, const char *name);

/* Why the entry must not run on this document, or NULL. Where its time has come, the document
 * is the one it is tried with. */
const char *breakers_stop(struct breakers *b, size_t entry, const struct slice *id, uint64_t ticket,
                          uint64_t now);

/* The entry failed on a document. */
void breakers_fail(struct breakers *b, size_t entry, uint64_t ticket, const char *how,
                   uint64_t now);

/* A document has been through the pipeline, or (all empty) has come to nothing. */
void breakers_note(struct breakers *b, uint64_t ticket, const struct frame_result *r, uint64_t now);

/* "x (12 documents without it), y (...)", or "" where all are on. */
void breakers_write(const struct breakers *b, char *to, size_t room);

#endif
