/* cursor.h - checked reading and writing over memory of the caller's.
 *
 * Both kinds stay inside [at, end) whatever they are asked. The first thing
 * that does not fit sets `failed`, and from then on a reader returns zeroes and
 * empty runs and a writer writes nothing: so a decoder reads all its fields in
 * a row and looks at `failed` once.
 *
 *     at                      end
 *     [ next | ... | not yet ]
 *
 * Nothing is owned; what a reader returns points into the caller's memory.
 * Numbers are big-endian.
 */
#ifndef MOGI_BASE_CURSOR_H
#define MOGI_BASE_CURSOR_H

#include "base/bytes.h"

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

struct writer {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    bool failed;
};

enum {
    VARINT_MAX = 268435455, /* 0x0fffffff, four bytes of seven bits */
    VARINT_SIZE_MAX = 4,
    BINARY_SIZE_MAX = 65535,
};

/* A reader over all of `b`. */
static inline struct reader reader_of(struct bytes b)
{
    const uint8_t *end = b.size == 0 ? b.data : b.data + b.size;
    return (struct reader){b.data, end, false};
}

/* Bytes not yet read. */
static inline size_t reader_left(const struct reader *r)
{
    return r->at == r->end ? 0 : (size_t)(r->end - r->at);
}

/* The next `size` bytes; empty, and failed, when fewer are left. */
static inline struct bytes read_bytes(struct reader *r, size_t size)
{
    if (r->failed || size > reader_left(r)) {
        r->failed = true;
        return (struct bytes){NULL, 0};
    }
    struct bytes b = {r->at, size};
    if (size > 0) r->at += size;
    return b;
}

/* One byte; 0 on failure. */
static inline uint8_t read_u8(struct reader *r)
{
    struct bytes b = read_bytes(r, 1);
    return b.size == 0 ? 0 : b.data[0];
}

/* Two bytes; 0 on failure. */
static inline uint16_t read_u16(struct reader *r)
{
    struct bytes b = read_bytes(r, 2);
    if (b.size == 0) return 0;
    return (uint16_t)((unsigned)b.data[0] << 8 | b.data[1]);
}

/* Four bytes; 0 on failure. */
static inline uint32_t read_u32(struct reader *r)
{
    struct bytes b = read_bytes(r, 4);
    if (b.size == 0) return 0;
    return (uint32_t)b.data[0] << 24 | (uint32_t)b.data[1] << 16 |
           (uint32_t)b.data[2] << 8 | (uint32_t)b.data[3];
}

/* Eight bytes; 0 on failure. */
static inline uint64_t read_u64(struct reader *r)
{
    struct bytes b = read_bytes(r, 8);
    uint64_t value = 0;
    for (size_t i = 0; i < b.size; i++)
        value = value << 8 | b.data[i];
    return value;
}

/* Seven bits a byte, lowest first, the high bit says that more follow: a
 * number up to VARINT_MAX in at most 4 bytes. Fails (and returns 0) when it
 * takes more bytes than it needs or than four. MQTT 5.0, 1.5.5
 * [MQTT-1.5.5-1] */
uint32_t read_varint(struct reader *r);

/* A two-byte size and that many bytes. MQTT 5.0, 1.5.6 */
static inline struct bytes read_binary(struct reader *r)
{
    size_t size = read_u16(r);
    return read_bytes(r, size);
}

/* All that is left. */
static inline struct bytes read_rest(struct reader *r)
{
    return read_bytes(r, reader_left(r));
}

/* A writer over `size` bytes at `data`. */
static inline struct writer writer_at(void *data, size_t size)
{
    uint8_t *start = (uint8_t *)data;
    return (struct writer){start, start, size == 0 ? start : start + size,
                           false};
}

/* What was written so far. */
static inline struct bytes writer_bytes(const struct writer *w)
{
    size_t size = w->at == w->start ? 0 : (size_t)(w->at - w->start);
    return (struct bytes){w->start, size};
}

/* Room left, in bytes. */
static inline size_t writer_left(const struct writer *w)
{
    return w->at == w->end ? 0 : (size_t)(w->end - w->at);
}

/* Room for `size` bytes that the caller then fills; NULL, and failed, when
 * there is none (or `size` is 0: then not failed). */
static inline uint8_t *write_room(struct writer *w, size_t size)
{
    if (w->failed || size > writer_left(w)) {
        w->failed = true;
        return NULL;
    }
    if (size == 0) return NULL;
    uint8_t *room = w->at;
    w->at += size;
    return room;
}

/* Copy `b`, as it is. */
static inline void write_bytes(struct writer *w, struct bytes b)
{
    if (b.size == 0) return; /* memcpy takes no NULL, whatever its size */
    uint8_t *room = write_room(w, b.size);
    if (room != NULL) memcpy(room, b.data, b.size);
}

/* One byte; fails when there is no room, as all below do. */
static inline void write_u8(struct writer *w, uint8_t value)
{
    uint8_t *room = write_room(w, 1);
    if (room != NULL) room[0] = value;
}

/* Two bytes, the high one first. */
static inline void write_u16(struct writer *w, uint16_t value)
{
    uint8_t *room = write_room(w, 2);
    if (room == NULL) return;
    room[0] = (uint8_t)(value >> 8);
    room[1] = (uint8_t)value;
}

/* Four bytes, the highest first. */
static inline void write_u32(struct writer *w, uint32_t value)
{
    uint8_t *room = write_room(w, 4);
    if (room == NULL) return;
    room[0] = (uint8_t)(value >> 24);
    room[1] = (uint8_t)(value >> 16);
    room[2] = (uint8_t)(value >> 8);
    room[3] = (uint8_t)value;
}

/* Eight bytes, the highest first. */
static inline void write_u64(struct writer *w, uint64_t value)
{
    uint8_t *room = write_room(w, 8);
    for (unsigned i = 0; room != NULL && i < 8; i++)
        room[i] = (uint8_t)(value >> (56 - 8 * i));
}

/* How many bytes write_varint takes for `value` <= VARINT_MAX: 1..4. */
static inline size_t varint_size(uint32_t value)
{
    if (value < 1u << 7) return 1;
    if (value < 1u << 14) return 2;
    return value < 1u << 21 ? 3 : 4;
}

/* `value` <= VARINT_MAX, in as few bytes as hold it; a larger one fails. */
void write_varint(struct writer *w, uint32_t value);

/* The size in two bytes, then `b`; fails when b.size > BINARY_SIZE_MAX. Also
 * writes strings. */
static inline void write_binary(struct writer *w, struct bytes b)
{
    if (b.size > BINARY_SIZE_MAX) w->failed = true;
    write_u16(w, (uint16_t)b.size);
    write_bytes(w, b);
}

#endif
