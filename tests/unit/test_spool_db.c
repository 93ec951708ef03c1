/* SPDX-License-Identifier: Apache-2.0
 *
 * test_spool_db.c - the spool's file: every call, what is refused, what is trimmed.
 * Each case has a folder of its own; what is done to the file behind the spool's back
 * is done with SQLite. */
#include "spool/spool_db.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define S(text) ((struct slice){text, sizeof(text) - 1})

struct box {
    char folder[64], path[96];
    struct spool_db *db;
    struct fault f;
};

static void reopen(struct box *b)
{
    spool_db_close(b->db);
    b->db = spool_db_open(b->path, &b->f);
    if (!b->db)
        fail_msg("%s", b->f.text);
}

static int set_up(void **state)
{
    struct box *b = calloc(1, sizeof *b);

    snprintf(b->folder, sizeof b->folder, "/tmp/gloss-spool-XXXXXX");
    if (!mkdtemp(b->folder))
        return -1;
    snprintf(b->path, sizeof b->path, "%s/spool.db", b->folder);
    reopen(b);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    struct box *b = *state;
    char name[128];

    spool_db_close(b->db);
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s%s", b->path, ends[i]);
        unlink(name);
    }
    rmdir(b->folder);
    free(b);
    return 0;
}

/* Runs SQL in the file, while the spool is closed. */
static void meddle(struct box *b, const char *script)
{
    sqlite3 *sql;

    spool_db_close(b->db);
    b->db = NULL;
    assert_int_equal(sqlite3_open(b->path, &sql), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sql, script, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sql);
}

static void begin(struct box *b)
{
    assert_int_equal(spool_db_begin(b->db, &b->f), SPOOL_OK);
}

static void commit(struct box *b)
{
    assert_int_equal(spool_db_commit(b->db, &b->f), SPOOL_OK);
}

static enum spool_result accept_id(struct box *b, uint64_t ticket, struct slice id, bool keyed)
{
    struct spool_doc d = {.ticket = ticket,
                          .form = SPOOL_SPLIT,
                          .id = id,
                          .made_id = !keyed,
                          .keyed = keyed,
                          .received_ms = 1000 + ticket,
                          .head = S("{\"a\":1}"),
                          .body = S("a\0b")};

    return spool_db_accept(b->db, &d, &b->f);
}

static void accept_made(struct box *b, uint64_t ticket)
{
    assert_int_equal(accept_id(b, ticket, S("made"), false), SPOOL_OK);
}

static enum spool_result publish(struct box *b, uint64_t ticket, struct slice topic,
                                 uint64_t now_ms, uint64_t *seq, uint64_t *prev)
{
    struct spool_published p = {
        .doc = {.ticket = ticket, .id = S("made"), .head = S("{\"a\":1}"), .body = S("a\0b")},
        .topic = topic,
        .members = S("\"x\":1")};

    return spool_db_publish(b->db, &p, now_ms, seq, prev, &b->f);
}

static enum spool_result bury(struct box *b, uint64_t ticket, struct slice reason, bool settle,
                              uint64_t at_ms)
{
    struct spool_dead dead = {.ticket = ticket,
                              .at_ms = at_ms,
                              .reason = reason,
                              .plugin = S("p"),
                              .message = S("why"),
                              .doc = {.id = S("d"), .head = S("head"), .form = SPOOL_TEXT}};

    return spool_db_bury(b->db, &dead, settle, &b->f);
}

static const struct spool_state *state_of(const struct box *b)
{
    return spool_db_state(b->db);
}

static void assert_slice(struct slice is, struct slice should)
{
    assert_int_equal(is.n, should.n);
    assert_memory_equal(is.p, should.p, is.n);
}

/* ---- a document's life */

