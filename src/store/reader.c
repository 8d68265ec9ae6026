/* reader.c - the thread that looks something up: in the log, else in LMDB.
 *
 *     task --> [ waiting ] --> view --> index --> a segment
 *                                |
 *                                +-------------> base.mdb
 *
 * While a task runs, no segment is taken away: what the index knew when it
 * began stays where it is, and what it does not know is in LMDB already.
 */
#include "base/cursor.h"
#include "store/wal_state.h"

#include <stdlib.h>

enum { READ_BYTES_MIN = 4096 };

struct reader_view {
    struct store_view view;
    struct wal *wal;
    struct lmdb_view *base; /* NULL: it cannot be read */
    uint64_t number;        /* of the segment that is open */
    int fd;                 /* or -1 */
    uint8_t *bytes;         /* of the last change */
    size_t capacity;
};

/* --- the log ------------------------------------------------------------- */

static enum err view_open(struct reader_view *v, uint64_t number)
{
    struct files *files = v->wal->files;
    if (v->fd >= 0 && v->number == number) return OK;
    if (v->fd >= 0) files->close(files, v->fd);
    char path[FILES_PATH_MAX];
    logfile_number_path(v->wal, number, path);
    v->number = number;
    v->fd = -1;
    return files->open(files, path, false, &v->fd);
}

/* `size` bytes at `offset` of the open segment, or as many as there are. */
static enum err view_read(struct reader_view *v, uint32_t offset, size_t size,
                          struct bytes *out)
{
    if (size > v->capacity) {
        uint8_t *bytes = realloc(v->bytes, size);
        if (bytes == NULL) return ERR_IO;
        v->bytes = bytes;
        v->capacity = size;
    }
    size_t got;
    struct files *files = v->wal->files;
    enum err e = files->read(files, v->fd, offset, v->bytes, size, &got);
    if (e == OK) *out = bytes_at(v->bytes, got);
    return e;
}

/* The bytes that the change at the start of `in` has, as it says. */
static size_t change_size(struct bytes in)
{
    struct reader r = reader_of(in);
    (void)read_u8(&r);
    uint16_t key_size = read_u16(&r);
    return LOGFRAME_CHANGE_BYTES + (size_t)key_size + read_u32(&r);
}

/* The change of `key` at `place`. */
static enum err view_change(struct reader_view *v, struct bytes key,
                            struct index_place place, struct bytes *value)
{
    struct bytes in;
    enum err e = view_open(v, place.segment);
    if (e == OK) e = view_read(v, place.offset, READ_BYTES_MIN, &in);
    if (e != OK) return e;
    size_t size = change_size(in);
    if (size > in.size) e = view_read(v, place.offset, size, &in);
    struct logframe_change change;
    size_t offset = 0;
    if (e == OK) e = logframe_change_read(in, &offset, &change);
    if (e != OK) return e;
    if (!bytes_equal(change.key, key)) return ERR_MALFORMED;
    if (!store_has_value(change.kind)) return ERR_MORE;
    *value = change.value;
    return OK;
}

/* --- views --------------------------------------------------------------- */

static enum err reader_get(struct store_view *view, struct bytes key,
                           struct bytes *value)
{
    struct reader_view *v = OWNER(view, struct reader_view, view);
    struct wal *wal = v->wal;
    struct index_place place;
    if (v->base == NULL) return ERR_IO;
    pthread_mutex_lock(&wal->lock);
    bool logged = index_find(&wal->index, index_key(&wal->index, key), &place);
    pthread_mutex_unlock(&wal->lock);
    if (logged) return view_change(v, key, place, value);
    return lmdb_view_get(v->base, key, value);
}

static enum err reader_blind(struct store_view *view, struct bytes key,
                             struct bytes *value)
{
    (void)view;
    (void)key;
    (void)value;
    return ERR_IO;
}

/* Wait until the index has what was reported. False: the store is closed. */
static bool reader_catch_up(struct wal *wal)
{
    pthread_mutex_lock(&wal->lock);
    while (wal->unknown && !wal->closing)
        pthread_cond_wait(&wal->known, &wal->lock);
    bool known = !wal->unknown;
    pthread_mutex_unlock(&wal->lock);
    return known;
}

/* What was reported but is not on disk yet is not in the index: let it be. */
static bool reader_sync(struct wal *wal)
{
    if (wal->options.durability == WAL_ALWAYS) return reader_catch_up(wal);
    pthread_mutex_lock(&wal->lock);
    wal->sync_asked = true;
    pthread_cond_signal(&wal->work);
    while (wal->sync_asked && !wal->log_fails && !wal->closing)
        pthread_cond_wait(&wal->synced, &wal->lock);
    bool synced = !wal->sync_asked;
    pthread_mutex_unlock(&wal->lock);
    return synced;
}

static void task_run(struct wal *wal, struct store_task *task)
{
    if (!reader_sync(wal)) {
        task_refuse(task);
        return;
    }
    struct reader_view v = {.view = {reader_get}, .wal = wal, .fd = -1};
    pthread_mutex_lock(&wal->look_lock);
    if (lmdb_view_begin(wal->lmdb, &v.base) != OK) v.base = NULL;
    task->run(task, &v.view);
    if (v.base != NULL) lmdb_view_end(v.base);
    pthread_mutex_unlock(&wal->look_lock);
    if (v.fd >= 0) wal->files->close(wal->files, v.fd);
    free(v.bytes);
}

void task_refuse(struct store_task *task)
{
    struct store_view blind = {reader_blind};
    task->run(task, &blind);
}

/* --- the thread ---------------------------------------------------------- */

struct store_task *task_take(struct wal *wal)
{
    struct store_task *task = wal->tasks;
    if (task == NULL) return NULL;
    wal->tasks = task->next;
    if (wal->tasks == NULL) wal->tasks_end = &wal->tasks;
    return task;
}

void *reader_run(void *argument)
{
    struct wal *wal = argument;
    for (;;) {
        pthread_mutex_lock(&wal->lock);
        while (wal->tasks == NULL && !wal->closing)
            pthread_cond_wait(&wal->asked, &wal->lock);
        struct store_task *task = wal->closing ? NULL : task_take(wal);
        pthread_mutex_unlock(&wal->lock);
        if (task == NULL) return NULL;
        task_run(wal, task);
    }
}
