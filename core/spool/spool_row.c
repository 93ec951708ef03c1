/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_row.c - a row of each table: into a statement, out of one, and its sum, over
 * all that is in it, so that a flipped bit is seen. The hard rule: sums are stored, so a
 * version's are made one way for ever.
 */
#include "spool/spool_parts.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- sums */

/* Each part is hashed on from what came before it, so none can trade places. */
static int64_t sum(const uint64_t *numbers, size_t n, const struct slice *parts, size_t n_parts)
{
    uint64_t so_far = XXH3_64bits(numbers, n * sizeof *numbers);

    for (size_t i = 0; i < n_parts; i++)
        so_far = XXH3_64bits_withSeed(parts[i].p ? parts[i].p : "", parts[i].n, so_far);
    return (int64_t)so_far;
}

int64_t spool_doc_sum(const struct spool_doc *d)
{
    const uint64_t numbers[] = {d->ticket, d->made_id, d->form, d->received_ms};
    const struct slice parts[] = {d->id, d->head, d->body};

    return sum(numbers, COUNT(numbers), parts, COUNT(parts));
}

int64_t spool_published_sum(const struct spool_published *p)
{
    const uint64_t numbers[] = {p->seq, p->doc.ticket, p->prev};
    const struct slice parts[] = {p->topic, p->members};

    return sum(numbers, COUNT(numbers), parts, COUNT(parts));
}

int64_t spool_dead_sum(const struct spool_dead *dead)
{
    const struct spool_doc *d = &dead->doc;
    const uint64_t numbers[] = {dead->ticket, dead->at_ms, d->made_id, d->form, d->received_ms};
    const struct slice parts[] = {dead->reason, dead->plugin, dead->message,
                                  d->id,        d->head,      d->body};

    return sum(numbers, COUNT(numbers), parts, COUNT(parts));
}

int64_t spool_facts_sum(const struct spool_facts *f)
{
    const uint64_t numbers[] = {f->state.ticket,  f->state.seq,  f->state.sent,
                                f->state.pending, f->state.dead, f->published_bytes,
                                f->dead_bytes};
    const struct slice log = {f->state.log, strlen(f->state.log)};

    return sum(numbers, COUNT(numbers), &log, 1);
}

/* ---- what counts against keep */

static uint64_t doc_bytes(const struct spool_doc *d)
{
    return d->id.n + d->head.n + d->body.n + SPOOL_ROW;
}

uint64_t spool_published_bytes(const struct spool_published *p)
{
    return doc_bytes(&p->doc) + p->topic.n + p->members.n + SPOOL_ROW;
}

uint64_t spool_dead_bytes(const struct spool_dead *dead)
{
    return doc_bytes(&dead->doc) + dead->reason.n + dead->plugin.n + dead->message.n;
}

/* ---- into a statement */

int spool_bind_slice(sqlite3_stmt *s, int at, struct slice text)
{
    return sqlite3_bind_text64(s, at, text.p ? text.p : "", text.n, SQLITE_STATIC, SQLITE_UTF8);
}

static int bind_blob(sqlite3_stmt *s, int at, struct slice bytes)
{
    return sqlite3_bind_blob64(s, at, bytes.p ? bytes.p : "", bytes.n, SQLITE_STATIC);
}

/* The first that is none of the good ones. */
static int worst(const int *codes, size_t n)
{
    size_t i = 0;

    while (i + 1 < n && codes[i] == SQLITE_OK)
        i++;
    return codes[i];
}

void spool_bind_number(sqlite3_stmt *s, int at, uint64_t n)
{
    sqlite3_bind_int64(s, at, (int64_t)n);
}

/* The columns that documents and dead letters end with. */
static int bind_doc(sqlite3_stmt *s, int at, const struct spool_doc *d, int64_t its_sum)
{
    const int codes[] = {bind_blob(s, at + 3, d->head), bind_blob(s, at + 4, d->body)};

    sqlite3_bind_int(s, at, d->made_id);
    sqlite3_bind_int(s, at + 1, (int)d->form);
    spool_bind_number(s, at + 2, d->received_ms);
    sqlite3_bind_int64(s, at + 5, its_sum);
    return worst(codes, COUNT(codes));
}

