/* SPDX-License-Identifier: Apache-2.0
 *
 * when.c - see when.h, whose hard rule holds.
 */
#include "cli/when.h"

#include "wire/stamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool read_ago(const char *s, uint64_t now_ms, uint64_t *ms)
{
    static const char units[] = "smhd";
    static const uint64_t seconds[] = {1, 60, 3600, 86400};
    char *end;
    unsigned long long n = strtoull(s, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;

    if (*s < '0' || *s > '9' || !unit || end[1] || n > 100000000)
        return false;
    n *= seconds[unit - units] * 1000;
    *ms = n < now_ms ? now_ms - n : 1;
    return true;
}

/* The zone at s, which is valid or empty, in seconds before UTC. */
static long read_zone(const char *s)
{
    int hours = 0, minutes = 0;

    if (*s != '+' && *s != '-')
        return 0;
    if (sscanf(s + 1, "%2d:%2d", &hours, &minutes) < 2)
        sscanf(s + 1, "%2d%2d", &hours, &minutes);
    return (hours * 3600L + minutes * 60L) * (*s == '-' ? 1 : -1);
}

static bool read_iso(const char *s, uint64_t *ms)
{
    struct tm t = {0};
    double second = 0;
    size_t zone;
    int64_t at;

    if (!stamp_valid(s, strlen(s)))
        return false;
    zone = strlen(s) > 11 ? 11 + strcspn(s + 11, "+-Z") : strlen(s);
    sscanf(s, "%4d-%2d-%2d%*1[T ]%2d:%2d:%lf", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour,
           &t.tm_min, &second);
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    at = ((int64_t)timegm(&t) + read_zone(s + zone)) * 1000 + (int64_t)(second * 1000 + 0.5);
    *ms = at > 0 ? (uint64_t)at : 1;
    return true;
}

bool when_read(const char *s, uint64_t now_ms, uint64_t *ms)
{
    return read_ago(s, now_ms, ms) || read_iso(s, ms);
}