static void accepted_is_there_after_the_end(void **state)
{
    struct box *b = *state;
    struct spool_doc d;

    begin(b);
    assert_int_equal(accept_id(b, 7, S("mine"), true), SPOOL_OK);
    commit(b);
    reopen(b);
    assert_int_equal(state_of(b)->ticket, 7);
    assert_int_equal(state_of(b)->pending, 1);
    assert_int_equal(spool_db_pending(b->db, 0, &d, &b->f), SPOOL_OK);
    assert_int_equal(d.ticket, 7);
    assert_int_equal(d.form, SPOOL_SPLIT);
    assert_int_equal(d.received_ms, 1007);
    assert_false(d.made_id);
    assert_slice(d.id, S("mine"));
    assert_slice(d.head, S("{\"a\":1}"));
    assert_slice(d.body, S("a\0b"));
    assert_int_equal(spool_db_pending(b->db, 7, &d, &b->f), SPOOL_NONE);
    spool_db_rest(b->db);
}

static void rollback_undoes(void **state)
{
    struct box *b = *state;
    struct spool_doc d;

    begin(b);
    accept_made(b, 1);
    spool_db_sent(b->db, 5);
    spool_db_rollback(b->db);
    assert_int_equal(state_of(b)->ticket, 0);
    assert_int_equal(state_of(b)->pending, 0);
    assert_int_equal(state_of(b)->sent, 0);
    assert_int_equal(spool_db_pending(b->db, 0, &d, &b->f), SPOOL_NONE);
}

static void own_ids_are_known_made_ones_are_not(void **state)
{
    struct box *b = *state;

    begin(b);
    assert_int_equal(accept_id(b, 1, S("x"), true), SPOOL_OK);
    assert_int_equal(accept_id(b, 2, S("x"), true), SPOOL_DUPLICATE);
    assert_int_equal(accept_id(b, 3, S("x"), false), SPOOL_OK);
    assert_int_equal(accept_id(b, 4, S("x"), false), SPOOL_OK);
    commit(b);
    reopen(b);
    begin(b);
    assert_int_equal(accept_id(b, 5, S("x"), true), SPOOL_DUPLICATE);
    commit(b);
    assert_int_equal(state_of(b)->pending, 3);
}

static void published_has_seq_and_prev(void **state)
{
    struct box *b = *state;
    struct spool_published p;
    uint64_t seq, prev;

    begin(b);
    for (uint64_t i = 1; i <= 4; i++)
        accept_made(b, i);
    assert_int_equal(publish(b, 3, S("en."), 1, &seq, &prev), SPOOL_OK);
    assert_int_equal(seq, 1);
    assert_int_equal(prev, 0);
    assert_int_equal(publish(b, 1, S("de."), 1, &seq, &prev), SPOOL_OK);
    assert_int_equal(prev, 0);
    commit(b);
    reopen(b);
    begin(b);
    assert_int_equal(publish(b, 2, S("en."), 1, &seq, &prev), SPOOL_OK);
    assert_int_equal(seq, 3);
    assert_int_equal(prev, 1);
    assert_int_equal(publish(b, 2, S("en."), 1, &seq, &prev), SPOOL_NONE);
    assert_int_equal(publish(b, 9, S("en."), 1, &seq, &prev), SPOOL_NONE);
    commit(b);
    assert_int_equal(state_of(b)->seq, 3);
    assert_int_equal(state_of(b)->pending, 1);

    assert_int_equal(spool_db_published(b->db, 3, &p, &b->f), SPOOL_OK);
    assert_int_equal(p.seq, 3);
    assert_int_equal(p.prev, 1);
    assert_int_equal(p.doc.ticket, 2);
    assert_slice(p.topic, S("en."));
    assert_slice(p.members, S("\"x\":1"));
    assert_slice(p.doc.body, S("a\0b"));
    assert_int_equal(spool_db_published(b->db, 2, &p, &b->f), SPOOL_OK);
    assert_int_equal(p.seq, 2);
    assert_int_equal(spool_db_published(b->db, 4, &p, &b->f), SPOOL_NONE);
}

