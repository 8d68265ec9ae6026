/* move.c - full segments go into LMDB, without what was undone since.
 *
 *     segments --> changes that still count --> copied, put in order, made
 *                       ^                                   |
 *                     index <-- all up to there forgotten --+
 *
 *     segment  --> holds and drops --> made, with the head --> it goes
 *                                                   one after the other
 *
 * What comes to the same when it is made again (puts, deletes) goes at once, of
 * all segments: a page of LMDB that many of them change is written once. Only
 * that of it which still counts is in memory, and one segment.
 */
#include "store/move.h"

#include "store/segment.h"
#include "store/space.h"

#include <assert.h>

enum {
    /* Changes that are looked up under the lock before others get a turn. */
    LOOKS_MAX = 256,

    CHUNK_BYTES = 4 * 1024 * 1024
};

struct changes {
    struct lmdb_change *list;
    size_t count, capacity;
};

/* A block for keys and values that are copied; they follow. */
struct chunk {
    struct chunk *next;
    size_t size, used; /* with this */
};

/* Segments on their way into LMDB. */
struct move {
    struct wal *wal;
    struct logfile **files;
    size_t count;
    bool counted[MOVE_SEGMENTS_MAX]; /* there are holds or drops in it */

    size_t at; /* the file at work */
    uint8_t *bytes;
    size_t bytes_size;

    struct changes plain; /* of all, in `chunks` */
    struct chunk *chunks;
    uint64_t plain_bytes;

    struct changes holds; /* and drops, of one */
    struct index_key *signs;
    size_t sign_count, sign_capacity;
    uint64_t hold_bytes;
};

static void changes_free(struct changes *changes)
{
    space_give(changes->list, changes->capacity * sizeof *changes->list);
    *changes = (struct changes){.list = NULL};
}

static void chunks_free(struct move *move)
{
    while (move->chunks != NULL) {
        struct chunk *chunk = move->chunks;
        move->chunks = chunk->next;
        space_give(chunk, chunk->size);
    }
}

static void move_free(struct move *move)
{
    space_give(move->bytes, move->bytes_size);
    changes_free(&move->plain);
    chunks_free(move);
    changes_free(&move->holds);
    space_give(move->signs, move->sign_capacity * sizeof *move->signs);
}

/* Room for `more` behind `count`, of `size` bytes each. */
static bool list_reserve(void **list, size_t *capacity, size_t count,
                         size_t more, size_t size)
{
    size_t need = count + more;
    if (need <= *capacity) return true;
    size_t larger = need + need / 2 + LOOKS_MAX;
    void *grown =
        space_resize(*list, *capacity * size, count * size, larger * size);
    if (grown == NULL) return false;
    *list = grown;
    *capacity = larger;
    return true;
}

static bool changes_reserve(struct changes *changes, size_t more)
{
    void *list = changes->list;
    bool fits = list_reserve(&list, &changes->capacity, changes->count, more,
                             sizeof *changes->list);
    changes->list = list;
    return fits;
}

static bool signs_reserve(struct move *move, size_t more)
{
    void *list = move->signs;
    bool fits = list_reserve(&list, &move->sign_capacity, move->sign_count,
                             more, sizeof *move->signs);
    move->signs = list;
    return fits;
}

static bool move_goes_on(struct move *move)
{
    pthread_mutex_lock(&move->wal->lock);
    bool closing = move->wal->closing;
    pthread_mutex_unlock(&move->wal->lock);
    return !closing;
}

/* --- what still counts --------------------------------------------------- */

/* Some changes of a frame, as they are looked up: the holds and drops of it,
 * or all others. */
struct look {
    bool holds;
    bool others; /* there were others */
    size_t count;
    struct lmdb_change changes[LOOKS_MAX];
    struct index_key signs[LOOKS_MAX];
    uint32_t offsets[LOOKS_MAX]; /* in the file */
};

/* Fill `look` from *offset on of the frame's body, which is at `at` in the
 * file. */
