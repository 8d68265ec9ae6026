/* recovery.c - what is found at the start, and how it is put in order.
 *
 *     base.mdb says: all below segment 7 is here
 *
 *     0000000006.log    was about to be recycled: goes
 *     0000000007.log    its changes are made in base.mdb
 *     0000000008.log    the same, up to where its last frame is torn
 *     0000000009.log    new, and empty, before base.mdb says "below 9"
 *
 * Some segments are made together, as the keeper does it (move.c): what comes
 * to the same when it is made again at once, holds and drops one by one.
 */
#include "store/changes.h"
#include "store/segment.h"
#include "store/wal_state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    /* What is made together, until one of these is reached: it is in memory.
     * Of bytes as many as base.mdb has in use, within bounds. */
    GROUP_SEGMENTS_MAX = 16,
    GROUP_SIZE_MIN = 32 * 1024 * 1024,
    GROUP_SIZE_MAX = 128 * 1024 * 1024,
    GROUP_CHANGES_MAX = 1000 * 1000
};

/* A segment that was found, all of it. */
struct found {
    uint64_t number;
    struct segment_head head;
    uint8_t *bytes;
    size_t size;
    bool damaged;  /* it is kept, under another name */
    uint64_t stop; /* the first sequence behind it, when it has been read */
    size_t counted_count;
};

struct recovery {
    struct wal *wal;
    char *why;
    struct lmdb_head head; /* of base.mdb */
    bool new;              /* it has none */
    uint64_t *numbers;     /* of all segments, in order */
    size_t count, capacity;
    bool failed; /* to remember a number */

    /* Segments that have been read, and what they change. */
    struct found group[GROUP_SEGMENTS_MAX];
    size_t group_count;
    uint64_t group_size; /* bytes of segments from which on it is full */
    struct changes plain, counted;

    uint64_t expected; /* number of the segment to come */
    uint64_t next;     /* the sequence of the frame to come */
};

