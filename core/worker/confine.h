/* SPDX-License-Identifier: Apache-2.0
 *
 * worker/confine.h - takes from this process what plugins do not need: the network,
 * other programs, writing files, signals to others, the worker's own descriptors. The
 * hard rule: called before the first code of a plugin runs, constructors included.
 */
#ifndef WORKER_CONFINE_H
#define WORKER_CONFINE_H

#include "log.h"

#include <stdint.h>

/* Moves a descriptor to a number that nobody's own files get: filters know it by that, and
 * programs that plugins run are under the same. The number, close-on-exec. Before the limits. */
int confine_descriptor(int fd);

/* Confines the calls of this process for good; allow is a set of enum config_allow, socket the
 * descriptor that send() and recv() alone may use, or -1. A call that is not allowed fails with
 * EPERM. 0, or -1 with f where the kernel can't do it. */
int confine_calls(uint32_t allow, int socket, struct fault *f);

/* Keeps this process out of the memory and the descriptors of others, which a read of a pipe
 * would empty. Where the kernel can't (Landlock before Linux 5.19) nothing is changed. Before
 * confine_calls. */
void confine_reach(void);

/* Limits of a worker: few open files, none written. */
void confine_limits(uint32_t allow);

#endif
