/* logfile.c - files of segments: made, filled, recycled. */
#include "store/wal_state.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void logfile_path(const struct wal *wal, const char *name,
                  char path[FILES_PATH_MAX])
{
    int size = snprintf(path, FILES_PATH_MAX, "%s/%s", wal->folder, name);
    assert(size > 0 && size < FILES_PATH_MAX);
}

void logfile_number_path(const struct wal *wal, uint64_t number,
                         char path[FILES_PATH_MAX])
{
    char name[32];
    (void)snprintf(name, sizeof name, "%010llu.log",
                   (unsigned long long)number);
    logfile_path(wal, name, path);
}

uint64_t logfile_number(const char *name)
{
    char *end;
    if (name[0] < '0' || name[0] > '9') return 0;
    uint64_t number = strtoull(name, &end, 10);
    bool named = end - name >= 10 && strcmp(end, ".log") == 0;
    return named && number <= UINT32_MAX ? number : 0;
}

size_t logfile_spare_index(const char *name)
{
    char *end;
    if (strncmp(name, "spare-", 6) != 0) return SPARES_MAX;
    if (name[6] < '0' || name[6] > '9') return SPARES_MAX;
    unsigned long index = strtoul(name + 6, &end, 10);
    return *end == '\0' && index < SPARES_MAX ? index : SPARES_MAX;
}

static void spare_path(const struct wal *wal, size_t index,
                       char path[FILES_PATH_MAX])
{
    char name[32];
    (void)snprintf(name, sizeof name, "spare-%zu", index);
    logfile_path(wal, name, path);
}

/* The first name that is `used` or not; SPARES_MAX: there is none. */
static size_t spare_find(const struct wal *wal, bool used)
{
    for (size_t i = 0; i < SPARES_MAX; i++) {
        if (wal->spare[i] == used) return i;
    }
    return SPARES_MAX;
}

/* Give a spare file the name `path`, so that its old name can be used again.
 * Under the lock of spares, as all that gives or takes their names. */
static bool spare_take(struct wal *wal, const char *path)
{
    char spare[FILES_PATH_MAX];
    pthread_mutex_lock(&wal->spare_lock);
    size_t index = spare_find(wal, true);
    bool found = index < SPARES_MAX;
    if (found) {
        spare_path(wal, index, spare);
        wal->spare[index] = false;
        found = wal->files->rename(wal->files, spare, path) == OK;
    }
    pthread_mutex_unlock(&wal->spare_lock);
    return found;
}

/* Make the file at `path` a spare one, if there is a name left. */
static bool spare_give(struct wal *wal, const char *path)
{
    char spare[FILES_PATH_MAX];
    pthread_mutex_lock(&wal->spare_lock);
    size_t index = spare_find(wal, false);
    bool given = index < SPARES_MAX;
    if (given) {
        spare_path(wal, index, spare);
        given = wal->files->rename(wal->files, path, spare) == OK;
        wal->spare[index] = given;
    }
    pthread_mutex_unlock(&wal->spare_lock);
    return given;
}

bool logfile_spend(struct wal *wal)
{
    char path[FILES_PATH_MAX];
    logfile_path(wal, "spent", path);
    if (!spare_take(wal, path)) return false;
    return wal->files->remove(wal->files, path) == OK;
}

/* Write all of it once, which makes later syncs quicker: with space that was
 * only reserved the file system writes down, each time, that it is in use. */
static enum err file_fill(struct wal *wal, int fd)
{
    static const uint8_t zeros[64 * 1024];
    uint64_t size = wal->options.segment_bytes;
    enum err e = OK;
    for (uint64_t at = 0; at < size && e == OK; at += sizeof zeros) {
        uint64_t some = size - at;
        if (some > sizeof zeros) some = sizeof zeros;
        e = wal->files->write(wal->files, fd, at,
                              bytes_at(zeros, (size_t)some));
    }
    return e;
}

