/* SPDX-License-Identifier: Apache-2.0
 *
 * exec/tree.h - the end of a process and of all it has started: a command is often a script
 * around the program that does the work. The hard rule: each is stopped before its children
 * are looked up, so that it can neither start one more nor free the number of one.
 */
#ifndef EXEC_TREE_H
#define EXEC_TREE_H

#include <sys/types.h>

/* Sends SIGKILL to a child of ours and to what is below it now. */
void tree_kill(pid_t pid);

#endif
