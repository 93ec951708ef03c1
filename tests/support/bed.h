/* SPDX-License-Identifier: Apache-2.0
 *
 * support/bed.h - a pipeline of fixtures to lay documents in, and what came of
 * them as text, so that a test compares all of it at once.
 */
#ifndef SUPPORT_BED_H
#define SUPPORT_BED_H

#include "plugin/pipeline.h"
#include "wire/page.h"

struct bed {
    struct config config;
    struct page page;
    struct pipeline *pipeline; /* NULL where fault says why */
    struct fault fault;
    struct doc doc;
    char *said; /* what bed_layers or bed_notes gave last */
};

/* The pipeline is JSON, as in the configuration; plugins are the fixtures and the
 * plugins of the build, files those of tests/fixtures. An error of the configuration
 * itself ends the test. */
void bed_open(struct bed *b, const char *pipeline);

/* The same with a whole configuration. */
void bed_open_config(struct bed *b, const char *json);
void bed_close(struct bed *b);

/* A document with these, either of them NULL for none, through the pipeline. */
void bed_run(struct bed *b, const char *title, const char *text, const char *const *skip);

/* A line for each layer, "NAME one" or "NAME many", and for each of its annotations:
 * "  BEGIN..END LABEL SCORE KEY=VALUE", the whole as "whole", what is not there as "-". */
const char *bed_layers(struct bed *b);

/* A line for each note: "PLUGIN: ERROR". */
const char *bed_notes(struct bed *b);

/* One document of this text through this pipeline: exactly these layers and notes. */
void bed_check(const char *pipeline, const char *text, const char *layers, const char *notes);

/* The pipeline can't be had, and exactly this is said. */
void bed_check_refused(const char *pipeline, const char *want);

#endif
