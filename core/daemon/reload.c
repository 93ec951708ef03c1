/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/reload.c - the configuration put into service.
 */
#include "daemon/reload.h"

#include "log.h"

#include <string.h>

static void say_needs_restart(const char *key)
{
    log_warn("reload", "%s has changed: that needs a restart; the rest is taken over", key);
}

static void compare(const struct config *first, const struct config *c)
{
    if (strcmp(first->endpoints.pull, c->endpoints.pull) != 0)
        say_needs_restart("endpoints.pull");
    if (strcmp(first->endpoints.ack, c->endpoints.ack) != 0)
        say_needs_restart("endpoints.ack");
    if (strcmp(first->endpoints.publish, c->endpoints.publish) != 0)
        say_needs_restart("endpoints.publish");
    if (first->limits.subscriber_documents != c->limits.subscriber_documents)
        say_needs_restart("limits.subscriber_documents");
    if (first->limits.document_bytes < c->limits.document_bytes)
        say_needs_restart("limits.document_bytes, which is now larger,");
}

int reload_begin(struct reload *r, struct fault *f)
{
    struct config c;

    if (r->dispatch->next) {
        r->again = true;
        return 0;
    }
    if (config_load(&c, r->first->file, f) < 0)
        return -1;
    compare(r->first, &c);
    dispatch_start(r->dispatch, &c);
    return 0;
}

int reload_end(struct reload *r, struct fault *f)
{
    if (!r->again)
        return 0;
    r->again = false;
    return reload_begin(r, f);
}
