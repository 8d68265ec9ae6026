/* buffer.c - bytes that grow by doubling. */
#include "base/buffer.h"

#include <assert.h>

enum { CAPACITY_MIN = 64 };

void buffer_init(struct buffer *buffer, struct pool *pool)
{
    assert(pool != NULL);
    *buffer = (struct buffer){.pool = pool};
}

void buffer_fini(struct buffer *buffer)
{
    assert(buffer->size <= buffer->capacity);
    pool_give(buffer->pool, buffer->data, buffer->capacity);
    *buffer = (struct buffer){.pool = buffer->pool};
}

uint8_t *buffer_reserve(struct buffer *buffer, size_t size)
{
    assert(buffer->size <= buffer->capacity);
    assert(size <= SIZE_MAX / 4 - buffer->size);
    size_t wanted = buffer->size + size;
    if (wanted > buffer->capacity || buffer->data == NULL) {
        size_t capacity = buffer->capacity * 2;
        if (capacity < CAPACITY_MIN) capacity = CAPACITY_MIN;
        if (capacity < wanted) capacity = wanted;
        buffer->data =
            pool_resize(buffer->pool, buffer->data, buffer->capacity, capacity);
        buffer->capacity = capacity;
    }
    assert(buffer->capacity - buffer->size >= size);
    return buffer->data + buffer->size;
}

void buffer_append(struct buffer *buffer, struct bytes b)
{
    if (b.size == 0) return;
    memcpy(buffer_reserve(buffer, b.size), b.data, b.size);
    buffer->size += b.size;
}

void buffer_consume(struct buffer *buffer, size_t count)
{
    assert(count <= buffer->size);
    buffer->size -= count;
    if (buffer->size > 0 && count > 0) {
        memmove(buffer->data, buffer->data + count, buffer->size);
    }
}
