/* crc32c.h - the checksum of what is on disk: CRC-32C (Castagnoli), as in
 * RFC 3720, appendix B.4. */
#ifndef MOGI_STORE_CRC32C_H
#define MOGI_STORE_CRC32C_H

#include "base/bytes.h"

/* The checksum of what `crc` is the checksum of (0: nothing), and `b` behind
 * it. Any thread. */
uint32_t crc32c(uint32_t crc, struct bytes b);

/* The same, always by tables: five to ten times slower. */
uint32_t crc32c_by_table(uint32_t crc, struct bytes b);

/* Has the processor an instruction for it? The same by that, if it has: see
 * crc32c_x86.c and crc32c_any.c. */
bool crc32c_quick(void);
uint32_t crc32c_quickly(uint32_t crc, struct bytes b);

#endif