static void sent_only_rises(void **state)
{
    struct box *b = *state;

    begin(b);
    spool_db_sent(b->db, 5);
    spool_db_sent(b->db, 3);
    commit(b);
    reopen(b);
    assert_int_equal(state_of(b)->sent, 5);
}

static void log_has_one_name(void **state)
{
    struct box *b = *state;
    char name[STAMP_ID];

    strcpy(name, state_of(b)->log);
    assert_int_equal(strlen(name), STAMP_ID - 1);
    reopen(b);
    assert_string_equal(state_of(b)->log, name);
}

/* ---- dead letters */

static void dead_letters_are_found_and_taken_off(void **state)
{
    const struct spool_filter any = {0}, late = {.since_ms = 20}, early = {.until_ms = 14},
                              reason = {.reason = S("invalid_json")}, other = {.id = S("e")},
                              all = {S("invalid_json"), S("p"), S("d"), 20, 20};
    uint64_t least, last, n;
    struct box *b = *state;
    struct spool_dead dead;
    struct spool_doc d;

    begin(b);
    accept_made(b, 1);
    accept_made(b, 2);
    assert_int_equal(bury(b, 1, S("plugin_failed"), true, 10), SPOOL_OK);
    assert_int_equal(bury(b, 2, S("plugin_failed"), false, 15), SPOOL_OK);
    assert_int_equal(bury(b, 0, S("invalid_json"), false, 20), SPOOL_OK);
    assert_int_equal(bury(b, 1, S("plugin_failed"), true, 10), SPOOL_NONE);
    commit(b);
    reopen(b);
    assert_int_equal(state_of(b)->dead, 3);
    assert_int_equal(state_of(b)->pending, 1);
    assert_int_equal(spool_db_pending(b->db, 0, &d, &b->f), SPOOL_OK);
    assert_int_equal(d.ticket, 2);
    assert_int_equal(spool_db_dead(b->db, 0, 0, &dead, &b->f), SPOOL_OK);
    assert_int_equal(dead.ticket, 1);
    assert_slice(dead.plugin, S("p"));
    assert_slice(dead.message, S("why"));
    assert_slice(dead.doc.head, S("head"));
    assert_true(spool_filter_passes(&any, &dead) && spool_filter_passes(&early, &dead));
    assert_false(spool_filter_passes(&reason, &dead) || spool_filter_passes(&late, &dead) ||
                 spool_filter_passes(&other, &dead) || spool_filter_passes(&all, &dead));
    assert_int_equal(spool_db_dead(b->db, 1, 1, &dead, &b->f), SPOOL_NONE);
    assert_int_equal(spool_db_dead(b->db, 1, 2, &dead, &b->f), SPOOL_OK);
    assert_int_equal(spool_db_dead(b->db, 2, 0, &dead, &b->f), SPOOL_OK);
    assert_int_equal(dead.ticket, 0);
    assert_slice(dead.reason, S("invalid_json"));
    assert_true(spool_filter_passes(&reason, &dead) && spool_filter_passes(&late, &dead));
    assert_false(spool_filter_passes(&early, &dead) || spool_filter_passes(&other, &dead));
    assert_int_equal(spool_db_dead(b->db, dead.number, 0, &dead, &b->f), SPOOL_NONE);
    assert_int_equal(spool_db_dead_span(b->db, &least, &last, &n, &b->f), SPOOL_OK);
    assert_true(least == 1 && last == 3 && n == 3);
    spool_db_rest(b->db);
    begin(b);
    assert_int_equal(spool_db_exhume(b->db, 3, &b->f), SPOOL_OK);
    assert_int_equal(spool_db_exhume(b->db, 3, &b->f), SPOOL_NONE);
    commit(b);
    assert_int_equal(state_of(b)->dead, 2);
}

/* ---- what is old goes */

