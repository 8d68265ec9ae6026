#include "base/cursor.h"
#include "check.h"

static void reads_stay_inside(void)
{
    static const uint8_t DATA[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07};
    uint8_t *at = check_guard(DATA, sizeof DATA);
    struct reader r = reader_of(bytes_at(at, sizeof DATA));
    CHECK_EQ(read_u8(&r), 0x01);
    CHECK_EQ(read_u16(&r), 0x0203);
    CHECK_EQ(read_u32(&r), 0x04050607);
    CHECK(!r.failed);
    CHECK_EQ(reader_left(&r), 0);
    CHECK_EQ(read_u8(&r), 0);
    CHECK(r.failed);
    check_guard_free(at, sizeof DATA);
}

static void eight_bytes_round_trip(void)
{
    const uint64_t value = 0x0102030405060708;
    uint8_t *at = check_guard("............", 12);
    struct writer w = writer_at(at, 12);
    write_u64(&w, value);
    CHECK(!w.failed);
    CHECK_BYTES(at, 12, "\1\2\3\4\5\6\7\10....", 12);
    struct reader r = reader_of(bytes_at(at, 12));
    CHECK_EQ(read_u64(&r), value);
    CHECK(!r.failed);
    CHECK_EQ(read_u64(&r), 0);
    CHECK(r.failed);
    write_u64(&w, value);
    CHECK(w.failed);
    CHECK_BYTES(at + 8, 4, "....", 4);
    check_guard_free(at, 12);
}

static void failure_sticks(void)
{
    static const uint8_t DATA[] = {0x01, 0x02, 0x03};
    uint8_t *at = check_guard(DATA, sizeof DATA);
    struct reader r = reader_of(bytes_at(at, sizeof DATA));
    CHECK_EQ(read_u32(&r), 0);
    CHECK(r.failed);
    CHECK_EQ(read_u8(&r), 0);
    CHECK_EQ(read_u16(&r), 0);
    CHECK_EQ(read_varint(&r), 0);
    CHECK_EQ(read_binary(&r).size, 0);
    CHECK_EQ(read_rest(&r).size, 0);
    check_guard_free(at, sizeof DATA);
}

static void runs_are_bounded_by_what_is_there(void)
{
    static const uint8_t DATA[] = {0x00, 0x02, 'a', 'b', 0x00, 0x03, 'c', 'd'};
    uint8_t *at = check_guard(DATA, sizeof DATA);
    struct reader r = reader_of(bytes_at(at, sizeof DATA));
    struct bytes b = read_binary(&r);
    CHECK_BYTES(b.data, b.size, "ab", 2);
    b = read_binary(&r);
    CHECK(r.failed);
    CHECK_EQ(b.size, 0);
    r = reader_of(bytes_at(at + 2, 2));
    b = read_rest(&r);
    CHECK_BYTES(b.data, b.size, "ab", 2);
    CHECK(!r.failed);
    check_guard_free(at, sizeof DATA);
}

static void empty_memory_is_fine(void)
{
    struct reader r = reader_of((struct bytes){NULL, 0});
    CHECK_EQ(reader_left(&r), 0);
    CHECK_EQ(read_rest(&r).size, 0);
    CHECK(!r.failed);
    struct writer w = writer_at(NULL, 0);
    write_bytes(&w, (struct bytes){NULL, 0});
    CHECK(!w.failed);
    CHECK_EQ(writer_bytes(&w).size, 0);
    CHECK_EQ(writer_left(&w), 0);
    write_u8(&w, 1);
    CHECK(w.failed);
}

/* MQTT 5.0, table 1-1: the borders of each size. [MQTT-1.5.5-1] */
static void varints_round_trip(void)
{
    static const uint32_t VALUES[] = {0,     1,       127,     128, 16383,
                                      16384, 2097151, 2097152, 321, VARINT_MAX};
    for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++) {
        uint8_t room[VARINT_SIZE_MAX];
        struct writer w = writer_at(room, sizeof room);
        write_varint(&w, VALUES[i]);
        CHECK(!w.failed);
        struct bytes b = writer_bytes(&w);
        CHECK_EQ(b.size, varint_size(VALUES[i]));
        for (size_t cut = 0; cut <= b.size; cut++) {
            uint8_t *at = check_guard(b.data, cut);
            struct reader r = reader_of(bytes_at(at, cut));
            uint32_t value = read_varint(&r);
            CHECK_EQ(r.failed, cut < b.size);
            CHECK_EQ(value, cut < b.size ? 0 : VALUES[i]);
            check_guard_free(at, cut);
        }
    }
}

static void varint_refused(const char *hex, size_t size)
{
    struct reader r = reader_of(bytes_at(hex, size));
    CHECK_EQ(read_varint(&r), 0);
    CHECK(r.failed);
}

static void bad_varints_are_refused(void)
{
    varint_refused("\x80\x00", 2);
    varint_refused("\xff\x00", 2);
    varint_refused("\x80\x80\x00", 3);
    varint_refused("\x80\x80\x80\x00", 4);
    varint_refused("\x80\x80\x80\x80\x01", 5);
    varint_refused("\xff\xff\xff\xff\x7f", 5);
    struct writer w = writer_at((uint8_t[8]){0}, 8);
    write_varint(&w, (uint32_t)VARINT_MAX + 1);
    CHECK(w.failed);
    CHECK_EQ(writer_bytes(&w).size, 0);
}

static void writes_stay_inside(void)
{
    uint8_t *at = check_guard("........", 8);
    struct writer w = writer_at(at, 8);
    write_u8(&w, 0x01);
    write_u16(&w, 0x0203);
    write_u32(&w, 0x04050607);
    CHECK(!w.failed);
    CHECK_EQ(writer_left(&w), 1);
    write_u16(&w, 0x0809);
    CHECK(w.failed);
    write_u8(&w, 0x0a);
    CHECK_BYTES(at, 8, "\1\2\3\4\5\6\7.", 8);
    CHECK_EQ(writer_bytes(&w).size, 7);
    check_guard_free(at, 8);
}

static void binaries_know_their_limit(void)
{
    static uint8_t big[BINARY_SIZE_MAX + 1];
    static uint8_t room[BINARY_SIZE_MAX + 8];
    struct writer w = writer_at(room, sizeof room);
    write_binary(&w, bytes_at(big, BINARY_SIZE_MAX));
    CHECK(!w.failed);
    CHECK_EQ(writer_bytes(&w).size, BINARY_SIZE_MAX + 2);
    w = writer_at(room, sizeof room);
    write_binary(&w, bytes_at(big, BINARY_SIZE_MAX + 1));
    CHECK(w.failed);
    w = writer_at(room, 4);
    write_binary(&w, bytes_of("ab"));
    CHECK_BYTES(room, 4, "\0\2ab", 4);
}

int main(void)
{
    RUN(reads_stay_inside);
    RUN(eight_bytes_round_trip);
    RUN(failure_sticks);
    RUN(runs_are_bounded_by_what_is_there);
    RUN(empty_memory_is_fine);
    RUN(varints_round_trip);
    RUN(bad_varints_are_refused);
    RUN(writes_stay_inside);
    RUN(binaries_know_their_limit);
    return check_result();
}
