/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_exec.c - the plugin exec without a command: its reading of what one may answer, and
 * its code points. The hard rule: what is taken carries the number of its question, is UTF-8
 * and lies in order, and what is refused says why. */
#include "../../plugins/exec/answer.c"
#include "../../plugins/exec/number.c"
#include "../../plugins/exec/points.c"
#include "../../plugins/exec/reader.c"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void need(bool holds)
{
    if (!holds)
        abort();
}

static void need_utf8(const char *s)
{
    need(utf8_check(s, strlen(s)) == strlen(s));
}

static int take_none(void *owner, const struct answer_annot *a, char *why, size_t room)
{
    (void)owner;
    (void)a;
    (void)why;
    (void)room;
    abort();
}

/* No line answers two questions. */
static void need_stray(const uint8_t *data, size_t n, char *line, char *scratch)
{
    const struct answer_ops none = {take_none, NULL};
    char why[128] = "";

    memcpy(line, data, n);
    need(answer_read(line, n, 8, scratch, &none, why, sizeof why) == ANSWER_STRAY);
    need(strncmp(why, "column ", 7) == 0);
}

static int take(void *owner, const struct answer_annot *a, char *why, size_t room)
{
    const struct points *p = owner;

    need(a->whole || a->start < a->end);
    need(!isinf(a->score));
    need(a->n_attr <= ANSWER_ATTRS);
    if (a->label)
        need_utf8(a->label);
    for (size_t i = 0; i < a->n_attr; i++) {
        need_utf8(a->attr[i].key);
        if (a->attr[i].str)
            need_utf8(a->attr[i].str);
        else
            need(isfinite(a->attr[i].num));
    }
    if (a->whole || a->end <= p->n) {
        need(a->whole || points_of(p, points_byte(p, a->start)) == a->start);
        need(a->whole || points_byte(p, a->start) < points_byte(p, a->end));
        return 0;
    }
    snprintf(why, room, "end is behind the end");
    return -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *line = malloc(n + 1), *scratch = malloc(n + 1), why[128] = "";
    uint32_t *mark = malloc(points_size(n));
    struct points p;
    const struct answer_ops ops = {take, &p};
    enum answer_kind kind;

    if (!line || !scratch || !mark)
        exit(1);
    memcpy(line, data, n);
    points_init(&p, (const char *)data, utf8_check((const char *)data, n), mark);
    kind = answer_read(line, n, 7, scratch, &ops, why, sizeof why);
    if (kind == ANSWER_WRONG || kind == ANSWER_STRAY)
        need(strncmp(why, "column ", 7) == 0);
    if (kind != ANSWER_STRAY)
        need_stray(data, n, line, scratch);
    free(line);
    free(scratch);
    free(mark);
    return 0;
}
