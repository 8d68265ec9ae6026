/* move.c - full segments go into LMDB, without what was undone since.
 *
 *     segments --> changes that still count --> puts and deletes, some at once
 *                       ^        |          \-> holds and drops, with the head
 *                     index      +--> signs, for the index to forget
 */
#include "store/move.h"

#include "store/segment.h"
#include "store/space.h"

#include <assert.h>

enum {
    /* Changes that are looked up under the lock before others get a turn. */
    LOOKS_MAX = 256
};

/* What the index calls a change of a segment. */
struct sign {
    struct index_key key;
    uint32_t offset; /* in the file */
    bool counted;
};

struct changes {
    struct lmdb_change *list;
    size_t count, capacity;
};

/* A segment on its way into LMDB, and what still counts in it. */
struct part {
    struct logfile *file;
    uint8_t *bytes;         /* file->end of them */
    struct changes counted; /* of records that are counted */
    struct sign *signs;     /* of all that count */
    size_t sign_count, sign_capacity;
};

/* Segments that go together, and all else that counts in them. */
struct move {
    struct part parts[MOVE_SEGMENTS_MAX];
    size_t part_count;
    struct changes plain;
};

static void changes_free(struct changes *changes)
{
    space_give(changes->list, changes->capacity * sizeof *changes->list);
}

static void part_free(struct part *part)
{
    space_give(part->bytes, part->file->end);
    space_give(part->signs, part->sign_capacity * sizeof *part->signs);
    changes_free(&part->counted);
}

