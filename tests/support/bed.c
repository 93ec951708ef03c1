/* SPDX-License-Identifier: Apache-2.0
 *
 * support/bed.c - a pipeline of fixtures to lay documents in. */
#include "support/bed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void bed_open_config(struct bed *b, const char *json)
{
    memset(b, 0, sizeof *b);
    doc_init(&b->doc, 1 << 20);
    if (config_parse(&b->config, "test.json", json, strlen(json), &b->fault) < 0)
        fail_msg("%s", b->fault.text);
    b->pipeline = pipeline_create(&b->config, &b->page, NULL, &b->fault);
}

void bed_open(struct bed *b, const char *pipeline)
{
    char *json;

    assert_true(asprintf(&json,
                         "{\"plugin_path\": [\"" BUILD "/tests/fixtures\", \"" BUILD "/plugins\"],"
                         " \"model_path\": [\"" SOURCE "/tests/fixtures\"],\n"
                         "\"pipeline\": %s}",
                         pipeline) > 0);
    bed_open_config(b, json);
    free(json);
}

void bed_close(struct bed *b)
{
    pipeline_destroy(b->pipeline);
    config_finish(&b->config);
    doc_finish(&b->doc);
    free(b->said);
}

static struct slice slice(const char *s)
{
    return (struct slice){s, s ? strlen(s) : 0};
}

void bed_run(struct bed *b, const char *title, const char *text, const char *const *skip)
{
    struct doc_fields f = {.id = slice("doc-1"),
                           .title = slice(title),
                           .text = slice(text),
                           .source = slice("The Daily.News")};

    if (!b->pipeline)
        fail_msg("%s", b->fault.text);
    assert_int_equal(doc_begin(&b->doc, &f), 0);
    pipeline_run(b->pipeline, &b->doc, skip);
}

static void put_annot(FILE *to, const struct doc_layer *l, size_t i)
{
    const struct gloss_annot *a = &l->annots[i];

    if (a->span.begin == 0 && a->span.end == UINT32_MAX)
        fputs("  whole", to);
    else
        fprintf(to, "  %u..%u", a->span.begin, a->span.end);
    fprintf(to, " %s", a->label ? a->label : "-");
    if (isnan(a->score))
        fputs(" -", to);
    else
        fprintf(to, " %g", a->score);
    for (const struct doc_attr *attr = l->attrs[i].first; attr; attr = attr->next)
        if (attr->str)
            fprintf(to, " %s=\"%s\"", attr->key, attr->str);
        else
            fprintf(to, " %s=%g", attr->key, attr->num);
    fputc('\n', to);
}

/* Opens said for writing anew. */
static FILE *say(struct bed *b, size_t *n)
{
    FILE *to;

    free(b->said);
    b->said = NULL;
    to = open_memstream(&b->said, n);
    assert_non_null(to);
    return to;
}

const char *bed_layers(struct bed *b)
{
    size_t n;
    FILE *to = say(b, &n);

    for (size_t i = 0; i < b->doc.n_layers; i++) {
        const struct doc_layer *l = &b->doc.layers[i];

        fprintf(to, "%s %s\n", l->as, l->flags & GLOSS_ONE ? "one" : "many");
        for (size_t k = 0; k < l->n; k++)
            put_annot(to, l, k);
    }
    fclose(to);
    return b->said;
}

const char *bed_notes(struct bed *b)
{
    size_t n;
    FILE *to = say(b, &n);

    for (const struct doc_error *e = b->doc.errors; e; e = e->next)
        fprintf(to, "%s: %s\n", e->plugin, e->error);
    fclose(to);
    return b->said;
}

void bed_check(const char *pipeline, const char *text, const char *layers, const char *notes)
{
    struct bed b;

    bed_open(&b, pipeline);
    bed_run(&b, NULL, text, NULL);
    assert_string_equal(bed_notes(&b), notes);
    assert_string_equal(bed_layers(&b), layers);
    bed_close(&b);
}

void bed_check_refused(const char *pipeline, const char *want)
{
    struct bed b;

    bed_open(&b, pipeline);
    assert_null(b.pipeline);
    assert_string_equal(b.fault.text, want);
    bed_close(&b);
}
