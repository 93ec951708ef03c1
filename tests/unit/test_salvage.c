/* SPDX-License-Identifier: Apache-2.0
 *
 * test_salvage.c - a spool is damaged in every way there is; check names it, and salvage
 * saves every row that was not hit. Each damage is one byte turned, a page made zeros, or
 * a file cut off or gone. Rows are compared with those of the whole file by SQLite. The
 * same is done to a spool that was trimmed, whose free pages are full of what was in it.
 */
#include "spool/spool_check.h"
#include "spool/spool_db.h"
#include "spool/spool_salvage.h"

#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#define S(text) ((struct slice){text, sizeof(text) - 1})

enum {
    PAGE = 4096,
    DOCUMENTS = 60,
    PUBLISHED = 40, /* of these; with two letters about them */
    DEAD = 5,       /* without a ticket */
    FRAME = PAGE + 24,
    OLD = 1001, /* tickets of what was trimmed, many and some of them large */
    OLD_END = 1800,
    YOUNG = 2001, /* and of what came later */
    KEPT = 30000, /* bytes of the old that stay */
    ROOM = 1 << 24,
};

struct file {
    unsigned char *p;
    size_t n;
};

struct box {
    char folder[64];
    struct file db, wal, shm, lock; /* as they were, whole */
    char names[8][96];
    uint64_t faults, losses;
    char first[1024]; /* fault or loss */
};

enum { WHOLE, BAD, BAD_WAL, BAD_SHM, BAD_LOCK, NEW };

/* ---- files */

static struct file read_file(const char *name)
{
    struct file f = {.p = malloc(ROOM)};
    int fd = open(name, O_RDONLY);
    ssize_t n = fd < 0 ? 0 : read(fd, f.p, ROOM);

    if (fd >= 0)
        close(fd);
    f.n = n > 0 ? (size_t)n : 0;
    return f;
}

static void write_file(const char *name, const unsigned char *p, size_t n)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, p, n), n);
    close(fd);
}

static const char *const endings[] = {"", "-wal", "-shm", ".lock"};

static const char *new_name(struct box *b, size_t i, char name[128])
{
    snprintf(name, 128, "%s%s", b->names[NEW], endings[i]);
    return name;
}

static void remove_new(struct box *b)
{
    char name[128];

    for (size_t i = 0; i < 4; i++)
        unlink(new_name(b, i, name));
}

/* Whether of the new ones the first n are there, and no other. */
static void assert_new(struct box *b, size_t n)
{
    char name[128];

    for (size_t i = 0; i < 4; i++)
        assert_int_equal(access(new_name(b, i, name), F_OK), i < n ? 0 : -1);
}

/* ---- a spool with everything in it */

static size_t head_of(uint64_t ticket)
{
    if (ticket >= OLD && ticket <= OLD_END)
        return ticket % 25 ? 1100 + ticket % 300 : 300000;
    return ticket * 37 % 300 + (ticket % 10 == 0 ? 15000 : 0);
}

static size_t body_of(uint64_t ticket)
{
    return ticket % 3 ? 0 : 30;
}

static void accept_all(struct spool_db *db, uint64_t from, uint64_t to)
{
    static char text[300000];
    struct fault f;
    char id[16];

    memset(text, 'x', sizeof text);
    for (uint64_t i = from; i <= to; i++) {
        struct spool_doc d = {.ticket = i,
                              .form = i % 3 ? SPOOL_TEXT : SPOOL_SPLIT,
                              .id = {id, (size_t)snprintf(id, sizeof id, "id-%d", (int)i)},
                              .keyed = i % 2,
                              .made_id = !(i % 2),
                              .received_ms = 1000 + i,
                              .head = {text, head_of(i)},
                              .body = {text, body_of(i)}};

        assert_int_equal(spool_db_accept(db, &d, &f), SPOOL_OK);
    }
}

