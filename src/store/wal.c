/* wal.c - the engine that keeps its word: opening, submitting, closing. */
#include "store/wal.h"

#include "store/crc32c.h"
#include "store/wal_state.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* A batch must fit into a segment whose offsets have 32 bits. */
static const size_t BATCH_BYTES_MAX = (size_t)1 << 31;

static struct wal *wal_of(struct store *store)
{
    return OWNER(store, struct wal, store);
}

/* --- telling ------------------------------------------------------------- */

void wal_say(struct wal *wal, bool bad, const char *format, ...)
{
    if (wal->options.say == NULL) return;
    char text[WAL_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    wal->options.say(wal->options.context, bad, text);
}

void wal_judge(struct wal *wal)
{
    enum wal_state state = WAL_WORKS;
    if (wal->low || wal->over || wal->keeper_fails) state = WAL_FULL;
    if (wal->log_fails) state = WAL_FAILS;
    if (state == wal->state) return;
    wal->state = state;
    if (wal->options.changed == NULL) return;
    wal->options.changed(wal->options.context, state);
}

void wal_tell_low(struct wal *wal, bool low)
{
    int error = errno;
    pthread_mutex_lock(&wal->lock);
    bool news = wal->low != low;
    wal->low = low;
    wal_judge(wal);
    pthread_mutex_unlock(&wal->lock);
    if (!news) return;
    if (low) {
        wal_say(wal, true,
                "%s cannot grow: %s; messages of QoS 1 and 2 are refused until "
                "it can",
                wal->folder, strerror(error));
    } else {
        wal_say(wal, false, "%s can grow again", wal->folder);
    }
}

void wal_wait_ms(struct wal *wal, pthread_cond_t *cond, uint32_t ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    uint64_t ns = (uint64_t)until.tv_nsec + (uint64_t)ms * 1000000;
    until.tv_sec += (time_t)(ns / 1000000000);
    until.tv_nsec = (long)(ns % 1000000000);
    (void)pthread_cond_timedwait(cond, &wal->lock, &until);
}

/* --- submitting ---------------------------------------------------------- */

static struct batch *batch_new(const struct store_change *changes, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += logframe_change_size(&changes[i]);
    if (size > BATCH_BYTES_MAX || count > UINT32_MAX) return NULL;
    size_t spots = count * sizeof(struct spot);
    struct batch *batch = malloc(sizeof *batch + spots + logframe_size(size));
    if (batch == NULL) return NULL;
    *batch = (struct batch){.size = (uint32_t)size, .count = (uint32_t)count};
    batch->frame = (uint8_t *)batch->spots + spots;
    return batch;
}

/* The body, its checksum, and where each key is. */
static void batch_fill(const struct wal *wal, struct batch *batch,
                       const struct store_change *changes)
{
    uint8_t *body = batch->frame + LOGFRAME_HEAD_BYTES;
    uint8_t *at = body;
    for (uint32_t i = 0; i < batch->count; i++) {
        bool counts =
            changes[i].kind == STORE_HOLD || changes[i].kind == STORE_DROP;
        assert(counts == store_counted(changes[i].key));
        batch->spots[i] = (struct spot){
            .key = index_key(&wal->index, changes[i].key),
            .offset = (uint32_t)(at - body),
            .kind = (uint8_t)changes[i].kind,
            .value = changes[i].value.size + changes[i].tail.size > 0,
        };
        at = logframe_change_write(at, &changes[i]);
    }
    assert(at == body + batch->size);
    memset(at, 0,
           logframe_size(batch->size) - LOGFRAME_HEAD_BYTES -
               (size_t)(at - body));
    batch->body_crc = crc32c(0, bytes_at(body, batch->size));
}

static enum err wal_submit(struct store *store, uint16_t part, uint64_t number,
                           const struct store_change *changes, size_t count)
{
    struct wal *wal = wal_of(store);
    assert(part < STORE_PARTS_MAX && count > 0 && number > 0);
    struct batch *batch = batch_new(changes, count);
    if (batch == NULL) return ERR_NO_MEMORY;
    batch->part = part;
    batch->number = number;
    batch_fill(wal, batch, changes);
    pthread_mutex_lock(&wal->lock);
    list_push(&wal->waiting, &batch->link);
    pthread_cond_signal(&wal->work);
    pthread_mutex_unlock(&wal->lock);
    return OK;
}

/* --- reading ------------------------------------------------------------- */

static void wal_look(struct store *store, struct store_task *task)
{
    struct wal *wal = wal_of(store);
    task->next = NULL;
    pthread_mutex_lock(&wal->lock);
    *wal->tasks_end = task;
    wal->tasks_end = &task->next;
    pthread_cond_signal(&wal->asked);
    pthread_mutex_unlock(&wal->lock);
}

static void record_pass(void *context, struct bytes key, struct bytes value)
{
    (void)context;
    (void)key;
    (void)value;
}

/* A store that is not large is read whole before, so that what is broken or
 * missing is known. */
static enum err base_check(struct wal *wal)
{
    struct lmdb_head head;
    enum err e = lmdb_head(wal->lmdb, &head);
    if (e == ERR_MORE) return OK;
    if (e != OK || head.count > WALK_CHECKED_MAX) return e;
    return lmdb_each(wal->lmdb, record_pass, NULL);
}

static enum err wal_walk(struct store *store, store_step *step, void *context)
{
    struct wal *wal = wal_of(store);
    pthread_mutex_lock(&wal->base_lock);
    enum err e = base_check(wal);
    if (e == OK) e = lmdb_walk(wal->lmdb, step, context);
    pthread_mutex_unlock(&wal->base_lock);
    if (e != OK) {
        wal_say(wal, true, "%s/base.mdb: %s", wal->folder, lmdb_why(wal->lmdb));
    }
    return e;
}

static enum err wal_each(struct store *store, store_visit *visit, void *context)
{
    struct wal *wal = wal_of(store);
    pthread_mutex_lock(&wal->base_lock);
    enum err e = lmdb_each(wal->lmdb, visit, context);
    pthread_mutex_unlock(&wal->base_lock);
    if (e != OK) {
        wal_say(wal, true, "%s/base.mdb: %s", wal->folder, lmdb_why(wal->lmdb));
    }
    return e;
}

void wal_id(const struct store *store, uint8_t id[WAL_ID_BYTES])
{
    const struct wal *wal = OWNER(store, const struct wal, store);
    memcpy(id, wal->id, WAL_ID_BYTES);
}

void wal_stats(struct store *store, struct wal_stats *stats)
{
    struct wal *wal = wal_of(store);
    struct lmdb_head head = {.count = 0};
    pthread_mutex_lock(&wal->base_lock);
    bool known = lmdb_head(wal->lmdb, &head) == OK;
    uint64_t bytes = lmdb_bytes(wal->lmdb);
    pthread_mutex_unlock(&wal->base_lock);
    pthread_mutex_lock(&wal->lock);
    *stats = (struct wal_stats){.records = known ? head.count : 0,
                                .bytes = bytes,
                                .segments = wal->full_count + 1,
                                .kept = wal->kept,
                                .keys = index_count(&wal->index),
                                .commits = wal->commits,
                                .batches = wal->batches};
    pthread_mutex_unlock(&wal->lock);
}

/* --- opening and closing ------------------------------------------------- */

static void batches_free(struct link *list)
{
    LIST_EACH(at, after, list) {
        list_remove(at);
        free(OWNER(at, struct batch, link));
    }
}

static void wal_free(struct store *store)
{
    struct wal *wal = wal_of(store);
    pthread_mutex_lock(&wal->lock);
    wal->closing = true;
    pthread_cond_signal(&wal->work);
    pthread_cond_signal(&wal->tidy);
    pthread_cond_signal(&wal->asked);
    pthread_cond_signal(&wal->synced);
    pthread_cond_signal(&wal->known);
    pthread_mutex_unlock(&wal->lock);
    if (wal->has_reader) (void)pthread_join(wal->reader, NULL);
    if (wal->has_committer) (void)pthread_join(wal->committer, NULL);
    if (wal->has_keeper) (void)pthread_join(wal->keeper, NULL);
    struct store_task *task;
    while ((task = task_take(wal)) != NULL)
        task_refuse(task);
    batches_free(&wal->waiting);
    batches_free(&wal->group);
    batches_free(&wal->unsynced);
    batches_free(&wal->settled);
    logfile_free(wal, wal->now);
    LIST_EACH(at, after, &wal->full) {
        logfile_free(wal, OWNER(at, struct logfile, link));
    }
    lmdb_close(wal->lmdb);
    index_fini(&wal->index);
    if (wal->lock_fd >= 0) files_unlock(wal->lock_fd);
    free(wal->staging);
    pthread_cond_destroy(&wal->work);
    pthread_cond_destroy(&wal->tidy);
    pthread_cond_destroy(&wal->asked);
    pthread_cond_destroy(&wal->synced);
    pthread_cond_destroy(&wal->known);
    pthread_mutex_destroy(&wal->look_lock);
    pthread_mutex_destroy(&wal->lock);
    pthread_mutex_destroy(&wal->base_lock);
    pthread_mutex_destroy(&wal->spare_lock);
    free(wal);
}

static void locks_init(struct wal *wal)
{
    pthread_condattr_t attributes;
    int error = pthread_condattr_init(&attributes);
    error |= pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    error |= pthread_mutex_init(&wal->lock, NULL);
    error |= pthread_mutex_init(&wal->base_lock, NULL);
    error |= pthread_mutex_init(&wal->look_lock, NULL);
    error |= pthread_cond_init(&wal->asked, NULL);
    error |= pthread_cond_init(&wal->synced, NULL);
    error |= pthread_cond_init(&wal->known, NULL);
    error |= pthread_mutex_init(&wal->spare_lock, NULL);
    error |= pthread_cond_init(&wal->work, &attributes);
    error |= pthread_cond_init(&wal->tidy, &attributes);
    assert(error == 0);
    (void)pthread_condattr_destroy(&attributes);
}

static struct wal *wal_new(const struct wal_options *options)
{
    uint8_t luck[16];
    struct wal *wal = calloc(1, sizeof *wal);
    if (wal == NULL) return NULL;
    wal->store =
        (struct store){wal_submit, wal_each,      wal_walk,        wal_look,
                       wal_free,   options->done, options->context};
    wal->tasks_end = &wal->tasks;
    wal->options = *options;
    if (wal->options.segment_bytes == 0) {
        wal->options.segment_bytes = WAL_SEGMENT_BYTES;
    }
    if (wal->options.retry_ms == 0) wal->options.retry_ms = RETRY_MS;
    wal->files = options->files != NULL ? options->files : files_system();
    wal->lock_fd = -1;
    wal->kept = keeper_share(&wal->options, 0, 0);
    (void)snprintf(wal->folder, sizeof wal->folder, "%s", options->folder);
    list_init(&wal->waiting);
    list_init(&wal->full);
    list_init(&wal->group);
    list_init(&wal->unsynced);
    list_init(&wal->settled);
    locks_init(wal);
    wal->staging = malloc(STAGING_BYTES);
    bool fine = wal->staging != NULL && files_random(luck) == OK &&
                index_init(&wal->index, luck) == OK;
    if (fine) return wal;
    free(wal->staging);
    free(wal);
    return NULL;
}

enum err wal_open(const struct wal_options *options, struct store **out,
                  char why[WAL_TEXT_MAX])
{
    why[0] = '\0';
    *out = NULL;
    /* Names of files are put behind it. */
    if (strlen(options->folder) + 64 > FILES_PATH_MAX) {
        (void)snprintf(why, WAL_TEXT_MAX, "the name of the folder is too long");
        return ERR_IO;
    }
    struct wal *wal = wal_new(options);
    if (wal == NULL) return ERR_NO_MEMORY;
    enum err e = recovery_run(wal, why);
    if (e == OK) {
        *out = &wal->store;
        return OK;
    }
    if (why[0] == '\0') {
        (void)snprintf(why, WAL_TEXT_MAX, "%s: %s", wal->folder, err_text(e));
    }
    wal_free(&wal->store);
    return e;
}

enum err wal_start(struct store *store)
{
    struct wal *wal = wal_of(store);
    assert(!wal->has_committer && !wal->has_keeper && !wal->has_reader);
    wal->has_committer =
        pthread_create(&wal->committer, NULL, committer_run, wal) == 0;
    wal->has_keeper = pthread_create(&wal->keeper, NULL, keeper_run, wal) == 0;
    wal->has_reader = pthread_create(&wal->reader, NULL, reader_run, wal) == 0;
    bool all = wal->has_committer && wal->has_keeper && wal->has_reader;
    return all ? OK : ERR_NO_MEMORY;
}
