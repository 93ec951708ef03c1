/* SPDX-License-Identifier: Apache-2.0
 *
 * exec/number.h - the number of a question, which its answer must carry. The hard rule: an
 * answer's number is found before anything else of it is taken, wherever it stands.
 */
#ifndef EXEC_NUMBER_H
#define EXEC_NUMBER_H

#include <stdint.h>

/* It has ten digits and 31 bits from the first on: a command that can't copy a large number,
 * or counts by itself, is told on its first document and not on its millionth. The first is
 * not round, as 1e+09 would be it. */
enum { NUMBER_FIRST = 1000000007, NUMBER_LAST = INT32_MAX };

/* The one after n; 0 is before the first. */
uint32_t number_next(uint32_t n);

/* The value of the first member "n" of the outermost object, which need not be sound
 * elsewhere; NULL where there is none. */
const char *number_find(const char *line, const char *end);

#endif
