/* message_test.c - bodies are copies, counted, and gone with the last one. */
#include "check.h"
#include "core/message.h"
#include "unit_pool.h"

static void packed_messages_are_whole(void)
{
    struct pool *pool = unit_pool();
    struct message m = {
        .topic = bytes_of("a/b"),
        .forward = bytes_of("PROPS"),
        .payload = bytes_of("payload"),
        .hash = 5,
        .stamp = 9,
        .expires_ms = 77,
        .publisher = {3, 4},
        .publisher_shard = 6,
        .qos = 2,
        .retain = true,
    };
    uint8_t space[256];
    struct bytes none = {NULL, 0};
    for (int sourced = 0; sourced < 2; sourced++) {
        size_t size = message_packed_size(&m, none);
        REQUIRE(size < sizeof space);
        /* Anywhere, and moved as bytes are. */
        message_pack(&m, none, space + 1);
        uint8_t *moved = malloc(size);
        REQUIRE(moved != NULL);
        memcpy(moved, space + 1, size);
        struct bytes packet;
        struct message view = message_unpack(bytes_at(moved, size), &packet);
        CHECK_EQ(packet.size, 0);
        CHECK(view.body == NULL && !view.owned);
        CHECK_BYTES(view.topic.data, view.topic.size, "a/b", 3);
        CHECK_BYTES(view.forward.data, view.forward.size, "PROPS", 5);
        CHECK_BYTES(view.payload.data, view.payload.size, "payload", 7);
        struct bytes source = message_source(&view);
        CHECK_BYTES(source.data, source.size, "who", sourced ? 3u : 0u);
        CHECK_EQ(view.hash, 5);
        CHECK_EQ(view.stamp, 9);
        CHECK_EQ(view.expires_ms, 77);
        CHECK_EQ(view.publisher.slot, 3);
        CHECK_EQ(view.publisher.generation, 4);
        CHECK_EQ(view.publisher_shard, 6);
        CHECK_EQ(view.qos, 2);
        CHECK(view.retain);
        free(moved);
        if (sourced == 0) {
            body_unref(message_share_as(&m, pool, bytes_of("who")));
        }
    }
    message_done(&m);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

/* A packet goes along whole, and the texts are found in it: of 3.1.1, and of
 * 5.0, where the size of the properties comes before them. */
static void packed_packets_are_whole(void)
{
    static const struct {
        const char *packet;
        size_t size, topic, forward, forward_size, payload;
    } rows[] = {
        {"\x30\x07\x00\x03"
         "a/bPA",
         9, 4, 7, 0, 7},
        {"\x30\x0c\x00\x03"
         "a/b\x05PROPSPA",
         15, 4, 8, 5, 13},
        {"\x30\x06\x00\x03"
         "a/b\x00",
         8, 4, 8, 0, 8},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint8_t *data = (const uint8_t *)rows[i].packet;
        struct bytes packet = bytes_at(data, rows[i].size);
        struct message m = {
            .topic = bytes_at(data + rows[i].topic, 3),
            .forward = bytes_at(data + rows[i].forward, rows[i].forward_size),
            .payload = bytes_skip(packet, rows[i].payload),
            .hash = 5,
            .stamp = 9,
        };
        if (m.forward.size == 0) m.forward.data = NULL;
        uint8_t space[256];
        size_t size = message_packed_size(&m, packet);
        REQUIRE(size < sizeof space);
        message_pack(&m, packet, space + 1);
        struct bytes came;
        struct message view = message_unpack(bytes_at(space + 1, size), &came);
        CHECK_BYTES(came.data, came.size, data, packet.size);
        CHECK_BYTES(view.topic.data, view.topic.size, "a/b", 3);
        CHECK_BYTES(view.forward.data, view.forward.size, "PROPS",
                    rows[i].forward_size);
        CHECK_BYTES(view.payload.data, view.payload.size, "PA",
                    packet.size - rows[i].payload);
        CHECK_EQ(view.hash, 5);
        CHECK_EQ(view.stamp, 9);
    }
}

static void share_copies_all_parts(void)
{
    struct pool *pool = unit_pool();
    size_t before = pool_bytes(pool);
    char packet[] = "a/bPROPSpayload";
    struct message m = {
        .topic = bytes_at(packet, 3),
        .forward = bytes_at(packet + 3, 5),
        .payload = bytes_at(packet + 8, 7),
        .stamp = 9,
        .expires_ms = 77,
        .publisher = {3, 4},
        .publisher_shard = 5,
        .qos = 2,
        .retain = true,
    };
    struct body *body = message_share(&m, pool);
    REQUIRE(body != NULL);
    memset(packet, 'x', sizeof packet);
    CHECK(m.body == body);
    CHECK_BYTES(m.topic.data, m.topic.size, "a/b", 3);
    CHECK_BYTES(m.forward.data, m.forward.size, "PROPS", 5);
    CHECK_BYTES(m.payload.data, m.payload.size, "payload", 7);
    struct message view = body_message(body);
    CHECK(view.body == body);
    CHECK_EQ(view.stamp, 9);
    CHECK_EQ(view.expires_ms, 77);
    CHECK_EQ(view.publisher.generation, 4);
    CHECK_EQ(view.publisher_shard, 5);
    CHECK_EQ(view.qos, 2);
    CHECK(view.retain);

    struct body *again = message_share(&m, pool);
    CHECK(again == body);
    body_unref(again);
    CHECK(body_ref(body) == body);
    body_unref(body);
    body_unref(body);
    CHECK(m.owned && !view.owned);
    CHECK(pool_bytes(pool) > before);
    message_done(&view);
    CHECK(pool_bytes(pool) > before);
    message_done(&m);
    CHECK(m.body == NULL && !m.owned);
    message_done(&m);
    CHECK_EQ(pool_bytes(pool), before);
    pool_free(pool);
}

static void share_takes_empty_parts(void)
{
    struct pool *pool = unit_pool();
    struct message m = {.topic = bytes_of("t")};
    struct body *body = message_share(&m, pool);
    REQUIRE(body != NULL);
    CHECK_EQ(m.forward.size, 0);
    CHECK_EQ(m.payload.size, 0);
    body_unref(body);
    message_done(&m);
    body_unref(NULL);
    struct body *text = body_of_text(pool, bytes_of("a/#"));
    REQUIRE(text != NULL);
    struct message view = body_message(text);
    CHECK_BYTES(view.topic.data, view.topic.size, "a/#", 3);
    body_unref(text);
    CHECK_EQ(pool_bytes(pool), 0);
    pool_free(pool);
}

static void expiry_is_rounded_up(void)
{
    struct message m = {.expires_ms = 0};
    CHECK_EQ(message_expiry_s(&m, 5000), 0);
    CHECK(!message_expired(&m, UINT64_MAX));
    m.expires_ms = 10000;
    CHECK_EQ(message_expiry_s(&m, 5000), 5);
    CHECK_EQ(message_expiry_s(&m, 5001), 5);
    CHECK_EQ(message_expiry_s(&m, 4999), 6);
    CHECK_EQ(message_expiry_s(&m, 9999), 1);
    CHECK_EQ(message_expiry_s(&m, 10000), 1);
    CHECK_EQ(message_expiry_s(&m, 20000), 1);
    CHECK(!message_expired(&m, 9999));
    CHECK(message_expired(&m, 10000));
    m.expires_ms = UINT64_MAX;
    CHECK_EQ(message_expiry_s(&m, 0), UINT32_MAX);
}

int main(void)
{
    RUN(packed_messages_are_whole);
    RUN(packed_packets_are_whole);
    RUN(share_copies_all_parts);
    RUN(share_takes_empty_parts);
    RUN(expiry_is_rounded_up);
    return check_result();
}