static void publish(struct spool_db *db, uint64_t from, uint64_t to)
{
    struct spool_published p = {.members = S("\"layer\":{\"label\":\"x\"}")};
    uint64_t seq, prev;
    struct fault f;
    char id[16];

    for (uint64_t i = from; i <= to; i++) {
        p.doc.ticket = i;
        p.doc.id = (struct slice){id, (size_t)snprintf(id, sizeof id, "id-%d", (int)i)};
        p.doc.head.n = head_of(i);
        p.doc.body.n = body_of(i);
        p.topic = i % 2 ? S("en.") : S("de.");
        assert_int_equal(spool_db_publish(db, &p, 5000 + i, &seq, &prev, &f), SPOOL_OK);
    }
}

static void bury(struct spool_db *db, uint64_t ticket)
{
    struct spool_dead dead = {.ticket = ticket,
                              .at_ms = 9000,
                              .reason = S("plugin_failed"),
                              .plugin = S("faulty"),
                              .message = S("crashed"),
                              .doc = {.id = S("d"), .head = S("a head"), .form = SPOOL_TEXT}};
    struct fault f;

    assert_int_equal(spool_db_bury(db, &dead, false, &f), SPOOL_OK);
}

static void step(struct spool_db *db, uint64_t from, uint64_t to)
{
    struct fault f;

    assert_int_equal(spool_db_begin(db, &f), SPOOL_OK);
    publish(db, from, to);
    spool_db_sent(db, spool_db_state(db)->seq - 1);
    assert_int_equal(spool_db_commit(db, &f), SPOOL_OK);
}

/* Pages that one commit frees and uses again keep what was in them, where it is not written
 * over. The letters of even number go too. */
static void take_away(struct spool_db *db)
{
    const struct spool_keep keep = {UINT64_MAX, KEPT, UINT64_MAX, UINT64_MAX};
    struct fault f;
    bool more;

    for (uint64_t i = 0; i < 4; i++) {
        assert_int_equal(spool_db_begin(db, &f), SPOOL_OK);
        assert_int_equal(spool_db_trim(db, &keep, 10000, &more, &f), SPOOL_OK);
        accept_all(db, YOUNG + i * DOCUMENTS / 4, YOUNG + (i + 1) * DOCUMENTS / 4 - 1);
        assert_int_equal(spool_db_commit(db, &f), SPOOL_OK);
    }
    assert_int_equal(spool_db_begin(db, &f), SPOOL_OK);
    for (uint64_t i = 2; i <= 100; i += 2)
        assert_int_equal(spool_db_exhume(db, i, &f), SPOOL_OK);
    assert_int_equal(spool_db_commit(db, &f), SPOOL_OK);
}

/* Much comes, and goes while a little more comes. */
static void fill_and_trim(struct box *b)
{
    struct fault f;
    struct spool_db *db = spool_db_open(b->names[WHOLE], &f);

    assert_non_null(db);
    assert_int_equal(spool_db_begin(db, &f), SPOOL_OK);
    accept_all(db, OLD, OLD_END);
    for (int i = 0; i < 100; i++)
        bury(db, 0);
    assert_int_equal(spool_db_commit(db, &f), SPOOL_OK);
    for (uint64_t i = OLD; i < OLD_END; i += 100)
        step(db, i, i + 99);
    take_away(db);
    step(db, YOUNG, YOUNG + PUBLISHED - 1);
    spool_db_close(db);
    b->db = read_file(b->names[WHOLE]);
    assert_true(b->db.n < ROOM);
}

