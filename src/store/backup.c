/* backup.c - see backup.h. */
#include "store/backup.h"

#include "store/lmdb.h"
#include "store/wal_state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    /* The broker works on: what was read of the log in the middle of a write
     * looks broken, and a segment may go before it is copied. Then all is
     * copied again. */
    TRIES = 20,

    SEGMENTS_MAX = 4096
};

struct backup {
    const char *from, *to;
    char *why;
    struct files *files;
    uint64_t segments[SEGMENTS_MAX]; /* that are in `from` */
    size_t segment_count;
    bool occupied; /* there is something in `to` */
};

static enum err fail(struct backup *b, enum err e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum err fail(struct backup *b, enum err e, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(b->why, WAL_TEXT_MAX, format, arguments);
    va_end(arguments);
    return e;
}

/* --- files --------------------------------------------------------------- */

static void segment_path(char path[FILES_PATH_MAX], const char *folder,
                         uint64_t number)
{
    (void)snprintf(path, FILES_PATH_MAX, "%s/%010llu.log", folder,
                   (unsigned long long)number);
}

static enum err file_save(struct backup *b, const char *path, struct bytes all)
{
    int fd;
    enum err e = b->files->open(b->files, path, true, &fd);
    if (e != OK) return fail(b, e, "%s: %s", path, strerror(errno));
    e = b->files->write(b->files, fd, 0, all);
    if (e == OK) e = b->files->sync(b->files, fd);
    if (e != OK) (void)fail(b, e, "%s: %s", path, strerror(errno));
    b->files->close(b->files, fd);
    return e;
}

/* Copy one segment. ERR_MORE: its file has another name by now. */
static enum err segment_copy(struct backup *b, uint64_t number)
{
    char from[FILES_PATH_MAX], to[FILES_PATH_MAX];
    uint8_t *bytes;
    size_t size;
    segment_path(from, b->from, number);
    segment_path(to, b->to, number);
    enum err e = files_load(b->files, from, &bytes, &size);
    if (e != OK && errno == ENOENT) return ERR_MORE;
    if (e != OK) return fail(b, e, "%s: %s", from, strerror(errno));
    e = file_save(b, to, bytes_at(bytes, size));
    free(bytes);
    return e;
}

static void file_seen(void *context, const char *name)
{
    struct backup *b = context;
    uint64_t number = logfile_number(name);
    if (number == 0 || b->segment_count == SEGMENTS_MAX) return;
    b->segments[b->segment_count++] = number;
}

static enum err segments_list(struct backup *b)
{
    b->segment_count = 0;
    enum err e = files_each(b->from, file_seen, b);
    if (e != OK) return fail(b, e, "%s: %s", b->from, strerror(errno));
    if (b->segment_count < SEGMENTS_MAX) return OK;
    return fail(b, ERR_IO, "%s has more than %d segments of log", b->from,
                SEGMENTS_MAX);
}

/* --- the three steps ----------------------------------------------------- */

/* Copy what there is of the log from segment `first` on. ERR_MORE: one of it,
 * though it is `needed`, is gone. */
static enum err log_copy(struct backup *b, uint64_t first, bool needed)
{
    enum err e = segments_list(b);
    for (size_t i = 0; e == OK && i < b->segment_count; i++) {
        if (b->segments[i] < first) continue;
        e = segment_copy(b, b->segments[i]);
        if (e == ERR_MORE && !needed) e = OK;
    }
    return e;
}

static enum err base_copy(struct backup *b, struct lmdb_head *head)
{
    char from[FILES_PATH_MAX], to[FILES_PATH_MAX];
    struct lmdb *lmdb;
    (void)snprintf(from, sizeof from, "%s/base.mdb", b->from);
    (void)snprintf(to, sizeof to, "%s/base.mdb", b->to);
    enum err e = lmdb_open(from, true, &lmdb);
    if (e == OK) e = lmdb_copy(lmdb, to);
    if (e != OK) {
        e = fail(b, e, "%s: %s", from,
                 lmdb == NULL ? err_text(e) : lmdb_why(lmdb));
    }
    lmdb_close(lmdb);
    if (e != OK) return e;
    e = lmdb_open(to, true, &lmdb);
    if (e == OK) e = lmdb_head(lmdb, head);
    if (e == ERR_MORE) e = ERR_MALFORMED;
    if (e != OK) (void)fail(b, e, "%s: it cannot be read", to);
    lmdb_close(lmdb);
    return e;
}

/* Remove from the copy what base.mdb has already. */
static void log_trim(struct backup *b, uint64_t first)
{
    for (size_t i = 0; i < b->segment_count; i++) {
        char path[FILES_PATH_MAX];
        if (b->segments[i] >= first) continue;
        segment_path(path, b->to, b->segments[i]);
        (void)b->files->remove(b->files, path);
    }
}

/* Does the log that was copied hold all that base.mdb has something of? */
static bool log_covers(const struct backup *b, uint64_t ahead)
{
    uint64_t last = 0;
    for (size_t i = 0; i < b->segment_count; i++) {
        if (b->segments[i] > last) last = b->segments[i];
    }
    return last >= ahead;
}

/* Is segment `number` among those that were copied? */
static bool log_has(const struct backup *b, uint64_t number)
{
    for (size_t i = 0; i < b->segment_count; i++) {
        if (b->segments[i] == number) return true;
    }
    return false;
}

static enum err all_copy(struct backup *b)
{
    struct lmdb_head head;
    char base[FILES_PATH_MAX];
    (void)snprintf(base, sizeof base, "%s/base.mdb", b->to);
    (void)b->files->remove(b->files, base);
    enum err e = log_copy(b, 0, false);
    if (e == OK) e = base_copy(b, &head);
    if (e != OK) return e;
    if (head.ahead > head.segment && !log_covers(b, head.ahead)) {
        return ERR_MORE;
    }
    log_trim(b, head.segment);
    if (!log_has(b, head.segment)) e = log_copy(b, head.segment, true);
    if (e == OK && !log_has(b, head.segment)) e = ERR_MORE;
    if (e != OK) return e;
    return b->files->sync_folder(b->files, b->to);
}

static void record_seen(void *context, struct bytes key, struct bytes value)
{
    (void)context;
    (void)key;
    (void)value;
}

static void anything_seen(void *context, const char *name)
{
    struct backup *b = context;
    b->occupied |= strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* A folder of its own, with nothing in it. */
static enum err folder_make(struct backup *b)
{
    enum err e = files_folder(b->to);
    if (e == OK) e = files_each(b->to, anything_seen, b);
    if (e != OK) return fail(b, e, "%s: %s", b->to, strerror(errno));
    if (!b->occupied) return OK;
    return fail(b, ERR_BUSY,
                "there is something in %s: give a folder that is empty, or "
                "is not there",
                b->to);
}

static void copy_seen(void *context, const char *name)
{
    struct backup *b = context;
    char path[FILES_PATH_MAX];
    uint64_t number = logfile_number(name);
    if (number == 0) return;
    segment_path(path, b->to, number);
    (void)b->files->remove(b->files, path);
}

/* Once, and whole? ERR_MORE: not this time. */
static enum err try_once(struct backup *b, struct inspect_report *report)
{
    (void)!files_each(b->to, copy_seen, b);
    enum err e = all_copy(b);
    if (e != OK) return e;
    e = inspect_folder(b->to, record_seen, NULL, report, b->why);
    return e == ERR_MALFORMED || e == ERR_IO ? ERR_MORE : e;
}

enum err backup_folder(const char *from, const char *to,
                       struct inspect_report *report, char why[WAL_TEXT_MAX])
{
    struct backup b = {
        .from = from, .to = to, .why = why, .files = files_system()};
    why[0] = '\0';
    *report = (struct inspect_report){0};
    if (strlen(from) + 64 > FILES_PATH_MAX ||
        strlen(to) + 64 > FILES_PATH_MAX) {
        return fail(&b, ERR_IO, "the name of a folder is too long");
    }
    enum err e = folder_make(&b);
    if (e != OK) return e;
    e = ERR_MORE;
    for (int try = 0; e == ERR_MORE && try < TRIES; try++)
        e = try_once(&b, report);
    if (e != ERR_MORE) return e;
    if (why[0] != '\0') return ERR_MALFORMED;
    return fail(&b, ERR_BUSY,
                "the log of %s goes on faster than it is copied: try again",
                from);
}
