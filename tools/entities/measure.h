/* SPDX-License-Identifier: Apache-2.0
 *
 * measure.h - a model against gold: exact spans and types, and the tagger's speed.
 */
#ifndef TRAIN_MEASURE_H
#define TRAIN_MEASURE_H

/* Prints a line for each file of documents with spans; with errors, what was wrong and missed. */
void measure_files(const char *model, char **files, int n, int errors);

#endif
