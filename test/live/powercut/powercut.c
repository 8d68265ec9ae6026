/* powercut.c - to be preloaded: keeps beside a folder what a disk would have of
 * it if the power went now.
 *
 *     POWERCUT_FOLDER   the folder that is watched, a full path
 *     POWERCUT_DISK     where the disk is: "names", a line "INODE NAME" for
 *                       each file that the folder had when it was synced, and
 *                       INODE, its bytes that were synced
 *
 * And it makes trouble, while a file of this name is in POWERCUT_DISK:
 *
 *     full    no file of the folder grows
 *     eio     no sync works; what it should have synced is lost later
 *
 * A sync copies what was written since the last to the disk, and does nothing
 * else. Writes by way of a map are not seen: the store makes none.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILES_MAX = 4096, FDS_MAX = 4096, PATH_BYTES = 1024, BLOCK = 4096 };

/* What was written to a file and not synced. */
struct dirty {
    ino_t inode;
    struct range {
        off_t from, to;
    } * ranges;
    size_t count, capacity;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct dirty dirty[FILES_MAX];
static size_t dirty_count;
static bool watched[FDS_MAX], at_once[FDS_MAX];

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value == NULL ? "/nowhere" : value;
}

static bool is_inside(const char *path)
{
    const char *folder = setting("POWERCUT_FOLDER");
    size_t size = strlen(folder);
    return strncmp(path, folder, size) == 0 &&
           (path[size] == '/' || path[size] == '\0');
}

static bool trouble(const char *kind)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", setting("POWERCUT_DISK"), kind);
    return access(path, F_OK) == 0;
}

static bool is_watched(int fd)
{
    return fd >= 0 && fd < FDS_MAX && watched[fd];
}

/* --- what was written ---------------------------------------------------- */

static struct dirty *dirty_of(ino_t inode)
{
    for (size_t i = 0; i < dirty_count; i++) {
        if (dirty[i].inode == inode) return &dirty[i];
    }
    if (dirty_count == FILES_MAX) abort();
    dirty[dirty_count] = (struct dirty){.inode = inode};
    return &dirty[dirty_count++];
}

static void dirty_add(struct dirty *d, off_t from, off_t to)
{
    if (d->count > 0 && d->ranges[d->count - 1].to == from) {
        d->ranges[d->count - 1].to = to;
        return;
    }
    if (d->count == d->capacity) {
        d->capacity = d->capacity * 2 + 16;
        d->ranges = realloc(d->ranges, d->capacity * sizeof *d->ranges);
        if (d->ranges == NULL) abort();
    }
    d->ranges[d->count++] = (struct range){from, to};
}

/* --- the disk ------------------------------------------------------------ */

static int disk_open(ino_t inode)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%llu", setting("POWERCUT_DISK"),
             (unsigned long long)inode);
    return (int)syscall(SYS_openat, AT_FDCWD, path,
                        O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static void disk_copy(int from, int to, off_t at, off_t end)
{
    static __thread char block[BLOCK];
    while (at < end) {
        size_t size = end - at < BLOCK ? (size_t)(end - at) : BLOCK;
        ssize_t got = syscall(SYS_pread64, from, block, size, at);
        if (got <= 0) return;
        if (syscall(SYS_pwrite64, to, block, (size_t)got, at) != got) abort();
        at += got;
    }
}

/* All that was written to the file is on disk. */
static int disk_sync(int fd)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0) return -1;
    pthread_mutex_lock(&lock);
    struct dirty *d = dirty_of(stat.st_ino);
    bool fails = trouble("eio");
    if (!fails) {
        int to = disk_open(stat.st_ino);
        for (size_t i = 0; i < d->count; i++) {
            disk_copy(fd, to, d->ranges[i].from, d->ranges[i].to);
        }
        if (ftruncate(to, stat.st_size) != 0) abort();
        (void)syscall(SYS_close, to);
    }
    /* As the kernel does it: what failed once is forgotten. */
    d->count = 0;
    pthread_mutex_unlock(&lock);
    errno = EIO;
    return fails ? -1 : 0;
}

static int names_sync(void)
{
    char path[PATH_BYTES], final[PATH_BYTES];
    const char *folder = setting("POWERCUT_FOLDER");
    pthread_mutex_lock(&lock);
    snprintf(final, sizeof final, "%s/names", setting("POWERCUT_DISK"));
    snprintf(path, sizeof path, "%s.new", final);
    FILE *file = fopen(path, "w");
    DIR *list = opendir(folder);
    if (file == NULL || list == NULL) abort();
    for (struct dirent *at = readdir(list); at != NULL; at = readdir(list)) {
        fprintf(file, "%llu %s\n", (unsigned long long)at->d_ino, at->d_name);
    }
    closedir(list);
    fclose(file);
    if (rename(path, final) != 0) abort();
    pthread_mutex_unlock(&lock);
    return 0;
}

