/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_carve.c - pages into cells, cells into records, records into rows. The
 * hard rule of spool_carve.h holds.
 *
 * A table is told by the types of a record's columns: no two are alike. A leaf is read by
 * its pointers. Where those and what is free do not make up the page, and in a page of a
 * tree that has no known type, a row may begin at any byte: each is tried, and the sum
 * decides. Not so in free pages and in the rest of long rows, whose last page may end with
 * what was in it before.
 */
#include "spool/spool_carve.h"

#include "spool/spool_live.h"

#include <stdlib.h>
#include <string.h>

enum {
    LEAF = 0x0d, /* the first bytes of pages: a table's, with rows */
    NODE = 0x05, /* and what leads to those */
    INDEX_LEAF = 0x0a,
    INDEX_NODE = 0x02,
    LEAF_HEAD = 8,
    COLUMNS = 13,
    CELL_LEAST = 4,
};

const char *const carve_table[CARVE_KINDS] = {"documents", "pending", "published",
                                              "dead",      "facts",   "sqlite_sequence"};

/* N: null, the row's number; i: a number, t: text, b: bytes. */
static const char *const shapes[CARVE_KINDS] = {
    [CARVE_DOCUMENT] = "Ntiiiibbi", [CARVE_PENDING] = "N",        [CARVE_PUBLISHED] = "Nitiibi",
    [CARVE_DEAD] = "Niittttiiibbi", [CARVE_FACTS] = "Ntiiiiiiii", [CARVE_SEQUENCE] = "ti",
};

struct column {
    int64_t number;
    struct slice bytes;
};

struct carve {
    const struct spool_pages *pages;
    struct spool_live live;
    const struct carve_ops *ops;
    void *owner;
    unsigned char *page, *overflow;
    unsigned char *record; /* a payload put together */
    size_t room;
    bool *spilled;   /* pages that hold the rest of a good row */
    uint32_t *trail; /* and those of the cell being read */
    size_t n_trail, room_trail;
    size_t cell; /* bytes of it in the page */
};

enum verdict { GOOD, DAMAGED, NONE, STOP };

/* ---- cells */

/* How much of a payload is in the leaf itself. */
static size_t local_part(size_t usable, uint64_t n)
{
    size_t most = usable - 35, least = (usable - 12) * 32 / 255 - 23;
    size_t fit = least + (size_t)((n - least) % (usable - 4));

    if (n <= most)
        return (size_t)n;
    return fit <= most ? fit : least;
}

static bool make_room(struct carve *c, uint64_t n)
{
    unsigned char *larger;

    if (n <= c->room)
        return true;
    if (n > (uint64_t)c->pages->n * c->pages->page_size)
        return false;
    larger = realloc(c->record, (size_t)n);
    if (!larger)
        return false;
    c->record = larger;
    c->room = (size_t)n;
    return true;
}

static bool leave_trail(struct carve *c, uint32_t page)
{
    if (c->n_trail == c->room_trail) {
        size_t room = c->room_trail * 2 + 64;
        uint32_t *larger = realloc(c->trail, room * sizeof *larger);

        if (!larger)
            return false;
        c->trail = larger;
        c->room_trail = room;
    }
    c->trail[c->n_trail++] = page;
    return true;
}

/* The rest of a payload of n bytes, of which done are there, from its chain of pages. */
static bool follow(struct carve *c, enum spool_view view, uint32_t page, size_t done, size_t n)
{
    while (done < n) {
        size_t part = c->pages->page_size - 4;

        if (!spool_pages_read(c->pages, view, page, c->overflow) || !leave_trail(c, page))
            return false;
        if (part > n - done)
            part = n - done;
        memcpy(c->record + done, c->overflow + 4, part);
        done += part;
        page = spool_be32(c->overflow);
    }
    return true;
}

/* ---- records */

static bool read_column(uint64_t type, const unsigned char **at, const unsigned char *end,
                        struct column *to)
{
    static const size_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
    size_t n;

