/* crc32c.c - CRC-32C: by the processor, or by tables, eight bytes a step. */
#include "store/crc32c.h"

#include <pthread.h>

enum { STEP = 8 };

static const uint32_t POLYNOMIAL = 0x82f63b78; /* lowest power first */

static uint32_t tables[STEP][256];
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool quick;

/* tables[n][b]: byte b, and n bytes of zero behind it. */
static void tables_make(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) {
            uint32_t low = crc & 1;
            crc = crc >> 1 ^ (low != 0 ? POLYNOMIAL : 0);
        }
        tables[0][byte] = crc;
    }
    for (uint32_t byte = 0; byte < 256; byte++) {
        for (int n = 1; n < STEP; n++) {
            uint32_t crc = tables[n - 1][byte];
            tables[n][byte] = crc >> 8 ^ tables[0][crc & 255];
        }
    }
}

static void crc32c_init(void)
{
    tables_make();
    quick = crc32c_quick();
}

static uint32_t little_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

uint32_t crc32c(uint32_t crc, struct bytes b)
{
    (void)pthread_once(&once, crc32c_init);
    return quick ? crc32c_quickly(crc, b) : crc32c_by_table(crc, b);
}

uint32_t crc32c_by_table(uint32_t crc, struct bytes b)
{
    (void)pthread_once(&once, crc32c_init);
    const uint8_t *at = b.data;
    size_t left = b.size;
    crc = ~crc;
    for (; left >= STEP; left -= STEP, at += STEP) {
        uint32_t low = crc ^ little_u32(at), high = little_u32(at + 4);
        crc = tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^
              tables[5][low >> 16 & 255] ^ tables[4][low >> 24] ^
              tables[3][high & 255] ^ tables[2][high >> 8 & 255] ^
              tables[1][high >> 16 & 255] ^ tables[0][high >> 24];
    }
    for (; left > 0; left--)
        crc = crc >> 8 ^ tables[0][(crc ^ *at++) & 255];
    return ~crc;
}
