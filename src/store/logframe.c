/* logframe.c - bytes of the log. */
#include "store/logframe.h"

#include "base/cursor.h"
#include "store/crc32c.h"

#include <assert.h>

enum { MAGIC_BYTES = 8, CRC_BYTES = 4 };

static const uint8_t MAGIC[] = "mogi-log";

/* What the kinds of changes are called on disk. 0 is none. */
static const uint8_t CHANGE_CODES[] = {
    [STORE_PUT] = 1, [STORE_DEL] = 2, [STORE_HOLD] = 3, [STORE_DROP] = 4};

static bool version_known(unsigned version)
{
    return version >= 1 && version <= LOGFRAME_VERSION;
}

/* --- segments ------------------------------------------------------------ */

void segment_head_write(uint8_t to[SEGMENT_HEAD_BYTES],
                        const struct segment_head *head)
{
    memset(to, 0, SEGMENT_HEAD_BYTES);
    struct writer w = writer_at(to, SEGMENT_HEAD_BYTES);
    write_bytes(&w, bytes_at(MAGIC, MAGIC_BYTES));
    write_u16(&w, LOGFRAME_VERSION);
    write_u16(&w, 0);
    write_u32(&w, head->salt);
    write_bytes(&w, bytes_at(head->id, STORE_ID_BYTES));
    write_u64(&w, head->number);
    write_u64(&w, head->sequence);
    struct bytes checked = bytes_at(to, SEGMENT_HEAD_BYTES - CRC_BYTES);
    w = writer_at(to + checked.size, CRC_BYTES);
    write_u32(&w, crc32c(0, checked));
    assert(!w.failed);
}

enum err segment_head_read(struct bytes in, struct segment_head *head)
{
    if (in.size < SEGMENT_HEAD_BYTES) return ERR_MALFORMED;
    struct bytes checked = bytes_at(in.data, SEGMENT_HEAD_BYTES - CRC_BYTES);
    struct reader r = reader_of(bytes_at(in.data + checked.size, CRC_BYTES));
    if (read_u32(&r) != crc32c(0, checked)) return ERR_MALFORMED;
    r = reader_of(checked);
    struct bytes magic = read_bytes(&r, MAGIC_BYTES);
    if (!bytes_equal(magic, bytes_at(MAGIC, MAGIC_BYTES))) {
        return ERR_MALFORMED;
    }
    if (!version_known(read_u16(&r))) return ERR_VERSION;
    (void)read_u16(&r);
    head->salt = read_u32(&r);
    struct bytes id = read_bytes(&r, STORE_ID_BYTES);
    memcpy(head->id, id.data, STORE_ID_BYTES);
    head->number = read_u64(&r);
    head->sequence = read_u64(&r);
    return r.failed ? ERR_MALFORMED : OK;
}

/* --- frames -------------------------------------------------------------- */

void logframe_head_write(uint8_t to[LOGFRAME_HEAD_BYTES],
                         const struct logframe_head *head, uint32_t salt)
{
    memset(to, 0, LOGFRAME_HEAD_BYTES);
    struct writer w =
        writer_at(to + CRC_BYTES, LOGFRAME_HEAD_BYTES - CRC_BYTES);
    write_u32(&w, head->size);
    write_u64(&w, head->sequence);
    write_u64(&w, head->durable);
    write_u8(&w, (uint8_t)head->kind);
    write_u8(&w, LOGFRAME_VERSION);
    write_u16(&w, head->part);
    write_u32(&w, head->count);
    write_u32(&w, head->body_crc);
    assert(!w.failed);
    struct bytes checked =
        bytes_at(to + CRC_BYTES, LOGFRAME_HEAD_BYTES - CRC_BYTES);
    w = writer_at(to, CRC_BYTES);
    write_u32(&w, crc32c(salt, checked));
}

enum err logframe_head_read(struct bytes in, struct logframe_head *head,
                            uint32_t salt)
{
    if (in.size < LOGFRAME_HEAD_BYTES) return ERR_MALFORMED;
    struct reader r = reader_of(bytes_at(in.data, LOGFRAME_HEAD_BYTES));
    uint32_t crc = read_u32(&r);
    struct bytes checked =
        bytes_at(in.data + CRC_BYTES, LOGFRAME_HEAD_BYTES - CRC_BYTES);
    if (crc32c(salt, checked) != crc) return ERR_MALFORMED;
    head->size = read_u32(&r);
    head->sequence = read_u64(&r);
    head->durable = read_u64(&r);
    head->kind = (enum logframe_kind)read_u8(&r);
    uint8_t version = read_u8(&r);
    head->part = read_u16(&r);
    head->count = read_u32(&r);
    head->body_crc = read_u32(&r);
    bool known = head->kind == LOGFRAME_BATCH || head->kind == LOGFRAME_CLOSED;
    return known && version_known(version) ? OK : ERR_MALFORMED;
}

size_t logframe_size(size_t size)
{
    return (LOGFRAME_HEAD_BYTES + size + LOGFRAME_ALIGN - 1) / LOGFRAME_ALIGN *
           LOGFRAME_ALIGN;
}

/* --- changes ------------------------------------------------------------- */

static size_t value_size(const struct store_change *change)
{
    if (!store_has_value(change->kind)) return 0;
    return change->value.size + change->tail.size;
}

size_t logframe_change_size(const struct store_change *change)
{
    return LOGFRAME_CHANGE_BYTES + change->key.size + value_size(change);
}

uint8_t *logframe_change_write(uint8_t *to, const struct store_change *change)
{
    assert(change->key.size > 0 && change->key.size <= STORE_KEY_BYTES_MAX);
    bool put = store_has_value(change->kind);
    struct writer w = writer_at(to, logframe_change_size(change));
    write_u8(&w, CHANGE_CODES[change->kind]);
    write_u16(&w, (uint16_t)change->key.size);
    write_u32(&w, (uint32_t)value_size(change));
    write_bytes(&w, change->key);
    if (put) write_bytes(&w, change->value);
    if (put) write_bytes(&w, change->tail);
    assert(!w.failed && writer_left(&w) == 0);
    return to + writer_bytes(&w).size;
}

/* The kind that `code` stands for, and that fits `key`. */
static enum err kind_read(uint8_t code, struct bytes key,
                          enum store_change_kind *kind)
{
    for (size_t i = 0; i < sizeof CHANGE_CODES; i++) {
        if (CHANGE_CODES[i] != code) continue;
        *kind = (enum store_change_kind)i;
        bool counts = *kind == STORE_HOLD || *kind == STORE_DROP;
        return counts == store_counted(key) ? OK : ERR_MALFORMED;
    }
    return ERR_MALFORMED;
}

enum err logframe_change_read(struct bytes body, size_t *offset,
                              struct logframe_change *change)
{
    assert(*offset <= body.size);
    struct reader r = reader_of(bytes_skip(body, *offset));
    uint8_t kind = read_u8(&r);
    uint16_t key_size = read_u16(&r);
    uint32_t size = read_u32(&r);
    change->key = read_bytes(&r, key_size);
    change->value = read_bytes(&r, size);
    if (r.failed || key_size == 0 || key_size > STORE_KEY_BYTES_MAX) {
        return ERR_MALFORMED;
    }
    enum err e = kind_read(kind, change->key, &change->kind);
    if (e != OK) return e;
    change->offset = (uint32_t)*offset;
    *offset += LOGFRAME_CHANGE_BYTES + (size_t)key_size + size;
    return OK;
}
