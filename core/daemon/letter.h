/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/letter.h - a dead letter as JSON, for whoever lists, shows or exports them. The
 * hard rule: it is valid JSON whatever the letter holds, and no byte of it is lost.
 */
#ifndef DAEMON_LETTER_H
#define DAEMON_LETTER_H

#include "daemon/compose.h"

/* {"number": 7, "at": "..", "reason": "..", "plugin": "..", "message": "..", "id": "..",
 *  "received": "..", "bytes": 123}; plugin and id only where there is one. */
void letter_put(struct json_out *o, const struct spool_dead *dead);

/* The document, with the letter as "dead" in its "gloss". A document that can't be read is
 * in the letter instead, its parts in "raw", or, where one is no UTF-8, in "base64". c is one
 * without a log; scratch is reset. 0, or -1 without memory. */
int letter_put_document(struct compose *c, struct arena *scratch, struct json_out *o,
                        const struct spool_dead *dead);

#endif
