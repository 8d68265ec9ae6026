/* keeper.c - the thread that tidies up: it moves full segments into LMDB, and
 * keeps files and space ready for the committer. */
#include "store/segment.h"
#include "store/wal_state.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Changes of a segment that still count. */
struct changes {
    struct lmdb_change *list;
    size_t count, capacity;
};

static bool changes_reserve(struct changes *changes, size_t more)
{
    size_t need = changes->count + more;
    if (need <= changes->capacity) return true;
    struct lmdb_change *list = realloc(changes->list, 2 * need * sizeof *list);
    if (list == NULL) return false;
    changes->list = list;
    changes->capacity = 2 * need;
    return true;
}

/* Add the changes of a frame that no later one has undone. A change's `order`
 * is its offset in the file. */
static enum err frame_sift(struct wal *wal, const struct logfile *file,
                           const struct logframe_head *head, struct bytes body,
                           uint32_t at, struct changes *changes)
{
    if (!changes_reserve(changes, head->count)) return ERR_NO_MEMORY;
    size_t offset = 0;
    enum err e = OK;
    pthread_mutex_lock(&wal->lock);
    for (uint32_t i = 0; i < head->count && e == OK; i++) {
        struct logframe_change change;
        e = logframe_change_read(body, &offset, &change);
        if (e != OK) break;
        struct index_key key = index_key(&wal->index, change.key);
        struct index_place place = {file->number, at + change.offset};
        bool counts = store_counted(change.key);
        if (!counts && !index_is(&wal->index, key, place)) continue;
        changes->list[changes->count++] =
            (struct lmdb_change){.key = change.key,
                                 .value = change.value,
                                 .kind = change.kind,
                                 .dead = counts && index_dead(&wal->index, key),
                                 .order = place.offset};
    }
    pthread_mutex_unlock(&wal->lock);
    return e;
}

static enum err segment_sift(struct wal *wal, const struct logfile *file,
                             struct bytes bytes, struct changes *changes)
{
    struct segment_scan scan;
    enum err e = segment_begin(&scan, bytes, file->stop);
    while (e == OK) {
        struct logframe_head head;
        struct bytes body;
        size_t at = scan.offset;
        e = segment_next(&scan, &head, &body);
        if (e != OK || head.kind != LOGFRAME_BATCH) continue;
        e = frame_sift(wal, file, &head, body,
                       (uint32_t)(at + LOGFRAME_HEAD_BYTES), changes);
    }
    if (e == ERR_MORE) return OK;
    if (e == ERR_MALFORMED && !wal->keeper_fails) {
        wal_say(wal, true,
                "%s/%010llu.log is broken at offset %zu: it was written, and "
                "now it is not what it was. Look after the disk",
                wal->folder, (unsigned long long)file->number, scan.offset);
    }
    return e;
}

/* LMDB has them: the index needs them no more. Under the lock that keeps the
 * file where it is. */
static void changes_forget(struct wal *wal, const struct logfile *file,
                           const struct changes *changes)
{
    pthread_mutex_lock(&wal->lock);
    for (size_t i = 0; i < changes->count; i++) {
        const struct lmdb_change *change = &changes->list[i];
        struct index_place place = {file->number, (uint32_t)change->order};
        struct index_key key = index_key(&wal->index, change->key);
        if (store_counted(change->key)) {
            index_settle(&wal->index, key, file->number);
        } else {
            index_forget(&wal->index, key, place);
        }
    }
    pthread_mutex_unlock(&wal->lock);
}

static enum err changes_apply(struct wal *wal, const struct logfile *file,
                              struct changes *changes)
{
    struct lmdb_head head = {.segment = file->number + 1,
                             .sequence = file->stop};
    memcpy(head.id, wal->id, sizeof head.id);
    pthread_mutex_lock(&wal->base_lock);
    enum err e = lmdb_apply(wal->lmdb, changes->list, changes->count, &head);
    pthread_mutex_unlock(&wal->base_lock);
    return e;
}

static uint64_t changes_bytes(const struct changes *changes)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < changes->count; i++)
        bytes += changes->list[i].key.size + changes->list[i].value.size;
    return bytes;
}

/* The same, with what is held for the time when clients have taken most of a
 * segment: then moving the rest makes room. (LMDB calls a write that a full
 * disk cut short an I/O error.) */
static enum err changes_apply_held(struct wal *wal, const struct logfile *file,
                                   struct changes *changes)
{
    enum err e = changes_apply(wal, file, changes);
    if (e == OK || changes_bytes(changes) > RESERVE_BYTES) return e;
    return keeper_spend(wal) ? changes_apply(wal, file, changes) : e;
}

/* Move what still counts in `file`, the oldest, into LMDB; it is then gone. */
static enum err keeper_move(struct wal *wal, struct logfile *file)
{
    struct changes changes = {0};
    char path[FILES_PATH_MAX];
    uint8_t *bytes;
    size_t size;
    logfile_number_path(wal, file->number, path);
    enum err e = files_load(wal->files, path, &bytes, &size);
    if (e != OK) return e;
    if (size > file->end) size = file->end;
    e = segment_sift(wal, file, bytes_at(bytes, size), &changes);
    if (e == OK) e = changes_apply_held(wal, file, &changes);
    if (e == OK) {
        pthread_mutex_lock(&wal->look_lock);
        changes_forget(wal, file, &changes);
        logfile_recycle(wal, file->number, file->end);
        pthread_mutex_unlock(&wal->look_lock);
    }
    free(changes.list);
    free(bytes);
    return e;
}

