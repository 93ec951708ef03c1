/* SPDX-License-Identifier: Apache-2.0
 *
 * gloss/layers.h - names of the layers, labels and attributes that the plugins
 * of this repository write, so that a plugin which reads them can't misspell
 * them. Names only: what each means is in the plugin's own card.
 */
#ifndef GLOSS_LAYERS_H
#define GLOSS_LAYERS_H

#define GLOSS_LANGUAGE  "language"  /* one, whole document: label ISO 639-1 or "und" */
#define GLOSS_SENTIMENT "sentiment" /* one, whole document: GLOSS_POSITIVE.., score -1..1 */
#define GLOSS_TONES     "sentences" /* many, a span a sentence: as sentiment */
#define GLOSS_DATELINE  "dateline"  /* one, span of the line: attributes below */
#define GLOSS_ENTITIES  "entities"  /* many, a span a mention: GLOSS_PER.., score 0..1 */

#define GLOSS_POSITIVE "positive"
#define GLOSS_NEUTRAL  "neutral"
#define GLOSS_NEGATIVE "negative"

#define GLOSS_PER  "PER"
#define GLOSS_ORG  "ORG"
#define GLOSS_LOC  "LOC"
#define GLOSS_MISC "MISC"

/* Attributes of dateline. */
#define GLOSS_PLACE   "place"
#define GLOSS_REGION  "region"
#define GLOSS_COUNTRY "country" /* ISO 3166-1 alpha-2 */
#define GLOSS_LAT     "lat"     /* degrees, north positive */
#define GLOSS_LON     "lon"     /* degrees, east positive */
#define GLOSS_DATE    "date"    /* ISO 8601, XXXX for a year not to be had (EDTF) */
#define GLOSS_SOURCE  "source"  /* the agency */

/* Attributes of entities. */
#define GLOSS_NAME "name" /* the longest form of the same name in the document */

#endif
