/* SPDX-License-Identifier: Apache-2.0
 *
 * shout - marks words written in capitals. The smallest useful plugin. */
#include <gloss/plugin.h>
#include <math.h>

static int process(const struct gloss_host *h, void *self, struct gloss_doc *doc)
{
    size_t n;
    const struct gloss_token *token = h->tokens(doc, &n);

    (void)self;
    for (size_t i = 0; i < n; i++) {
        if (!(token[i].flags & GLOSS_TOKEN_UPPER))
            continue;
        if (h->annotate(doc, "shout", token[i].span, "caps", NAN) < 0)
            return GLOSS_EDOC;
    }
    return GLOSS_OK;
}

GLOSS_PLUGIN(.name = "shout", .version = "1.0", .summary = "Marks words written in capitals",
             .provides = GLOSS_PROVIDES({"shout", GLOSS_MANY, "a word in capitals; label caps"}),
             .process = process);
