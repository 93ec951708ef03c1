/* SPDX-License-Identifier: Apache-2.0
 *
 * spool/spool_pages.h - the pages of a spool's file and of its -wal, as the disk has
 * them. The hard rule: nothing is believed. It is for files that SQLite gives up on.
 */
#ifndef SPOOL_PAGES_H
#define SPOOL_PAGES_H

#include "log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Two views of the pages: as the last commit that can be proved left them; and with whatever
 * else the -wal has: what fails its checksum, and what no commit follows. */
enum spool_view { VIEW_COMMITTED, VIEW_ALL, VIEWS };

struct spool_pages {
    int file, wal; /* wal -1: there is none */
    uint32_t page_size;
    uint32_t n;             /* pages, numbered from 1 */
    uint32_t n_file;        /* of these, that the file itself has */
    uint64_t *frame[VIEWS]; /* of each page: where in the -wal it is; 0: in the file */
    uint64_t *stray;        /* where in the -wal pages are that only VIEW_ALL has */
    uint32_t *stray_number; /* and which they are, by their headers */
    uint32_t n_stray;
    char doubt[256]; /* why more may have been committed than is there; empty: no reason */
    bool damaged;    /* and no crash leaves it so: SQLite would go on, and commits be undone */
};

/* -1 with f where path is plainly no spool, not even a damaged one: a folder, or a file with
 * neither a head nor a page that could be of one. A file that is empty, or not there, may
 * become one. */
int spool_pages_identify(const char *path, struct fault *f);

/* 0, or -1 with f. */
int spool_pages_open(struct spool_pages *p, const char *path, struct fault *f);
void spool_pages_close(struct spool_pages *p);

/* Reads page number into to, page_size bytes. False where the disk does not give it. */
bool spool_pages_read(const struct spool_pages *p, enum spool_view view, uint32_t number,
                      unsigned char *to);

/* The same for the i-th stray. */
bool spool_pages_read_stray(const struct spool_pages *p, uint32_t i, unsigned char *to);

/* Numbers as SQLite writes them. */
uint32_t spool_be16(const unsigned char *p);
uint32_t spool_be32(const unsigned char *p);

/* The bytes of the number at p, and the number; 0 where it does not end before end. */
size_t spool_varint(const unsigned char *p, const unsigned char *end, uint64_t *n);

/* Whether cells of so many bytes in all, and what is free, fill a page of a tree. */
bool spool_page_is_filled(const unsigned char *page, size_t size, size_t cells);

#endif
