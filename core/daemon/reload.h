/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/reload.h - the configuration read and put into service: at the start, at each
 * SIGHUP, and when a plugin folder has changed. What is broken in a folder is refused by
 * itself, and said once. The hard rule: what can't serve changes nothing.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "config.h"
#include "daemon/dispatch.h"
#include "daemon/lineup.h"
#include "daemon/watch.h"

#include <stdbool.h>

/* Why it is: all is read and said again, or only what has changed since the last time. */
enum reload_cause { RELOAD_ASKED, RELOAD_CHANGED };

struct reload {
    struct dispatch *dispatch;
    struct watch *watch;
    const struct config *first; /* what the sockets were opened with */
    bool serving;               /* workers were ready once */

    /* reload.c's own */
    struct lineup asked;     /* what was read last, before anything in it was refused */
    enum reload_cause cause; /* of this reload */
    unsigned tries;          /* of a line-up whose worker was killed at its start */
    bool again;              /* asked for while one was under way */
    enum reload_cause again_cause;
    struct refusal *said, *new; /* by the last reload; by this one */
};

/* Reads the file and starts workers on it, where there is anything new. 0, or -1 where
 * nothing was started because of a fault, which has been said. */
int reload_begin(struct reload *r, enum reload_cause cause);

/* Workers could not start, for the reason why; see dispatch.h. Where it is the fault of
 * something in a folder, that is refused and the rest is tried again; where one was killed
 * from outside all is, a few times: 0, and -1 otherwise. */
int reload_mend(struct reload *r, const struct generation *g, const bool *at_fault,
                const char *why);

/* The dispatch has said how it went: begins again where that was asked for meanwhile. */
int reload_end(struct reload *r);

void reload_finish(struct reload *r);

#endif
