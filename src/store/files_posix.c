/* files_posix.c - files.h for POSIX systems. */
#include "store/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static enum err failure(void)
{
    bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
    return full ? ERR_FULL : ERR_IO;
}

static enum err system_open(struct files *files, const char *path, bool make,
                            int *fd)
{
    (void)files;
    int flags = O_RDWR | O_CLOEXEC | (make ? O_CREAT | O_TRUNC : 0);
    *fd = open(path, flags, 0600);
    return *fd >= 0 ? OK : failure();
}

static void system_close(struct files *files, int fd)
{
    (void)files;
    (void)close(fd);
}

static enum err system_read(struct files *files, int fd, uint64_t offset,
                            void *to, size_t size, size_t *got)
{
    (void)files;
    *got = 0;
    while (*got < size) {
        ssize_t count = pread(fd, (uint8_t *)to + *got, size - *got,
                              (off_t)(offset + *got));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failure();
        if (count == 0) break;
        *got += (size_t)count;
    }
    return OK;
}

static enum err system_write(struct files *files, int fd, uint64_t offset,
                             struct bytes b)
{
    (void)files;
    while (b.size > 0) {
        ssize_t count = pwrite(fd, b.data, b.size, (off_t)offset);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failure();
        if (count == 0) {
            errno = EIO;
            return ERR_IO;
        }
        offset += (uint64_t)count;
        b = bytes_skip(b, (size_t)count);
    }
    return OK;
}

static enum err system_sync(struct files *files, int fd)
{
    (void)files;
    return fdatasync(fd) == 0 ? OK : failure();
}

/* The size as well, so that later writes change the file's bytes alone. */
static enum err system_reserve(struct files *files, int fd, uint64_t size)
{
    (void)files;
    int error = posix_fallocate(fd, 0, (off_t)size);
    if (error == 0 || error == EOPNOTSUPP || error == EINVAL) return OK;
    errno = error;
    return failure();
}

static enum err system_rename(struct files *files, const char *from,
                              const char *to)
{
    (void)files;
    return rename(from, to) == 0 ? OK : failure();
}

static enum err system_remove(struct files *files, const char *path)
{
    (void)files;
    return unlink(path) == 0 || errno == ENOENT ? OK : failure();
}

static enum err system_sync_folder(struct files *files, const char *folder)
{
    (void)files;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return failure();
    enum err e = fsync(fd) == 0 ? OK : failure();
    (void)close(fd);
    return e;
}

static uint64_t system_space(struct files *files, const char *folder)
{
    (void)files;
    struct statvfs disk;
    if (statvfs(folder, &disk) != 0) return 0;
    return (uint64_t)disk.f_bavail * disk.f_frsize;
}

struct files *files_system(void)
{
    static struct files files = {
        .open = system_open,
        .close = system_close,
        .read = system_read,
        .write = system_write,
        .sync = system_sync,
        .reserve = system_reserve,
        .rename = system_rename,
        .remove = system_remove,
        .sync_folder = system_sync_folder,
        .space = system_space,
    };
    return &files;
}

/* A new folder is only as durable as its name in the one above. */
enum err files_folder(const char *folder)
{
    if (mkdir(folder, 0700) != 0) return errno == EEXIST ? OK : failure();
    char above[FILES_PATH_MAX];
    int size = snprintf(above, sizeof above, "%s/..", folder);
    if (size >= FILES_PATH_MAX) return ERR_IO;
    return system_sync_folder(NULL, above);
}

enum err files_lock(const char *path, int *fd, long *owner)
{
    *owner = 0;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0) return ERR_IO;
    char text[32] = "";
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        bool held = errno == EWOULDBLOCK;
        if (pread(*fd, text, sizeof text - 1, 0) > 0) {
            *owner = strtol(text, NULL, 10);
        }
        (void)close(*fd);
        return held ? ERR_FULL : ERR_IO;
    }
    int size = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    /* Only a help for whoever is turned away: the lock holds without it. */
    if (ftruncate(*fd, 0) == 0 && pwrite(*fd, text, (size_t)size, 0) == size) {
        return OK;
    }
    return OK;
}

void files_unlock(int fd)
{
    (void)close(fd);
}

enum err files_each(const char *folder,
                    void (*visit)(void *context, const char *name),
                    void *context)
{
    DIR *list = opendir(folder);
    if (list == NULL) return ERR_IO;
    errno = 0;
    for (struct dirent *at = readdir(list); at != NULL; at = readdir(list)) {
        visit(context, at->d_name);
        errno = 0;
    }
    enum err e = errno == 0 ? OK : ERR_IO;
    (void)closedir(list);
    return e;
}

enum err files_load(struct files *files, const char *path, uint8_t **out,
                    size_t *size)
{
    *out = NULL;
    *size = 0;
    int fd;
    enum err e = files->open(files, path, false, &fd);
    if (e != OK) return e;
    struct stat stat;
    e = fstat(fd, &stat) == 0 ? OK : ERR_IO;
    if (e == OK && stat.st_size > 0) {
        *out = malloc((size_t)stat.st_size);
        e = *out == NULL ? ERR_NO_MEMORY : OK;
    }
    if (e == OK && *out != NULL) {
        e = files->read(files, fd, 0, *out, (size_t)stat.st_size, size);
    }
    files->close(files, fd);
    if (e == OK) return OK;
    free(*out);
    *out = NULL;
    return e;
}

enum err files_random(uint8_t out[16])
{
    return getrandom(out, 16, 0) == 16 ? OK : ERR_IO;
}
