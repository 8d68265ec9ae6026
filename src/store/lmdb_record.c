/* lmdb_record.c - how a record lies in the file beneath the log. */
#include "store/lmdb_record.h"

#include "base/cursor.h"
#include "base/hash.h"
#include "store/crc32c.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum {
    CRC_BYTES = 4,
    COUNT_BYTES = 4 /* before the checksum, of a record that is counted */
};

/* What a record adds to the sum. */
static uint64_t mark_of(struct bytes key, uint32_t crc)
{
    struct hash_key by = {0x6d6f67692d73756d, crc};
    return hash_bytes(&by, key);
}

static uint32_t record_crc(struct bytes key, struct bytes value)
{
    return crc32c(crc32c(0, key), value);
}

static uint32_t stored_crc(struct bytes stored)
{
    struct reader r = reader_of(bytes_skip(stored, stored.size - CRC_BYTES));
    return read_u32(&r);
}

/* Take what is stored under `key` out of the head's sum. */
static int record_subtract(struct bytes key, const MDB_val *old,
                           struct lmdb_head *head)
{
    struct bytes stored = val_bytes(old);
    if (stored.size < CRC_BYTES || head->count == 0) return MDB_CORRUPTED;
    head->sum ^= lmdb_record_mark(key, stored);
    head->count -= 1;
    return 0;
}

/* A record to be written: with `count` behind its value, if it is counted. */
struct made {
    struct bytes key, value, count;
};

static void made_write(const struct made *made, MDB_val *room,
                       struct lmdb_head *head)
{
    uint32_t crc = crc32c(record_crc(made->key, made->value), made->count);
    struct writer w = writer_at(room->mv_data, room->mv_size);
    write_bytes(&w, made->value);
    write_bytes(&w, made->count);
    write_u32(&w, crc);
    assert(!w.failed && writer_left(&w) == 0);
    head->sum ^= mark_of(made->key, crc);
    head->count += 1;
}

static MDB_val made_room(const struct made *made)
{
    return (MDB_val){made->value.size + made->count.size + CRC_BYTES, NULL};
}

/* Write it if there is none. MDB_KEYEXIST: *old is what there is. Most are new,
 * and this looks for their place only once. */
static int record_add(MDB_cursor *cursor, const struct made *made, MDB_val *old,
                      struct lmdb_head *head)
{
    MDB_val key = val_of(made->key);
    *old = made_room(made);
    int error =
        mdb_cursor_put(cursor, &key, old, MDB_RESERVE | MDB_NOOVERWRITE);
    if (error == 0) made_write(made, old, head);
    return error;
}

/* Write it in place of `old`. */
static int record_replace(MDB_cursor *cursor, const struct made *made,
                          const MDB_val *old, struct lmdb_head *head)
{
    int error = record_subtract(made->key, old, head);
    if (error != 0) return error;
    MDB_val key = val_of(made->key), room = made_room(made);
    error = mdb_cursor_put(cursor, &key, &room, MDB_RESERVE);
    if (error == 0) made_write(made, &room, head);
    return error;
}

static int record_put(MDB_cursor *cursor, const struct lmdb_change *change,
                      struct lmdb_head *head)
{
    struct made made = {.key = change->key, .value = change->value};
    MDB_val old;
    int error = record_add(cursor, &made, &old, head);
    if (error != MDB_KEYEXIST) return error;
    return record_replace(cursor, &made, &old, head);
}

static int record_del(MDB_cursor *cursor, struct bytes name,
                      struct lmdb_head *head)
{
    MDB_val key = val_of(name), old;
    int error = mdb_cursor_get(cursor, &key, &old, MDB_SET);
    if (error == MDB_NOTFOUND) return 0;
    if (error == 0) error = record_subtract(name, &old, head);
    return error != 0 ? error : mdb_cursor_del(cursor, 0);
}

/* --- records that are counted -------------------------------------------- */

void lmdb_count(struct lmdb_count *count, const struct lmdb_change *change)
{
    bool value = change->kind == STORE_HOLD && change->value.size > 0;
    if (change->kind == STORE_DROP) {
        if (count->holders > 0) count->holders -= 1;
        return;
    }
    if (value) count->value = change->value;
    if (value || count->holders > 0) count->holders += 1;
}

/* Take the value and the count apart. False: it is too short for that. */
static bool count_read(struct bytes stored, struct lmdb_count *count)
{
    if (stored.size < COUNT_BYTES + CRC_BYTES) return false;
    size_t size = stored.size - COUNT_BYTES - CRC_BYTES;
    struct reader r = reader_of(bytes_skip(stored, size));
    count->value = bytes_at(stored.data, size);
    count->holders = read_u32(&r);
    return count->holders > 0;
}

