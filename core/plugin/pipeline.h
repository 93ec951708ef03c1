/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin/pipeline.h - the plugins of a configuration, opened, in order, run over
 * one document after another. Used alike by workers, `gloss run`, tests and
 * fuzzers. The hard rule: what one plugin does changes nothing for the next but
 * the layers it declared.
 */
#ifndef PLUGIN_PIPELINE_H
#define PLUGIN_PIPELINE_H

#include "config.h"
#include "text/doc.h"

#include <stdint.h>

struct pipeline;
struct page;

/* Opens everything c names. page (may be NULL) is told which entry is in which
 * call. c must outlive the pipeline. NULL with f saying which entry and why; at_fault (may
 * be NULL, else one for each entry, all false) is set then for those that are to blame. */
struct pipeline *pipeline_create(const struct config *c, struct page *page, bool *at_fault,
                                 struct fault *f);
void pipeline_destroy(struct pipeline *p); /* NULL is accepted */

/* Runs every entry whose `when` holds over d. skip (may be NULL) has a reason for
 * each entry of the configuration that must not run, NULL for the others; the
 * reason is noted in the document. What fails is noted there too. */
void pipeline_run(struct pipeline *p, struct doc *d, const char *const *skip);

/* What each entry of the configuration did in the last run: to[entry] becomes an enum
 * frame_outcome. What was not run by the fault of another counts as that. */
void pipeline_outcomes(const struct pipeline *p, char *to);

/* The entry of the configuration whose layer is published under this name, which one is. */
size_t pipeline_provider(const struct pipeline *p, const char *layer);

/* Who can't go on (GLOSS_EFATAL) and is not called again in this process, or NULL. */
const char *pipeline_spent(const struct pipeline *p);

/* From now on it is asked before and after each process() how much memory is used. */
void pipeline_weigh(struct pipeline *p, uint64_t (*memory)(void));

/* In whose process() the most has been added since, all in all; or NULL. */
const char *pipeline_heaviest(const struct pipeline *p);

/* Entries in the order they run; what they are, for logs, `gloss plugins`, schema. */
struct pipeline_info {
    const char *name, *path;
    size_t entry; /* index in the configuration */
    const struct gloss_plugin *plugin;
};
size_t pipeline_size(const struct pipeline *p);
struct pipeline_info pipeline_info(const struct pipeline *p, size_t i);

/* Whether each {LAYER} of the template is provided. 0, or -1 with f: what is missing may be a
 * drop-in that is left out for now. */
int pipeline_check_topic(const struct pipeline *p, struct fault *f);

/* The topic of a document by the configuration's template: {LAYER} is the first
 * label of a layer, {source} the document's source; "und" and "-" where there
 * is none; dots and blanks in a value become "-". In the document's arena. */
const char *pipeline_topic(const struct pipeline *p, struct doc *d);

#endif
