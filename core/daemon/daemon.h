/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/daemon.h - glossd as a command. The hard rule: what it prints on --help
 * is true of what it does.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

/* The exit status. */
int daemon_main(int argc, char **argv);

#endif
