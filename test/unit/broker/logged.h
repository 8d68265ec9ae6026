/* logged.h - a log in a file of its own, to be read when it is closed. */
#ifndef LOGGED_H
#define LOGGED_H

#include "base/log.h"
#include "check.h"

struct logged {
    struct log *log;
    char path[32];
    int fd;
    char text[4096]; /* when it is closed */
};

CHECK_UNUSED static void logged_open(struct logged *l)
{
    (void)snprintf(l->path, sizeof l->path, "/tmp/mogi-logged-XXXXXX");
    l->fd = mkstemp(l->path);
    REQUIRE(l->fd >= 0);
    struct log_options options = log_defaults();
    options.to_stderr = false;
    options.no_time = true;
    options.file = l->path;
    REQUIRE(log_new(&options, &l->log) == OK);
}

CHECK_UNUSED static const char *logged_close(struct logged *l)
{
    log_free(l->log);
    ssize_t got = read(l->fd, l->text, sizeof l->text - 1);
    l->text[got > 0 ? got : 0] = '\0';
    close(l->fd);
    unlink(l->path);
    return l->text;
}

#endif