    if (type == 7 || type == 10 || type == 11)
        return false;
    n = type < 10 ? sizes[type] : (size_t)(type - 12) / 2;
    if (n > (size_t)(end - *at))
        return false;
    to->bytes = (struct slice){(const char *)*at, n};
    to->number = type == 9;
    if (type >= 1 && type <= 6) {
        to->number = **at & 0x80 ? -1 : 0;
        for (size_t i = 0; i < n; i++)
            to->number = (int64_t)((uint64_t)to->number << 8 | (*at)[i]);
    }
    *at += n;
    return true;
}

static char letter(uint64_t type)
{
    return type == 0 ? 'N' : type < 12 ? 'i' : type % 2 ? 't' : 'b';
}

/* The kind of row whose shape the n bytes of c->record have, its columns filled; -1: none. */
static int read_record(const struct carve *c, size_t n, struct column columns[COLUMNS])
{
    const unsigned char *p = c->record, *end = p + n, *body, *head_end;
    char shape[COLUMNS + 2] = "";
    uint64_t head, type;
    size_t i = 0, step = spool_varint(p, end, &head);

    if (!step || head > n)
        return -1;
    head_end = body = p + head;
    for (p += step; p < head_end && i < COLUMNS; i++, p += step) {
        step = spool_varint(p, head_end, &type);
        if (!step || !read_column(type, &body, end, &columns[i]))
            return -1;
        shape[i] = letter(type);
    }
    for (int kind = 0; kind < CARVE_KINDS && p == head_end && body == end; kind++)
        if (!strcmp(shape, shapes[kind]))
            return kind;
    return -1;
}

/* ---- rows */

/* The columns that documents and dead letters end with; the sum that stands there. */
static int64_t fill_doc(const struct column *c, struct spool_doc *d)
{
    d->made_id = c[0].number != 0;
    d->form = (enum spool_form)c[1].number;
    d->received_ms = (uint64_t)c[2].number;
    d->head = c[3].bytes;
    d->body = c[4].bytes;
    return c[5].number;
}

static bool is_document(struct carve_row *r, const struct column *c)
{
    r->doc.ticket = r->key;
    r->doc.id = c[1].bytes;
    r->doc.keyed = c[2].number != 0;
    return fill_doc(c + 3, &r->doc) == spool_doc_sum(&r->doc);
}

static bool is_published(struct carve_row *r, const struct column *c)
{
    struct spool_published *p = &r->published;

    p->seq = r->key;
    p->doc.ticket = (uint64_t)c[1].number;
    p->topic = c[2].bytes;
    p->prev = (uint64_t)c[3].number;
    r->at_ms = (uint64_t)c[4].number;
    p->members = c[5].bytes;
    return c[6].number == spool_published_sum(p);
}

static bool is_dead(struct carve_row *r, const struct column *c)
{
    struct spool_dead *dead = &r->dead;

    dead->number = r->key;
    dead->ticket = (uint64_t)c[1].number;
    dead->at_ms = (uint64_t)c[2].number;
    dead->reason = c[3].bytes;
    dead->plugin = c[4].bytes;
    dead->message = c[5].bytes;
    dead->doc.id = c[6].bytes;
    return fill_doc(c + 7, &dead->doc) == spool_dead_sum(dead);
}

static bool is_facts(struct carve_row *r, const struct column *c)
{
    struct spool_state *s = &r->facts.state;

    if (c[1].bytes.n != sizeof s->log - 1)
        return false;
    memcpy(s->log, c[1].bytes.p, sizeof s->log - 1);
    s->ticket = (uint64_t)c[2].number;
    s->seq = (uint64_t)c[3].number;
    s->sent = (uint64_t)c[4].number;
    s->pending = (uint64_t)c[5].number;
    s->dead = (uint64_t)c[6].number;
    r->facts.published_bytes = (uint64_t)c[7].number;
    r->facts.dead_bytes = (uint64_t)c[8].number;
    return c[9].number == spool_facts_sum(&r->facts);
}

static bool is_text(const struct column *c, const char *text)
{
    return c->bytes.n == strlen(text) && !memcmp(c->bytes.p, text, c->bytes.n);
}

