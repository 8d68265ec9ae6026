/* committer.c - the thread that writes the log: all that waits, one write, one
 * sync, for all shards. */
#include "store/crc32c.h"
#include "store/merge.h"
#include "store/wal_state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum { SYNC_MS = 1000 };

static struct batch *batch_of(struct link *link)
{
    return OWNER(link, struct batch, link);
}

/* Put all of `from` before what is in `to`. */
static void list_put_back(struct link *to, struct link *from)
{
    while (!list_empty(from)) {
        struct link *last = from->prev;
        list_remove(last);
        list_unshift(to, last);
    }
}

/* Move batches that wait into the group. Under the lock. */
static size_t group_take(struct wal *wal)
{
    size_t bytes = 0;
    while (!list_empty(&wal->waiting)) {
        struct batch *batch = batch_of(wal->waiting.next);
        size_t size = logframe_size(batch->size);
        if (bytes > 0 && bytes + size > GROUP_BYTES_MAX) break;
        bytes += size;
        list_remove(&batch->link);
        list_push(&wal->group, &batch->link);
    }
    return bytes;
}

static size_t group_bytes(const struct wal *wal)
{
    size_t bytes = 0;
    LIST_EACH(at, after, &wal->group) {
        bytes += logframe_size(batch_of(at)->size);
    }
    return bytes;
}

/* --- syncing ------------------------------------------------------------- */

static void spot_index(struct wal *wal, const struct spot *spot,
                       struct index_place place)
{
    switch (spot->kind) {
    case STORE_HOLD:
        index_hold(&wal->index, spot->key, place, spot->value);
        return;
    case STORE_DROP: index_drop(&wal->index, spot->key); return;
    default: index_set(&wal->index, spot->key, place);
    }
}

static void batch_index(struct wal *wal, const struct batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        uint32_t ahead = i + LOOK_AHEAD;
        if (ahead < batch->count) {
            index_expect(&wal->index, batch->spots[ahead].key);
        }
        const struct spot *spot = &batch->spots[i];
        struct index_place place = {wal->now->number, batch->at + spot->offset};
        spot_index(wal, spot, place);
    }
}

/* What is on disk may be found, and is needed no more. */
static void log_index(struct wal *wal)
{
    pthread_mutex_lock(&wal->lock);
    LIST_EACH(at, after, &wal->settled) {
        batch_index(wal, batch_of(at));
    }
    wal->unknown = false;
    pthread_cond_signal(&wal->known);
    pthread_mutex_unlock(&wal->lock);
    LIST_EACH(at, after, &wal->settled) {
        list_remove(at);
        free(batch_of(at));
    }
}

/* What is written is on disk, and may be reported. log_index has to follow. */
static enum err log_sync(struct wal *wal)
{
    if (list_empty(&wal->unsynced)) return OK;
    enum err e = wal->files->sync(wal->files, wal->now->fd);
    if (e != OK) return e;
    wal->now->end = wal->now->written;
    wal->now->stop = wal->durable = wal->sequence;
    assert(list_empty(&wal->settled));
    while (!list_empty(&wal->unsynced)) {
        struct link *link = wal->unsynced.next;
        list_remove(link);
        list_push(&wal->settled, link);
    }
    return OK;
}

/* --- segments ------------------------------------------------------------ */

/* wal->now gets no more: the keeper has it. */
static void log_retire(struct wal *wal)
{
    struct logfile *file = wal->now;
    wal->now = NULL;
    wal->files->close(wal->files, file->fd);
    file->fd = -1;
    pthread_mutex_lock(&wal->lock);
    list_push(&wal->full, &file->link);
    wal->full_count += 1;
    pthread_cond_signal(&wal->tidy);
    pthread_mutex_unlock(&wal->lock);
}

/* Too many segments wait for the keeper: let it catch up. ERR_FULL: it
 * cannot. */
static enum err log_pace(struct wal *wal)
{
    pthread_mutex_lock(&wal->lock);
    while (wal->full_count >= wal->kept + LOGFILES_AHEAD &&
           !wal->keeper_fails && !wal->closing) {
        pthread_cond_wait(&wal->work, &wal->lock);
    }
    bool stuck =
        wal->full_count >= wal->kept + LOGFILES_AHEAD && wal->keeper_fails;
    pthread_mutex_unlock(&wal->lock);
    errno = ENOSPC;
    return stuck ? ERR_FULL : OK;
}

/* Room for `bytes` in wal->now. */
static enum err log_room(struct wal *wal, size_t bytes)
{
    const struct logfile *now = wal->now;
    if (now != NULL && (now->written == SEGMENT_HEAD_BYTES ||
                        now->written + bytes <= wal->options.segment_bytes)) {
        return OK;
    }
    enum err e = now == NULL ? OK : log_sync(wal);
    if (e != OK) return e;
    log_index(wal);
    if (now != NULL) log_retire(wal);
    e = log_pace(wal);
    if (e != OK) return e;
    e = logfile_begin(wal, wal->number, wal->sequence, &wal->now);
    if (e != OK) return e;
    wal->number += 1;
    /* The keeper may have much to do. That there is no space must be told while
     * this segment has room for what clients give back. */
    if (logfile_spare(wal, false) == ERR_FULL) wal_tell_low(wal, true);
    return OK;
}

