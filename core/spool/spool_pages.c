/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_pages.c - the file format of SQLite from the outside: which bytes are
 * page 17 now. The hard rule of spool_pages.h holds.
 *
 * A frame of the -wal is good where its salts are those of the -wal's head and its
 * checksum goes on from the frame before. SQLite stops at the first that is not; here
 * the frames behind it are looked at too, each from the checksum its neighbour states.
 */
#include "spool/spool_pages.h"

#include "spool/spool_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PAGE_SIZE = 4096, /* of the spools that glossd makes */
    WAL_HEAD = 32,
    FRAME_HEAD = 24,
    LEAF_HEAD = 8,
    PAGES_MOST = 1 << 30,
};

/* Where a commit ends: frames up to there, and the checksum that the last of them states. */
struct end {
    uint64_t frames;
    uint32_t sum[2];
};

/* The head of the -shm, in the machine's own byte order. */
struct shm {
    uint32_t version, unused, change;
    unsigned char is_init, big_endian;
    uint16_t page_size;
    uint32_t last_frame, n_pages, frame_sum[2];
    unsigned char salts[8];
    uint32_t sum[2];
};

/* What is known of the -wal while it is read through. */
struct wal {
    struct shm shm;
    bool has_shm;    /* whose sum is right */
    bool big_endian; /* the checksums' words */
    unsigned char salts[8];
    uint64_t n;                   /* whole frames in the file */
    struct end committed, before; /* the last good commit, and the one before it */
    bool goes_on;                 /* good frames are behind a commit that is behind a bad one */
    unsigned char *buffer;
};