static bool is_good(struct carve_row *r, const struct column *c)
{
    switch (r->kind) {
    case CARVE_DOCUMENT:
        return is_document(r, c);
    case CARVE_PUBLISHED:
        return is_published(r, c);
    case CARVE_DEAD:
        return is_dead(r, c);
    case CARVE_FACTS:
        return is_facts(r, c);
    case CARVE_SEQUENCE:
        r->key = is_text(&c[0], "dead") ? (uint64_t)c[1].number : 0;
        return is_text(&c[0], "dead") || is_text(&c[0], SPOOL_SALVAGED);
    default:
        return r->key > 0 && r->key <= INT64_MAX; /* CARVE_PENDING has no sum */
    }
}

/* Reads what may be a cell at offset at of the page, as far as the view has it. */
static enum verdict read_cell(struct carve *c, enum spool_view view, size_t at,
                              struct carve_row *row)
{
    const unsigned char *p = c->page + at, *end = c->page + c->pages->page_size;
    struct column columns[COLUMNS] = {{0}};
    uint64_t n, key;
    size_t step = spool_varint(p, end, &n), local;
    int kind;

    p += step;
    if (!step || !(step = spool_varint(p, end, &key)) || n < 2 || !make_room(c, n))
        return NONE;
    p += step;
    local = local_part(c->pages->page_size, n);
    if (local + (local < n ? 4 : 0) > (size_t)(end - p))
        return NONE;
    c->cell = (size_t)(p - c->page) - at + local + (local < n ? 4 : 0);
    memcpy(c->record, p, local);
    c->n_trail = 0;
    if (local < n && !follow(c, view, spool_be32(p + local), local, (size_t)n))
        return NONE;
    kind = read_record(c, (size_t)n, columns);
    if (kind < 0)
        return NONE;
    *row = (struct carve_row){.kind = (enum carve_kind)kind, .key = key};
    return is_good(row, columns) ? GOOD : DAMAGED;
}

/* Takes the cell at offset at, and hands the row on where it is good. */
static enum verdict take_cell(struct carve *c, enum spool_view view, size_t at,
                              struct carve_row *row)
{
    enum verdict v = read_cell(c, view, at, row);

    if (v != GOOD)
        v = read_cell(c, view == VIEW_ALL ? VIEW_COMMITTED : VIEW_ALL, at, row);
    if (v != GOOD)
        return v;
    for (size_t i = 0; i < c->n_trail; i++)
        c->spilled[c->trail[i]] = true;
    return c->ops->on_row(c->owner, row) ? STOP : GOOD;
}

/* ---- pages */

/* Tries every byte from at on. What has no sum is not believed here. */
static int search(struct carve *c, enum spool_view view, size_t at)
{
    for (; at + CELL_LEAST <= c->pages->page_size; at++) {
        struct carve_row row;

        if (read_cell(c, view, at, &row) == GOOD && row.kind != CARVE_PENDING &&
            row.kind != CARVE_SEQUENCE && c->ops->on_row(c->owner, &row))
            return -1;
    }
    return 0;
}

static uint32_t count_cells(const struct carve *c)
{
    uint32_t n = spool_be16(c->page + 3), most = (c->pages->page_size - LEAF_HEAD) / 2;

    return n < most ? n : most;
}

/* A leaf, by its pointers; where one leads to no good row, by every byte too. */
static int take_leaf(struct carve *c, enum spool_view view, uint32_t number)
{
    uint32_t n = count_cells(c), lost = 0;
    size_t cells = 0;
    bool torn = spool_be16(c->page + 3) > n;

    for (uint32_t i = 0; i < n; i++) {
        size_t at = spool_be16(c->page + LEAF_HEAD + (size_t)i * 2);
        enum verdict v = NONE;
        struct carve_row row = {0};

        if (at >= LEAF_HEAD && at + CELL_LEAST <= c->pages->page_size)
            v = take_cell(c, view, at, &row);
        if (v == STOP || (v == DAMAGED && c->ops->on_damaged(c->owner, row.kind, row.key)))
            return -1;
        lost += v == NONE;
        torn = torn || v == NONE || v == DAMAGED;
        cells += c->cell < CELL_LEAST ? CELL_LEAST : c->cell;
    }
    if (lost && c->ops->on_lost(c->owner, number, lost))
        return -1;
    return torn || !spool_page_is_filled(c->page, c->pages->page_size, cells)
               ? search(c, view, LEAF_HEAD)
               : 0;
}