/* A new file with the space of a segment, all written, if there is time. */
static enum err file_make(struct wal *wal, const char *path, bool filled,
                          int *fd)
{
    struct files *files = wal->files;
    enum err e = files->open(files, path, true, fd);
    if (e != OK) return e;
    e = files->reserve(files, *fd, wal->options.segment_bytes);
    if (e == OK && filled) e = file_fill(wal, *fd);
    if (e == OK) e = files->sync(files, *fd);
    if (e == OK) return OK;
    int error = errno;
    files->close(files, *fd);
    (void)files->remove(files, path);
    errno = error;
    return e;
}

/* A file to make a segment of: a spare one, or a new one. */
static enum err file_take(struct wal *wal, const char *path, int *fd)
{
    struct files *files = wal->files;
    bool spare = spare_take(wal, path);
    pthread_mutex_lock(&wal->lock);
    pthread_cond_signal(&wal->tidy);
    pthread_mutex_unlock(&wal->lock);
    if (spare && files->open(files, path, false, fd) == OK) return OK;
    return file_make(wal, path, false, fd);
}

/* The head is on disk before the file has its name. */
static enum err file_name(struct wal *wal, const struct logfile *file,
                          const char *path)
{
    struct files *files = wal->files;
    struct segment_head head = {
        .number = file->number, .sequence = file->first, .salt = file->salt};
    memcpy(head.id, wal->id, sizeof head.id);
    uint8_t bytes[SEGMENT_HEAD_BYTES];
    segment_head_write(bytes, &head);
    char name[FILES_PATH_MAX];
    logfile_number_path(wal, file->number, name);
    enum err e =
        files->write(files, file->fd, 0, bytes_at(bytes, sizeof bytes));
    if (e == OK) e = files->sync(files, file->fd);
    if (e == OK) e = files->rename(files, path, name);
    if (e == OK) e = files->sync_folder(files, wal->folder);
    return e;
}

enum err logfile_begin(struct wal *wal, uint64_t number, uint64_t sequence,
                       struct logfile **out)
{
    uint8_t luck[16];
    char path[FILES_PATH_MAX];
    struct logfile *file = calloc(1, sizeof *file);
    if (file == NULL) return ERR_NO_MEMORY;
    enum err e = files_random(luck);
    logfile_path(wal, "new", path);
    if (e == OK) e = file_take(wal, path, &file->fd);
    if (e != OK) {
        free(file);
        return e;
    }
    list_init(&file->link);
    file->number = number;
    file->first = file->stop = sequence;
    memcpy(&file->salt, luck, sizeof file->salt);
    file->end = file->written = SEGMENT_HEAD_BYTES;
    e = file_name(wal, file, path);
    if (e == OK) {
        *out = file;
        return OK;
    }
    int error = errno;
    logfile_free(wal, file);
    (void)wal->files->remove(wal->files, path);
    errno = error;
    return e;
}

void logfile_free(struct wal *wal, struct logfile *file)
{
    if (file == NULL) return;
    if (file->fd >= 0) wal->files->close(wal->files, file->fd);
    list_remove(&file->link);
    free(file);
}

void logfile_recycle(struct wal *wal, uint64_t number, uint64_t size)
{
    char path[FILES_PATH_MAX];
    logfile_number_path(wal, number, path);
    bool usual = size <= 2 * (uint64_t)wal->options.segment_bytes;
    if (usual && spare_give(wal, path)) return;
    (void)wal->files->remove(wal->files, path);
}

size_t logfile_spares(struct wal *wal)
{
    size_t count = 0;
    pthread_mutex_lock(&wal->spare_lock);
    for (size_t i = 0; i < SPARES_MAX; i++)
        count += wal->spare[i];
    pthread_mutex_unlock(&wal->spare_lock);
    return count;
}

enum err logfile_spare(struct wal *wal, bool keeper)
{
    if (logfile_spares(wal) > 0) return OK;
    char path[FILES_PATH_MAX];
    logfile_path(wal, keeper ? "new-spare" : "new", path);
    int fd;
    enum err e = file_make(wal, path, keeper, &fd);
    if (e != OK) return e;
    wal->files->close(wal->files, fd);
    if (!spare_give(wal, path)) (void)wal->files->remove(wal->files, path);
    return OK;
}
