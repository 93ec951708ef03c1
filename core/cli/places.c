/* SPDX-License-Identifier: Apache-2.0
 *
 * places.c - see places.h, whose hard rule holds.
 */
#include "cli/places.h"

#include "daemon/sockets.h"
#include "spool/spool_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

/* ---- folders */

/* 0 or an errno. Rights do not tell it all: /proc is root's to write, and takes no file. */
static int try_folder(const char *folder)
{
    char name[4096];
    int fd;

    if ((size_t)snprintf(name, sizeof name, "%s/.gloss-check-XXXXXX", folder) >= sizeof name)
        return ENAMETOOLONG;
    fd = mkstemp(name);
    if (fd < 0)
        return errno;
    close(fd);
    unlink(name);
    return 0;
}

/* Whether a file of that path could be made. */
static int check_folder_of(const char *path, struct fault *f)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    struct stat st;
    int error, r = 0;

    if (!folder)
        return fault_set(f, "no memory");
    if (stat(folder, &st) || !S_ISDIR(st.st_mode))
        r = fault_set(f, "the folder %s is not there: make it, or give another path", folder);
    else if ((error = try_folder(folder)))
        r = fault_set(f, "the folder %s is not ours to write: %s", folder, strerror(error));
    free(folder);
    return r;
}

/* ---- the spool */

/* The folder, and the file where there is one, which is not read further. */
static int check_spool(const struct config *c, struct fault *f)
{
    const char *path = c->spool.path;
    int r = 0;

    if (!*path)
        return 0;
    if (check_folder_of(path, f) < 0)
        r = -1;
    else if (access(path, F_OK) == 0 && access(path, R_OK | W_OK))
        r = fault_set(f, "the file %s is not ours to read and write: %s", path, strerror(errno));
    else
        r = spool_pages_identify(path, f);
    return r ? config_fault(c, "spool.path", f) : 0;
}

/* ---- the endpoints */

/* "@name" is in no folder, and "*" is libzmq's to choose. */
static int check_ipc(const char *path, struct fault *f)
{
    struct sockaddr_un to;

    if (strlen(path) >= sizeof to.sun_path)
        return fault_set(f, "the path of a socket is %zu bytes long at most",
                         sizeof to.sun_path - 1);
    return *path == '@' || !strcmp(path, "*") ? 0 : check_folder_of(path, f);
}

/* Binds the address under a port that the system chooses. */
static int check_tcp(const char *address, struct fault *f)
{
    const char *port = strrchr(address, ':');
    char any[512];
    void *context = zmq_ctx_new(), *socket = context ? zmq_socket(context, ZMQ_PULL) : NULL;
    int v6 = 1, r = 0;

    snprintf(any, sizeof any, "%.*s:*", (int)(port - address), address);
    if (!socket)
        r = fault_set(f, "can't make a socket: %s", zmq_strerror(zmq_errno()));
    else if (zmq_setsockopt(socket, ZMQ_IPV6, &v6, sizeof v6) || zmq_bind(socket, any))
        r = fault_set(f, "can't bind %s: %s: %s", address, zmq_strerror(zmq_errno()),
                      sockets_hint(zmq_errno()));
    if (socket)
        zmq_close(socket);
    if (context)
        zmq_ctx_term(context);
    return r;
}

static int check_endpoints(const struct config *c, struct fault *f)
{
    static const char *const keys[] = {"endpoints.pull", "endpoints.ack", "endpoints.publish",
                                       "endpoints.replay"};
    const char *const address[] = {c->endpoints.pull, c->endpoints.ack, c->endpoints.publish,
                                   c->endpoints.replay};

    for (size_t i = 0; i < 4; i++) {
        int r = 0;

        if (strncmp(address[i], "ipc://", strlen("ipc://")) == 0)
            r = check_ipc(address[i] + strlen("ipc://"), f);
        else if (*address[i])
            r = check_tcp(address[i], f);
        if (r)
            return config_fault(c, keys[i], f);
    }
    return 0;
}

int places_check(const struct config *c, struct fault *f)
{
    return check_endpoints(c, f) < 0 ? -1 : check_spool(c, f);
}