static enum err look_read(const struct wal *wal, struct look *look,
                          struct bytes body, size_t *offset, uint32_t at)
{
    look->count = 0;
    while (look->count < LOOKS_MAX && *offset < body.size) {
        struct logframe_change change;
        enum err e = logframe_change_read(body, offset, &change);
        if (e != OK) return e;
        if (store_counted(change.key) != look->holds) {
            look->others = true;
            continue;
        }
        size_t i = look->count++;
        look->signs[i] = index_key(&wal->index, change.key);
        look->offsets[i] = at + change.offset;
        look->changes[i] = (struct lmdb_change){
            .key = change.key, .value = change.value, .kind = change.kind};
    }
    return OK;
}

/* Keep those that no later ones have undone; of a hold or drop, only LMDB knows
 * whether it counts. */
static void look_sift(struct move *move, struct look *look)
{
    struct wal *wal = move->wal;
    uint64_t number = move->files[move->at]->number;
    size_t kept = 0;
    pthread_mutex_lock(&wal->lock);
    for (size_t i = 0; i < look->count; i++) {
        struct index_key key = look->signs[i];
        struct index_place place = {number, look->offsets[i]};
        if (i + LOOK_AHEAD < look->count) {
            index_expect(&wal->index, look->signs[i + LOOK_AHEAD]);
        }
        if (!look->holds && !index_is(&wal->index, key, place)) continue;
        look->changes[kept] = look->changes[i];
        look->changes[kept].dead = look->holds && index_dead(&wal->index, key);
        look->signs[kept++] = key;
    }
    pthread_mutex_unlock(&wal->lock);
    look->count = kept;
}

static enum err holds_add(struct move *move, const struct look *look)
{
    struct changes *to = &move->holds;
    if (!changes_reserve(to, look->count)) return ERR_NO_MEMORY;
    if (!signs_reserve(move, look->count)) return ERR_NO_MEMORY;
    for (size_t i = 0; i < look->count; i++) {
        struct lmdb_change *change = &to->list[to->count];
        *change = look->changes[i];
        change->order = to->count++;
        move->signs[move->sign_count++] = look->signs[i];
        move->hold_bytes += change->key.size + change->value.size;
    }
    return OK;
}

/* Room for `size` bytes, which stay where they are, or NULL. */
static uint8_t *chunk_take(struct move *move, size_t size)
{
    struct chunk *chunk = move->chunks;
    if (chunk == NULL || chunk->size - chunk->used < size) {
        size_t all = sizeof *chunk + size;
        if (all < CHUNK_BYTES) all = CHUNK_BYTES;
        chunk = space_take(all);
        if (chunk == NULL) return NULL;
        *chunk = (struct chunk){move->chunks, all, sizeof *chunk};
        move->chunks = chunk;
    }
    uint8_t *room = (uint8_t *)chunk + chunk->used;
    chunk->used += size;
    return room;
}

static enum err plain_add(struct move *move, const struct look *look)
{
    struct changes *to = &move->plain;
    if (!changes_reserve(to, look->count)) return ERR_NO_MEMORY;
    for (size_t i = 0; i < look->count; i++) {
        struct lmdb_change change = look->changes[i];
        struct bytes key = change.key, value = change.value;
        uint8_t *room = chunk_take(move, key.size + value.size);
        if (room == NULL) return ERR_NO_MEMORY;
        memcpy(room, key.data, key.size);
        if (value.size > 0) memcpy(room + key.size, value.data, value.size);
        change.key = bytes_at(room, key.size);
        change.value = bytes_at(room + key.size, value.size);
        change.order = to->count;
        to->list[to->count++] = change;
        move->plain_bytes += key.size + value.size;
    }
    return OK;
}

/* Add the changes of a frame, whose body is at `at` in the file. */
static enum err frame_sift(struct move *move, struct look *look,
                           struct bytes body, uint32_t at)
{
    size_t offset = 0;
    enum err e = OK;
    while (offset < body.size && e == OK) {
        e = look_read(move->wal, look, body, &offset, at);
        if (e != OK) return e;
        look_sift(move, look);
        e = look->holds ? holds_add(move, look) : plain_add(move, look);
    }
    return e;
}

