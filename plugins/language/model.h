/* SPDX-License-Identifier: Apache-2.0
 *
 * model.h - the language model: a file used where it is mapped, and what it
 * says of a text. The hard rule: model_open believes nothing of the file; after
 * it, nothing is checked again.
 *
 * The file, little-endian: struct model_header, `classes` struct model_class,
 * classes x MODEL_DIM floats (the weights), padding to 64 bytes, 1 << bits rows
 * of MODEL_DIM int8. A text's n-grams pick rows; their sum, scaled, times the
 * weights is a score for each language of the script most of the text is in.
 */
#ifndef LANGUAGE_MODEL_H
#define LANGUAGE_MODEL_H

#include "features.h"

#define MODEL_MAGIC "glosslng"
enum { MODEL_DIM = 32, MODEL_CLASSES = 255 };

struct model_header {
    char magic[8];
    uint32_t features; /* FEATURES_VERSION it was trained with */
    uint32_t bits, dim, classes;
    float scale;     /* what an int8 of 1 is worth */
    float power;     /* sums of n rows are multiplied by n ^ power */
    float sharp[2];  /* probability: softmax(score * sharp[0] * n ^ sharp[1]) */
    uint64_t length; /* of the file */
    uint64_t check;  /* model_sum of everything behind the header */
    uint64_t spare;
};

struct model_class {
    char code[8]; /* ISO 639-1, NUL-terminated */
    uint32_t script;
    uint32_t least; /* letters of a text that may be in it */
};

struct model {
    const struct model_header *head;
    const struct model_class *classes;
    const float *weights;
    const int8_t *rows;
    uint32_t languages[SCRIPTS]; /* how many are written in it */
};

/* How much of a long text is read by default. */
#define MODEL_WINDOWS      12
#define MODEL_WINDOW_BYTES 96
#define MODEL_SAMPLE       ((struct model_sample){MODEL_WINDOWS, MODEL_WINDOW_BYTES})

/* How a text is read: whole where windows is 0 or it is not longer than all of
 * them together, else in at most that many windows of so many bytes, spread
 * evenly; a quarter of them if that leaves no doubt. */
struct model_sample {
    size_t windows, bytes;
};

struct model_answer {
    int best;         /* class, or -1 where no letter of an allowed language is */
    double p;         /* that it is right */
    uint32_t letters; /* read in the script most of it is in */
};

/* Takes len bytes at data, which stay the caller's. NULL, or what is wrong. */
const char *model_open(struct model *m, const void *data, size_t len);

/* allowed: a flag for each class, or NULL for all. */
struct model_answer model_ask(const struct model *m, const char *text, size_t len,
                              struct model_sample sample, const bool *allowed);

/* The class of a code, or -1. */
int model_class(const struct model *m, const char *code);

/* For the trainer: where things are, and the sum that guards them. */
size_t model_rows_at(uint32_t classes);
uint64_t model_sum(const void *data, size_t len);

#endif
