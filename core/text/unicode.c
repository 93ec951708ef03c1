/* SPDX-License-Identifier: Apache-2.0
 *
 * unicode.c - the tables of unicode.h, generated.
 */
#include "text/unicode.h"

#include "text/unicode_table.inc"
