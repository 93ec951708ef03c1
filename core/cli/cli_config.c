/* SPDX-License-Identifier: Apache-2.0
 *
 * cli_config.c - the configuration as commands take it: or one line why not.
 * The hard rule of cli.h holds.
 */
#include "cli/cli.h"

#include <string.h>

bool cli_config(struct config *c, const char *command, const char *file)
{
    struct fault f;

    if (!config_load(c, file, &f))
        return true;
    cli_error(0, command, "%s", f.text);
    return false;
}

bool cli_endpoint(const char *command, const char *address)
{
    const char *port = strrchr(address, ':');

    if (config_is_endpoint(address) && strcmp(port, ":*") != 0 && strcmp(port, ":0") != 0)
        return true;
    if (*address)
        cli_error(0, command, "endpoint \"%s\": must be tcp://ADDRESS:PORT or ipc://FILE", address);
    else
        cli_error(0, command, "the configuration has \"\" for the endpoint: name another");
    return false;
}