int spool_bind_document(sqlite3_stmt *s, const struct spool_doc *d)
{
    const int codes[] = {spool_bind_slice(s, 2, d->id), bind_doc(s, 4, d, spool_doc_sum(d))};

    spool_bind_number(s, 1, d->ticket);
    sqlite3_bind_int(s, 3, d->keyed);
    return worst(codes, COUNT(codes));
}

int spool_bind_published(sqlite3_stmt *s, const struct spool_published *p, uint64_t at_ms)
{
    const int codes[] = {spool_bind_slice(s, 3, p->topic), bind_blob(s, 6, p->members)};

    spool_bind_number(s, 1, p->seq);
    spool_bind_number(s, 2, p->doc.ticket);
    spool_bind_number(s, 4, p->prev);
    spool_bind_number(s, 5, at_ms);
    sqlite3_bind_int64(s, 7, spool_published_sum(p));
    return worst(codes, COUNT(codes));
}

int spool_bind_dead(sqlite3_stmt *s, const struct spool_dead *dead)
{
    const int codes[] = {spool_bind_slice(s, 4, dead->reason), spool_bind_slice(s, 5, dead->plugin),
                         spool_bind_slice(s, 6, dead->message),
                         spool_bind_slice(s, 7, dead->doc.id),
                         bind_doc(s, 8, &dead->doc, spool_dead_sum(dead))};

    if (dead->number)
        spool_bind_number(s, 1, dead->number);
    else
        sqlite3_bind_null(s, 1);
    spool_bind_number(s, 2, dead->ticket);
    spool_bind_number(s, 3, dead->at_ms);
    return worst(codes, COUNT(codes));
}

/* ---- out of one */

struct slice spool_column_slice(sqlite3_stmt *s, int at)
{
    const char *p = sqlite3_column_blob(s, at);

    return (struct slice){p ? p : "", (size_t)sqlite3_column_bytes(s, at)};
}

uint64_t spool_column_number(sqlite3_stmt *s, int at)
{
    return (uint64_t)sqlite3_column_int64(s, at);
}

void spool_fill_doc(sqlite3_stmt *s, struct spool_doc *d)
{
    d->ticket = spool_column_number(s, 0);
    d->id = spool_column_slice(s, 1);
    d->made_id = sqlite3_column_int(s, 2) != 0;
    d->keyed = false;
    d->form = (enum spool_form)sqlite3_column_int(s, 3);
    d->received_ms = spool_column_number(s, 4);
    d->head = spool_column_slice(s, 5);
    d->body = spool_column_slice(s, 6);
}

void spool_fill_dead(sqlite3_stmt *s, struct spool_dead *dead)
{
    spool_fill_doc(s, &dead->doc);
    dead->ticket = dead->doc.ticket;
    dead->number = spool_column_number(s, 8);
    dead->at_ms = spool_column_number(s, 9);
    dead->reason = spool_column_slice(s, 10);
    dead->plugin = spool_column_slice(s, 11);
    dead->message = spool_column_slice(s, 12);
}

bool spool_fill_facts(sqlite3_stmt *s, struct spool_facts *f)
{
    const char *log = (const char *)sqlite3_column_text(s, 0);

    snprintf(f->state.log, sizeof f->state.log, "%s", log ? log : "");
    f->state.ticket = spool_column_number(s, 1);
    f->state.seq = spool_column_number(s, 2);
    f->state.sent = spool_column_number(s, 3);
    f->state.pending = spool_column_number(s, 4);
    f->state.dead = spool_column_number(s, 5);
    f->published_bytes = spool_column_number(s, 6);
    f->dead_bytes = spool_column_number(s, 7);
    return spool_facts_sum(f) == sqlite3_column_int64(s, 8);
}
