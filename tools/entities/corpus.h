/* SPDX-License-Identifier: Apache-2.0
 *
 * corpus.h - gold for the entity trainer: files of tokens and tags become running text with
 * spans, since that is what the tagger will see.
 */
#ifndef TRAIN_CORPUS_H
#define TRAIN_CORPUS_H

#include <stddef.h>
#include <stdint.h>

/* What is known of a corpus. */
struct corpus {
    const char *file; /* NAME.iob2 in the folder of training data */
    float weight;     /* of an update; 0: not used */
    unsigned types;   /* 1 << type of what it marks; nothing is learned about others */
    int every;        /* only each such document is taken; 1: all */
    int per_document; /* sentences taken for one text where the file does not say */
    unsigned style;   /* STYLE_* */
    int licence;      /* LICENCE_* */
};

enum {
    STYLE_LINES = 1,   /* a sentence is a line */
    STYLE_HYPHENS = 2, /* hyphens were cut off the words they join */
    STYLE_WHOLE = 4,   /* whole documents with all types marked: fit for the second reading */
};

enum {
    LICENCE_RESTRICTED, /* research, non-commercial, or none stated */
    LICENCE_FREE,       /* any use of what is made from it */
    LICENCE_STAND_IN,   /* free, and used only where restricted ones are not */
};

struct gold {
    uint32_t begin, end; /* bytes */
    int type;
};

struct document {
    const struct corpus *corpus;
    char *text;
    size_t len;
    int part; /* of the data */
    struct gold *gold;
    size_t n_gold;
};

/* Parts that each are read by what was learned from the others. */
enum { PARTS = 3 };

struct documents {
    struct document *doc;
    size_t n, room;
};

/* Reads DIR/FILE.iob2; leaves with a message where it can't. */
void corpus_read(struct documents *to, const struct corpus *c, const char *dir);

/* Reads documents with spans in code points, one JSON object a line. */
void corpus_read_json(struct documents *to, const char *path);

/* Appends, growing by doubling. */
struct document *documents_add(struct documents *to);

/* Prints the message and leaves. */
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Memory or die. */
void *need(void *p);

#endif
