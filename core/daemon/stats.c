/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/stats.c - what the daemon has done so far.
 */
#include "daemon/stats.h"

#include <inttypes.h>
#include <stdio.h>

enum { FAULTS_A_SECOND = 10 };

void stats_write(const struct stats *s, char *to, size_t room)
{
    uint64_t rejected = 0;
    int n;

    for (size_t i = 0; i <= REJECT_UNAUTHORIZED; i++)
        rejected += s->rejected[i];
    n = snprintf(to, room,
                 "accepted %" PRIu64 ", duplicates %" PRIu64 ", published %" PRIu64
                 ", dead %" PRIu64 ", rejected %" PRIu64,
                 s->accepted, s->duplicates, s->published, s->dead, rejected);
    for (size_t i = 0; i <= REJECT_UNAUTHORIZED && n > 0 && (size_t)n < room; i++)
        if (s->rejected[i])
            n += snprintf(to + n, room - (size_t)n, " %s %" PRIu64, reject_code((enum reject)i),
                          s->rejected[i]);
    if (n > 0 && (size_t)n < room)
        snprintf(to + n, room - (size_t)n,
                 ", replies lost %" PRIu64 ", bytes in %" PRIu64 ", bytes out %" PRIu64,
                 s->replies_lost, s->bytes_in, s->bytes_out);
}

static bool may_log(struct stats_second *s, uint64_t second, const char *who, const char *what)
{
    if (second != s->second) {
        if (s->silenced)
            log_warn(who, "%" PRIu32 " more documents %s in that second", s->silenced, what);
        *s = (struct stats_second){.second = second};
    }
    if (s->faults++ < FAULTS_A_SECOND)
        return true;
    s->silenced++;
    return false;
}

bool stats_may_log(struct stats *s, uint64_t second)
{
    return may_log(&s->rejections, second, "ingest", "were rejected");
}

bool stats_may_log_dead(struct stats *s, uint64_t second)
{
    return may_log(&s->deaths, second, "supervisor", "became dead letters");
}
