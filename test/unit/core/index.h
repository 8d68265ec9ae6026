/* index.h - what the tests of topics, interest and retain share: a pool, luck
 * that is the same each time, and texts from an alphabet so small that they
 * meet. */
#ifndef MOGI_TEST_INDEX_H
#define MOGI_TEST_INDEX_H

#include "base/bytes.h"
#include "base/hash.h"
#include "base/pool.h"
#include "check.h"
#include "unit_pool.h"

enum { TEXT_MAX = 64 };

static const struct hash_key test_key = {0x0123456789abcdef, 42};
static uint64_t test_luck = 1;

/* 0..below-1 (splitmix64). */
CHECK_UNUSED static uint32_t test_random(uint32_t below)
{
    uint64_t z = (test_luck += 0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (uint32_t)((z ^ z >> 31) % below);
}

/* A valid topic name (or, with `wild`, filter) in `text` of TEXT_MAX bytes. */
CHECK_UNUSED static struct bytes test_text(char *text, bool wild)
{
    static const char *const names[] = {"a", "b", "c", "", "$s", "long-level"};
    size_t size;
    do {
        size_t count = 1 + test_random(5);
        size = 0;
        for (size_t i = 0; i < count; i++) {
            uint32_t kind = wild ? test_random(10) : 9;
            const char *level = names[test_random(6)];
            if (kind < 3) level = "+";
            if (kind < 6 && kind >= 3 && i + 1 == count) level = "#";
            size += (size_t)snprintf(text + size, TEXT_MAX - size, "%s%s",
                                     i > 0 ? "/" : "", level);
        }
    } while (size == 0);
    return bytes_at(text, size);
}

#endif
