/* SPDX-License-Identifier: Apache-2.0
 *
 * log.h - lines for the operator, on stderr; and the fault, a reason on its way
 * to being one. A fault is filled where it is found and logged once, where it
 * is decided. The hard rule: one line a call, whatever the text holds.
 */
#ifndef LOG_H
#define LOG_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define PRINTF(fmt, args)
#endif

enum { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Lines below level are dropped; the default is LOG_INFO. */
void log_set_level(int level);

/* "debug", "info", "warn", "error" to its level; -1 where it is none. */
int log_level(const char *name);

/* For a process whose stderr others write to as well, and whose lines somebody picks out: each
 * begins with LOG_MARK bytes that these others don't know, and then as under systemd. */
enum { LOG_MARK = 16 };
void log_set_mark(uint64_t mark);
void log_write_mark(uint64_t mark, char *to); /* LOG_MARK bytes, and NUL */

/* module is what speaks: "ingest", "worker 2", "plugin entities". Under
 * systemd (JOURNAL_STREAM names stderr) a line begins with its priority, "<4>";
 * elsewhere with the time, UTC in ISO 8601. Control characters are escaped. */
PRINTF(3, 4)
void log_line(int level, const char *module, const char *fmt, ...);

#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)

/* Why something was refused; the caller's memory, cut where it is too long. */
struct fault {
    char text[1024];
};

/* Fills f (may be NULL) and returns -1, so that a finder can
 * `return fault_set(f, "...")`. */
PRINTF(2, 3)
int fault_set(struct fault *f, const char *fmt, ...);

#endif
