/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/supervisor.h - the daemon itself: sockets, workers and what is between them,
 * wired up; signals; the end. The hard rule: one loop, one thread of logic, and nothing
 * in it that waits.
 */
#ifndef DAEMON_SUPERVISOR_H
#define DAEMON_SUPERVISOR_H

#include "config.h"

/* Serves until a signal ends it. The exit status: 0 when all in flight was done, 1 when
 * documents were dropped, 2 when it could not start, with the reason in the log. */
int supervisor_run(const struct config *c);

#endif
