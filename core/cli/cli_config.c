/* SPDX-License-Identifier: Apache-2.0
 *
 * cli_config.c - the configuration as commands take it: or one line why not.
 * The hard rule of cli.h holds.
 */
#include "cli/cli.h"

bool cli_config(struct config *c, const char *command, const char *file)
{
    struct fault f;

    if (!config_load(c, file, &f))
        return true;
    cli_error(0, command, "%s", f.text);
    return false;
}
