/* SPDX-License-Identifier: Apache-2.0
 *
 * folder.h - a folder of a test's own, under TMPDIR or /tmp. */
#ifndef SUPPORT_FOLDER_H
#define SUPPORT_FOLDER_H

char *folder_make(void);                               /* its path, without symbolic links */
void folder_add(const char *folder, const char *name); /* a folder in it */
void folder_remove(char *folder);                      /* with all that is in it; frees the path */

#endif
