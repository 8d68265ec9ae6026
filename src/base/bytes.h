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

/* Are the `size` >= 8 bytes at `a` those at `b`? The last eight are looked at
 * together, whether or not some of them were seen before. */
static inline bool bytes_same_words(const uint8_t *a, const uint8_t *b,
                                    size_t size)
{
    uint64_t words[2];
    for (size_t i = 0; i < size - 8; i += 8) {
        memcpy(&words[0], a + i, 8);
        memcpy(&words[1], b + i, 8);
        if (words[0] != words[1]) return false;
    }
    memcpy(&words[0], a + size - 8, 8);
    memcpy(&words[1], b + size - 8, 8);
    return words[0] == words[1];
}

/* The same for 4 to 7 bytes. */
static inline bool bytes_same_halves(const uint8_t *a, const uint8_t *b,
                                     size_t size)
{
    uint32_t first[2], last[2];
    memcpy(&first[0], a, 4);
    memcpy(&first[1], b, 4);
    memcpy(&last[0], a + size - 4, 4);
    memcpy(&last[1], b + size - 4, 4);
    return first[0] == first[1] && last[0] == last[1];
}

/* The same bytes in the same number. Short ones without memcmp: to be quick it
 * reads what is behind them too, and would wait for that memory. */
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    size_t size = a.size;
    if (size != b.size) return false;
    if (size > 32) return memcmp(a.data, b.data, size) == 0;
    if (size >= 8) return bytes_same_words(a.data, b.data, size);
    if (size >= 4) return bytes_same_halves(a.data, b.data, size);
    size_t i = 0;
    while (i < size && a.data[i] == b.data[i])
        i++;
    return i == size;
}

/* All of `b` but its first `count` bytes; `count` <= b.size. */
static inline struct bytes bytes_skip(struct bytes b, size_t count)
{
    return (struct bytes){b.data + count, b.size - count};
}

#endif
