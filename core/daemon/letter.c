/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/letter.c - what a dead letter says, and the document it is about. The hard rule
 * of letter.h holds.
 */
#include "daemon/letter.h"

#include "text/utf8.h"
#include "wire/stamp.h"

static bool is_text(struct slice s)
{
    return utf8_check(s.p, s.n) == s.n;
}

static bool is_all_text(const struct spool_doc *d)
{
    return is_text(d->head) && is_text(d->body);
}

static void put_member(struct json_out *o, const char *name, struct slice value)
{
    if (!value.n || !is_text(value))
        return;
    json_puts(o, ",\"");
    json_puts(o, name);
    json_puts(o, "\":");
    json_put_string(o, value.p, value.n);
}

static void put_time(struct json_out *o, const char *name, uint64_t ms)
{
    char time[STAMP_TIME];

    stamp_write(time, (int64_t)ms);
    json_puts(o, ",\"");
    json_puts(o, name);
    json_puts(o, "\":\"");
    json_puts(o, time);
    json_puts(o, "\"");
}

/* Without the last brace. */
static void put_open(struct json_out *o, const struct spool_dead *dead)
{
    json_puts(o, "{\"number\":");
    json_put_uint(o, dead->number);
    put_time(o, "at", dead->at_ms);
    put_member(o, "reason", dead->reason);
    put_member(o, "plugin", dead->plugin);
    put_member(o, "message", dead->message);
    put_member(o, "id", dead->doc.id);
    put_time(o, "received", dead->doc.received_ms);
    json_puts(o, ",\"bytes\":");
    json_put_uint(o, dead->doc.head.n + dead->doc.body.n);
}

void letter_put(struct json_out *o, const struct spool_dead *dead)
{
    put_open(o, dead);
    json_puts(o, "}");
}

static void put_base64(struct json_out *o, struct slice s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *p = (const unsigned char *)s.p;

    json_puts(o, "\"");
    for (size_t i = 0; i < s.n; i += 3) {
        uint32_t three = (uint32_t)p[i] << 16 | (i + 1 < s.n ? (uint32_t)p[i + 1] << 8 : 0) |
                         (i + 2 < s.n ? p[i + 2] : 0);
        const char four[] = {digits[three >> 18], digits[three >> 12 & 63],
                             i + 1 < s.n ? digits[three >> 6 & 63] : '=',
                             i + 2 < s.n ? digits[three & 63] : '='};

        json_put(o, four, sizeof four);
    }
    json_puts(o, "\"");
}

static void put_part(struct json_out *o, struct slice s, bool text)
{
    if (text)
        json_put_string(o, s.p, s.n);
    else
        put_base64(o, s);
}

/* What came and is no document: the letter alone, with the bytes. */
static void put_unreadable(struct json_out *o, const struct spool_dead *dead)
{
    bool text = is_all_text(&dead->doc);

    json_puts(o, "{\"gloss\":{\"dead\":");
    put_open(o, dead);
    json_puts(o, text ? ",\"raw\":[" : ",\"base64\":[");
    put_part(o, dead->doc.head, text);
    if (dead->doc.form >= SPOOL_SPLIT) {
        json_puts(o, ",");
        put_part(o, dead->doc.body, text);
    }
    json_puts(o, "]}}}");
}

int letter_put_document(struct compose *c, struct arena *scratch, struct json_out *o,
                        const struct spool_dead *dead)
{
    struct spool_published as = {.doc = dead->doc};
    struct json_out letter = {0};

    json_puts(&letter, "\"dead\":");
    letter_put(&letter, dead);
    as.members = (struct slice){letter.p, letter.n};
    if (letter.failed)
        o->failed = true;
    else if (dead->doc.form == SPOOL_FRAMES || !is_all_text(&dead->doc) ||
             compose_kept(c, scratch, o, &as) < 0)
        put_unreadable(o, dead);
    json_out_finish(&letter);
    return o->failed ? -1 : 0;
}