/* Many commits, so that the -wal has pages more than once. folded: it is gone. */
static void fill(struct box *b, bool folded)
{
    char wal[128];
    struct fault f;
    struct spool_db *db = spool_db_open(b->names[WHOLE], &f);

    assert_non_null(db);
    assert_int_equal(spool_db_begin(db, &f), SPOOL_OK);
    accept_all(db, 1, DOCUMENTS);
    for (int i = 0; i < DEAD; i++)
        bury(db, 0);
    assert_int_equal(spool_db_commit(db, &f), SPOOL_OK);
    for (uint64_t i = 1; i <= PUBLISHED; i += 10)
        step(db, i, i + 9);
    assert_int_equal(spool_db_begin(db, &f), SPOOL_OK);
    bury(db, 7);
    bury(db, 8);
    assert_int_equal(spool_db_commit(db, &f), SPOOL_OK);
    if (folded)
        spool_db_close(db);
    snprintf(wal, sizeof wal, "%s-wal", b->names[WHOLE]);
    b->db = read_file(b->names[WHOLE]);
    b->wal = read_file(wal);
    snprintf(wal, sizeof wal, "%s-shm", b->names[WHOLE]);
    b->shm = read_file(wal);
    snprintf(wal, sizeof wal, "%s.lock", b->names[WHOLE]);
    b->lock = read_file(wal);
    if (!folded)
        spool_db_close(db);
}

static struct box *make_box(void)
{
    static const char *const names[] = {"whole", "bad", "bad-wal", "bad-shm", "bad.lock", "new"};
    struct box *b = calloc(1, sizeof *b);