/* Read the file at work. */
static enum err file_load(struct move *move, size_t *got)
{
    struct files *files = move->wal->files;
    const struct logfile *file = move->files[move->at];
    if (file->end > move->bytes_size) {
        space_give(move->bytes, move->bytes_size);
        move->bytes = space_take(file->end);
        move->bytes_size = move->bytes == NULL ? 0 : file->end;
        if (move->bytes == NULL) return ERR_NO_MEMORY;
    }
    char path[FILES_PATH_MAX];
    int fd;
    logfile_number_path(move->wal, file->number, path);
    enum err e = files->open(files, path, false, &fd);
    if (e != OK) return e;
    e = files->read(files, fd, 0, move->bytes, file->end, got);
    files->close(files, fd);
    return e;
}

static enum err file_bad(const struct move *move, size_t offset)
{
    const struct wal *wal = move->wal;
    if (wal->keeper_fails) return ERR_MALFORMED;
    wal_say(move->wal, true,
            "%s/%010llu.log is broken at offset %zu: it was written, and "
            "now it is not what it was. Look after the disk",
            wal->folder, (unsigned long long)move->files[move->at]->number,
            offset);
    return ERR_MALFORMED;
}

/* Add what still counts in the file at work: holds and drops, or all else. */
static enum err file_sift(struct move *move, bool holds)
{
    struct look look = {.holds = holds};
    struct segment_scan scan;
    size_t size;
    enum err e = file_load(move, &size);
    if (e != OK) return e;
    e = segment_begin(&scan, bytes_at(move->bytes, size),
                      move->files[move->at]->stop);
    while (e == OK) {
        struct logframe_head head;
        struct bytes body;
        size_t at = scan.offset;
        e = segment_next(&scan, &head, &body);
        if (e != OK || head.kind != LOGFRAME_BATCH) continue;
        at += LOGFRAME_HEAD_BYTES;
        e = frame_sift(move, &look, body, (uint32_t)at);
    }
    if (!holds) move->counted[move->at] = look.others;
    if (e == ERR_MORE) return OK;
    return e == ERR_MALFORMED ? file_bad(move, scan.offset) : e;
}

/* --- into LMDB ----------------------------------------------------------- */

/* May what is held for a disk that is full be spent on this? When clients have
 * taken most of a segment, moving the rest makes room. (LMDB calls a write that
 * a full disk cut short an I/O error.) */
static bool move_spends(struct move *move)
{
    if (move->plain_bytes + move->hold_bytes > RESERVE_BYTES) return false;
    return keeper_spend(move->wal);
}

/* Make all that is plain: some of it at a time, so that little memory is needed
 * and the store can be closed. */
static enum err plain_make(struct move *move)
{
    struct wal *wal = move->wal;
    const struct changes *plain = &move->plain;
    uint64_t ahead = move->files[move->count - 1]->number + 1;
    enum err e = OK;
    for (size_t at = 0; at < plain->count && e == OK; at += LMDB_CHANGES_MAX) {
        size_t some = plain->count - at;
        if (some > LMDB_CHANGES_MAX) some = LMDB_CHANGES_MAX;
        if (!move_goes_on(move)) return ERR_SHUTTING_DOWN;
        pthread_mutex_lock(&wal->base_lock);
        e = lmdb_make_some(wal->lmdb, plain->list + at, some, ahead);
        pthread_mutex_unlock(&wal->base_lock);
    }
    return e;
}

/* Nobody who looks up something may have begun before it was made, and not look
 * into the index before it is forgotten there. */
static void plain_forget(struct move *move)
{
    struct wal *wal = move->wal;
    uint64_t last = move->files[move->count - 1]->number;
    for (size_t part = 0; part < INDEX_PARTS; part++) {
        pthread_mutex_lock(&wal->look_lock);
        pthread_mutex_lock(&wal->lock);
        index_sweep(&wal->index, part, last);
        pthread_mutex_unlock(&wal->lock);
        pthread_mutex_unlock(&wal->look_lock);
    }
}