/* Four documents: two sent, one published only, one pending; and two dead letters. */
static void fill(struct box *b)
{
    uint64_t seq, prev;

    begin(b);
    for (uint64_t i = 1; i <= 4; i++)
        accept_made(b, i);
    for (uint64_t i = 1; i <= 3; i++)
        assert_int_equal(publish(b, i, S("en."), i * 100, &seq, &prev), SPOOL_OK);
    spool_db_sent(b->db, 2);
    assert_int_equal(bury(b, 0, S("no_text"), false, 100), SPOOL_OK);
    assert_int_equal(bury(b, 0, S("no_text"), false, 300), SPOOL_OK);
    commit(b);
}

/* Whether there is more. */
static bool trim(struct box *b, struct spool_keep keep, uint64_t now_ms)
{
    bool more = false;

    begin(b);
    assert_int_equal(spool_db_trim(b->db, &keep, now_ms, &more, &b->f), SPOOL_OK);
    commit(b);
    return more;
}

static uint64_t first_published(struct box *b)
{
    struct spool_published p;

    assert_int_equal(spool_db_published(b->db, 0, &p, &b->f), SPOOL_OK);
    spool_db_rest(b->db);
    return p.seq;
}

static void trims_by_size_but_not_what_is_owed(void **state)
{
    struct box *b = *state;
    struct spool_doc d;

    fill(b);
    trim(b, (struct spool_keep){1000, 1000, 1000, 1000}, 400);
    assert_int_equal(first_published(b), 1);
    assert_int_equal(state_of(b)->dead, 2);
    trim(b, (struct spool_keep){1000, 449, 1000, 80}, 400); /* 150 bytes each, a letter 80 */
    assert_int_equal(first_published(b), 2);
    assert_int_equal(state_of(b)->dead, 1);
    trim(b, (struct spool_keep){1000, 0, 1000, 0}, 400);
    assert_int_equal(first_published(b), 3);
    assert_int_equal(state_of(b)->dead, 0);
    reopen(b);
    assert_int_equal(spool_db_pending(b->db, 0, &d, &b->f), SPOOL_OK);
    assert_int_equal(d.ticket, 4);
    assert_int_equal(state_of(b)->seq, 3);
}

/* All that is kept counts: an id, a reason, a topic, the row itself. */
static void counts_every_part(void **state)
{
    static const struct slice part[] = {S("\xc3\xa4\xc3\xa4"), S("reason"), S("plug"), S("text"),
                                        S("{head}"),           S("body.")};
    struct box *b = *state;
    struct spool_dead dead = {.reason = part[1],
                              .plugin = part[2],
                              .message = part[3],
                              .doc = {.id = part[0], .head = part[4], .body = part[5]}};
    uint64_t bytes = 64;

    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        bytes += part[i].n;
    begin(b);
    for (int i = 0; i < 3; i++)
        assert_int_equal(spool_db_bury(b->db, &dead, false, &b->f), SPOOL_OK);
    commit(b);
    trim(b, (struct spool_keep){1000, 0, 1000, 3 * bytes}, 0);
    assert_int_equal(state_of(b)->dead, 3);
    trim(b, (struct spool_keep){1000, 0, 1000, 3 * bytes - 1}, 0);
    assert_int_equal(state_of(b)->dead, 2);
    begin(b);
    assert_int_equal(spool_db_exhume(b->db, 2, &b->f), SPOOL_OK);
    commit(b);
    trim(b, (struct spool_keep){1000, 0, 1000, bytes}, 0);
    assert_int_equal(state_of(b)->dead, 1);
}

/* However much a commit brings, the trim takes as much away; of what was there before, and
 * is too much since the limit is a lower one, a piece at a time. */
