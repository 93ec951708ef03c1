/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/reload.h - the configuration read and put into service, at the start and
 * at each SIGHUP. The hard rule: what can't serve changes nothing.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "config.h"
#include "daemon/dispatch.h"

#include <stdbool.h>

struct reload {
    struct dispatch *dispatch;
    const struct config *first; /* what the sockets were opened with */
    bool again;                 /* asked for while one was under way */
};

/* Reads the file and starts workers on it. 0, or -1 with f: nothing was started. */
int reload_begin(struct reload *r, struct fault *f);

/* The dispatch has said how it went: begins again where that was asked for meanwhile. */
int reload_end(struct reload *r, struct fault *f);

#endif
