/* crc32c_x86.c - CRC-32C by the instruction that SSE 4.2 brought for it. */
#include "store/crc32c.h"

enum { STEP = 8 };

bool crc32c_quick(void)
{
    return __builtin_cpu_supports("sse4.2") != 0;
}

__attribute__((target("sse4.2"))) uint32_t crc32c_quickly(uint32_t crc,
                                                          struct bytes b)
{
    const uint8_t *at = b.data;
    size_t left = b.size;
    uint64_t sum = (uint32_t)~crc;
    for (; left >= STEP; left -= STEP, at += STEP) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        sum = __builtin_ia32_crc32di(sum, word);
    }
    for (; left > 0; left--)
        sum = __builtin_ia32_crc32qi((uint32_t)sum, *at++);
    return ~(uint32_t)sum;
}