static void trimming_keeps_up(void **state)
{
    const struct spool_keep none = {1000, 0, 1000, 0};
    struct box *b = *state;
    uint64_t seq, prev;
    bool more = false;

    begin(b);
    for (uint64_t i = 1; i <= 2000; i++) {
        accept_made(b, i);
        assert_int_equal(publish(b, i, S("en."), 1, &seq, &prev), SPOOL_OK);
        assert_int_equal(bury(b, 0, S("no_text"), false, 1), SPOOL_OK);
    }
    spool_db_sent(b->db, 1990);
    assert_int_equal(spool_db_trim(b->db, &none, 1, &more, &b->f), SPOOL_OK);
    commit(b);
    assert_false(more);
    assert_int_equal(first_published(b), 1991);
    assert_int_equal(state_of(b)->dead, 0);

    begin(b);
    for (uint64_t i = 0; i < 700; i++)
        assert_int_equal(bury(b, 0, S("no_text"), false, 1), SPOOL_OK);
    commit(b);
    assert_true(trim(b, none, 1));
    assert_true(trim(b, none, 1));
    assert_int_equal(state_of(b)->dead, 700 - 2 * 256);
    assert_false(trim(b, none, 1));
    assert_int_equal(state_of(b)->dead, 0);
}

/* SQLite binds NULL for what is too large for it; that is no damage. */
static void too_large_a_row_is_no_damage(void **state)
{
    struct box *b = *state;
    struct slice huge = {calloc(1, 1000000001), 1000000001}, half = {huge.p, 600000000};
    struct spool_doc d = {.ticket = 1, .form = SPOOL_SPLIT, .id = S("x"), .head = huge};

    begin(b);
    assert_int_equal(spool_db_accept(b->db, &d, &b->f), SPOOL_IO);
    assert_non_null(strstr(b->f.text, "more bytes in one row than SQLite takes"));
    d.head = d.body = half;
    b->f.text[0] = '\0';
    assert_int_equal(spool_db_accept(b->db, &d, &b->f), SPOOL_IO);
    assert_non_null(strstr(b->f.text, "more bytes in one row than SQLite takes"));
    spool_db_rollback(b->db);
    free((void *)huge.p);
}

static void trims_by_age_but_not_what_is_owed(void **state)
{
    struct box *b = *state;
    struct spool_dead dead;

    fill(b);
    trim(b, (struct spool_keep){250, 1000, 250, 1000}, 400); /* before 150 */
    assert_int_equal(first_published(b), 2);
    assert_int_equal(spool_db_dead(b->db, 0, 0, &dead, &b->f), SPOOL_OK);
    assert_int_equal(dead.at_ms, 300);
    spool_db_rest(b->db);
    trim(b, (struct spool_keep){0, 1000, 0, 1000}, 100000);
    assert_int_equal(first_published(b), 3);
    assert_int_equal(state_of(b)->pending, 1);
    assert_int_equal(state_of(b)->dead, 0);
}

static void an_id_is_known_until_it_is_trimmed(void **state)
{
    struct box *b = *state;
    uint64_t seq, prev;

    begin(b);
    assert_int_equal(accept_id(b, 1, S("x"), true), SPOOL_OK);
    assert_int_equal(publish(b, 1, S("en."), 1, &seq, &prev), SPOOL_OK);
    assert_int_equal(accept_id(b, 2, S("x"), true), SPOOL_DUPLICATE);
    spool_db_sent(b->db, 1);
    commit(b);
    trim(b, (struct spool_keep){0}, 1000);
    begin(b);
    assert_int_equal(accept_id(b, 2, S("x"), true), SPOOL_OK);
    commit(b);
}

/* ---- what is refused */

static void assert_refused(struct box *b, const char *why)
{
    b->db = spool_db_open(b->path, &b->f);
    assert_null(b->db);
    if (!strstr(b->f.text, why))
        fail_msg("\"%s\" is not in \"%s\"", why, b->f.text);
}

static void newer_version_is_refused(void **state)
{
    struct box *b = *state;

    meddle(b, "PRAGMA user_version = 2");
    assert_refused(b, "is of version 2, this glossd knows 1");
}

static void other_database_is_refused(void **state)
{
    struct box *b = *state;

    meddle(b, "PRAGMA application_id = 5");
    assert_refused(b, "is no spool of glossd");
}