/* --- space --------------------------------------------------------------- */

static void reserve_path(const struct wal *wal, char path[FILES_PATH_MAX])
{
    logfile_path(wal, "reserve", path);
}

static enum err reserve_make(struct wal *wal)
{
    if (wal->has_reserve) return OK;
    struct files *files = wal->files;
    char path[FILES_PATH_MAX];
    reserve_path(wal, path);
    int fd;
    enum err e = files->open(files, path, true, &fd);
    if (e != OK) return e;
    e = files->reserve(files, fd, RESERVE_BYTES + wal->options.segment_bytes);
    files->close(files, fd);
    if (e != OK) (void)files->remove(files, path);
    wal->has_reserve = e == OK;
    return e;
}

bool keeper_spend(struct wal *wal)
{
    if (!wal->has_reserve) return false;
    char path[FILES_PATH_MAX];
    reserve_path(wal, path);
    (void)wal->files->remove(wal->files, path);
    wal->has_reserve = false;
    return true;
}

/* --- the thread ---------------------------------------------------------- */

/* Move the oldest segment. Returns whether that worked. */
static bool keeper_step(struct wal *wal, struct logfile *file)
{
    enum err e = keeper_move(wal, file);
    bool failed = e != OK;
    if (failed && !wal->keeper_fails) {
        wal_say(wal, true, "cannot move the log into %s/base.mdb: %s",
                wal->folder,
                wal->lmdb != NULL && lmdb_why(wal->lmdb)[0] != '\0'
                    ? lmdb_why(wal->lmdb)
                    : err_text(e));
    }
    pthread_mutex_lock(&wal->lock);
    wal->keeper_fails = failed;
    if (!failed) {
        wal->full_count -= 1;
        logfile_free(wal, file);
    }
    pthread_cond_signal(&wal->work);
    pthread_mutex_unlock(&wal->lock);
    return !failed;
}

/* Has base.mdb room in itself for a segment? Its file never gets smaller. */
static bool base_has_room(struct wal *wal)
{
    pthread_mutex_lock(&wal->base_lock);
    uint64_t bytes = wal->lmdb == NULL ? 0 : lmdb_bytes(wal->lmdb);
    uint64_t used = wal->lmdb == NULL ? 0 : lmdb_used(wal->lmdb);
    pthread_mutex_unlock(&wal->base_lock);
    return bytes > used + RESERVE_BYTES + 2 * wal->options.segment_bytes;
}

/* See that there is a file and some space for what comes. */
static bool keeper_provide(struct wal *wal)
{
    enum err e = logfile_spare(wal);
    if (e == OK) e = reserve_make(wal);
    if (e != OK && logfile_has_spare(wal) && base_has_room(wal)) e = OK;
    int error = errno;
    pthread_mutex_lock(&wal->lock);
    bool news = wal->low != (e != OK);
    wal->low = e != OK;
    pthread_mutex_unlock(&wal->lock);
    if (news && e != OK) {
        wal_say(wal, true,
                "%s cannot grow: %s; messages of QoS 1 and 2 are refused until "
                "it can",
                wal->folder, strerror(error));
    } else if (news) {
        wal_say(wal, false, "%s can grow again", wal->folder);
    }
    return e == OK;
}

/* Is there more on disk than the operator wants? What makes it less is let
 * through all the same. */
static bool keeper_measure(struct wal *wal)
{
    uint64_t quota = wal->options.quota_bytes;
    uint64_t least = QUOTA_SEGMENTS * (uint64_t)wal->options.segment_bytes;
    if (quota == 0) return true;
    if (quota < least) quota = least;
    pthread_mutex_lock(&wal->base_lock);
    uint64_t used = wal->lmdb == NULL ? 0 : lmdb_used(wal->lmdb);
    pthread_mutex_unlock(&wal->base_lock);
    pthread_mutex_lock(&wal->lock);
    used += (uint64_t)(wal->full_count + 1) * wal->options.segment_bytes;
    bool over = used > quota;
    bool news = wal->over != over;
    wal->over = over;
    pthread_mutex_unlock(&wal->lock);
    if (news && over) {
        wal_say(wal, true,
                "%s has reached its quota, %llu bytes: messages of QoS 1 and 2 "
                "are refused until clients have taken what waits for them",
                wal->folder, (unsigned long long)quota);
    } else if (news) {
        wal_say(wal, false, "%s is below its quota again", wal->folder);
    }
    return !over;
}

static void keeper_wait(struct wal *wal, bool fine)
{
    wal_judge(wal);
    if (wal->closing) return;
    if (!fine) {
        wal_wait_ms(wal, &wal->tidy, wal->options.retry_ms);
    } else if (wal->full_count <= LOGFILES_KEPT && logfile_has_spare(wal)) {
        pthread_cond_wait(&wal->tidy, &wal->lock);
    }
}

void *keeper_run(void *argument)
{
    struct wal *wal = argument;
    for (;;) {
        pthread_mutex_lock(&wal->lock);
        bool ends = wal->closing;
        struct logfile *file = wal->full_count > LOGFILES_KEPT
                                   ? OWNER(wal->full.next, struct logfile, link)
                                   : NULL;
        pthread_mutex_unlock(&wal->lock);
        if (ends) return NULL;
        bool fine = file == NULL || keeper_step(wal, file);
        fine &= keeper_provide(wal);
        fine &= keeper_measure(wal);
        pthread_mutex_lock(&wal->lock);
        keeper_wait(wal, fine);
        pthread_mutex_unlock(&wal->lock);
    }
}