uint32_t spool_be16(const unsigned char *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

uint32_t spool_be32(const unsigned char *p)
{
    return spool_be16(p) << 16 | spool_be16(p + 2);
}

size_t spool_varint(const unsigned char *p, const unsigned char *end, uint64_t *n)
{
    *n = 0;
    for (size_t i = 0; p + i < end; i++) {
        if (i == 8) {
            *n = *n << 8 | p[i];
            return 9;
        }
        *n = *n << 7 | (p[i] & 0x7f);
        if (p[i] < 0x80)
            return i + 1;
    }
    return 0;
}

bool spool_page_is_filled(const unsigned char *page, size_t size, size_t cells)
{
    size_t begin = spool_be16(page + 5), free_bytes = page[7];

    for (size_t at = spool_be16(page + 1), next; at; at = next) {
        if (at < LEAF_HEAD || at + 4 > size)
            return false;
        free_bytes += spool_be16(page + at + 2);
        next = spool_be16(page + at);
        if (next && next <= at)
            return false;
    }
    return (begin ? begin : 65536) + cells + free_bytes == size;
}

/* How much of it there is. */
static size_t read_some(int fd, unsigned char *to, size_t n, uint64_t at)
{
    size_t all = 0;

    while (all < n) {
        ssize_t got = pread(fd, to + all, n - all, (off_t)(at + all));

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        all += (size_t)got;
    }
    return all;
}

static bool read_at(int fd, unsigned char *to, size_t n, uint64_t at)
{
    return read_some(fd, to, n, at) == n;
}

static uint64_t size_of(int fd)
{
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* path with an ending, opened for reading, or -1. */
static int open_beside(const char *path, const char *ending)
{
    char *name;
    int fd;

    if (asprintf(&name, "%s%s", path, ending) < 0)
        return -1;
    fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO would wait for a writer */
    free(name);
    return fd;
}

/* ---- the size of a page */

/* How many pages of that size look like leaves of a table. */
static uint64_t count_leaves(const struct spool_pages *p, uint32_t size)
{
    uint64_t most = size_of(p->file) / size, n = 0;
    unsigned char head[8];

    if (most > 4096)
        most = 4096;
    for (uint64_t i = 1; i < most; i++)
        n += read_at(p->file, head, sizeof head, i * size) && head[0] == 0x0d && head[7] == 0 &&
             8 + spool_be16(head + 3) * 2 <= spool_be16(head + 5) && spool_be16(head + 5) < size;
    return n;
}

static void find_page_size(struct spool_pages *p)
{
    unsigned char head[18] = "";
    uint32_t said;

    p->page_size = PAGE_SIZE;
    read_at(p->file, head, sizeof head, 0);
    said = spool_be16(head + 16) == 1 ? 65536 : spool_be16(head + 16);
    if (said >= 512 && (said & (said - 1)) == 0 && said != PAGE_SIZE &&
        count_leaves(p, said) > count_leaves(p, PAGE_SIZE))
        p->page_size = said;
}

/* ---- the -wal */

static uint32_t word(const struct wal *w, const unsigned char *p)
{
    const unsigned char turned[4] = {p[3], p[2], p[1], p[0]};

    return w->big_endian ? spool_be32(p) : spool_be32(turned);
}

static void checksum(const struct wal *w, const unsigned char *p, size_t n, uint32_t sum[2])
{
    for (size_t i = 0; i + 8 <= n; i += 8) {
        sum[0] += word(w, p + i) + sum[1];
        sum[1] += word(w, p + i + 4) + sum[0];
    }
}

static uint64_t frame_at(const struct spool_pages *p, uint64_t i)
{
    return WAL_HEAD + i * (FRAME_HEAD + (uint64_t)p->page_size);
}

static bool read_frame(const struct spool_pages *p, const struct wal *w, uint64_t i)
{
    return read_at(p->wal, w->buffer, FRAME_HEAD + (size_t)p->page_size, frame_at(p, i));
}

/* Whether the frame in the buffer goes on from before, which becomes what it states. */
static bool is_good(const struct spool_pages *p, const struct wal *w, uint32_t before[2])
{
    uint32_t sum[2] = {before[0], before[1]};

    checksum(w, w->buffer, 8, sum);
    checksum(w, w->buffer + FRAME_HEAD, p->page_size, sum);
    before[0] = spool_be32(w->buffer + 16);
    before[1] = spool_be32(w->buffer + 20);
    return sum[0] == before[0] && sum[1] == before[1] && memcmp(w->buffer + 8, w->salts, 8) == 0;
}

/* The first reason is given, but for one that is certain. */
static void doubt(struct spool_pages *p, bool damaged, const char *why)
{
    if (!*p->doubt || damaged > p->damaged)
        snprintf(p->doubt, sizeof p->doubt, "%s", why);
    p->damaged = p->damaged || damaged;
}

static void read_shm(struct wal *w, const char *path)
{
    int fd = open_beside(path, "-shm");
    uint32_t sum[2] = {0, 0};
    bool read = fd >= 0 && read_at(fd, (unsigned char *)&w->shm, sizeof w->shm, 0);

    if (fd >= 0)
        close(fd);
    w->big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    if (read)
        checksum(w, (unsigned char *)&w->shm, offsetof(struct shm, sum), sum);
    w->has_shm = read && sum[0] == w->shm.sum[0] && sum[1] == w->shm.sum[1];
}

/* Fills w from the head. Where that is damaged, the first frame tells the salts; but where the -shm
 * says that nothing was committed since the -wal was begun anew, a crash came when its head was
 * written, what is behind is old, and all is in the file. */
static void read_head(struct spool_pages *p, struct wal *w, uint32_t sum[2])
{
    unsigned char head[WAL_HEAD];

    sum[0] = sum[1] = 0;
    if (!read_at(p->wal, head, sizeof head, 0))
        memset(head, 0, sizeof head);
    w->big_endian = head[3] & 1;
    checksum(w, head, 24, sum);
    if (spool_be32(head) >> 1 == 0x377f0682 >> 1 && sum[0] == spool_be32(head + 24) &&
        sum[1] == spool_be32(head + 28)) {
        memcpy(w->salts, head + 16, 8);
        return;
    }
    if (w->has_shm && w->shm.last_frame == 0) {
        w->n = 0;
        return;
    }
    doubt(p, w->n > 0, "the head of its -wal is damaged");
    w->big_endian = false;
    if (w->n && read_frame(p, w, 0))
        memcpy(w->salts, w->buffer + 8, 8);
}

/* Frames behind the last with these salts are left from an earlier use of the file. */
static uint64_t count_ours(const struct spool_pages *p, const struct wal *w)
{
    unsigned char head[FRAME_HEAD];
    uint64_t n = 0;

    for (uint64_t i = 0; i < w->n; i++)
        if (read_at(p->wal, head, sizeof head, frame_at(p, i)) &&
            memcmp(head + 8, w->salts, 8) == 0)
            n = i + 1;
    return n;
}

static bool make_views(struct spool_pages *p, uint64_t n_frames)
{
    unsigned char head[FRAME_HEAD];

    for (uint64_t i = 0; i < n_frames; i++)
        if (read_at(p->wal, head, sizeof head, frame_at(p, i)) && spool_be32(head) > p->n &&
            spool_be32(head) <= p->n_file + n_frames)
            p->n = spool_be32(head);
    for (int v = 0; v < VIEWS; v++)
        p->frame[v] = calloc((size_t)p->n + 1, sizeof *p->frame[v]);
    p->stray = calloc(n_frames + 1, sizeof *p->stray);
    p->stray_number = calloc(n_frames + 1, sizeof *p->stray_number);
    return p->frame[VIEW_COMMITTED] && p->frame[VIEW_ALL] && p->stray && p->stray_number;
}

static void add_stray(struct spool_pages *p, uint64_t at, uint32_t number)
{
    p->stray[p->n_stray] = at;
    p->stray_number[p->n_stray++] = number;
}

/* Frames since the last commit count when the next one comes. */
static void commit(struct spool_pages *p, const uint32_t *waiting, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i <= to; i++)
        if (waiting[i])
            p->frame[VIEW_COMMITTED][waiting[i]] = frame_at(p, i) + FRAME_HEAD;
}

/* waiting: the page of each good frame. A crash may leave the frames of the last commit in
 * any state; behind a later one, a bad frame was good once, if no commits have failed. */
static void take_frames(struct spool_pages *p, struct wal *w, uint32_t sum[2], uint64_t n_frames,
                        uint32_t *waiting)
{
    uint64_t since = 0;
    bool bad = false, behind = false;

    for (uint64_t i = 0; i < n_frames; i++) {
        bool read = read_frame(p, w, i), good = read && is_good(p, w, sum);
        uint32_t number = read ? spool_be32(w->buffer) : 0;

        if (number > p->n)
            number = 0;
        if (number)
            p->frame[VIEW_ALL][number] = frame_at(p, i) + FRAME_HEAD;
        if (good) {
            waiting[i] = number;
            w->goes_on = w->goes_on || behind;
        } else {
            bad = true;
            doubt(p, false, "the end of its -wal is damaged");
            add_stray(p, frame_at(p, i) + FRAME_HEAD, number);
        }
        if (good && spool_be32(w->buffer + 4)) {
            commit(p, waiting, since, i);
            since = i + 1;
            behind = bad;
            if (!bad) {
                w->before = w->committed;
                w->committed = (struct end){since, {sum[0], sum[1]}};
            }
        }
    }
    for (uint64_t i = since; i < n_frames; i++) {
        doubt(p, false, "its -wal ends within a commit");
        if (waiting[i])
            add_stray(p, frame_at(p, i) + FRAME_HEAD, waiting[i]);
    }
}

static bool ends_at(const struct end *end, uint64_t frames, const uint32_t sum[2])
{
    return end->frames == frames && end->sum[0] == sum[0] && end->sum[1] == sum[1];
}

/* The -shm has the last frame that was committed, written when that frame was on the disk: it is
 * never ahead, and a -wal that has less was whole once. One that ends there, or with the one
 * commit more that had begun, has everything, whatever is behind: commits that failed leave
 * their frames, and the next one writes over the first of these only. */
static void compare_shm(struct spool_pages *p, struct wal *w)
{
    const struct shm *shm = &w->shm;
    bool good = w->has_shm && !memcmp(shm->salts, w->salts, sizeof shm->salts);

    if (w->goes_on && !(good && (ends_at(&w->committed, shm->last_frame, shm->frame_sum) ||
                                 ends_at(&w->before, shm->last_frame, shm->frame_sum))))
        doubt(p, true, "its -wal is damaged");
    if (good && shm->last_frame > w->committed.frames)
        doubt(p, true, "its -wal lacks commits that its -shm knows of");
}

static int read_wal(struct spool_pages *p, const char *path, struct fault *f)
{
    struct wal w = {.buffer = malloc(FRAME_HEAD + (size_t)p->page_size)};
    uint64_t size = size_of(p->wal), step = FRAME_HEAD + (uint64_t)p->page_size, ours = 0;
    uint32_t sum[2], *waiting = NULL;
    bool good = w.buffer;

    if (good && size > WAL_HEAD) {
        w.n = (size - WAL_HEAD) / step;
        read_shm(&w, path);
        read_head(p, &w, sum);
        ours = count_ours(p, &w);
        if (w.n && ours == w.n && (size - WAL_HEAD) % step)
            doubt(p, false, "its -wal is cut off");
    }
    waiting = calloc(ours + 1, sizeof *waiting);
    good = good && waiting && make_views(p, ours);
    if (good)
        take_frames(p, &w, sum, ours, waiting);
    if (good && w.n)
        compare_shm(p, &w);
    free(waiting);
    free(w.buffer);
    return good ? 0 : fault_set(f, "no memory");
}

/* ---- the whole */

/* What the file says of its own length, and whether the -wal went missing. Where there is
 * one, the file may be shorter, by a crash while the -wal was folded in. */
static void check_length(struct spool_pages *p, const char *path)
{
    unsigned char head[100];
    int shm = open_beside(path, "-shm");

    if (size_of(p->wal) == 0 && size_of(p->file) % p->page_size)
        doubt(p, true, "the file is cut off");
    if (p->wal < 0 && shm >= 0)
        doubt(p, true, "its -wal is gone, though there is a -shm");
    if (shm >= 0)
        close(shm);
    if (size_of(p->wal) == 0 && read_at(p->file, head, sizeof head, 0) &&
        spool_be32(head + 28) > p->n_file)
        doubt(p, true, "the file is shorter than its head says");
}

static bool could_be_spool(const struct spool_pages *p)
{
    unsigned char head[SPOOL_HEAD] = "";

    read_some(p->file, head, sizeof head, 0);
    return size_of(p->file) == 0 || !memcmp(head, "SQLite format 3", 16) ||
           spool_be32(head + SPOOL_HEAD_APPLICATION) == SPOOL_APPLICATION ||
           count_leaves(p, p->page_size) > 0;
}

int spool_pages_identify(const char *path, struct fault *f)
{
    struct spool_pages p = {.file = open_beside(path, "")};
    struct stat st;
    int r = 0;

    if (p.file < 0)
        return 0; /* who opens it in earnest says why */
    find_page_size(&p);
    if (fstat(p.file, &st) < 0)
        r = fault_set(f, "%s: %s", path, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        r = fault_set(f, "%s is a folder: give the path of the file", path);
    else if (!S_ISREG(st.st_mode))
        r = fault_set(f, "%s is no file, but a FIFO or a device: give another path", path);
    else if (!could_be_spool(&p))
        r = fault_set(f, "%s is no spool of glossd: give another path", path);
    close(p.file);
    return r;
}

int spool_pages_open(struct spool_pages *p, const char *path, struct fault *f)
{
    uint64_t n;

    *p = (struct spool_pages){.file = open_beside(path, ""), .wal = -1};
    if (p->file < 0)
        return fault_set(f, "%s: %s", path, strerror(errno));
    p->wal = open_beside(path, "-wal");
    find_page_size(p);
    n = (size_of(p->file) + p->page_size - 1) / p->page_size;
    if (n > PAGES_MOST) {
        fault_set(f, "%s is too large for a spool", path);
        goto fail;
    }
    p->n = p->n_file = (uint32_t)n;
    check_length(p, path);
    if (read_wal(p, path, f) == 0)
        return 0;
fail:
    spool_pages_close(p);
    return -1;
}

void spool_pages_close(struct spool_pages *p)
{
    if (p->file >= 0)
        close(p->file);
    if (p->wal >= 0)
        close(p->wal);
    for (int v = 0; v < VIEWS; v++)
        free(p->frame[v]);
    free(p->stray);
    free(p->stray_number);
}

bool spool_pages_read(const struct spool_pages *p, enum spool_view view, uint32_t number,
                      unsigned char *to)
{
    if (number < 1 || number > p->n)
        return false;
    if (p->frame[view][number])
        return read_at(p->wal, to, p->page_size, p->frame[view][number]);
    memset(to, 0, p->page_size); /* the last one may be cut off */
    return read_some(p->file, to, p->page_size, (uint64_t)(number - 1) * p->page_size) > 0;
}

bool spool_pages_read_stray(const struct spool_pages *p, uint32_t i, unsigned char *to)
{
    return read_at(p->wal, to, p->page_size, p->stray[i]);
}
