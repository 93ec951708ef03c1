/* SPDX-License-Identifier: Apache-2.0
 *
 * worker/worker.h - the child process, in which the plugins live: a frame in, the
 * pipeline, a frame out. The hard rule: nothing is written here but frames on
 * the socket, lines on stderr, and the shared page.
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

/* The descriptors a worker is started with, beside 0, 1 and 2; from WORKER_COPY on one for
 * each entry of the pipeline, a copy of its plugin's file, where there is one. */
enum { WORKER_SOCKET = 3, WORKER_PAGE = 4, WORKER_COPY = 5 };

/* `glossd --worker`: runs until the socket closes. The exit status. */
int worker_main(int argc, char **argv);

#endif
