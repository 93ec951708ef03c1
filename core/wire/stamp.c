/* SPDX-License-Identifier: Apache-2.0
 *
 * stamp.c - an id is 48 bits of milliseconds, 12 bits of what is finer than a
 * millisecond, and 62 random bits. The first 60 are one number that only rises
 * (RFC 9562, section 6.2, method 3).
 */
#include "wire/stamp.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static uint64_t tick(struct stamp *s)
{
    struct timespec t;
    uint64_t now;

    clock_gettime(CLOCK_REALTIME, &t);
    now = ((uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000) << 12;
    now += ((uint64_t)t.tv_nsec % 1000000) * 4096 / 1000000;
    s->last = now > s->last ? now : s->last + 1;
    return s->last;
}

static int random_bytes(struct stamp *s, unsigned char to[8])
{
    if (s->used == 0 || s->used - 1 + 8 > sizeof s->random) {
        if (getrandom(s->random, sizeof s->random, 0) != sizeof s->random)
            return -1;
        s->used = 1;
    }
    memcpy(to, s->random + s->used - 1, 8);
    s->used += 8;
    return 0;
}

int stamp_id(struct stamp *s, char to[STAMP_ID])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char id[16];
    uint64_t t = tick(s);
    char *p = to;

    if (random_bytes(s, id + 8) < 0)
        return -1;
    for (int i = 0; i < 6; i++)
        id[i] = (unsigned char)(t >> (52 - 8 * i));
    id[6] = (unsigned char)(0x70 | ((t >> 8) & 0x0f));
    id[7] = (unsigned char)t;
    id[8] = (unsigned char)(0x80 | (id[8] & 0x3f));
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = digits[id[i] >> 4];
        *p++ = digits[id[i] & 15];
    }
    *p = '\0';
    return 0;
}

int64_t stamp_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void stamp_write(char to[STAMP_TIME], int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    char text[64];
    struct tm tm;

    gmtime_r(&seconds, &tm);
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(ms % 1000));
    memcpy(to, text, STAMP_TIME - 1);
    to[STAMP_TIME - 1] = '\0';
}

/* What is left of a time that is being checked. */
struct rest {
    const char *p, *end;
};

/* n digits making a number low..high; -1 where they don't. */
static int number(struct rest *r, int n, int low, int high)
{
    int v = 0;

    if (r->end - r->p < n)
        return -1;
    for (int i = 0; i < n; i++) {
        if (r->p[i] < '0' || r->p[i] > '9')
            return -1;
        v = v * 10 + r->p[i] - '0';
    }
    r->p += n;
    return v >= low && v <= high ? v : -1;
}

static bool mark(struct rest *r, const char *any)
{
    if (r->p == r->end || !*r->p || !strchr(any, *r->p))
        return false;
    r->p++;
    return true;
}

static int days(int year, int month)
{
    static const int of[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return of[month - 1] + (month == 2 && leap);
}

static bool date(struct rest *r)
{
    int year, month;

    if ((year = number(r, 4, 0, 9999)) < 0 || !mark(r, "-"))
        return false;
    if ((month = number(r, 2, 1, 12)) < 0 || !mark(r, "-"))
        return false;
    return number(r, 2, 1, days(year, month)) > 0;
}

static bool clock_time(struct rest *r)
{
    if (number(r, 2, 0, 23) < 0 || !mark(r, ":") || number(r, 2, 0, 59) < 0)
        return false;
    if (!mark(r, ":"))
        return true;
    if (number(r, 2, 0, 60) < 0)
        return false;
    if (mark(r, ".,")) {
        if (number(r, 1, 0, 9) < 0)
            return false;
        while (number(r, 1, 0, 9) >= 0)
            ;
    }
    return true;
}

static bool zone(struct rest *r)
{
    if (mark(r, "Zz"))
        return true;
    if (!mark(r, "+-") || number(r, 2, 0, 23) < 0)
        return false;
    return (!mark(r, ":") && r->p == r->end) || number(r, 2, 0, 59) >= 0;
}

bool stamp_valid(const char *s, size_t n)
{
    struct rest r = {s, s + n};

    if (!date(&r))
        return false;
    if (r.p == r.end)
        return true;
    if (!mark(&r, "Tt ") || !clock_time(&r))
        return false;
    return r.p == r.end || (zone(&r) && r.p == r.end);
}
