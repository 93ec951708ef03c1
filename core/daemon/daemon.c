/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon/daemon.c - glossd as a command: its options, then the supervisor.
 */
#include "daemon/daemon.h"

#include "config.h"
#include "daemon/supervisor.h"
#include "log.h"

#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    FILES_ENOUGH = 4096,
    /* Sockets, spool, loop; and a client or two. */
    FILES_OWN = 64,
    FILES_A_WORKER = 8, /* at a reload there are twice as many, and plugins too */
};

static const char help[] =
    "usage: glossd [-c FILE]\n"
    "Takes documents over ZeroMQ, runs plugins over them, publishes what they found.\n"
    "\n"
    "  -c, --config FILE  the configuration (JSON); without it all keys are at their defaults:\n"
    "                     `gloss schema` and man glossd.json describe them\n"
    "      --version      print the version and end\n"
    "      --help         print this and end\n"
    "\n"
    "Signals: SIGTERM, SIGINT  finish what is in flight (drain_ms at most) and end; the\n"
    "                          second ends at once\n"
    "         SIGHUP           read the configuration again, start new workers on it, let the\n"
    "                          old ones finish; what can't start changes nothing\n"
    "         SIGUSR1          write the counters to the log\n"
    "\n"
    "Exit status: 0 ended, all in flight was done; 1 documents were dropped; 2 wrong usage or\n"
    "configuration, or what it needs can't be had: one line on stderr says what to do.\n"
    "See also: man glossd, gloss --help.\n";

static int usage(void)
{
    fputs("glossd: `glossd --help` tells what it takes.\n", stderr);
    return 2;
}

/* Descriptors 0 to 2 are there, whatever we were started with: else a socket would get
 * one of them, and be written to as the log. */
static void open_standard_files(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= 2);
    close(fd);
}

/* A connection takes a file: as many as the system allows. Without those the daemon itself
 * takes, libzmq would end the process. */
static int raise_open_files(const struct config *c)
{
    rlim_t least = FILES_OWN + FILES_A_WORKER * (rlim_t)c->workers + 2 * (rlim_t)c->n_pipeline;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 0;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < least) {
        log_error("supervisor",
                  "only %lu files may be open, and glossd needs %lu with %" PRIu32
                  " workers: raise the hard limit (LimitNOFILE= in the unit, or ulimit -Hn)",
                  (unsigned long)limit.rlim_cur, (unsigned long)least, c->workers);
        return -1;
    }
    if (limit.rlim_cur < FILES_ENOUGH)
        log_warn("supervisor",
                 "only %lu files may be open, and each client takes one: raise the hard limit "
                 "(LimitNOFILE= in the unit, or ulimit -Hn) to %d or more",
                 (unsigned long)limit.rlim_cur, FILES_ENOUGH);
    return 0;
}

static int run(const char *file)
{
    static const struct config_spare spare = {NULL, NULL, NULL}; /* reload.c will say it */
    struct config c;
    struct fault f;
    int status;

    open_standard_files();
    signal(SIGHUP, SIG_IGN); /* until there is something to reload */
    if (config_load_sparing(&c, file, &spare, &f) < 0) {
        log_error("supervisor", "%s", f.text);
        return 2;
    }
    log_set_level(c.log_level);
    status = raise_open_files(&c) < 0 ? 2 : supervisor_run(&c);
    config_finish(&c);
    return status;
}

int daemon_main(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"version", no_argument, NULL, 'v'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *file = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1)
        switch (option) {
        case 'c':
            file = optarg;
            break;
        case 'v':
            puts("glossd " GLOSS_VERSION);
            return 0;
        case 'h':
            fputs(help, stdout);
            return 0;
        default:
            return usage();
        }
    if (optind < argc) {
        fprintf(stderr, "glossd: unexpected argument \"%s\"\n", argv[optind]);
        return usage();
    }
    return run(file);
}
