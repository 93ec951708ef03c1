/* SPDX-License-Identifier: Apache-2.0
 *
 * json.h - a document comes in as JSON and goes out with one key more. It is read
 * once and its bytes are never written again, so key order, number formats and
 * unknown keys come out as they came in. The hard rule: what passes here is
 * valid RFC 8259 JSON in valid UTF-8, by our own scanner: Jansson gives no
 * positions of values, and takes a fifth of a document's whole budget.
 */
#ifndef WIRE_JSON_H
#define WIRE_JSON_H

#include "log.h"
#include "text/doc.h"
#include "text/utf8.h"

#include <stdbool.h>
#include <stddef.h>

/* Why a document is not taken; the words of the wire are reject_code(). */
enum reject {
    REJECT_NONE,
    REJECT_INVALID_JSON,
    REJECT_INVALID_UTF8,
    REJECT_NO_TEXT,
    REJECT_TOO_LARGE,
    REJECT_BAD_FIELD,
    REJECT_OVERLOADED,
    REJECT_UNAUTHORIZED,
};
const char *reject_code(enum reject r); /* "invalid_json", .. */

/* What was found in a document's JSON. Slices point into the JSON where the
 * string has no escapes, else into scratch. */
struct json_doc {
    struct doc_fields fields;
    bool reply_enriched;     /* "reply": "enriched" */
    bool empty;              /* no member at all, but perhaps a gloss */
    size_t close;            /* offset of the last brace */
    size_t gloss, gloss_end; /* the member "gloss" with the comma that goes with
                                it, to be left out; both 0 where there is none */
};

/* Reads one document: an object, white space round it, 512 deep at most; a key
 * given twice at the top is refused. Known fields are strings without U+0000;
 * null is as if the field were not there, but for the id. need_text: "text" must
 * be there, and it or the title must hold more than white space; else, for a head
 * frame, it must not be there. Strings with escapes are written to arena scratch.
 * REJECT_NONE, or the reason with f saying "line 1, column 17: what"; d then holds
 * what was read so far, so that the answer can carry the id. */
enum reject json_read(struct json_doc *d, struct arena *scratch, const char *json, size_t n,
                      bool need_text, struct fault *f);

/* The same for a text body, with positions in it; head is NULL where it came alone. */
enum reject json_check_body(const struct json_doc *head, const char *body, size_t n,
                            struct fault *f);

/* A growing piece of JSON text; the caller's, freed with json_out_finish. */
struct json_out {
    char *p;
    size_t n, room;
    bool failed; /* without memory: all that follows is dropped */
};
void json_out_finish(struct json_out *o);
void json_put(struct json_out *o, const char *s, size_t n); /* as it is */
void json_puts(struct json_out *o, const char *s);
void json_put_string(struct json_out *o, const char *s, size_t n); /* quoted, escaped */
void json_put_number(struct json_out *o, double v); /* shortest that reads back, or null */
void json_put_score(struct json_out *o, double v);  /* four decimals at most */
void json_put_uint(struct json_out *o, uint64_t v);

/* The members of the gloss object that the pipeline made, without braces:
 * layers in order, then "run". Offsets in unit. */
void json_put_gloss(struct json_out *o, struct doc *d, enum utf8_unit unit, uint32_t worker_us);

/* What the daemon adds of its own. */
struct json_stamp {
    const char *log;      /* the log's name; NULL (gloss run): log, seq, prev left out */
    uint64_t seq, prev;   /* prev 0: the topic's first, or not known: null */
    const char *received; /* ISO 8601 with milliseconds, UTC */
    struct slice id;      /* where the document came without one; else p NULL */
};

/* The published document: json as read into d, the stamp, and the gloss members. */
void json_put_document(struct json_out *o, const char *json, const struct json_doc *d,
                       const struct json_stamp *stamp, const char *members, size_t n_members);

/* A document's JSON made from a head (may be NULL: plain text) and a text body,
 * as if it had come in one frame. */
void json_put_from_body(struct json_out *o, const char *head, const struct json_doc *d,
                        const char *body, size_t n_body);

#endif
