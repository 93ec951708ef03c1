/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/stats.h - what the daemon has done so far, counted. The hard rule: a
 * counter only rises, and is raised in one place.
 */
#ifndef DAEMON_STATS_H
#define DAEMON_STATS_H

#include "log.h"
#include "wire/json.h"

#include <stdbool.h>
#include <stdint.h>

/* Faults in documents, of one second. */
struct stats_second {
    uint64_t second;
    uint32_t faults, silenced; /* of these not logged */
};

struct stats {
    uint64_t accepted, published, dead, duplicates;
    uint64_t rejected[REJECT_UNAUTHORIZED + 1]; /* by reason */
    uint64_t bytes_in, bytes_out;
    uint64_t replies_lost; /* the client was gone, or does not read */

    struct stats_second rejections, deaths;
};

/* "accepted 12, published 11, ..." into to. */
void stats_write(const struct stats *s, char *to, size_t room);

/* Whether a document that is rejected may have its line in the log: ten a second
 * do, so that a broken sender can't fill the disk; the rest is summed up. */
bool stats_may_log(struct stats *s, uint64_t second);

/* The same for a document that is a dead letter. */
bool stats_may_log_dead(struct stats *s, uint64_t second);

#endif
