/* SPDX-License-Identifier: Apache-2.0
 *
 * object/elf.h - is a file whole enough to be given to dlopen? The hard rule: it
 * judges what dlopen itself would die of, and how large it is; the rest is left to
 * dlopen.
 */
#ifndef OBJECT_ELF_H
#define OBJECT_ELF_H

#include "log.h"

/* The daemon copies the file in its loop, which is not to stand still for long. */
enum { ELF_BYTES = 64 << 20 };

/* dlopen maps what the headers promise; of a file cut short, as one half copied
 * into a plugin folder is, the first touch of a missing page kills the process.
 * 0, or -1 with f, without the file's name: not there, no object, too large, for
 * another machine, cut short. */
int elf_check(const char *file, struct fault *f);

/* The same of an open file. */
int elf_check_fd(int fd, struct fault *f);

#endif
