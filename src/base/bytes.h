/* bytes.h - a borrowed run of bytes. Owns nothing, never allocates. */
#ifndef MOGI_BASE_BYTES_H
#define MOGI_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *data; /* may be NULL only when size is 0 */
    size_t size;
};

/* A view of a C string, without its NUL. */
static inline struct bytes bytes_of(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

/* A view of `size` bytes at `data`. */
static inline struct bytes bytes_at(const void *data, size_t size)
{
    return (struct bytes){(const uint8_t *)data, size};
}

/* The same bytes in the same number. */
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size &&
           (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* All of `b` but its first `count` bytes; `count` <= b.size. */
static inline struct bytes bytes_skip(struct bytes b, size_t count)
{
    return (struct bytes){b.data + count, b.size - count};
}

#endif