/* Nobody knows what of the last write is on disk: it is written again, into a
 * new file. What was on disk before stays where it is. */
static void log_abandon(struct wal *wal)
{
    list_put_back(&wal->group, &wal->unsynced);
    wal->sequence = wal->durable;
    if (wal->now == NULL) return;
    if (wal->now->end > SEGMENT_HEAD_BYTES) {
        log_retire(wal);
        return;
    }
    /* The new file takes its place. */
    wal->number = wal->now->number;
    logfile_free(wal, wal->now);
    wal->now = NULL;
}

/* --- writing ------------------------------------------------------------- */

/* Bytes on their way to the end of wal->now. */
struct stage {
    size_t size;
    uint32_t at;
};

static enum err stage_flush(struct wal *wal, struct stage *stage)
{
    if (stage->size == 0) return OK;
    enum err e = wal->files->write(wal->files, wal->now->fd, stage->at,
                                   bytes_at(wal->staging, stage->size));
    stage->at += (uint32_t)stage->size;
    stage->size = 0;
    return e;
}

static enum err stage_add(struct wal *wal, struct stage *stage,
                          struct bytes frame)
{
    enum err e = OK;
    if (stage->size + frame.size > STAGING_BYTES) e = stage_flush(wal, stage);
    if (e != OK) return e;
    if (frame.size > STAGING_BYTES) {
        e = wal->files->write(wal->files, wal->now->fd, stage->at, frame);
        stage->at += (uint32_t)frame.size;
        return e;
    }
    memcpy(wal->staging + stage->size, frame.data, frame.size);
    stage->size += frame.size;
    return OK;
}

static void batch_number(struct wal *wal, struct batch *batch)
{
    struct logframe_head head = {
        .kind = LOGFRAME_BATCH,
        .size = batch->size,
        .sequence = wal->sequence,
        .durable = wal->durable,
        .part = batch->part,
        .count = batch->count,
        .body_crc = batch->body_crc,
    };
    logframe_head_write(batch->frame, &head, wal->now->salt);
    batch->at = wal->now->written + LOGFRAME_HEAD_BYTES;
    wal->sequence += 1;
    wal->now->written += (uint32_t)logframe_size(batch->size);
}

/* Write the group; its batches are then unsynced. */
static enum err group_write(struct wal *wal)
{
    struct stage stage = {.at = wal->now->written};
    while (!list_empty(&wal->group)) {
        struct batch *batch = batch_of(wal->group.next);
        batch_number(wal, batch);
        struct bytes frame = bytes_at(batch->frame, logframe_size(batch->size));
        list_remove(&batch->link);
        list_push(&wal->unsynced, &batch->link);
        enum err e = stage_add(wal, &stage, frame);
        if (e != OK) return e;
    }
    return stage_flush(wal, &stage);
}

static enum err group_commit(struct wal *wal)
{
    enum err e = log_room(wal, group_bytes(wal));
    if (e == OK) e = group_write(wal);
    if (e == OK && wal->options.durability == WAL_ALWAYS) e = log_sync(wal);
    return e;
}

/* --- reporting ----------------------------------------------------------- */

/* The last batch of each part in a group. */
struct report {
    uint64_t last[STORE_PARTS_MAX];
    uint64_t count;
};

static void report_gather(const struct wal *wal, struct report *report)
{
    memset(report, 0, sizeof *report);
    LIST_EACH(at, after, &wal->group) {
        struct batch *batch = batch_of(at);
        if (batch->reported) continue;
        report->last[batch->part] = batch->number;
        report->count += 1;
    }
}

/* Who hears of it may look it up at once, and waits until it can be found. */
static void report_send(struct wal *wal, const struct report *report)
{
    LIST_EACH(at, after, &wal->unsynced) {
        batch_of(at)->reported = true;
    }
    pthread_mutex_lock(&wal->lock);
    wal->commits += 1;
    wal->batches += report->count;
    wal->unknown = !list_empty(&wal->settled);
    pthread_mutex_unlock(&wal->lock);
    for (unsigned part = 0; part < STORE_PARTS_MAX; part++) {
        if (report->last[part] == 0 || wal->store.done == NULL) continue;
        wal->store.done(wal->store.done_context, (uint16_t)part,
                        report->last[part], OK);
    }
}

/* --- the thread ---------------------------------------------------------- */

/* It did not work: wait a moment. False: it ends. */
static bool committer_fail(struct wal *wal, enum err e)
{
    if (!wal->log_fails) {
        wal_say(wal, true,
                "cannot write to %s: %s; nothing is acknowledged until that "
                "works again",
                wal->folder,
                e == ERR_NO_MEMORY ? err_text(e) : strerror(errno));
    }
    log_abandon(wal);
    pthread_mutex_lock(&wal->lock);
    wal->log_fails = true;
    pthread_cond_signal(&wal->synced);
    wal_judge(wal);
    if (!wal->closing) wal_wait_ms(wal, &wal->work, wal->options.retry_ms);
    bool goes_on = !wal->closing;
    pthread_mutex_unlock(&wal->lock);
    return goes_on;
}