/* --- what the program calls ---------------------------------------------- */

static int watch(int fd, const char *path, int flags)
{
    if (fd < 0 || fd >= FDS_MAX) return fd;
    watched[fd] = is_inside(path);
    at_once[fd] = (flags & O_DSYNC) != 0;
    if (!watched[fd] || (flags & O_TRUNC) == 0) return fd;
    struct stat stat;
    if (fstat(fd, &stat) != 0) abort();
    pthread_mutex_lock(&lock);
    dirty_of(stat.st_ino)->count = 0;
    pthread_mutex_unlock(&lock);
    return fd;
}

#define OPEN(name)                                                             \
    int name(const char *path, int flags, ...)                                 \
    {                                                                          \
        va_list arguments;                                                     \
        va_start(arguments, flags);                                            \
        mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;  \
        va_end(arguments);                                                     \
        int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);        \
        return watch(fd, path, flags);                                         \
    }

OPEN(open)
OPEN(open64)

int close(int fd)
{
    if (fd >= 0 && fd < FDS_MAX) watched[fd] = false;
    return (int)syscall(SYS_close, fd);
}

static ssize_t written(int fd, off_t offset, ssize_t size)
{
    if (size <= 0) return size;
    struct stat stat;
    if (fstat(fd, &stat) != 0) abort();
    pthread_mutex_lock(&lock);
    if (at_once[fd]) {
        /* It may be open for writing alone. */
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        int from = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
        int to = disk_open(stat.st_ino);
        disk_copy(from, to, offset, offset + size);
        (void)syscall(SYS_close, from);
        (void)syscall(SYS_close, to);
    } else {
        dirty_add(dirty_of(stat.st_ino), offset, offset + size);
    }
    pthread_mutex_unlock(&lock);
    return size;
}

/* No room behind its end? */
static bool no_room(int fd, off_t offset, size_t size)
{
    struct stat stat;
    if (!is_watched(fd) || fstat(fd, &stat) != 0) return false;
    if (offset + (off_t)size <= stat.st_size || !trouble("full")) return false;
    errno = ENOSPC;
    return true;
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t offset)
{
    if (no_room(fd, offset, size)) return -1;
    ssize_t done = syscall(SYS_pwrite64, fd, from, size, offset);
    return is_watched(fd) ? written(fd, offset, done) : done;
}

ssize_t pwrite64(int fd, const void *from, size_t size, off_t offset)
{
    return pwrite(fd, from, size, offset);
}

ssize_t write(int fd, const void *from, size_t size)
{
    if (!is_watched(fd)) return syscall(SYS_write, fd, from, size);
    off_t offset = lseek(fd, 0, SEEK_CUR);
    if (no_room(fd, offset, size)) return -1;
    return written(fd, offset, syscall(SYS_write, fd, from, size));
}

ssize_t writev(int fd, const struct iovec *list, int count)
{
    if (!is_watched(fd)) return syscall(SYS_writev, fd, list, count);
    off_t offset = lseek(fd, 0, SEEK_CUR);
    if (no_room(fd, offset, 1)) return -1;
    return written(fd, offset, syscall(SYS_writev, fd, list, count));
}

ssize_t pwritev(int fd, const struct iovec *list, int count, off_t offset)
{
    ssize_t sum = 0;
    for (int i = 0; i < count; i++) {
        ssize_t done = pwrite(fd, list[i].iov_base, list[i].iov_len, offset);
        if (done < 0) return sum > 0 ? sum : done;
        sum += done;
        offset += done;
    }
    return sum;
}

int posix_fallocate(int fd, off_t offset, off_t size)
{
    if (no_room(fd, offset, (size_t)size)) return ENOSPC;
    return syscall(SYS_fallocate, fd, 0, offset, size) == 0 ? 0 : errno;
}

int posix_fallocate64(int fd, off_t offset, off_t size)
{
    return posix_fallocate(fd, offset, size);
}

static int sync_either(int fd, long number)
{
    if (!is_watched(fd)) return (int)syscall(number, fd);
    struct stat stat;
    if (fstat(fd, &stat) != 0) return -1;
    return S_ISDIR(stat.st_mode) ? names_sync() : disk_sync(fd);
}

int fdatasync(int fd)
{
    return sync_either(fd, SYS_fdatasync);
}

int fsync(int fd)
{
    return sync_either(fd, SYS_fsync);
}
