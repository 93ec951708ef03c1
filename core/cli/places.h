/* SPDX-License-Identifier: Apache-2.0
 *
 * places.h - whether the daemon could have what its configuration names: the file of
 * the spool, its endpoints. The hard rule: nothing is left behind, and no address of
 * the daemon's is held, not even for a moment.
 */
#ifndef CLI_PLACES_H
#define CLI_PLACES_H

#include "config.h"

/* 0, or -1 with f complete. Whether others hold a port is not looked at. */
int places_check(const struct config *c, struct fault *f);

#endif