static void committer_recover(struct wal *wal)
{
    if (!wal->log_fails) return;
    wal_say(wal, false, "writing to %s works again", wal->folder);
    pthread_mutex_lock(&wal->lock);
    wal->log_fails = false;
    wal_judge(wal);
    pthread_mutex_unlock(&wal->lock);
}

/* Commit the group, however long it takes. False: the store is closed. */
static bool committer_commit(struct wal *wal)
{
    struct report report;
    report_gather(wal, &report);
    batches_merge(&wal->group);
    for (;;) {
        enum err e = group_commit(wal);
        if (e == OK) break;
        if (!committer_fail(wal, e)) return false;
    }
    committer_recover(wal);
    report_send(wal, &report);
    log_index(wal);
    return true;
}

/* What waits for its sync gets it. */
static bool committer_sync(struct wal *wal)
{
    enum err e = log_sync(wal);
    if (e == OK) log_index(wal);
    if (e == OK) return true;
    return committer_fail(wal, e) && committer_commit(wal);
}

/* The last word, which says that all before it was on disk. Without it the
 * next start finds the same, and knows a little less. */
static void log_close(struct wal *wal)
{
    if (wal->now == NULL || log_sync(wal) != OK) return;
    uint8_t bytes[LOGFRAME_HEAD_BYTES];
    struct logframe_head head = {.kind = LOGFRAME_CLOSED,
                                 .sequence = wal->sequence,
                                 .durable = wal->durable,
                                 .body_crc = crc32c(0, bytes_at(NULL, 0))};
    logframe_head_write(bytes, &head, wal->now->salt);
    enum err e = wal->files->write(wal->files, wal->now->fd, wal->now->written,
                                   bytes_at(bytes, sizeof bytes));
    if (e == OK) (void)wal->files->sync(wal->files, wal->now->fd);
}

static uint64_t clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* How long what is written may stay so. UINT32_MAX: for now nothing has to be
 * synced. */
static uint32_t sync_wait_ms(const struct wal *wal)
{
    bool timed = wal->options.durability == WAL_EVERYSEC;
    if (!timed || list_empty(&wal->unsynced)) return UINT32_MAX;
    uint64_t now_ms = clock_ms(), due_ms = wal->synced_ms + SYNC_MS;
    return due_ms > now_ms ? (uint32_t)(due_ms - now_ms) : 0;
}

/* The segment gets no more, though it has room: if there is something in it,
 * and a file for the next one. */
static bool committer_turn(struct wal *wal)
{
    const struct logfile *now = wal->now;
    bool empty = now == NULL || now->written == SEGMENT_HEAD_BYTES;
    if (empty || logfile_spares(wal) == 0) return true;
    enum err e = log_room(wal, wal->options.segment_bytes);
    return e == OK || committer_fail(wal, e);
}

/* What others want of the committer. */
struct wish {
    bool sync, turn;
};

/* Wait until there is a group to commit, it is time to sync, somebody wants
 * something, or the store is closed. Returns whether there is a group. */
static bool committer_wait(struct wal *wal, struct wish *wish)
{
    pthread_mutex_lock(&wal->lock);
    while (list_empty(&wal->waiting) && !wal->closing && !wal->sync_asked &&
           !wal->turn_asked) {
        uint32_t wait_ms = sync_wait_ms(wal);
        if (wait_ms == 0) break;
        if (wait_ms == UINT32_MAX) {
            pthread_cond_wait(&wal->work, &wal->lock);
        } else {
            wal_wait_ms(wal, &wal->work, wait_ms);
        }
    }
    bool found = group_take(wal) > 0;
    *wish = (struct wish){wal->sync_asked, wal->turn_asked};
    wal->turn_asked = false;
    pthread_mutex_unlock(&wal->lock);
    return found;
}

/* The reader has what it asked for. */
static void committer_synced(struct wal *wal)
{
    pthread_mutex_lock(&wal->lock);
    wal->sync_asked = false;
    pthread_cond_signal(&wal->synced);
    pthread_mutex_unlock(&wal->lock);
}

void *committer_run(void *argument)
{
    struct wal *wal = argument;
    bool works = true;
    while (works) {
        struct wish wish;
        bool found = committer_wait(wal, &wish);
        bool due = wish.sync || sync_wait_ms(wal) == 0;
        if (!found && !due && !wish.turn) break;
        if (found) works = committer_commit(wal);
        if (wish.turn && works) works = committer_turn(wal);
        if (!due || !works) continue;
        works = committer_sync(wal);
        wal->synced_ms = clock_ms();
        if (wish.sync) committer_synced(wal);
    }
    if (works) log_close(wal);
    return NULL;
}
