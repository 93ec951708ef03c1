/* SPDX-License-Identifier: Apache-2.0
 *
 * request.h - a request a client makes of the daemon: one flat JSON object whose keys
 * are told in a table. The hard rule: what is not in the table is refused with its
 * place, so that a misspelt key never means "the default".
 */
#ifndef WIRE_REQUEST_H
#define WIRE_REQUEST_H

#include "wire/json.h"

#include <stdint.h>

enum request_kind {
    REQUEST_FLAG,    /* bool */
    REQUEST_NUMBER,  /* uint64_t: whole, from 0 to max */
    REQUEST_STRING,  /* struct slice; p NULL where it is not given */
    REQUEST_STRINGS, /* struct request_strings: one string, or an array of max at most */
};

struct request_strings {
    const struct slice *of;
    size_t n;
};

struct request_field {
    const char *name; /* NULL ends a table */
    enum request_kind kind;
    size_t offset; /* in what the request is read into */
    uint64_t max;
};

/* Reads a request into to, which holds the defaults: a key that is not there, or is null,
 * leaves them. Slices point into json or a. REJECT_NONE, or the reason with f saying
 * "line 1, column 9: what". */
enum reject request_read(const struct request_field *fields, void *to, struct arena *a,
                         const char *json, size_t n, struct fault *f);

/* Whether json, valid or not, is an object with the key at its top: to choose a table. */
bool request_has(const char *json, size_t n, const char *key);

#endif
