/* SPDX-License-Identifier: Apache-2.0
 *
 * calendar.h - dates as datelines write them, in a dozen languages. The hard
 * rule: what is not stated is left open (year 0), never guessed but from the
 * day of publication.
 */
#ifndef DATELINE_CALENDAR_H
#define DATELINE_CALENDAR_H

#include "gazetteer.h"
#include "lex.h"

struct day {
    int year, month, day; /* 0: not stated */
    int weekday;          /* 0 Monday .. 6 Sunday; -1: not stated */
};

#define DAY_NONE ((struct day){0, 0, 0, -1})

enum { CALENDAR_TEXT = 16 };

/* What decides where a date reads two ways. */
struct calendar {
    const struct gazetteer *gazetteer; /* for its folding */
    struct day published;              /* year 0: not known */
    bool month_first;                  /* 03/04/2024 is a day in March */
};

/* Reads the date at piece i. The number of pieces it takes, 0 where none begins
 * there. A weekday alone is a date too. */
size_t calendar_read(const struct calendar *c, const struct lex *x, size_t i, struct day *d);

/* Pieces of what is written like a date at piece i but is in no calendar, "Feb. 30";
 * else 0. */
size_t calendar_skip(const struct calendar *c, const struct lex *x, size_t i);

/* "2015-09-29..." as in the field published; DAY_NONE where it is not that. */
struct day calendar_iso(const char *s);

/* Fills in what the day of publication tells: the year, that of the last such day
 * before it or days ahead of it at most; the day of a weekday alone. */
struct day calendar_resolve(const struct calendar *c, struct day d);

/* ISO 8601, or EDTF with XXXX for a year not known. false where there is no day. */
bool calendar_write(struct day d, char out[CALENDAR_TEXT]);

/* Days from a to b; both have a year. */
long calendar_between(struct day a, struct day b);

/* The month 1..12 or weekday 0..6 the word is, else 0 or -1. */
int calendar_month(const struct calendar *c, const struct lex *x, size_t i);
int calendar_weekday(const struct calendar *c, const struct lex *x, size_t i);

#endif