uint32_t lmdb_holders(struct bytes key, struct bytes value)
{
    if (!store_counted(key)) return 1;
    struct reader r = reader_of(bytes_at(value.data + value.size, COUNT_BYTES));
    return read_u32(&r);
}

/* Write it anew; its value may lie where it is written. */
static int count_replace(MDB_cursor *cursor, struct made *made,
                         const MDB_val *old, struct lmdb_head *head)
{
    if (made->value.size == 0) return record_replace(cursor, made, old, head);
    uint8_t *copy = malloc(made->value.size);
    if (copy == NULL) return ENOMEM;
    memcpy(copy, made->value.data, made->value.size);
    made->value.data = copy;
    int error = record_replace(cursor, made, old, head);
    free(copy);
    return error;
}

/* The changes of one such record, in their order. */
struct run {
    const struct lmdb_change *changes;
    size_t count;
    bool dead;
};

static struct run run_of(const struct lmdb_change *changes, size_t count)
{
    struct run run = {.changes = changes, .count = count};
    for (size_t i = 0; i < count; i++)
        run.dead |= changes[i].dead;
    return run;
}

/* What they make of it. */
static void run_count(const struct run *run, struct lmdb_count *count)
{
    for (size_t i = 0; i < run->count; i++)
        lmdb_count(count, &run->changes[i]);
}

static struct made run_made(const struct run *run,
                            const struct lmdb_count *count,
                            uint8_t space[COUNT_BYTES])
{
    struct writer w = writer_at(space, COUNT_BYTES);
    write_u32(&w, count->holders);
    return (struct made){.key = run->changes[0].key,
                         .value = count->value,
                         .count = writer_bytes(&w)};
}

/* The same, where `old` is. */
static int run_change(MDB_cursor *cursor, const struct run *run,
                      const MDB_val *old, struct lmdb_head *head)
{
    struct lmdb_count was = {.holders = 0};
    if (!count_read(val_bytes(old), &was)) return MDB_CORRUPTED;
    struct lmdb_count now = was;
    run_count(run, &now);
    bool same = now.holders == was.holders && now.value.data == was.value.data;
    if (same) return 0;
    if (now.holders == 0) return record_del(cursor, run->changes[0].key, head);
    uint8_t space[COUNT_BYTES];
    struct made made = run_made(run, &now, space);
    return count_replace(cursor, &made, old, head);
}

static int run_make(MDB_cursor *cursor, const struct run *run,
                    struct lmdb_head *head)
{
    MDB_val key = val_of(run->changes[0].key), old;
    struct lmdb_count now = {.holders = 0};
    run_count(run, &now);
    int error;
    if (run->dead || now.holders == 0) {
        error = mdb_cursor_get(cursor, &key, &old, MDB_SET);
        if (error == MDB_NOTFOUND) return 0;
    } else {
        uint8_t space[COUNT_BYTES];
        struct made made = run_made(run, &now, space);
        error = record_add(cursor, &made, &old, head);
        if (error != MDB_KEYEXIST) return error;
        error = 0;
    }
    return error != 0 ? error : run_change(cursor, run, &old, head);
}

/* --- what others want of one ---------------------------------------------- */

int lmdb_record_make(MDB_cursor *cursor, const struct lmdb_change *changes,
                     size_t count, struct lmdb_head *head)
{
    assert(count > 0);
    const struct lmdb_change *last = &changes[count - 1];
    if (store_counted(last->key)) {
        struct run run = run_of(changes, count);
        return run_make(cursor, &run, head);
    }
    if (last->kind == STORE_PUT) return record_put(cursor, last, head);
    return record_del(cursor, last->key, head);
}

bool lmdb_record_open(struct bytes key, struct bytes stored,
                      struct bytes *value)
{
    *value = stored;
    if (stored.size < CRC_BYTES) return false;
    value->size -= CRC_BYTES;
    if (record_crc(key, *value) != stored_crc(stored)) return false;
    struct lmdb_count count;
    if (!store_counted(key)) return true;
    if (!count_read(stored, &count)) return false;
    *value = count.value;
    return true;
}

uint64_t lmdb_record_mark(struct bytes key, struct bytes stored)
{
    assert(stored.size >= CRC_BYTES);
    return mark_of(key, stored_crc(stored));
}
