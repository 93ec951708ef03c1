/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/letters.h - dead letters, asked about at the replay socket: listed, shown, run
 * again, taken away. The hard rule: a letter leaves the list in the commit that accepts its
 * document anew, or because it was to be purged.
 *
 * A request: {"dead": "list" | "show" | "retry" | "purge"}, and which are meant: "reason",
 * "plugin", "id", "since" and "until" (of dying, milliseconds since 1970), "after" and "to"
 * (numbers). retry and purge must be told which, or "all": 1. "limit" is the most that one
 * answer is about.
 *
 * The answer's head: {"dead": 12, "last": 40, "after": 31}. dead is how many are on the list,
 * last the highest number, after where the next request goes on; without it that was all.
 * Behind the head a frame for each letter: of list the letter, of show the document with it,
 * both as letter.h has them; of purge {"number": 7}; of retry {"number": 7, "status": ..},
 * which is "accepted", "rejected" (it is no document still: "error" has code and message) or
 * "gone" (by another request). With "full" in the head, as much is in flight as may be, of
 * letters half of that: the next request should wait a little.
 */
#ifndef DAEMON_LETTERS_H
#define DAEMON_LETTERS_H

#include "daemon/ingest.h"
#include "daemon/ledger.h"
#include "daemon/replay.h"

/* The first four are the owner's to set. */
struct letters {
    struct ingest *ingest; /* checks what is run again */
    struct flight *flight;
    struct ledger *ledger;
    struct replay *replay;
    size_t waiting;     /* documents of the request at hand that are not accepted yet */
    uint64_t in_flight; /* documents with a letter */
};

/* What has become of a document with a letter, before it goes on or leaves: it is accepted,
 * or a duplicate: the letter is gone; or it is not accepted, why not. */
void letters_on_accepted(struct letters *l, const struct flight_doc *d);
void letters_on_overloaded(struct letters *l, const struct flight_doc *d, const char *why);

/* A document with a letter is in flight no more. */
void letters_on_left(struct letters *l);

#endif