    /* In memory where there is such a folder: a thousand new files are synced. */
    snprintf(b->folder, sizeof b->folder, "%s/gloss-salvage-XXXXXX",
             access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (!mkdtemp(b->folder))
        abort();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        snprintf(b->names[i], sizeof b->names[i], "%s/%s", b->folder, names[i]);
    return b;
}

static int set_up(void **state)
{
    fill(*state = make_box(), true);
    return 0;
}

static int set_up_with_wal(void **state)
{
    fill(*state = make_box(), false);
    return 0;
}

static int set_up_trimmed(void **state)
{
    fill_and_trim(*state = make_box());
    return 0;
}

static int tear_down(void **state)
{
    struct box *b = *state;
    char command[128];

    snprintf(command, sizeof command, "rm -r %s", b->folder);
    free(b->db.p);
    free(b->wal.p);
    free(b->shm.p);
    free(b->lock.p);
    free(b);
    return system(command) == 0 ? 0 : -1;
}

/* ---- what is said */

static void note(void *owner, const char *what)
{
    struct box *b = owner;

    if (!*b->first)
        snprintf(b->first, sizeof b->first, "%s", what);
}

static void ignore(void *owner, const char *what)
{
    (void)owner;
    (void)what;
}

static uint64_t check_file(struct box *b, const char *name)
{
    struct spool_check c = {.on_fault = note, .on_note = ignore, .owner = b};
    struct fault f;

    *b->first = '\0';
    if (spool_check(&c, name, &f))
        snprintf(b->first, sizeof b->first, "%s", f.text), c.faults++;
    return c.faults;
}

/* ---- what is there */

static int64_t ask(sqlite3 *sql, const char *query)
{
    sqlite3_stmt *s;
    int64_t n;

    if (sqlite3_prepare_v2(sql, query, -1, &s, NULL) != SQLITE_OK)
        fail_msg("%s: %s", query, sqlite3_errmsg(sql));
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

static sqlite3 *open_both(struct box *b, const char *name)
{
    sqlite3 *sql;
    char attach[160];

    snprintf(attach, sizeof attach, "ATTACH '%s' AS o", b->names[WHOLE]);
    assert_int_equal(sqlite3_open(name, &sql), SQLITE_OK);
    if (sqlite3_exec(sql, attach, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", name, sqlite3_errmsg(sql));
    return sql;
}

/* Rows of the whole that are not in the new one: hit by themselves, not by what they need. */
static int64_t count_missing(sqlite3 *sql)
{
    return ask(sql, "SELECT (SELECT count(*) FROM o.documents o WHERE NOT EXISTS"
                    " (SELECT 1 FROM main.documents n WHERE n.ticket = o.ticket AND n.id = o.id"
                    " AND n.head = o.head AND n.body = o.body AND n.sum = o.sum)"
                    " AND NOT EXISTS (SELECT 1 FROM main.dead n WHERE n.ticket = o.ticket"
                    " AND n.head = o.head))"
                    " + (SELECT count(*) FROM o.published o WHERE NOT EXISTS"
                    " (SELECT 1 FROM main.published n WHERE n.seq = o.seq AND n.ticket = o.ticket"
                    " AND n.prev = o.prev AND n.topic = o.topic AND n.members = o.members"
                    " AND n.sum = o.sum)"
                    " AND o.ticket IN (SELECT ticket FROM main.documents))"
                    " + (SELECT count(*) FROM o.dead o WHERE NOT EXISTS"
                    " (SELECT 1 FROM main.dead n WHERE n.number = o.number"
                    " AND n.message = o.message AND n.head = o.head AND n.sum = o.sum))");
}

/* What was pending and is there must be run, or be a letter; nothing that was published is
 * run where its result is there. */
static void check_promises(struct box *b, sqlite3 *sql, const char *how)
{
    if (ask(sql, "SELECT count(*) FROM o.pending JOIN main.documents d USING (ticket)"
                 " WHERE ticket NOT IN (SELECT ticket FROM main.pending)") ||
        ask(sql, "SELECT count(*) FROM main.pending JOIN main.published USING (ticket)"))
        fail_msg("%s: pending is wrong", how);
    if (ask(sql,
            "SELECT (SELECT count(*) FROM main.documents"
            " WHERE ticket NOT IN (SELECT ticket FROM o.documents))"
            " + (SELECT count(*) FROM main.pending"
            " WHERE ticket NOT IN (SELECT ticket FROM o.documents))"
            " + (SELECT count(*) FROM main.published"
            " WHERE seq NOT IN (SELECT seq FROM o.published))"
            " + (SELECT count(*) FROM main.dead WHERE number NOT IN (SELECT number FROM o.dead)"
            " AND NOT (reason = 'result_lost' AND ticket IN (SELECT ticket FROM"
            " o.documents)))"))
        fail_msg("%s: what was taken away is back", how);
    if (ask(sql, "SELECT n.log = o.log AND n.seq < o.seq FROM main.facts n, o.facts o"))
        fail_msg("%s: a seq would be given again", how);
    if (check_file(b, b->names[NEW])) /* what is lost is no fault any more */
        fail_msg("%s: salvaged, and damaged: %s", how, b->first);
}

/* Salvages the bad file, of which most rows may be hit at most. */
static void salvage(struct box *b, int64_t most, const char *how)
{
    struct spool_salvage s = {.on_loss = note, .owner = b};
    struct fault f;
    struct spool_db *db;
    sqlite3 *sql;
    int64_t missing;

    remove_new(b);
    *b->first = '\0';
    if (spool_salvage(&s, b->names[BAD], b->names[NEW], &f))
        fail_msg("%s: %s", how, f.text);
    assert_new(b, 1);
    sql = open_both(b, b->names[NEW]);
    missing = count_missing(sql);
    if (missing > most || (missing && !s.losses))
        fail_msg("%s: %" PRId64 " rows are gone, %" PRId64 " were hit; said: %s (%" PRIu64 ")", how,
                 missing, most, b->first, s.losses);
    check_promises(b, sql, how);
    sqlite3_close(sql);
    db = spool_db_open(b->names[NEW], &f);
    if (!db)
        fail_msg("%s: %s", how, f.text);
    spool_db_close(db);
}

/* Check names the damage, or no row shows it. */
static void check_bad(struct box *b, const char *how)
{
    sqlite3 *sql;

    if (check_file(b, b->names[BAD]))
        return;
    sql = open_both(b, b->names[BAD]);
    if (count_missing(sql) || ask(sql, "SELECT n.seq <> o.seq OR n.log <> o.log"
                                       " FROM main.facts n, o.facts o"))
        fail_msg("%s: check finds nothing", how);
    sqlite3_close(sql);
}

static void write_bad(struct box *b)
{
    write_file(b->names[BAD], b->db.p, b->db.n);
    unlink(b->names[BAD_SHM]);
    unlink(b->names[BAD_WAL]);
    if (b->wal.n)
        write_file(b->names[BAD_WAL], b->wal.p, b->wal.n);
    if (b->shm.n)
        write_file(b->names[BAD_SHM], b->shm.p, b->shm.n);
    if (b->lock.n)
        write_file(b->names[BAD_LOCK], b->lock.p, b->lock.n);
}

/* ---- damage */

static void nothing_is_lost_of_a_whole_file(void **state)
{
    struct box *b = *state;

    write_bad(b);
    assert_int_equal(check_file(b, b->names[BAD]), 0);
    salvage(b, 0, "whole");
    assert_string_equal(b->first, "");
    assert_int_equal(check_file(b, b->names[NEW]), 0);
}

/* Turns the byte at place of f, and looks what becomes of it. */
static void turn(struct box *b, struct file *f, const char *name, size_t place, unsigned char with)
{
    char how[96];

    f->p[place] ^= with;
    snprintf(how, sizeof how, "%s: byte %zu of page %zu ^ %02x", name, place % PAGE,
             place / PAGE + 1, with);
    write_bad(b);
    check_bad(b, how);
    write_bad(b);
    salvage(b, 1, how);
    f->p[place] ^= with;
}

static void a_byte_of_any_page(void **state)
{
    struct box *b = *state;

    for (size_t page = 0; page < b->db.n; page += PAGE) {
        for (size_t i = 0; i < 6; i++)
            turn(b, &b->db, "file", page + i, i % 2 ? 0xff : 0x08);
        for (size_t i = 0; i < 2; i++)
            turn(b, &b->db, "file", page + (size_t)rand() % PAGE, (unsigned char)(1 << rand() % 8));
    }
}

static void a_byte_of_the_wal(void **state)
{
    struct box *b = *state;

    for (size_t i = 0; i < 32; i += 3)
        turn(b, &b->wal, "head of the -wal", i, 0x41);
    for (size_t frame = 32; frame < b->wal.n; frame += FRAME)
        for (size_t i = 0; i < 2; i++)
            turn(b, &b->wal, "-wal", frame + (i ? 11 : (size_t)rand() % FRAME), 0x21);
}

/* How many rows a page holds, or pieces of a row. */
static int64_t rows_of(sqlite3 *sql, size_t page)
{
    char query[256];

    snprintf(query, sizeof query,
             "SELECT coalesce((SELECT CASE pagetype WHEN 'leaf' THEN ncell WHEN 'overflow' THEN 1"
             " ELSE 0 END FROM dbstat WHERE pageno = %zu AND name NOT LIKE '%%by_%%'), 0)",
             page + 1);
    return ask(sql, query);
}

static void any_page_as_zeros(void **state)
{
    struct box *b = *state;
    unsigned char kept[PAGE];
    sqlite3 *sql;
    char how[64];

    assert_int_equal(sqlite3_open(b->names[WHOLE], &sql), SQLITE_OK);
    for (size_t i = 0; i < b->db.n / PAGE; i++) {
        snprintf(how, sizeof how, "page %zu zeroed", i + 1);
        memcpy(kept, b->db.p + i * PAGE, PAGE);
        memset(b->db.p + i * PAGE, 0, PAGE);
        write_bad(b);
        assert_true(check_file(b, b->names[BAD]) > 0);
        salvage(b, rows_of(sql, i), how);
        memcpy(b->db.p + i * PAGE, kept, PAGE);
    }
    sqlite3_close(sql);
}

static void a_file_cut_off(void **state)
{
    struct box *b = *state;
    size_t whole = b->db.n;
    char how[64];

    for (b->db.n = 100; b->db.n < whole; b->db.n += PAGE / 2 + 19) {
        snprintf(how, sizeof how, "cut off at %zu", b->db.n);
        write_bad(b);
        assert_true(check_file(b, b->names[BAD]) > 0);
        salvage(b, DOCUMENTS + PUBLISHED + DEAD + 2, how);
    }
}

static void a_wal_cut_off(void **state)
{
    struct box *b = *state;
    size_t whole = b->wal.n;
    char how[64];

    for (b->wal.n = 0; b->wal.n < whole; b->wal.n += FRAME / 2 + 19) {
        snprintf(how, sizeof how, "-wal cut off at %zu", b->wal.n);
        write_bad(b);
        assert_true(check_file(b, b->names[BAD]) > 0);
        write_bad(b);
        salvage(b, DOCUMENTS + PUBLISHED + DEAD + 2, how);
    }
}

/* ---- free pages */

static uint32_t number_at(const struct box *b, size_t place)
{
    const unsigned char *p = b->db.p + place;

    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The same as turn, but for the one byte the file stays as it is. */
static void turn_in_place(struct box *b, size_t place, unsigned char with)
{
    const unsigned char turned = b->db.p[place] ^ with;
    char how[96];
    int fd = open(b->names[BAD], O_WRONLY);

    assert_int_equal(pwrite(fd, &turned, 1, (off_t)place), 1);
    snprintf(how, sizeof how, "trimmed: byte %zu of page %zu ^ %02x", place % PAGE,
             place / PAGE + 1, with);
    salvage(b, 1, how);
    assert_int_equal(pwrite(fd, &b->db.p[place], 1, (off_t)place), 1);
    close(fd);
}

/* Where the list begins, and all its trunks: next, how many, and some of the leaves. */
static void a_byte_of_the_free_list(void **state)
{
    struct box *b = *state;
    size_t trunks = 0;

    write_bad(b);
    salvage(b, 0, "trimmed");
    assert_string_equal(b->first, "");
    for (size_t i = 32; i < 40; i++)
        turn_in_place(b, i, (unsigned char)(1 << i % 8));
    for (uint32_t t = number_at(b, 32); t; t = number_at(b, (t - 1) * (size_t)PAGE), trunks++)
        for (size_t i = 0; i < 20; i++)
            turn_in_place(b, (t - 1) * (size_t)PAGE + (i < 12 ? i : i * 167 % 4000 | 3),
                          i % 2 ? 0x01 : 0x04);
    assert_true(trunks > 2);
}

/* More of the pages that lead to others, which lose more. */
static void turn_some(struct box *b, size_t page, bool leads)
{
    size_t content = number_at(b, page + 4) >> 8 & 0xffff;

    turn_in_place(b, page + (size_t)rand() % PAGE, (unsigned char)(1 << rand() % 8));
    for (size_t i = 0; i < (leads ? 6 : page / PAGE % 2); i++)
        turn_in_place(b, page + i, i % 2 ? 0xff : 0x08);
    for (size_t i = 8; leads && i < 16; i++)
        turn_in_place(b, page + i, (unsigned char)(1 << i % 8));
    for (size_t i = content; leads && i < PAGE && i < content + 64; i += 5)
        turn_in_place(b, page + i, i % 2 ? 0x02 : 0x08);
}

static void a_byte_of_what_is_not_free(void **state)
{
    struct box *b = *state;
    sqlite3_stmt *s;
    sqlite3 *sql;

    write_bad(b);
    assert_int_equal(sqlite3_open(b->names[WHOLE], &sql), SQLITE_OK);
    sqlite3_prepare_v2(sql, "SELECT pageno, pagetype = 'internal' FROM dbstat", -1, &s, NULL);
    while (sqlite3_step(s) == SQLITE_ROW)
        turn_some(b, (size_t)(sqlite3_column_int64(s, 0) - 1) * PAGE, sqlite3_column_int(s, 1));
    sqlite3_finalize(s);
    sqlite3_close(sql);
}

static void what_is_no_spool(void **state)
{
    struct box *b = *state;
    struct spool_salvage s = {.on_loss = note, .owner = b};
    struct fault f;

    for (size_t i = 0; i < b->db.n; i++)
        b->db.p[i] = (unsigned char)rand();
    write_bad(b);
    assert_true(check_file(b, b->names[BAD]) > 0);
    remove_new(b);
    assert_int_equal(spool_salvage(&s, b->names[BAD], b->names[NEW], &f), -1);
    assert_non_null(strstr(f.text, "is no spool of glossd"));
    assert_int_equal(spool_salvage(&s, "/nowhere/spool.db", b->names[NEW], &f), -1);
    assert_int_equal(access(b->names[NEW], F_OK), -1);
    assert_int_equal(spool_salvage(&s, b->names[WHOLE], b->names[NEW], &f), 0);
    assert_int_equal(spool_salvage(&s, b->names[WHOLE], b->names[NEW], &f), -1);
    assert_non_null(strstr(f.text, "is there already"));
    assert_int_equal(access(b->names[NEW], F_OK), 0);
}

/* A new file that can't be made leaves nothing, so that the next try is not told that it is
 * there already. */
static void one_that_fails_leaves_nothing(void **state)
{
    struct box *b = *state;
    struct spool_salvage s = {.on_loss = note, .owner = b};
    struct rlimit whole, small;
    struct fault f;
    int r = -1, tries = 0;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &whole), 0);
    signal(SIGXFSZ, SIG_IGN);
    for (small = whole, small.rlim_cur = 0; r; small.rlim_cur += 5000, tries++) {
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        r = spool_salvage(&s, b->names[WHOLE], b->names[NEW], &f);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &whole), 0);
        assert_new(b, r ? 0 : 1);
    }
    assert_true(tries > 10);
}

/* Nor is anything taken away that was there before. */
static void what_is_beside_the_new_one_stays(void **state)
{
    struct box *b = *state;
    struct spool_salvage s = {.on_loss = note, .owner = b};
    struct fault f;
    char name[128];

    for (size_t i = 0; i < 4; i++) {
        write_file(new_name(b, i, name), (const unsigned char *)"else's", 6);
        assert_int_equal(spool_salvage(&s, b->names[WHOLE], b->names[NEW], &f), -1);
        assert_non_null(strstr(f.text, "is there already"));
        assert_non_null(strstr(f.text, name));
        assert_int_equal(access(name, F_OK), 0);
        remove_new(b);
    }
}

static void one_in_use_is_left_alone(void **state)
{
    struct box *b = *state;
    struct spool_salvage s = {.on_loss = note, .owner = b};
    struct fault f;
    struct spool_db *db;

    write_bad(b);
    db = spool_db_open(b->names[BAD], &f);
    assert_non_null(db);
    assert_int_equal(check_file(b, b->names[BAD]), 0);
    assert_int_equal(spool_salvage(&s, b->names[BAD], b->names[NEW], &f), -1);
    assert_non_null(strstr(f.text, "is in use"));
    spool_db_close(db);
}

int main(void)
{
#define CASE(f)         cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define CASE_WAL(f)     cmocka_unit_test_setup_teardown(f, set_up_with_wal, tear_down)
#define CASE_TRIMMED(f) cmocka_unit_test_setup_teardown(f, set_up_trimmed, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(nothing_is_lost_of_a_whole_file),
        CASE_WAL(nothing_is_lost_of_a_whole_file),
        CASE(a_byte_of_any_page),
        CASE_WAL(a_byte_of_the_wal),
        CASE(any_page_as_zeros),
        CASE(a_file_cut_off),
        CASE_WAL(a_wal_cut_off),
        CASE_TRIMMED(a_byte_of_the_free_list),
        CASE_TRIMMED(a_byte_of_what_is_not_free),
        CASE(what_is_no_spool),
        CASE(one_that_fails_leaves_nothing),
        CASE(what_is_beside_the_new_one_stays),
        CASE(one_in_use_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
