/* SPDX-License-Identifier: Apache-2.0
 *
 * bench/support/measure.c - time, processor time, memory, and the command line.
 */
#include "bench/support/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

double bench_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

void bench_check(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

const char *bench_option(int argc, char **argv, const char *name, const char *fallback)
{
    size_t n = strlen(name);

    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--", 2) == 0 && strncmp(argv[i] + 2, name, n) == 0 &&
            argv[i][2 + n] == '=')
            return argv[i] + 3 + n;
    return fallback;
}

double bench_number(int argc, char **argv, const char *name, double fallback)
{
    const char *value = bench_option(argc, argv, name, NULL);

    return value ? strtod(value, NULL) : fallback;
}

double bench_cpu(pid_t pid)
{
    char path[64], line[1024];
    unsigned long user = 0, system = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    f = fopen(path, "r");
    if (!f)
        return 0;
    if (fgets(line, sizeof line, f))
        sscanf(strrchr(line, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
               &system);
    fclose(f);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

size_t bench_children(pid_t pid, pid_t *to, size_t room)
{
    char path[64];
    size_t n = 0;
    int child;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    f = fopen(path, "r");
    while (f && n < room && fscanf(f, "%d", &child) == 1)
        to[n++] = child;
    if (f)
        fclose(f);
    return n;
}

double bench_cpu_children(pid_t pid)
{
    pid_t child[256];
    size_t n = bench_children(pid, child, 256);
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += bench_cpu(child[i]);
    return sum;
}

size_t bench_memory(pid_t pid, const char *key)
{
    char path[64], line[256];
    size_t kb = 0, n = strlen(key);
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, n) == 0 && line[n] == ':')
            kb = strtoul(line + n + 1, NULL, 10);
    if (f)
        fclose(f);
    return kb * 1024;
}
