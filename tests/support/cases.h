/* SPDX-License-Identifier: Apache-2.0
 *
 * cases.h - golden cases: a folder of NAME.in, each with NAME.out beside it. The
 * hard rule: an input without its output fails, and so does a folder without inputs.
 */
#ifndef SUPPORT_CASES_H
#define SUPPORT_CASES_H

#include <stddef.h>

/* What is made of an input, NUL-terminated and to be freed. path is the input's. */
typedef char *cases_run(const char *path, const char *input, size_t n);

/* Fails the test, after naming every case that differs, where one does. With
 * CASES_UPDATE in the environment the outputs are written instead. */
void cases_check(const char *folder, cases_run *run);

/* A file's bytes, NUL-terminated and to be freed; the test fails where it can't be read. */
char *cases_slurp(const char *path, size_t *n);

#endif