static void no_database_is_refused(void **state)
{
    struct box *b = *state;
    FILE *file;

    spool_db_close(b->db);
    file = fopen(b->path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("no database at all\n", file);
    fclose(file);
    assert_refused(b, "is no spool of glossd");
}

static void second_opener_is_refused_a_reader_is_not(void **state)
{
    struct box *b = *state;
    struct fault f;
    struct spool_db *reader;
    struct spool_doc d;

    begin(b);
    accept_made(b, 1);
    commit(b);
    assert_null(spool_db_open(b->path, &f));
    assert_non_null(strstr(f.text, "in use by another glossd"));
    reader = spool_db_open_readonly(b->path, &f);
    assert_non_null(reader);
    assert_int_equal(spool_db_pending(reader, 0, &d, &f), SPOOL_OK);
    spool_db_close(reader);
}

static void no_folder_is_refused(void **state)
{
    struct box *b = *state;
    struct fault f;

    (void)b;
    assert_null(spool_db_open("/nowhere/at/all/spool.db", &f));
    assert_non_null(strstr(f.text, "is the folder there"));
    assert_null(spool_db_open_readonly("/nowhere/at/all/spool.db", &f));
    spool_db_close(NULL);
}

/* ---- a flipped bit is seen */

static void damaged_bytes_are_seen(void **state)
{
    struct box *b = *state;
    struct spool_published p;
    struct spool_dead dead;
    struct spool_doc d;

    fill(b);
    meddle(b, "UPDATE documents SET body = x'610062ff' WHERE ticket = 4;"
              "UPDATE documents SET head = x'00' WHERE ticket = 1;"
              "UPDATE published SET members = x'00' WHERE seq = 2;"
              "UPDATE published SET topic = 'xn.' WHERE seq = 3;"
              "UPDATE dead SET head = x'00'");
    reopen(b);
    assert_int_equal(spool_db_pending(b->db, 0, &d, &b->f), SPOOL_DAMAGED);
    assert_non_null(strstr(b->f.text, "documents: ticket 4: the sum is wrong"));
    for (uint64_t seq = 1; seq <= 3; seq++)
        assert_int_equal(spool_db_published(b->db, seq, &p, &b->f), SPOOL_DAMAGED);
    assert_int_equal(spool_db_dead(b->db, 0, 0, &dead, &b->f), SPOOL_DAMAGED);
}

/* What a filter goes by is as sure as what is shown: a row that is damaged is not passed over. */
static void damage_does_not_hide_a_row(void **state)
{
    static const char *const published[] = {
        "UPDATE published SET topic = 'xn.' WHERE seq = 3",
        "UPDATE published SET prev = prev + 1 WHERE seq = 3",
        "UPDATE published SET ticket = 2 WHERE seq = 3",
        "UPDATE published SET members = x'00' WHERE seq = 3",
        "UPDATE published SET seq = 9 WHERE seq = 3",
    };
    static const char *const dead_letters[] = {
        "UPDATE dead SET reason = 'x'", "UPDATE dead SET plugin = 'x'", "UPDATE dead SET id = 'x'",
        "UPDATE dead SET at = at + 1",  "UPDATE dead SET body = x'00'",
    };
    struct box *b = *state;
    struct spool_published p;
    struct spool_dead dead;

    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        fill(b);
        meddle(b, published[i]);
        meddle(b, dead_letters[i]);
        reopen(b);
        assert_int_equal(spool_db_row(b->db, 3, &p, &b->f), SPOOL_DAMAGED);
        assert_int_equal(spool_db_dead(b->db, 0, 0, &dead, &b->f), SPOOL_DAMAGED);
        tear_down(state);
        set_up(state);
        b = *state;
    }
}

