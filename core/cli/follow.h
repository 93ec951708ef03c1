/* SPDX-License-Identifier: Apache-2.0
 *
 * follow.h - what a subscriber is to get, from a seq on or from now on: live, and from the
 * replay socket where it was away, or too slow. The hard rule: each document once; in the
 * order of seq where everything is followed, else in that order within a topic; and what
 * can't be had is said.
 */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include "cli/ask.h"

#include <stdbool.h>
#include <stdint.h>

/* The members down to owner are the caller's to set. */
struct follow {
    const char *publish, *replay; /* endpoints; replay "": what was missed is only told */
    const char *const *topics;    /* prefixes */
    size_t n_topics;              /* 0: everything */
    bool from_given;              /* begins at from, or at the first that is kept */
    uint64_t from;
    int timeout_ms; /* ends when no document came for so long; 0: never */

    /* False ends it. */
    bool (*on_document)(void *owner, const char *topic, const char *json, size_t n);
    void *owner;

    void *context, *socket;
    struct ask ask;
    struct fault why;   /* the replay socket did not serve */
    bool all;           /* no topic is left out */
    char *log;          /* the log that seq counts in; NULL: nothing has come yet */
    uint64_t base;      /* what is followed and below this has been delivered */
    json_t *last;       /* where topics are left out: topic to its last seq delivered */
    unsigned unchecked; /* there: documents since it was looked whether any is missing */
    uint64_t last_ms;   /* when the last document came */
    bool ended;
    int status;
};

/* Until on_document or the timeout ends it. The exit status; what is wrong is said. */
int follow_run(struct follow *f);

#endif