static void move_free(struct move *move)
{
    for (size_t i = 0; i < move->part_count; i++)
        part_free(&move->parts[i]);
    changes_free(&move->plain);
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

static bool signs_reserve(struct part *part, size_t more)
{
    void *list = part->signs;
    bool fits = list_reserve(&list, &part->sign_capacity, part->sign_count,
                             more, sizeof *part->signs);
    part->signs = list;
    return fits;
}

/* --- what still counts --------------------------------------------------- */

/* Some changes of a frame, as they are looked up. */
struct look {
    struct lmdb_change changes[LOOKS_MAX];
    struct sign signs[LOOKS_MAX];
    size_t count;
};

/* Fill `look` from *offset on of the frame's body, which is at `at` in the
 * file. */
static enum err look_read(struct wal *wal, struct look *look, struct bytes body,
                          size_t *offset, uint32_t at)
{
    look->count = 0;
    while (look->count < LOOKS_MAX && *offset < body.size) {
        struct logframe_change change;
        enum err e = logframe_change_read(body, offset, &change);
        if (e != OK) return e;
        size_t i = look->count++;
        look->signs[i] =
            (struct sign){.key = index_key(&wal->index, change.key),
                          .offset = at + change.offset,
                          .counted = store_counted(change.key)};
        look->changes[i] = (struct lmdb_change){
            .key = change.key, .value = change.value, .kind = change.kind};
    }
    return OK;
}

/* Keep the change if no later one has undone it. Under the lock. */
static void change_sift(struct wal *wal, struct changes *plain,
                        struct part *part, struct lmdb_change *change,
                        const struct sign *sign)
{
    struct changes *to = sign->counted ? &part->counted : plain;
    struct index_place place = {part->file->number, sign->offset};
    if (sign->counted) {
        change->dead = index_dead(&wal->index, sign->key);
    } else if (!index_is(&wal->index, sign->key, place)) {
        return;
    }
    change->order = to->count;
    to->list[to->count++] = *change;
    part->signs[part->sign_count++] = *sign;
}

static void look_sift(struct wal *wal, struct look *look, struct changes *plain,
                      struct part *part)
{
    pthread_mutex_lock(&wal->lock);
    for (size_t i = 0; i < look->count; i++) {
        size_t ahead = i + LOOK_AHEAD;
        if (ahead < look->count) {
            index_expect(&wal->index, look->signs[ahead].key);
        }
        change_sift(wal, plain, part, &look->changes[i], &look->signs[i]);
    }
    pthread_mutex_unlock(&wal->lock);
}

/* Add the changes of a frame, whose body is at `at` in the file. */
static enum err frame_sift(struct wal *wal, struct changes *plain,
                           struct part *part, struct bytes body, uint32_t at)
{
    struct look look;
    size_t offset = 0;
    while (offset < body.size) {
        enum err e = look_read(wal, &look, body, &offset, at);
        if (e != OK) return e;
        bool fits = changes_reserve(plain, look.count) &&
                    changes_reserve(&part->counted, look.count) &&
                    signs_reserve(part, look.count);
        if (!fits) return ERR_NO_MEMORY;
        look_sift(wal, &look, plain, part);
    }
    return OK;
}

static enum err part_sift(struct wal *wal, struct changes *plain,
                          struct part *part, struct bytes bytes)
{
    struct segment_scan scan;
    enum err e = segment_begin(&scan, bytes, part->file->stop);
    while (e == OK) {
        struct logframe_head head;
        struct bytes body;
        size_t at = scan.offset;
        e = segment_next(&scan, &head, &body);
        if (e != OK || head.kind != LOGFRAME_BATCH) continue;
        e = frame_sift(wal, plain, part, body,
                       (uint32_t)(at + LOGFRAME_HEAD_BYTES));
    }
    if (e == ERR_MORE) return OK;
    if (e == ERR_MALFORMED && !wal->keeper_fails) {
        wal_say(wal, true,
                "%s/%010llu.log is broken at offset %zu: it was written, and "
                "now it is not what it was. Look after the disk",
                wal->folder, (unsigned long long)part->file->number,
                scan.offset);
    }
    return e;
}

/* Read the file. */
static enum err part_load(struct wal *wal, struct part *part, size_t *got)
{
    struct files *files = wal->files;
    const struct logfile *file = part->file;
    char path[FILES_PATH_MAX];
    int fd;
    part->bytes = space_take(file->end);
    if (part->bytes == NULL) return ERR_NO_MEMORY;
    logfile_number_path(wal, file->number, path);
    enum err e = files->open(files, path, false, &fd);
    if (e != OK) return e;
    e = files->read(files, fd, 0, part->bytes, file->end, got);
    files->close(files, fd);
    return e;
}

/* Add what still counts in `file`. */
static enum err move_add(struct wal *wal, struct move *move,
                         struct logfile *file)
{
    assert(move->part_count < MOVE_SEGMENTS_MAX);
    struct part *part = &move->parts[move->part_count++];
    size_t size;
    part->file = file;
    enum err e = part_load(wal, part, &size);
    if (e != OK) return e;
    return part_sift(wal, &move->plain, part, bytes_at(part->bytes, size));
}

/* --- into LMDB ----------------------------------------------------------- */

static void sign_forget(struct wal *wal, const struct sign *sign,
                        uint64_t segment)
{
    struct index_place place = {segment, sign->offset};
    if (sign->counted) {
        index_settle(&wal->index, sign->key, segment);
    } else {
        index_forget(&wal->index, sign->key, place);
    }
}

/* LMDB has all of `part`: the index needs it no more. */
static void part_forget(struct wal *wal, const struct part *part)
{
    size_t i = 0, count = part->sign_count;
    while (i < count) {
        size_t stop = count - i > LOOKS_MAX ? i + LOOKS_MAX : count;
        pthread_mutex_lock(&wal->lock);
        for (; i < stop; i++) {
            if (i + LOOK_AHEAD < stop) {
                index_expect(&wal->index, part->signs[i + LOOK_AHEAD].key);
            }
            sign_forget(wal, &part->signs[i], part->file->number);
        }
        pthread_mutex_unlock(&wal->lock);
    }
}

/* The segments are in LMDB: they go. Nobody may be reading them. */
static void move_leave(struct wal *wal, const struct move *move)
{
    pthread_mutex_lock(&wal->look_lock);
    for (size_t i = 0; i < move->part_count; i++) {
        const struct part *part = &move->parts[i];
        part_forget(wal, part);
        logfile_recycle(wal, part->file->number, part->file->end);
    }
    pthread_mutex_unlock(&wal->look_lock);
}

/* What is counted goes segment by segment, each with the head that says so:
 * that must happen once only. */
static enum err part_apply(struct wal *wal, const struct part *part)
{
    struct lmdb_head head = {.segment = part->file->number + 1,
                             .sequence = part->file->stop};
    memcpy(head.id, wal->id, sizeof head.id);
    return lmdb_apply(wal->lmdb, part->counted.list, part->counted.count,
                      &head);
}

/* All of it, but for the parts that an attempt before has brought there. */
static enum err move_apply(struct wal *wal, const struct move *move)
{
    struct lmdb_head head;
    pthread_mutex_lock(&wal->base_lock);
    enum err e = lmdb_head(wal->lmdb, &head);
    const struct logfile *last = move->parts[move->part_count - 1].file;
    if (e == OK) {
        e = lmdb_make(wal->lmdb, move->plain.list, move->plain.count,
                      last->number + 1);
    }
    for (size_t i = 0; i < move->part_count && e == OK; i++) {
        const struct part *part = &move->parts[i];
        if (part->file->number >= head.segment) e = part_apply(wal, part);
    }
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

static uint64_t move_bytes(const struct move *move)
{
    uint64_t bytes = changes_bytes(&move->plain);
    for (size_t i = 0; i < move->part_count; i++)
        bytes += changes_bytes(&move->parts[i].counted);
    return bytes;
}

/* The same, with what is held for the time when clients have taken most of a
 * segment: then moving the rest makes room. (LMDB calls a write that a full
 * disk cut short an I/O error.) */
static enum err move_apply_held(struct wal *wal, const struct move *move)
{
    enum err e = move_apply(wal, move);
    if (e == OK || move_bytes(move) > RESERVE_BYTES) return e;
    return keeper_spend(wal) ? move_apply(wal, move) : e;
}

enum err move_segments(struct wal *wal, struct logfile **files, size_t count)
{
    assert(count > 0 && count <= MOVE_SEGMENTS_MAX);
    struct move move = {.part_count = 0};
    enum err e = OK;
    for (size_t i = 0; i < count && e == OK; i++)
        e = move_add(wal, &move, files[i]);
    if (e == OK) e = move_apply_held(wal, &move);
    if (e == OK) move_leave(wal, &move);
    move_free(&move);
    return e;
}
