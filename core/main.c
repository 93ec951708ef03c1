/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c - one binary under two names: glossd is the daemon (and, as
 * `glossd --worker`, its child), gloss the command line. The hard rule: it
 * decides who is asked, nothing else.
 */
#include "cli/cli.h"

int main(int argc, char **argv)
{
    return cli_main(argc, argv);
}
