/* filesave_posix.c - filesave.h for POSIX systems. */
#include "auth/filesave.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err system_fault(struct fault *fault)
{
    return fault_set(fault, ERR_IO, "%s", strerror(errno));
}

static enum err bytes_write(int fd, struct bytes bytes, struct fault *fault)
{
    while (bytes.size > 0) {
        ssize_t wrote = write(fd, bytes.data, bytes.size);
        if (wrote < 0 && errno != EINTR) return system_fault(fault);
        if (wrote > 0) bytes = bytes_skip(bytes, (size_t)wrote);
    }
    return OK;
}

/* As the file that was there: `old`. */
static enum err owner_keep(int fd, const struct stat *old, struct fault *fault)
{
    struct stat now;
    if (fstat(fd, &now) != 0) return system_fault(fault);
    if (now.st_uid != old->st_uid || now.st_gid != old->st_gid) {
        if (fchown(fd, old->st_uid, old->st_gid) != 0) {
            return fault_set(fault, ERR_IO,
                             "it belongs to another user or group (%u:%u), "
                             "which only root can keep: %s",
                             (unsigned)old->st_uid, (unsigned)old->st_gid,
                             strerror(errno));
        }
    }
    return fchmod(fd, old->st_mode & 07777) == 0 ? OK : system_fault(fault);
}

/* The new file's name and its folder's must be on disk, too. */
static void folder_sync(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL) return;
    slash[slash == path] = '\0';
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    (void)fsync(fd);
    (void)close(fd);
}

static enum err file_fill(int fd, const char *path, struct bytes bytes,
                          struct fault *fault)
{
    struct stat old;
    enum err e = OK;
    if (stat(path, &old) == 0) e = owner_keep(fd, &old, fault);
    if (e == OK) e = bytes_write(fd, bytes, fault);
    if (e == OK && fsync(fd) != 0) e = system_fault(fault);
    return e;
}

enum err filesave_write(const char *path, struct bytes bytes,
                        struct fault *fault)
{
    char real[PATH_MAX], draft[PATH_MAX + 16];
    if (realpath(path, real) == NULL) {
        if (errno != ENOENT) return system_fault(fault);
        if (snprintf(real, sizeof real, "%s", path) >= (int)sizeof real) {
            return fault_set(fault, ERR_IO, "the path is too long");
        }
    }
    (void)snprintf(draft, sizeof draft, "%s.XXXXXX", real);
    /* Made for its owner alone. */
    int fd = mkstemp(draft);
    if (fd < 0) return system_fault(fault);
    enum err e = file_fill(fd, real, bytes, fault);
    if (close(fd) != 0 && e == OK) e = system_fault(fault);
    if (e == OK && rename(draft, real) != 0) e = system_fault(fault);
    if (e == OK) {
        folder_sync(real);
    } else {
        (void)unlink(draft);
    }
    return e;
}
