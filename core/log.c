/* SPDX-License-Identifier: Apache-2.0
 *
 * log.c - see log.h. A line is put together in one buffer and written with one
 * write(), so that lines of several processes on the same stderr don't mix.
 */
#include "log.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096 };

static const struct {
    const char *name;
    char priority; /* syslog's */
} levels[] = {{"debug", '7'}, {"info", '6'}, {"warn", '4'}, {"error", '3'}};

static int threshold = LOG_INFO;
static char mark[LOG_MARK + 1]; /* before each line, where it is set */

void log_set_level(int level)
{
    threshold = level;
}

void log_write_mark(uint64_t of, char *to)
{
    snprintf(to, LOG_MARK + 1, "%0*" PRIx64, LOG_MARK, of);
}

void log_set_mark(uint64_t of)
{
    log_write_mark(of, mark);
}

int log_level(const char *name)
{
    for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
        if (strcmp(name, levels[i].name) == 0)
            return (int)i;
    return -1;
}

/* systemd names the device and inode of the stream it has connected; stderr
 * may have been sent elsewhere since. */
static bool to_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long dev, ino;
    struct stat st;

    return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

static size_t put_head(char *line, size_t room, int level, const char *module)
{
    struct timespec now;
    struct tm tm;
    char day[sizeof("2026-01-31T10:00:00")];
    int n;

    if (mark[0] || to_journal()) {
        n = snprintf(line, room, "%s<%c>%.64s: ", mark, levels[level].priority, module);
    } else {
        clock_gettime(CLOCK_REALTIME, &now);
        gmtime_r(&now.tv_sec, &tm);
        if (!strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm))
            day[0] = '\0';
        n = snprintf(line, room, "%s.%03ldZ %s %.64s: ", day, now.tv_nsec / 1000000,
                     levels[level].name, module);
    }
    return n < 0 ? 0 : (size_t)n;
}

/* Copies text; control characters (C0, DEL and C1) become \xNN. What does not
 * fit is left out, and the line says so with "...". */
static size_t put_text(char *to, size_t room, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t n = 0;

    for (; *s; s++) {
        bool c1 = s[0] == 0xC2 && s[1] >= 0x80 && s[1] < 0xA0;
        if (n + sizeof("\\x00...") > room) {
            /* never inside a character */
            for (; n && s > (const unsigned char *)text && (*s & 0xC0) == 0x80; s--)
                n--;
            return n + (size_t)sprintf(to + n, "...");
        }
        if (c1)
            s++;
        if (*s < 0x20 || *s == 0x7F || c1)
            n += (size_t)sprintf(to + n, "\\x%02X", *s);
        else
            to[n++] = (char)*s;
    }
    return n;
}

PRINTF(3, 0)
static void log_vline(int level, const char *module, const char *fmt, va_list ap)
{
    char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
    size_t n;

    if (level < threshold || level < LOG_DEBUG || level > LOG_ERROR)
        return;
    if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
        snprintf(text, sizeof(text), "(a message that could not be formatted: %.200s)", fmt);
    n = put_head(line, sizeof(line), level, module);
    n += put_text(line + n, sizeof(line) - n - 1, text);
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0) {
        /* nobody left to tell */
    }
}

void log_line(int level, const char *module, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_vline(level, module, fmt, ap);
    va_end(ap);
}

int fault_set(struct fault *f, const char *fmt, ...)
{
    va_list ap;
    size_t end;
    int n;

    if (!f)
        return -1;
    va_start(ap, fmt);
    n = vsnprintf(f->text, sizeof(f->text), fmt, ap);
    va_end(ap);
    if (n < 0)
        f->text[0] = '\0';
    if (n < (int)sizeof(f->text))
        return -1;
    end = sizeof(f->text) - sizeof("...");
    while (end && ((unsigned char)f->text[end] & 0xC0) == 0x80)
        end--;
    memcpy(f->text + end, "...", sizeof("..."));
    return -1;
}
