/* buffer.h - bytes that grow. Owned by one place; memory from its pool. */
#ifndef MOGI_BASE_BUFFER_H
#define MOGI_BASE_BUFFER_H

#include "base/bytes.h"
#include "base/pool.h"

struct buffer {
    struct pool *pool;
    uint8_t *data;
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes held */
};

/* Empty, holding nothing. */
void buffer_init(struct buffer *buffer, struct pool *pool);

/* Give all memory back. */
void buffer_fini(struct buffer *buffer);

/* Room for `size` more bytes at the end, uninitialised; doubles at least, so
 * that appending is linear. The caller adds what it wrote to buffer->size.
 * The pointer is valid until the next call. */
uint8_t *buffer_reserve(struct buffer *buffer, size_t size);

/* Append a copy of `b`. */
void buffer_append(struct buffer *buffer, struct bytes b);

/* Drop the first `count` bytes. */
void buffer_consume(struct buffer *buffer, size_t count);

/* A view of all that is in use, valid until the buffer changes. */
static inline struct bytes buffer_bytes(const struct buffer *buffer)
{
    return (struct bytes){buffer->data, buffer->size};
}

#endif
