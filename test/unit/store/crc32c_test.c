/* crc32c_test.c - the checksum, against the examples of RFC 3720, B.4. */
#include "check.h"
#include "store/crc32c.h"

static void the_rfc_agrees(void)
{
    uint8_t bytes[32] = {0};
    CHECK_EQ(crc32c(0, bytes_at(bytes, 32)), 0x8a9136aa);
    memset(bytes, 0xff, 32);
    CHECK_EQ(crc32c(0, bytes_at(bytes, 32)), 0x62a8ab43);
    for (unsigned i = 0; i < 32; i++)
        bytes[i] = (uint8_t)i;
    CHECK_EQ(crc32c(0, bytes_at(bytes, 32)), 0x46dd794e);
    for (unsigned i = 0; i < 32; i++)
        bytes[i] = (uint8_t)(31 - i);
    CHECK_EQ(crc32c(0, bytes_at(bytes, 32)), 0x113fdb5c);
    CHECK_EQ(crc32c(0, bytes_of("123456789")), 0xe3069283);
    CHECK_EQ(crc32c(0, bytes_at(NULL, 0)), 0);
}

static void parts_add_up(void)
{
    uint8_t bytes[100];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37 + 11);
    struct bytes all = bytes_at(bytes, sizeof bytes);
    uint32_t whole = crc32c(0, all);
    for (size_t cut = 0; cut <= sizeof bytes; cut++) {
        uint32_t first = crc32c(0, bytes_at(bytes, cut));
        CHECK_EQ(crc32c(first, bytes_skip(all, cut)), whole);
    }
}

/* Whatever the processor does, at every length and place. */
static void tables_and_processor_agree(void)
{
    uint8_t bytes[80];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 73 + 5);
    for (size_t at = 0; at < 8; at++) {
        for (size_t size = 0; at + size <= sizeof bytes; size++) {
            struct bytes b = bytes_at(bytes + at, size);
            CHECK_EQ(crc32c(7, b), crc32c_by_table(7, b));
        }
    }
}

int main(void)
{
    RUN(the_rfc_agrees);
    RUN(parts_add_up);
    RUN(tables_and_processor_agree);
    return check_result();
}
