/* SPDX-License-Identifier: Apache-2.0
 *
 * source.h - the agency in a dateline: in brackets, between slashes, behind a mark,
 * or bare. The hard rule: a name that is not known must look like an agency's; what
 * else stands in brackets is never one.
 */
#ifndef DATELINE_SOURCE_H
#define DATELINE_SOURCE_H

#include "parse.h"

/* A known agency's name of up to five words at piece i; its pieces, or 0. how is
 * AGENCY_WEAK or AGENCY_SURE. */
size_t source_at(const struct parse *s, size_t i, const char **name, int *how);

/* The same, where it stands bare before a dash: "London CNN —". */
size_t source_before_dash(const struct parse *s, size_t i);

/* Whether what stands at piece i may stand behind an agency without brackets. */
bool source_ends(const struct parse *s, size_t i, int how);

/* Whether a known agency's name, or several, is all there is between two bytes. */
int source_between(const struct parse *s, uint32_t begin, uint32_t end, const char **name);

/* Whether piece i is a word of the desk, not of the story: UPDATE, Photos. */
bool source_is_note(const struct parse *s, size_t i);

void source_take(struct parse *s, uint32_t begin, uint32_t end, const char *name);

/* The piece that closes what opens at i, on the same line; 0 where none does soon. */
size_t source_closing(const struct parse *s, size_t i, int close);

/* (AGENCY) or /AGENCY/, perhaps with a date in it; a desk's note is passed over.
 * known_only: nothing else will do. */
bool source_read_bracket(struct parse *s, bool known_only);

/* ", SANA -", "-- AFP", "London CNN —". */
bool source_read_bare(struct parse *s);

#endif