/* Read all files, as long as there is room for what counts in them. */
static enum err plain_gather(struct move *move)
{
    enum err e = OK;
    for (move->at = 0; move->at < move->count && e == OK; move->at++) {
        if (!move_goes_on(move)) return ERR_SHUTTING_DOWN;
        if (move->plain_bytes > MOVE_BYTES_MAX) move->count = move->at;
        if (move->at < move->count) e = file_sift(move, false);
    }
    return e;
}

/* Make what is counted in the file at work, with the head that says so: that
 * must happen once only. An attempt before may have done it. */
static enum err holds_make(struct move *move)
{
    struct wal *wal = move->wal;
    const struct logfile *file = move->files[move->at];
    struct lmdb_head was,
        head = {.segment = file->number + 1, .sequence = file->stop};
    memcpy(head.id, wal->id, sizeof head.id);
    pthread_mutex_lock(&wal->base_lock);
    enum err e = lmdb_head(wal->lmdb, &was);
    if (e == OK && file->number >= was.segment) {
        e = lmdb_apply(wal->lmdb, move->holds.list, move->holds.count, &head);
    }
    pthread_mutex_unlock(&wal->base_lock);
    return e;
}

/* They are in LMDB: the index needs them no more. */
static void holds_forget(struct move *move)
{
    struct wal *wal = move->wal;
    uint64_t segment = move->files[move->at]->number;
    size_t i = 0, count = move->sign_count;
    pthread_mutex_lock(&wal->look_lock);
    while (i < count) {
        size_t stop = count - i > LOOKS_MAX ? i + LOOKS_MAX : count;
        pthread_mutex_lock(&wal->lock);
        for (; i < stop; i++) {
            if (i + LOOK_AHEAD < stop) {
                index_expect(&wal->index, move->signs[i + LOOK_AHEAD]);
            }
            index_settle(&wal->index, move->signs[i], segment);
        }
        pthread_mutex_unlock(&wal->lock);
    }
    pthread_mutex_unlock(&wal->look_lock);
}

/* Bring the holds and drops of the file at work to LMDB. */
static enum err holds_move(struct move *move)
{
    move->holds.count = move->sign_count = 0;
    move->hold_bytes = 0;
    if (!move_goes_on(move)) return ERR_SHUTTING_DOWN;
    enum err e = move->counted[move->at] ? file_sift(move, true) : OK;
    if (e != OK) return e;
    e = holds_make(move);
    if (e != OK && move_spends(move)) e = holds_make(move);
    if (e == OK) holds_forget(move);
    return e;
}

/* All that is plain is in LMDB: one file after the other can go, or some that
 * are plain with the next that is not. */
static enum err files_leave(struct move *move, size_t *moved)
{
    enum err e = OK;
    for (move->at = 0; move->at < move->count && e == OK; move->at++) {
        bool last = move->at + 1 == move->count;
        if (!move->counted[move->at] && !last) continue;
        e = holds_move(move);
        for (; *moved <= move->at && e == OK; *moved += 1) {
            const struct logfile *file = move->files[*moved];
            logfile_recycle(move->wal, file->number, file->end);
        }
    }
    return e;
}

enum err move_segments(struct wal *wal, struct logfile **files, size_t count,
                       size_t *moved)
{
    assert(count > 0 && count <= MOVE_SEGMENTS_MAX);
    struct move move = {.wal = wal, .files = files, .count = count};
    *moved = 0;
    enum err e = plain_gather(&move);
    if (e == OK) {
        lmdb_sort(move.plain.list, move.plain.count);
        e = plain_make(&move);
        if (e != OK && e != ERR_SHUTTING_DOWN && move_spends(&move)) {
            e = plain_make(&move);
        }
    }
    changes_free(&move.plain);
    chunks_free(&move);
    if (e == OK) plain_forget(&move);
    if (e == OK) e = files_leave(&move, moved);
    move_free(&move);
    return e;
}
