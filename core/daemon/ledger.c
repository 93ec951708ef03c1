/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/ledger.c - the end that both ledgers have. The hard rule: what was not opened
 * is not closed.
 */
#include "daemon/ledger.h"

void ledger_finish(struct ledger *l)
{
    topics_destroy(l->topics);
    backlog_finish(&l->backlog);
    spool_finish(&l->spool);
}
