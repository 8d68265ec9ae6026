/* inspect.c - look at a store without changing it, while no broker uses it. */
#include "store/inspect.h"

#include "store/changes.h"
#include "store/lmdb.h"
#include "store/segment.h"
#include "store/wal_state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct inspect {
    const char *folder;
    char *why;
    struct inspect_report *report;
    store_visit *visit;
    void *context;
    struct lmdb_head head;

    uint64_t first, last; /* segments: the lowest needed, the highest there */
    uint8_t **files;      /* of the segments first..last */
    struct changes changes;
    size_t shown; /* of them */
};

static enum err fail(struct inspect *in, enum err e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum err fail(struct inspect *in, enum err e, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(in->why, WAL_TEXT_MAX, format, arguments);
    va_end(arguments);
    return e;
}

/* --- the log ------------------------------------------------------------- */

static void file_seen(void *context, const char *name)
{
    struct inspect *in = context;
    uint64_t number = logfile_number(name);
    if (number > in->last) in->last = number;
}

static enum err frame_keep(struct inspect *in, struct bytes body)
{
    size_t offset = 0;
    in->report->frames += 1;
    while (offset < body.size) {
        struct logframe_change change;
        enum err e = logframe_change_read(body, &offset, &change);
        if (e == OK) e = changes_add(&in->changes, &change);
        if (e != OK) return e;
        in->report->changes += 1;
    }
    return OK;
}

/* All frames of a segment, up to `stop`. */
static enum err segment_keep(struct inspect *in, const char *path,
                             struct bytes file, uint64_t stop)
{
    struct segment_scan scan;
    enum err e = segment_begin(&scan, file, stop);
    while (e == OK) {
        struct logframe_head head;
        struct bytes body = {0};
        e = segment_next(&scan, &head, &body);
        if (e == OK) e = frame_keep(in, body);
    }
    in->report->torn |= scan.torn;
    if (e == ERR_MORE) return OK;
    return fail(in, e, "%s, offset %zu: the log is broken here", path,
                scan.offset);
}

/* Load segment `number`, whose head must be right. */
static enum err segment_load(struct inspect *in, uint64_t number,
                             struct bytes *file, struct segment_head *head)
{
    char path[FILES_PATH_MAX];
    uint8_t *bytes;
    size_t size;
    (void)snprintf(path, sizeof path, "%s/%010llu.log", in->folder,
                   (unsigned long long)number);
    enum err e = files_load(files_system(), path, &bytes, &size);
    if (e != OK) return fail(in, e, "%s: %s", path, strerror(errno));
    in->files[number - in->first] = bytes;
    *file = bytes_at(bytes, size);
    e = segment_head_read(*file, head);
    bool ours = memcmp(head->id, in->head.id, sizeof head->id) == 0;
    if (e == OK && head->number == number && ours) return OK;
    return fail(in, e == OK ? ERR_MALFORMED : e,
                "%s, offset 0: the head of the segment is wrong", path);
}

static enum err log_keep(struct inspect *in)
{
    in->first = in->head.segment;
    if (in->last < in->first) {
        return fail(in, ERR_MALFORMED, "%s: segment %llu is missing",
                    in->folder, (unsigned long long)in->first);
    }
    in->report->segments = in->last - in->first + 1;
    if (in->report->segments <= SIZE_MAX / sizeof *in->files) {
        in->files = calloc((size_t)in->report->segments, sizeof *in->files);
    }
    if (in->files == NULL) return ERR_NO_MEMORY;
    struct bytes file = {0}, next = {0};
    struct segment_head head, next_head = {0};
    enum err e = segment_load(in, in->first, &file, &head);
    for (uint64_t at = in->first; e == OK && at <= in->last; at++) {
        uint64_t stop = UINT64_MAX;
        if (at < in->last) {
            e = segment_load(in, at + 1, &next, &next_head);
            stop = next_head.sequence;
        }
        char path[FILES_PATH_MAX];
        (void)snprintf(path, sizeof path, "%s/%010llu.log", in->folder,
                       (unsigned long long)at);
        if (e == OK) e = segment_keep(in, path, file, stop);
        file = next;
    }
    return e;
}

/* --- both together ------------------------------------------------------- */

static void record_visit(struct inspect *in, struct bytes key,
                         struct bytes value)
{
    in->report->records += 1;
    in->visit(in->context, key, value);
}

static int key_compare(struct bytes a, struct bytes b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = memcmp(a.data, b.data, size);
    if (order != 0) return order;
    return a.size == b.size ? 0 : a.size < b.size ? -1 : 1;
}

/* The changes of the next key, and what they make of it. */
static void changes_next(struct inspect *in, struct lmdb_count *count)
{
    struct bytes key = in->changes.list[in->shown].key;
    bool counts = store_counted(key);
    for (; in->shown < in->changes.count; in->shown++) {
        const struct lmdb_change *change = &in->changes.list[in->shown];
        if (!bytes_equal(change->key, key)) break;
        if (counts) {
            lmdb_count(count, change);
        } else {
            count->value = change->value;
            count->holders = change->kind == STORE_PUT;
        }
    }
    if (count->holders > 0) record_visit(in, key, count->value);
}

/* Show what the changes make of all keys before `key` (NULL: all), and of
 * `key`, which has `base`. False: the log does not change it. */
static bool changes_show(struct inspect *in, const struct bytes *key,
                         struct lmdb_count base)
{
    while (in->shown < in->changes.count) {
        struct bytes next = in->changes.list[in->shown].key;
        int order = key == NULL ? -1 : key_compare(next, *key);
        if (order > 0) return false;
        struct lmdb_count count = {.holders = 0};
        if (order == 0) count = base;
        changes_next(in, &count);
        if (order == 0) return true;
    }
    return false;
}

static void base_seen(void *context, struct bytes key, struct bytes value)
{
    struct inspect *in = context;
    in->report->base += 1;
    struct lmdb_count count = {value, lmdb_holders(key, value)};
    if (!changes_show(in, &key, count)) record_visit(in, key, value);
}

static enum err base_show(struct inspect *in, struct lmdb *lmdb)
{
    lmdb_sort(in->changes.list, in->changes.count);
    enum err e = lmdb_each(lmdb, base_seen, in);
    in->report->bytes = lmdb_bytes(lmdb);
    struct lmdb_count nothing = {.holders = 0};
    if (e == OK) (void)changes_show(in, NULL, nothing);
    if (e == OK) return OK;
    return fail(in, e, "%s/base.mdb: %s", in->folder, lmdb_why(lmdb));
}

static enum err store_show(struct inspect *in)
{
    char path[FILES_PATH_MAX];
    struct lmdb *lmdb;
    (void)snprintf(path, sizeof path, "%s/base.mdb", in->folder);
    enum err e = lmdb_open(path, true, &lmdb);
    if (e == OK) e = lmdb_head(lmdb, &in->head);
    if (e == ERR_MORE) e = ERR_MALFORMED;
    if (e != OK && lmdb != NULL) {
        e = fail(in, e, "%s: %s", path, lmdb_why(lmdb));
    }
    if (e == OK) e = files_each(in->folder, file_seen, in);
    if (e == OK) e = log_keep(in);
    if (e == OK) e = base_show(in, lmdb);
    lmdb_close(lmdb);
    return e;
}

enum err inspect_folder(const char *folder, store_visit *visit, void *context,
                        struct inspect_report *report, char why[WAL_TEXT_MAX])
{
    struct inspect in = {.folder = folder,
                         .why = why,
                         .report = report,
                         .visit = visit,
                         .context = context};
    char path[FILES_PATH_MAX];
    int fd;
    long owner;
    *report = (struct inspect_report){0};
    why[0] = '\0';
    if (strlen(folder) + 64 > FILES_PATH_MAX) {
        return fail(&in, ERR_IO, "the name of the folder is too long");
    }
    (void)snprintf(path, sizeof path, "%s/lock", folder);
    enum err e = files_lock(path, &fd, &owner);
    if (e == ERR_FULL) {
        return fail(&in, ERR_BUSY,
                    "%s is in use by a broker, process %ld: stop it, or look "
                    "at a copy of the folder",
                    folder, owner);
    }
    if (e != OK) return fail(&in, e, "%s: %s", path, strerror(errno));
    e = store_show(&in);
    files_unlock(fd);
    for (uint64_t i = 0; in.files != NULL && i < report->segments; i++)
        free(in.files[i]);
    free(in.files);
    changes_free(&in.changes);
    if (e != OK && why[0] == '\0') (void)fail(&in, e, "%s", err_text(e));
    return e;
}
