/* logframe_test.c - bytes of the log, there and back, and no others. */
#include "check.h"
#include "store/logframe.h"

static void segment_heads_come_back(void)
{
    struct segment_head head = {.number = 7, .sequence = 1ull << 40, .salt = 9};
    memset(head.id, 0xa5, sizeof head.id);
    uint8_t bytes[SEGMENT_HEAD_BYTES];
    segment_head_write(bytes, &head);
    struct segment_head back;
    CHECK_EQ(segment_head_read(bytes_at(bytes, sizeof bytes), &back), OK);
    CHECK_EQ(back.number, 7);
    CHECK_EQ(back.sequence, 1ll << 40);
    CHECK_EQ(back.salt, 9);
    CHECK_BYTES(back.id, sizeof back.id, head.id, sizeof head.id);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] ^= 0x10;
        CHECK_EQ(segment_head_read(bytes_at(bytes, sizeof bytes), &back),
                 ERR_MALFORMED);
        bytes[i] ^= 0x10;
        CHECK_EQ(segment_head_read(bytes_at(bytes, i), &back), ERR_MALFORMED);
    }
}

static void frame_heads_come_back(void)
{
    struct logframe_head head = {.kind = LOGFRAME_BATCH,
                                 .size = 1000,
                                 .sequence = 77,
                                 .durable = 70,
                                 .part = 63,
                                 .count = 3,
                                 .body_crc = 0xdeadbeef};
    uint8_t bytes[LOGFRAME_HEAD_BYTES];
    logframe_head_write(bytes, &head, 5);
    struct logframe_head back;
    struct bytes all = bytes_at(bytes, sizeof bytes);
    CHECK_EQ(logframe_head_read(all, &back, 5), OK);
    CHECK_EQ(back.kind, LOGFRAME_BATCH);
    CHECK_EQ(back.size, 1000);
    CHECK_EQ(back.sequence, 77);
    CHECK_EQ(back.durable, 70);
    CHECK_EQ(back.part, 63);
    CHECK_EQ(back.count, 3);
    CHECK_EQ(back.body_crc, 0xdeadbeef);
    CHECK_EQ(logframe_head_read(all, &back, 6), ERR_MALFORMED);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] ^= 1;
        CHECK_EQ(logframe_head_read(all, &back, 5), ERR_MALFORMED);
        bytes[i] ^= 1;
        CHECK_EQ(logframe_head_read(bytes_at(bytes, i), &back, 5),
                 ERR_MALFORMED);
    }
}

static void changes_come_back(void)
{
    struct store_change put = {STORE_PUT, bytes_of("key"), bytes_of("val"),
                               bytes_of("ue")};
    struct store_change del = {.kind = STORE_DEL, .key = bytes_of("k")};
    size_t size = logframe_change_size(&put) + logframe_change_size(&del);
    CHECK_EQ(size, 7 + 3 + 5 + 7 + 1);
    uint8_t body[64];
    uint8_t *at = logframe_change_write(body, &put);
    at = logframe_change_write(at, &del);
    REQUIRE((size_t)(at - body) == size);
    uint8_t *guarded = check_guard(body, size);
    struct bytes in = bytes_at(guarded, size);
    struct logframe_change change;
    size_t offset = 0;
    CHECK_EQ(logframe_change_read(in, &offset, &change), OK);
    CHECK_EQ(change.kind, STORE_PUT);
    CHECK_EQ(change.offset, 0);
    CHECK_BYTES(change.key.data, change.key.size, "key", 3);
    CHECK_BYTES(change.value.data, change.value.size, "value", 5);
    CHECK_EQ(logframe_change_read(in, &offset, &change), OK);
    CHECK_EQ(change.kind, STORE_DEL);
    CHECK_EQ(change.offset, 15);
    CHECK_BYTES(change.key.data, change.key.size, "k", 1);
    CHECK_EQ(offset, size);
    CHECK_EQ(logframe_change_read(in, &offset, &change), ERR_MALFORMED);
    for (size_t cut = 0; cut < 15; cut++) {
        offset = 0;
        CHECK_EQ(logframe_change_read(bytes_at(guarded, cut), &offset, &change),
                 ERR_MALFORMED);
    }
    check_guard_free(guarded, size);
}

static void changes_that_cannot_be(void)
{
    static const struct {
        uint8_t bytes[9];
    } list[] = {
        {{0, 0, 1, 0, 0, 0, 1, 'k', 'v'}},   /* no kind */
        {{3, 0, 1, 0, 0, 0, 1, 'k', 'v'}},   /* nor this */
        {{1, 0, 0, 0, 0, 0, 2, 'k', 'v'}},   /* no key */
        {{1, 1, 225, 0, 0, 0, 1, 'k', 'v'}}, /* a key that is too long */
        {{1, 0, 1, 255, 255, 255, 255, 'k', 'v'}},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        struct logframe_change change;
        size_t offset = 0;
        CHECK_EQ(
            logframe_change_read(bytes_at(list[i].bytes, 9), &offset, &change),
            ERR_MALFORMED);
        CHECK_EQ(offset, 0);
    }
}

static void frames_are_aligned(void)
{
    CHECK_EQ(logframe_size(0), 40);
    CHECK_EQ(logframe_size(1), 48);
    CHECK_EQ(logframe_size(8), 48);
    CHECK_EQ(logframe_size(9), 56);
}

int main(void)
{
    RUN(segment_heads_come_back);
    RUN(frame_heads_come_back);
    RUN(changes_come_back);
    RUN(changes_that_cannot_be);
    RUN(frames_are_aligned);
    return check_result();
}