/* What is wrong and cannot be gone round. */
static enum err recovery_fail(struct recovery *r, enum err e,
                              const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum err recovery_fail(struct recovery *r, enum err e,
                              const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(r->why, WAL_TEXT_MAX, format, arguments);
    va_end(arguments);
    return e;
}

static enum err system_fail(struct recovery *r, enum err e, const char *path)
{
    return recovery_fail(r, e, "%s: %s", path,
                         e == ERR_NO_MEMORY ? err_text(e) : strerror(errno));
}

static const char *const SALVAGE =
    "To go on without what is lost, keep a copy of the folder and start once "
    "with \"persistence_recover true\"";

/* --- the folder ---------------------------------------------------------- */

static int number_compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void number_add(struct recovery *r, uint64_t number)
{
    if (r->count == r->capacity) {
        size_t capacity = r->capacity * 2 + 16;
        uint64_t *numbers = realloc(r->numbers, capacity * sizeof *r->numbers);
        if (numbers == NULL) r->failed = true;
        if (numbers == NULL) return;
        r->numbers = numbers;
        r->capacity = capacity;
    }
    r->numbers[r->count++] = number;
}

static void file_seen(void *context, const char *name)
{
    struct recovery *r = context;
    struct wal *wal = r->wal;
    uint64_t number = logfile_number(name);
    if (number != 0) number_add(r, number);
    if (strcmp(name, "reserve") == 0) wal->has_reserve = true;
    size_t spare = logfile_spare_index(name);
    if (spare < SPARES_MAX) wal->spare[spare] = true;
}

static enum err folder_open(struct recovery *r)
{
    struct wal *wal = r->wal;
    char path[FILES_PATH_MAX];
    enum err e = files_folder(wal->folder);
    if (e != OK) return system_fail(r, e, wal->folder);
    logfile_path(wal, "lock", path);
    long owner;
    e = files_lock(path, &wal->lock_fd, &owner);
    if (e == ERR_FULL) {
        wal->lock_fd = -1;
        return recovery_fail(r, ERR_BUSY,
                             "%s is in use by another broker, process %ld; "
                             "two brokers cannot share a folder",
                             wal->folder, owner);
    }
    if (e != OK) return system_fail(r, e, path);
    e = files_each(wal->folder, file_seen, r);
    if (e == OK && r->failed) e = ERR_NO_MEMORY;
    if (e != OK) return system_fail(r, e, wal->folder);
    if (r->count > 1) {
        qsort(r->numbers, r->count, sizeof *r->numbers, number_compare);
    }
    return OK;
}

/* --- base.mdb ------------------------------------------------------------ */

static void record_lost(void *context, struct bytes key, struct bytes value)
{
    struct recovery *r = context;
    wal_say(r->wal, true,
            "lost: a record in base.mdb (%c, %zu bytes of key, %zu of value) "
            "that has a wrong checksum",
            key.size > 0 && key.data[0] > ' ' && key.data[0] < 0x7f
                ? key.data[0]
                : '?',
            key.size, value.size);
}

static enum err base_fail(struct recovery *r, enum err e)
{
    return recovery_fail(r, e, "%s/base.mdb: %s", r->wal->folder,
                         lmdb_why(r->wal->lmdb));
}

/* Put it aside, and begin a new one. */
static enum err base_renew(struct recovery *r, const char *what)
{
    struct wal *wal = r->wal;
    char path[FILES_PATH_MAX], aside[FILES_PATH_MAX + 16];
    logfile_path(wal, "base.mdb", path);
    (void)snprintf(aside, sizeof aside, "%s.damaged", path);
    wal_say(wal, true,
            "lost: all that was in %s (%s), but for what is in the log; the "
            "file is kept as base.mdb.damaged",
            path, what);
    lmdb_close(wal->lmdb);
    wal->lmdb = NULL;
    enum err e = wal->files->rename(wal->files, path, aside);
    if (e != OK) return system_fail(r, e, path);
    e = lmdb_open(path, false, &wal->lmdb);
    r->new = true;
    return e;
}

static enum err base_open(struct recovery *r)
{
    struct wal *wal = r->wal;
    char path[FILES_PATH_MAX];
    logfile_path(wal, "base.mdb", path);
    if (!lmdb_try(path, WALK_CHECKED_MAX)) {
        static const char what[] = "its pages are broken";
        if (wal->options.salvage) return base_renew(r, what);
        return recovery_fail(r, ERR_MALFORMED, "%s is broken: %s. %s", path,
                             what, SALVAGE);
    }
    enum err e = lmdb_open(path, false, &wal->lmdb);
    if (e == OK) e = lmdb_head(wal->lmdb, &r->head);
    r->new = e == ERR_MORE;
    if (e == ERR_MORE) return OK;
    if (e == ERR_MALFORMED && wal->options.salvage) {
        return base_renew(r, lmdb_why(wal->lmdb));
    }
    if (e == OK && wal->options.salvage) {
        e = lmdb_mend(wal->lmdb, record_lost, r);
    }
    if (e == ERR_MALFORMED) {
        return recovery_fail(r, e, "%s is broken: %s. %s", path,
                             lmdb_why(wal->lmdb), SALVAGE);
    }
    if (e == OK || wal->lmdb == NULL) return e;
    return recovery_fail(r, e, "%s: %s", path, lmdb_why(wal->lmdb));
}

/* --- segments ------------------------------------------------------------ */

static void found_free(struct found *found)
{
    free(found->bytes);
    found->bytes = NULL;
}

/* Read segment `number`. ERR_MALFORMED: it has no head that is right. */
static enum err found_load(struct recovery *r, uint64_t number,
                           struct found *found)
{
    struct wal *wal = r->wal;
    char path[FILES_PATH_MAX];
    logfile_number_path(wal, number, path);
    *found = (struct found){.number = number};
    enum err e = files_load(wal->files, path, &found->bytes, &found->size);
    if (e != OK) return system_fail(r, e, path);
    e = segment_head_read(bytes_at(found->bytes, found->size), &found->head);
    if (e == ERR_VERSION) {
        return recovery_fail(r, e, "%s was written by a later version", path);
    }
    bool ours = memcmp(found->head.id, wal->id, sizeof wal->id) == 0;
    if (e == OK && found->head.number == number && ours) return OK;
    return recovery_fail(r, ERR_MALFORMED, "%s, offset 0: %s. %s", path,
                         e != OK ? "the head of the segment is broken"
                                 : "the segment belongs to another store",
                         SALVAGE);
}

static enum err frame_gather(struct recovery *r, struct bytes body)
{
    size_t offset = 0;
    while (offset < body.size) {
        struct logframe_change change;
        enum err e = logframe_change_read(body, &offset, &change);
        if (e != OK) return e;
        bool counted = store_counted(change.key);
        e = changes_add(counted ? &r->counted : &r->plain, &change);
        if (e != OK) return e;
    }
    return OK;
}

/* A hole in `found`: the end, or, to salvage, something to go round. */
static enum err hole_meet(struct recovery *r, struct found *found,
                          struct segment_scan *scan)
{
    char path[FILES_PATH_MAX];
    logfile_number_path(r->wal, found->number, path);
    unsigned long long sequence = scan->next;
    size_t offset = scan->offset;
    if (!r->wal->options.salvage) {
        return recovery_fail(r, ERR_MALFORMED,
                             "%s, offset %zu: batch %llu is broken, but it "
                             "was on disk. %s",
                             path, offset, sequence, SALVAGE);
    }
    unsigned long long lost = segment_skip(scan);
    wal_say(r->wal, true,
            "lost: %llu batch%s from %s, offset %zu, number %llu on", lost,
            lost == 1 ? "" : "es", path, offset, sequence);
    found->damaged = true;
    return OK;
}

/* All changes of `found`, which ends before the frame `stop`. */
static enum err found_gather(struct recovery *r, struct found *found,
                             uint64_t stop)
{
    struct segment_scan scan;
    size_t before = r->counted.count;
    enum err e =
        segment_begin(&scan, bytes_at(found->bytes, found->size), stop);
    while (e == OK) {
        struct logframe_head head;
        struct bytes body;
        e = segment_next(&scan, &head, &body);
        if (e == OK) e = frame_gather(r, body);
        if (e == ERR_MALFORMED) e = hole_meet(r, found, &scan);
    }
    if (e != ERR_MORE) return e;
    if (scan.torn && !found->damaged) {
        wal_say(r->wal, false,
                "the end of the log was being written when the broker ended "
                "(segment %llu, offset %zu); it was promised to nobody",
                (unsigned long long)found->number, scan.offset);
    }
    found->counted_count = r->counted.count - before;
    found->stop = r->next = scan.next;
    return OK;
}

/* The segment has been read: its file is not needed. */
static void found_leave(struct recovery *r, const struct found *found)
{
    struct wal *wal = r->wal;
    char path[FILES_PATH_MAX], aside[FILES_PATH_MAX + 16];
    if (!found->damaged) {
        logfile_recycle(wal, found->number, found->size);
        return;
    }
    logfile_number_path(wal, found->number, path);
    (void)snprintf(aside, sizeof aside, "%s.damaged", path);
    (void)wal->files->rename(wal->files, path, aside);
    wal_say(wal, true, "what is left of it is kept as %s", aside);
}

/* The number of segment `index`, of which there may be none. */
static uint64_t number_at(const struct recovery *r, size_t index)
{
    return index < r->count ? r->numbers[index] : 0;
}

/* --- into base.mdb -------------------------------------------------------- */

/* On a disk that is full what is held for that is let go, and then the files
 * that wait to be used again. False: there is nothing more. */
static bool space_spend(struct recovery *r)
{
    return keeper_spend(r->wal) || logfile_spend(r->wal);
}

/* All that comes to the same when it is made again. */
static enum err group_make(struct recovery *r)
{
    uint64_t ahead = r->group[r->group_count - 1].number + 1;
    enum err e;
    do {
        e = lmdb_make(r->wal->lmdb, r->plain.list, r->plain.count, ahead);
    } while (e != OK && space_spend(r));
    return e;
}

/* The next `count` changes that are counted, which must happen once: with the
 * head that says so. */
static enum err found_count(struct recovery *r, const struct found *found,
                            struct lmdb_change *changes)
{
    enum err e;
    do {
        r->head.segment = found->number + 1;
        r->head.sequence = found->stop;
        e = lmdb_apply(r->wal->lmdb, changes, found->counted_count, &r->head);
    } while (e != OK && space_spend(r));
    return e;
}

/* Segment by segment, each file goes when it is not needed. */
static enum err group_count(struct recovery *r)
{
    struct lmdb_change *changes = r->counted.list;
    enum err e = OK;
    for (size_t i = 0, left = 0; i < r->group_count && e == OK; i++) {
        const struct found *found = &r->group[i];
        bool last = i + 1 == r->group_count;
        if (found->counted_count == 0 && !last) continue;
        e = found_count(r, found, changes);
        changes += found->counted_count;
        for (; left <= i && e == OK; left++)
            found_leave(r, &r->group[left]);
    }
    return e;
}

/* The segment behind the last one that was found. */
static enum err log_begin(struct recovery *r)
{
    struct wal *wal = r->wal;
    enum err e = logfile_begin(wal, r->expected, r->next, &wal->now);
    if (e == ERR_FULL && keeper_spend(wal)) {
        e = logfile_begin(wal, r->expected, r->next, &wal->now);
    }
    return e == OK ? OK : system_fail(r, e, wal->folder);
}

static void group_free(struct recovery *r)
{
    for (size_t i = 0; i < r->group_count; i++)
        found_free(&r->group[i]);
    r->group_count = r->plain.count = r->counted.count = 0;
}

/* Make the changes of the group in base.mdb. Before it says that the last is
 * not needed, the next is there. */
static enum err group_apply(struct recovery *r, bool last)
{
    enum err e = last ? log_begin(r) : OK;
    if (e != OK) return e;
    e = group_make(r);
    if (e == OK) e = group_count(r);
    if (e != OK) {
        return recovery_fail(r, e,
                             "%s/base.mdb cannot grow: %s. If the disk is "
                             "full, make room and start again: nothing is lost",
                             r->wal->folder, lmdb_why(r->wal->lmdb));
    }
    group_free(r);
    return OK;
}

static uint64_t group_size(struct wal *wal)
{
    uint64_t used = lmdb_used(wal->lmdb);
    if (used < GROUP_SIZE_MIN) return GROUP_SIZE_MIN;
    return used < GROUP_SIZE_MAX ? used : GROUP_SIZE_MAX;
}

static bool group_full(const struct recovery *r)
{
    uint64_t size = 0;
    for (size_t i = 0; i < r->group_count; i++)
        size += r->group[i].size;
    return r->group_count == GROUP_SEGMENTS_MAX || size >= r->group_size ||
           r->plain.count + r->counted.count >= GROUP_CHANGES_MAX;
}

/* --- the log -------------------------------------------------------------- */

/* Is `found` the one that must come? */
static enum err found_check(struct recovery *r, const struct found *found)
{
    struct wal *wal = r->wal;
    if (found->number == r->expected && found->head.sequence == r->next) {
        return OK;
    }
    unsigned long long first = r->expected, number = found->number;
    if (!wal->options.salvage) {
        return recovery_fail(r, ERR_MALFORMED,
                             "%s: segment %llu of the log is missing, and "
                             "%llu is there. %s",
                             wal->folder, first, number, SALVAGE);
    }
    wal_say(wal, true,
            "lost: what was in the log from segment %llu to before %llu", first,
            number);
    r->next = found->head.sequence;
    return OK;
}

/* The next segment that can be read, from *index on; *index is then behind
 * it. ERR_MORE: there is none. */
static enum err found_next(struct recovery *r, size_t *index,
                           struct found *found)
{
    struct wal *wal = r->wal;
    while (*index < r->count) {
        enum err e = found_load(r, r->numbers[(*index)++], found);
        if (e == OK) return OK;
        if (e != ERR_MALFORMED || !wal->options.salvage) {
            found_free(found);
            return e;
        }
        wal_say(wal, true, "lost: the whole segment. %s", r->why);
        r->why[0] = '\0';
        found->damaged = true;
        found_leave(r, found);
        found_free(found);
    }
    return ERR_MORE;
}

/* Read `found`, which the group has then, up to where `next` (NULL: nothing)
 * begins. */
static enum err found_replay(struct recovery *r, const struct found *found,
                             const struct found *next)
{
    struct found *kept = &r->group[r->group_count++];
    *kept = *found;
    uint64_t stop = next == NULL ? UINT64_MAX : next->head.sequence;
    enum err e = found_check(r, kept);
    if (e == OK) e = found_gather(r, kept, stop);
    r->expected = found->number + 1;
    if (e == OK && (next == NULL || group_full(r))) {
        e = group_apply(r, next == NULL);
    }
    return e;
}

/* The log is empty, though it should not be: somebody has removed files. */
static enum err log_renew(struct recovery *r)
{
    struct wal *wal = r->wal;
    unsigned long long number = r->head.segment;
    if (!wal->options.salvage) {
        return recovery_fail(r, ERR_MALFORMED,
                             "%s: segment %llu of the log is missing. %s",
                             wal->folder, number, SALVAGE);
    }
    wal_say(wal, true, "lost: the log, from segment %llu on", number);
    uint64_t last = number_at(r, r->count == 0 ? 0 : r->count - 1);
    if (r->head.segment <= last) r->head.segment = last + 1;
    enum err e = logfile_begin(wal, r->head.segment, r->next, &wal->now);
    if (e != OK) return system_fail(r, e, wal->folder);
    return lmdb_apply(wal->lmdb, NULL, 0, &r->head);
}

/* All segments from the one that base.mdb names on. */
static enum err log_replay(struct recovery *r)
{
    struct wal *wal = r->wal;
    size_t index = 0;
    for (; number_at(r, index) != 0 && r->numbers[index] < r->head.segment;
         index++) {
        logfile_recycle(wal, r->numbers[index], 0);
    }
    struct found found, next;
    r->next = r->head.sequence;
    r->expected = r->head.segment;
    r->group_size = group_size(wal);
    enum err e = found_next(r, &index, &found);
    if (e == ERR_MORE) return log_renew(r);
    while (e == OK) {
        enum err more = found_next(r, &index, &next);
        if (more == OK || more == ERR_MORE) {
            e = found_replay(r, &found, more == OK ? &next : NULL);
        } else {
            found_free(&found);
            e = more;
        }
        if (more == ERR_MORE) return e;
        if (e != OK) found_free(&next);
        found = next;
    }
    return e;
}

/* --- a new store --------------------------------------------------------- */

/* base.mdb has no head. Either the store is being made, and its log is empty,
 * or the file was removed. */
static enum err store_make(struct recovery *r)
{
    struct wal *wal = r->wal;
    enum err e = files_random(wal->id);
    if (e != OK) return system_fail(r, e, wal->folder);
    r->head.segment = r->head.sequence = 1;
    memcpy(r->head.id, wal->id, sizeof wal->id);
    e = logfile_begin(wal, 1, 1, &wal->now);
    if (e != OK) return system_fail(r, e, wal->folder);
    e = lmdb_apply(wal->lmdb, NULL, 0, &r->head);
    return e == OK ? OK : base_fail(r, e);
}

/* Take the store's id from its first segment. Returns whether that is all
 * that there ever was. */
static bool store_adopt(struct recovery *r)
{
    struct wal *wal = r->wal;
    char path[FILES_PATH_MAX];
    struct segment_scan scan = {.next = 0};
    struct logframe_head head;
    struct bytes body;
    uint8_t *bytes;
    size_t size;
    logfile_number_path(wal, r->numbers[0], path);
    if (files_load(wal->files, path, &bytes, &size) != OK) return false;
    enum err e = segment_begin(&scan, bytes_at(bytes, size), UINT64_MAX);
    if (e == OK) {
        memcpy(wal->id, scan.head.id, sizeof wal->id);
        memcpy(r->head.id, wal->id, sizeof wal->id);
        r->head.segment = r->numbers[0];
        r->head.sequence = scan.head.sequence;
        e = segment_next(&scan, &head, &body);
    }
    free(bytes);
    return r->count == 1 && r->numbers[0] == 1 && e == ERR_MORE && !scan.torn;
}

static enum err store_begin(struct recovery *r)
{
    if (r->count == 0) return store_make(r);
    bool empty = store_adopt(r);
    if (empty || r->wal->options.salvage) {
        enum err e = lmdb_apply(r->wal->lmdb, NULL, 0, &r->head);
        return e == OK ? log_replay(r) : base_fail(r, e);
    }
    return recovery_fail(r, ERR_MALFORMED,
                         "%s: there is a log, but base.mdb is missing. %s",
                         r->wal->folder, SALVAGE);
}

enum err recovery_run(struct wal *wal, char why[WAL_TEXT_MAX])
{
    struct recovery r = {.wal = wal, .why = why};
    enum err e = folder_open(&r);
    if (e == OK) e = base_open(&r);
    if (e == OK && r.new) {
        e = store_begin(&r);
    } else if (e == OK) {
        memcpy(wal->id, r.head.id, sizeof wal->id);
        e = log_replay(&r);
    }
    if (e == OK) {
        wal->number = wal->now->number + 1;
        wal->sequence = wal->durable = wal->now->first;
    }
    group_free(&r);
    changes_free(&r.plain);
    changes_free(&r.counted);
    free(r.numbers);
    return e;
}