/* Not the bytes alone: whatever is published of a document, and what is gone by. */
static void damaged_columns_are_seen(void **state)
{
    static const char *const damage[] = {
        "UPDATE published SET prev = prev + 1 WHERE seq = 3",
        "UPDATE published SET ticket = 2 WHERE seq = 3",
        "UPDATE published SET seq = 9 WHERE seq = 3",
        "UPDATE documents SET id = 'x' WHERE ticket = 3",
        "UPDATE documents SET made = 1 - made WHERE ticket = 3",
        "UPDATE documents SET form = 1 - form WHERE ticket = 3",
        "UPDATE documents SET received = received + 1 WHERE ticket = 3",
    };
    struct box *b = *state;
    struct spool_published p;

    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        fill(b);
        meddle(b, damage[i]);
        reopen(b);
        assert_int_equal(spool_db_published(b->db, 3, &p, &b->f), SPOOL_DAMAGED);
        tear_down(state);
        set_up(state);
        b = *state;
    }
}

static void damaged_facts_are_refused(void **state)
{
    static const char *const columns[] = {"log",  "ticket",          "seq",       "sent", "pending",
                                          "dead", "published_bytes", "dead_bytes"};
    struct box *b = *state;

    fill(b);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        char script[128];
        struct fault f = {""};

        snprintf(script, sizeof script, "UPDATE facts SET %s = '1' || %s", columns[i], columns[i]);
        meddle(b, script);
        spool_db_close(b->db);
        b->db = NULL;
        assert_null(spool_db_open(b->path, &f));
        assert_non_null(strstr(f.text, "facts: the sum is wrong"));
        snprintf(script, sizeof script, "UPDATE facts SET %s = substr(%s, 2)", columns[i],
                 columns[i]);
        meddle(b, script);
        reopen(b);
    }
}

static void facts_that_contradict_are_refused(void **state)
{
    struct box *b = *state;

    fill(b);
    meddle(b, "DELETE FROM pending");
    assert_refused(b, "pending: 0 rows, 1 by facts");
    assert_non_null(strstr(b->f.text, "gloss spool salvage"));
}

static void a_result_without_a_document_is_seen(void **state)
{
    struct box *b = *state;
    struct spool_published p;

    fill(b);
    meddle(b, "DELETE FROM documents WHERE ticket = 2");
    reopen(b);
    assert_int_equal(spool_db_published(b->db, 2, &p, &b->f), SPOOL_DAMAGED);
    assert_non_null(strstr(b->f.text, "published: seq 2 has no document"));
    assert_int_equal(spool_db_published(b->db, 3, &p, &b->f), SPOOL_OK);
}

static void pending_without_a_document_is_seen(void **state)
{
    struct box *b = *state;
    struct spool_doc d;

    fill(b);
    meddle(b, "UPDATE pending SET ticket = 44");
    reopen(b);
    assert_int_equal(spool_db_pending(b->db, 0, &d, &b->f), SPOOL_DAMAGED);
    assert_non_null(strstr(b->f.text, "pending: ticket 44 has no document"));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(accepted_is_there_after_the_end),
        CASE(rollback_undoes),
        CASE(own_ids_are_known_made_ones_are_not),
        CASE(published_has_seq_and_prev),
        CASE(sent_only_rises),
        CASE(log_has_one_name),
        CASE(dead_letters_are_found_and_taken_off),
        CASE(trims_by_size_but_not_what_is_owed),
        CASE(counts_every_part),
        CASE(trimming_keeps_up),
        CASE(too_large_a_row_is_no_damage),
        CASE(trims_by_age_but_not_what_is_owed),
        CASE(an_id_is_known_until_it_is_trimmed),
        CASE(newer_version_is_refused),
        CASE(other_database_is_refused),
        CASE(no_database_is_refused),
        CASE(second_opener_is_refused_a_reader_is_not),
        CASE(no_folder_is_refused),
        CASE(damaged_bytes_are_seen),
        CASE(damage_does_not_hide_a_row),
        CASE(damaged_columns_are_seen),
        CASE(damaged_facts_are_refused),
        CASE(facts_that_contradict_are_refused),
        CASE(pending_without_a_document_is_seen),
        CASE(a_result_without_a_document_is_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