/* Whether the page is in truth of an index, whose rows are a text and a number. */
static bool is_of_index(const struct carve *c)
{
    size_t head = c->page[0] == INDEX_LEAF ? 8 : 12, at = spool_be16(c->page + head);
    const unsigned char *end = c->page + c->pages->page_size, *p = c->page + at;
    uint64_t n, size, text, number = 0;

    if ((c->page[0] != INDEX_LEAF && c->page[0] != INDEX_NODE) || at < head ||
        at + CELL_LEAST + 4 > c->pages->page_size)
        return false;
    p += c->page[0] == INDEX_NODE ? 4 : 0;
    p += spool_varint(p, end, &n);
    p += spool_varint(p, end, &size);
    p += spool_varint(p, end, &text);
    spool_varint(p, end, &number);
    return size <= 12 && text >= 13 && text % 2 && number >= 1 && number <= 9;
}

/* Whether it is in truth a node of a table, whose cells begin with the number of a page. */
static bool is_of_table(const struct carve *c)
{
    size_t at = spool_be16(c->page + 12);

    return c->page[0] == NODE && at >= 12 && at + CELL_LEAST <= c->pages->page_size &&
           spool_be32(c->page + at) <= c->pages->n;
}

/* Whether the page, which is no leaf, may be one whose first byte is damaged. The rest of a
 * row begins with the number of a page, so in all but huge files with a zero. */
static bool may_be_leaf(const struct carve *c, uint32_t number)
{
    return !c->spilled[number] && !is_of_index(c) && !is_of_table(c) &&
           (spool_live_is_of_tree(&c->live, number) || c->page[0]);
}

/* First the leaves, then what is neither a leaf nor known to be the rest of a row. */
static int take_page(struct carve *c, uint32_t number, bool leaves)
{
    if (!spool_live_counts(&c->live, number))
        return 0;
    if (!spool_pages_read(c->pages, VIEW_COMMITTED, number, c->page))
        return leaves ? c->ops->on_lost(c->owner, number, 0) : 0;
    if (c->page[0] == LEAF)
        return leaves ? take_leaf(c, VIEW_COMMITTED, number) : 0;
    return leaves || !may_be_leaf(c, number) ? 0 : search(c, VIEW_COMMITTED, 0);
}

static int take_stray(struct carve *c, uint32_t i)
{
    if (!spool_pages_read_stray(c->pages, i, c->page))
        return 0;
    if (c->page[0] == LEAF)
        return take_leaf(c, VIEW_ALL, c->pages->stray_number[i]);
    return 0;
}

/* Page 1 has the tables' names, no row of theirs. */
static int take_all(struct carve *c)
{
    int r = 0;

    for (uint32_t i = 2; i <= c->pages->n && r == 0; i++)
        r = take_page(c, i, true);
    for (uint32_t i = 0; i < c->pages->n_stray && r == 0; i++)
        r = take_stray(c, i);
    for (uint32_t i = 2; i <= c->pages->n && r == 0; i++)
        r = take_page(c, i, false);
    return r;
}

int spool_carve(const struct spool_pages *pages, const struct carve_ops *ops, void *owner,
                struct fault *f)
{
    struct carve c = {.pages = pages,
                      .ops = ops,
                      .owner = owner,
                      .page = malloc(pages->page_size),
                      .overflow = malloc(pages->page_size),
                      .spilled = calloc((size_t)pages->n + 1, sizeof *c.spilled)};
    int r = -1;

    if (!c.page || !c.overflow || !c.spilled)
        fault_set(f, "no memory");
    else if (spool_live_init(&c.live, pages, f) == 0)
        r = take_all(&c);
    spool_live_finish(&c.live);
    free(c.page);
    free(c.overflow);
    free(c.record);
    free(c.spilled);
    free(c.trail);
    return r;
}
