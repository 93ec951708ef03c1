/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz/plugin.c - one plugin over whatever text: fuzz_NAME is this, built with
 * FUZZ_PLUGIN set to the name. Bytes up to an empty line are the title. The hard
 * rule: on no text may a plugin fail, break the contract, or take seconds. */
#include "plugin/pipeline.h"
#include "wire/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char configuration[] =
    "{\"plugin_path\": [\"" BUILD "/plugins\"], \"model_path\": [\"" BUILD "/models\"],"
    " \"pipeline\": [{\"plugin\": \"" FUZZ_PLUGIN "\", \"timeout_ms\": 10000}]}";

struct bench {
    struct config config;
    struct pipeline *pipeline;
    struct doc doc;
};

static struct bench *set_up(void)
{
    struct bench *b = calloc(1, sizeof *b);
    struct fault f;

    if (!b || config_parse(&b->config, "fuzz", configuration, sizeof configuration - 1, &f) < 0 ||
        !(b->pipeline = pipeline_create(&b->config, NULL, NULL, &f))) {
        fprintf(stderr, "%s\n", b ? f.text : "no memory");
        exit(1);
    }
    doc_init(&b->doc, (size_t)256 << 20);
    return b;
}

/* What the daemon hands to plugins is UTF-8 without NULs. */
static char *text_of(const uint8_t *data, size_t n)
{
    char *text = malloc(n + 1);

    if (!text)
        exit(1);
    memcpy(text, data, n);
    text[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if (!text[i])
            text[i] = ' ';
    for (size_t at; (at = utf8_check(text, n)) < n;)
        text[at] = '?';
    return text;
}

static void check_notes(const struct doc *d)
{
    for (const struct doc_error *e = d->errors; e; e = e->next)
        fprintf(stderr, "%s: %s\n", e->plugin, e->error);
    if (d->errors)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct bench *b;
    char *text = text_of(data, n), *edge = strstr(text, "\n\n");
    struct doc_fields f = {.published = {"2015-09-30T08:00:00Z", 20}, .text = {text, n}};
    struct json_out out = {0};

    if (!b)
        b = set_up();
    if (edge) {
        f.title = (struct slice){text, (size_t)(edge - text)};
        f.text = (struct slice){edge + 2, n - f.title.n - 2};
    }
    if (doc_begin(&b->doc, &f) == 0)
        pipeline_run(b->pipeline, &b->doc, NULL);
    check_notes(&b->doc);
    json_put_gloss(&out, &b->doc, (enum utf8_unit)(n % 3), 0);
    json_out_finish(&out);
    free(text);
    return 0;
}
