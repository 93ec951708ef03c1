/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c - one binary under two names: glossd is the daemon (and, as
 * `glossd --worker`, its child), gloss the command line. The hard rule: it
 * decides who is asked, nothing else.
 */
#include "cli/cli.h"
#include "daemon/daemon.h"
#include "worker/worker.h"

#include <string.h>

int main(int argc, char **argv)
{
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "glossd";

    if (strcmp(name, "gloss") == 0)
        return cli_main(argc, argv);
    if (argc == 2 && strcmp(argv[1], "--worker") == 0)
        return worker_main(argc, argv);
    return daemon_main(argc, argv);
}
