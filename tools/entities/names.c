/* SPDX-License-Identifier: Apache-2.0
 *
 * names.c - the gazetteer's names as the tagger meets them: hashes of words in lower case.
 */
#include "corpus.h"
#include "plugins/entities/block.h"
#include "plugins/entities/hash.h"
#include "tables.h"
#include "text/arena.h"
#include "text/token.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 1 << 20, LONGEST = 4, CITY = 100000, TOWN = 5000 };

struct names {
    struct entries entries;
    struct words words;
    struct block block;
    struct arena arena;
};

/* Enters a name, and that there is more behind each of its beginnings. */
static void add(struct names *n, const char *name, uint8_t flag)
{
    struct tokens t = {0};
    uint64_t h = 0;

    if (!isupper((unsigned char)name[0]) || strlen(name) < 3)
        return;
    arena_reset(&n->arena);
    if (tokens_split(&t, &n->arena, name, 0, strlen(name)) || !t.n_tokens)
        return;
    if (n->words.n + BLOCK_UNITS > ROOM)
        words_clear(&n->words);
    block_read(&n->block, &n->words, name, t.tokens, t.n_tokens);
    if (n->block.n_units > LONGEST)
        return;
    for (size_t i = 0; i < n->block.n_units; i++) {
        uint64_t lower = n->words.word[n->block.units[i].word].lower;
        uint8_t value = i + 1 < n->block.n_units ? NAME_MORE : flag;

        h = i ? hash_pair(h, lower) : lower;
        entries_add(&n->entries, h, &value);
    }
}

static void add_all(struct names *n, char *list, uint8_t flag)
{
    for (char *save, *name = strtok_r(list, "|", &save); name; name = strtok_r(NULL, "|", &save))
        add(n, name, flag);
}

/* Cuts a line at its tabs; fields that are not there are empty. */
static void cut(char *line, char **fields, int n)
{
    line[strcspn(line, "\n")] = 0;
    for (int i = 0; i < n; i++) {
        fields[i] = line ? strsep(&line, "\t") : (char[]){""};
        if (!fields[i])
            fields[i] = (char[]){""};
    }
}

static void on_country(struct names *n, char **f)
{
    add_all(n, f[6], NAME_COUNTRY);
    add(n, f[4], NAME_CITY);
}

static void on_region(struct names *n, char **f)
{
    add(n, f[1], NAME_REGION);
    add_all(n, f[2], NAME_REGION);
}

static void on_place(struct names *n, char **f)
{
    long people = atol(f[6]);

    if (people >= TOWN)
        add(n, f[1], people >= CITY ? NAME_CITY : NAME_TOWN);
    if (people >= CITY && strlen(f[9]))
        for (char *save, *name = strtok_r(f[9], "|", &save); name;
             name = strtok_r(NULL, "|", &save))
            if (strlen(name) > 4)
                add(n, name, NAME_CITY);
}

static void read_lines(struct names *n, const char *dir, const char *command, const char *file,
                       void (*on_line)(struct names *, char **))
{
    enum { FIELDS = 10 };
    char path[4096], *line = NULL, *fields[FIELDS];
    size_t room = 0;
    FILE *f;

    snprintf(path, sizeof(path), "%s '%s/gazetteer/%s'", command, dir, file);
    f = popen(path, "r");
    if (!f || getline(&line, &room, f) < 0)
        die("can't run %s", path);
    while (getline(&line, &room, f) > 0) {
        cut(line, fields, FIELDS);
        on_line(n, fields);
    }
    free(line);
    if (pclose(f))
        die("can't read %s/gazetteer/%s", dir, file);
}

void names_make(struct table *t, const char *dir)
{
    struct names n = {.entries = {.width = 1}};

    if (words_init(&n.words, ROOM) || block_init(&n.block))
        die("out of memory");
    arena_init(&n.arena, 1u << 30);
    read_lines(&n, dir, "cat", "countries.tsv", on_country);
    read_lines(&n, dir, "cat", "admin1.tsv", on_region);
    read_lines(&n, dir, "zcat", "places.tsv.gz", on_place);
    table_make(t, &n.entries);
    fprintf(stderr, "%u names of places and their beginnings\n", t->n);
    words_finish(&n.words);
    block_finish(&n.block);
    arena_finish(&n.arena);
}
