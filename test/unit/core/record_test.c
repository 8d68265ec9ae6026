/* record_test.c - what is written is read back; anything else is refused. */
#include "base/rng.h"
#include "check.h"
#include "core/bounds.h"
#include "core/outbound.h"
#include "core/record.h"
#include "wire/packet.h"

enum { SPACE = 2048 };

static uint8_t space[SPACE];

/* A key as it is stored. */
static struct bytes key_bytes(const struct record_key *key)
{
    struct writer w = writer_at(space, sizeof space);
    record_key_write(&w, key);
    return writer_bytes(&w);
}

/* Keys in the order in which they must come. */
static const struct record_key KEYS[] = {
    {.kind = RECORD_MESSAGE, .number = UINT64_MAX},
    {.kind = RECORD_SESSION, .client = {(const uint8_t *)"a", 1}},
    {.kind = RECORD_MEMBERSHIP,
     .client = {(const uint8_t *)"a", 1},
     .text = {(const uint8_t *)"$share/g/t", 10}},
    {.kind = RECORD_HANDOVER, .client = {(const uint8_t *)"a", 1}, .number = 8},
    {.kind = RECORD_DELIVERY, .client = {(const uint8_t *)"a", 1}, .number = 9},
    {.kind = RECORD_DELIVERY,
     .client = {(const uint8_t *)"a", 1},
     .number = 256},
    {.kind = RECORD_RECEIVED, .client = {(const uint8_t *)"a", 1}, .number = 7},
    {.kind = RECORD_SUBSCRIPTION,
     .client = {(const uint8_t *)"a", 1},
     .text = {(const uint8_t *)"t/#", 3}},
    {.kind = RECORD_WILL, .client = {(const uint8_t *)"a", 1}},
    {.kind = RECORD_SESSION, .client = {(const uint8_t *)"aS", 2}},
    {.kind = RECORD_MESSAGE_OLD, .shard = 63, .number = UINT64_MAX},
    {.kind = RECORD_HEARD, .shard = 1, .from = 63},
    {.kind = RECORD_RETAINED, .text = {(const uint8_t *)"t", 1}},
};

enum { KEY_COUNT = sizeof KEYS / sizeof KEYS[0] };

static void keys_come_back_in_order(void)
{
    uint8_t last[RECORD_KEY_MAX] = {0};
    for (size_t i = 0; i < KEY_COUNT; i++) {
        struct bytes bytes = key_bytes(&KEYS[i]);
        struct record_key key;
        CHECK_EQ(record_key_read(bytes, &key), OK);
        CHECK_EQ(key.kind, KEYS[i].kind);
        CHECK(bytes_equal(key.client, KEYS[i].client));
        CHECK(bytes_equal(key.text, KEYS[i].text));
        CHECK_EQ(key.number, KEYS[i].number);
        CHECK_EQ(key.shard, KEYS[i].shard);
        CHECK_EQ(key.from, KEYS[i].from);
        CHECK(memcmp(last, bytes.data, bytes.size) < 0);
        memset(last, 0, sizeof last);
        memcpy(last, bytes.data, bytes.size);
    }
}

static void long_texts_are_cut(void)
{
    static char a[65535], b[65535];
    memset(a, 'x', sizeof a);
    memset(b, 'x', sizeof b);
    b[65534] = 'y';
    struct bytes texts[] = {bytes_at(a, 65535), bytes_at(b, 65535),
                            bytes_at(a, RECORD_TEXT_MAX),
                            bytes_at(a, RECORD_TEXT_MAX + 1)};
    for (size_t i = 0; i < 4; i++) {
        struct record_key key = {
            .kind = RECORD_SUBSCRIPTION, .client = texts[i], .text = texts[i]};
        struct bytes bytes = key_bytes(&key);
        CHECK(bytes.size <= RECORD_KEY_MAX);
        CHECK_EQ(record_key_read(bytes, &key), OK);
        for (size_t k = 0; k < 4; k++) {
            CHECK_EQ(record_text_is(key.client, texts[k]), i == k);
            CHECK_EQ(record_text_is(key.text, texts[k]), i == k);
        }
    }
}

/* Each kind of value, read from bytes of any sort. */
static enum err read_session(struct bytes in)
{
    struct record_session s;
    return record_session_read(in, &s);
}

static enum err read_subscription(struct bytes in)
{
    struct record_subscription s;
    return record_subscription_read(in, &s);
}

static enum err read_delivery(struct bytes in)
{
    struct record_delivery d;
    return record_delivery_read(in, &d);
}

static enum err read_received(struct bytes in)
{
    struct record_received received;
    return record_received_read(in, &received);
}

static enum err read_heard(struct bytes in)
{
    struct record_heard heard;
    return record_heard_read(in, &heard);
}

static enum err read_message(struct bytes in)
{
    struct message m;
    return record_message_read(in, &m);
}

static enum err read_will(struct bytes in)
{
    struct record_will will;
    struct message m;
    return record_will_read(in, &will, &m);
}

static enum err read_key(struct bytes in)
{
    struct record_key key;
    return record_key_read(in, &key);
}

typedef enum err read_any(struct bytes in);

static read_any *const READERS[] = {
    read_session, read_subscription, read_delivery, read_received,
    read_heard,   read_message,      read_will,     read_key};

enum { READERS_COUNT = sizeof READERS / sizeof READERS[0] };

/* `value` is good; cut at any place it is refused, but for what a `payload` at
 * its end may lose; and no byte in it may do harm. */
static void torture(read_any *read, struct bytes value, size_t payload)
{
    CHECK_EQ(read(value), OK);
    for (size_t size = 0; size < value.size; size++) {
        uint8_t *copy = check_guard(value.data, size);
        bool whole = size >= value.size - payload;
        CHECK_EQ(read(bytes_at(copy, size)) == OK, whole);
        check_guard_free(copy, size);
    }
    uint8_t *copy = check_guard(value.data, value.size);
    for (size_t i = 0; i < value.size; i++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            copy[i] = (uint8_t)byte;
            for (size_t k = 0; k < READERS_COUNT; k++)
                (void)READERS[k](bytes_at(copy, value.size));
        }
        copy[i] = value.data[i];
    }
    copy[0] = RECORD_VERSION_EXPIRING + 1;
    if (read != read_key) {
        CHECK_EQ(read(bytes_at(copy, value.size)), ERR_MALFORMED);
    }
    check_guard_free(copy, value.size);
}

static void sessions_come_back(void)
{
    struct record_session s = {.protocol = MQTT_311,
                               .home = 63,
                               .expiry_s = UINT32_MAX,
                               .ends_ms = 1700000000123,
                               .floor = 0x0102030405060708,
                               .id = bytes_of("client")};
    struct writer w = writer_at(space, sizeof space);
    record_session_write(&w, &s);
    struct record_session got;
    CHECK_EQ(record_session_read(writer_bytes(&w), &got), OK);
    CHECK_EQ(got.protocol, s.protocol);
    CHECK_EQ(got.home, s.home);
    CHECK_EQ(got.expiry_s, s.expiry_s);
    CHECK_EQ(got.ends_ms, s.ends_ms);
    CHECK_EQ(got.floor, s.floor);
    CHECK(bytes_equal(got.id, s.id));
    torture(read_session, writer_bytes(&w), 0);
}

/* Version 1 had no floor. */
static void sessions_of_old_are_read(void)
{
    static const uint8_t OLD[] = {1, 5, 7, 0, 0, 14, 16, 0,   0,  0,
                                  0, 0, 0, 0, 9, 0,  2,  'a', 'b'};
    struct record_session got;
    struct bytes in = bytes_at(OLD, sizeof OLD);
    CHECK_EQ(record_session_read(in, &got), OK);
    CHECK_EQ(got.home, 7);
    CHECK_EQ(got.expiry_s, 3600);
    CHECK_EQ(got.ends_ms, 9);
    CHECK_EQ(got.floor, 0);
    CHECK(bytes_equal(got.id, bytes_of("ab")));
    CHECK_EQ(record_session_read(bytes_at(OLD, sizeof OLD - 1), &got),
             ERR_MALFORMED);
}

/* Version 1 said which shard has the message, and did not count. */
static void deliveries_of_old_are_read(void)
{
    static const uint8_t OLD[] = {1, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 9,
                                  2, 1, 1, 0, 0, 0, 1, 0, 0, 0, 8};
    struct record_delivery got;
    CHECK_EQ(record_delivery_read(bytes_at(OLD, sizeof OLD), &got), OK);
    CHECK(got.old);
    CHECK_EQ(got.stamp, 0x102);
    CHECK_EQ(got.home, 3);
    CHECK_EQ(got.packet_id, 9);
    CHECK_EQ(got.qos, 2);
    CHECK_EQ(got.state, DELIVERY_SENT);
    CHECK(got.retain);
    CHECK_EQ(got.identifier_count, 1);
    CHECK_EQ(record_identifier(&got, 0), 8);
    CHECK_EQ(got.order, 0);
}

static void subscriptions_come_back(void)
{
    struct record_subscription s = {
        .options = {2, 1, true, false, 268435455},
        .text = bytes_of("$share/group/a/+/#"),
    };
    struct writer w = writer_at(space, sizeof space);
    record_subscription_write(&w, &s);
    struct record_subscription got;
    CHECK_EQ(record_subscription_read(writer_bytes(&w), &got), OK);
    CHECK_EQ(got.options.qos, 2);
    CHECK_EQ(got.options.retain_handling, 1);
    CHECK_EQ(got.options.no_local, true);
    CHECK_EQ(got.options.retain_as_published, false);
    CHECK_EQ(got.options.identifier, 268435455);
    CHECK(bytes_equal(got.text, s.text));
    torture(read_subscription, writer_bytes(&w), 0);
}

static void delivery_comes_back(uint64_t expires_ms)
{
    const uint32_t identifiers[] = {1, 268435455};
    struct record_delivery d = {.stamp = 0x0102030405060708,
                                .order = 0x1112131415161718,
                                .bytes = 0x2122232425262728,
                                .size = 0x31323334,
                                .expires_ms = expires_ms,
                                .packet_id = 65535,
                                .qos = 2,
                                .state = DELIVERY_RECEIVED,
                                .retain = true,
                                .group = bytes_of("$share/g/t"),
                                .identifier_count = 2};
    struct writer w = writer_at(space, sizeof space);
    record_delivery_write(&w, &d, identifiers);
    struct record_delivery got;
    CHECK_EQ(record_delivery_read(writer_bytes(&w), &got), OK);
    CHECK_EQ(got.stamp, d.stamp);
    CHECK_EQ(got.order, d.order);
    CHECK_EQ(got.bytes, d.bytes);
    CHECK_EQ(got.size, d.size);
    CHECK(!got.old);
    CHECK_EQ(got.expires_ms, expires_ms);
    CHECK_EQ(got.packet_id, d.packet_id);
    CHECK_EQ(got.qos, d.qos);
    CHECK_EQ(got.state, d.state);
    CHECK_EQ(got.retain, d.retain);
    CHECK(bytes_equal(got.group, d.group));
    CHECK_EQ(got.identifier_count, 2);
    CHECK_EQ(record_identifier(&got, 0), 1);
    CHECK_EQ(record_identifier(&got, 1), 268435455);
    torture(read_delivery, writer_bytes(&w), 0);
}

/* The second one begins with its version, and has eight bytes more. */
static void deliveries_come_back(void)
{
    delivery_comes_back(0);
    delivery_comes_back(0x4142434445464748);
}

static void heard_come_back(void)
{
    struct record_heard heard = {0x0102030405060708, 0x0102030405060707};
    struct writer w = writer_at(space, sizeof space);
    record_heard_write(&w, &heard);
    struct record_heard got;
    CHECK_EQ(record_heard_read(writer_bytes(&w), &got), OK);
    CHECK_EQ(got.stamp, heard.stamp);
    CHECK_EQ(got.passed, heard.passed);
    torture(read_heard, writer_bytes(&w), 0);
}

static void received_come_back(void)
{
    for (uint16_t rows = 0; rows <= 2; rows++) {
        uint8_t room[2][LACK_BYTES_MAX];
        struct bytes lack = {NULL, 0};
        for (uint16_t i = 0; i < rows; i++) {
            struct lack_row row = {64 - i, 5};
            struct writer w = writer_at(room[i], sizeof room[i]);
            lack_add(&w, lack, &row);
            lack = writer_bytes(&w);
        }
        struct record_received received = {
            .stamp = 0x0102030405060708, .settled = true, .lack = lack};
        struct writer w = writer_at(space, sizeof space);
        record_received_write(&w, &received);
        struct record_received got;
        CHECK_EQ(record_received_read(writer_bytes(&w), &got), OK);
        CHECK_EQ(got.stamp, received.stamp);
        CHECK(bytes_equal(got.lack, lack));
        CHECK_EQ(got.settled, true);
        if (rows == 0) torture(read_received, writer_bytes(&w), 0);
        /* A row less is a record, too. */
        struct bytes cut = writer_bytes(&w);
        CHECK_EQ(read_received(bytes_at(cut.data, cut.size - 1)) == OK, false);
    }
}

/* Version 1 had one row, before `settled`; one that nobody lacks is none. */
static void received_of_old_are_read(void)
{
    uint8_t old[] = {1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0,
                     0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 7, 4, 1};
    struct record_received got;
    struct bytes in = bytes_at(old, sizeof old);
    CHECK_EQ(record_received_read(in, &got), OK);
    CHECK_EQ(got.stamp, 9);
    CHECK_EQ(got.settled, true);
    CHECK_EQ(got.lack.size, LACK_ROW_BYTES);
    struct lack_row row = lack_newest(got.lack);
    CHECK_EQ(row.shards, 4);
    CHECK_EQ(row.lacking, 7);
    torture(read_received, in, 0);
    old[16] = old[24] = 0;
    CHECK_EQ(record_received_read(in, &got), OK);
    CHECK_EQ(got.lack.size, 0);
    for (unsigned shards = 0; shards <= 65; shards += 65) {
        old[25] = (uint8_t)shards;
        CHECK_EQ(record_received_read(in, &got), ERR_MALFORMED);
    }
}

static const struct message MESSAGE = {
    .topic = {(const uint8_t *)"a/b", 3},
    .forward = {(const uint8_t *)"\x01\x01", 2},
    .payload = {(const uint8_t *)"hello", 5},
    .stamp = 0x0102030405060708,
    .expires_ms = 1700000000456,
    .qos = 2,
    .retain = true,
};

/* What the store appends: all bytes of the body. */
static void write_tail(struct writer *w)
{
    write_bytes(w, MESSAGE.topic);
    write_bytes(w, MESSAGE.forward);
    write_bytes(w, MESSAGE.payload);
}

static void check_message(const struct message *got)
{
    CHECK(bytes_equal(got->topic, MESSAGE.topic));
    CHECK(bytes_equal(got->forward, MESSAGE.forward));
    CHECK(bytes_equal(got->payload, MESSAGE.payload));
    CHECK_EQ(got->stamp, MESSAGE.stamp);
    CHECK_EQ(got->expires_ms, MESSAGE.expires_ms);
    CHECK_EQ(got->qos, MESSAGE.qos);
    CHECK_EQ(got->retain, MESSAGE.retain);
    CHECK(got->body == NULL && !got->owned);
}

static void messages_come_back(void)
{
    struct writer w = writer_at(space, sizeof space);
    record_message_write(&w, &MESSAGE);
    CHECK(writer_bytes(&w).size <= RECORD_VALUE_MAX);
    write_tail(&w);
    struct message got;
    CHECK_EQ(record_message_read(writer_bytes(&w), &got), OK);
    check_message(&got);
    torture(read_message, writer_bytes(&w), MESSAGE.payload.size);
}

/* With the few bytes that say who it is from. */
static void sources_come_back(void)
{
    struct message m = MESSAGE;
    m.forward = bytes_at("forwardSOURCE", 7);
    m.source_size = 6;
    struct writer w = writer_at(space, sizeof space);
    record_message_write(&w, &m);
    CHECK(writer_bytes(&w).size <= RECORD_VALUE_MAX);
    write_bytes(&w, m.topic);
    write_bytes(&w, bytes_of("forwardSOURCE"));
    write_bytes(&w, m.payload);
    struct message got;
    CHECK_EQ(record_message_read(writer_bytes(&w), &got), OK);
    CHECK(bytes_equal(got.forward, bytes_of("forward")));
    CHECK(bytes_equal(message_source(&got), bytes_of("SOURCE")));
    CHECK(bytes_equal(got.payload, m.payload));
    torture(read_message, writer_bytes(&w), m.payload.size);
}

static void wills_come_back(void)
{
    struct record_will will = {5, 6, 1700000000789};
    struct writer w = writer_at(space, sizeof space);
    record_will_write(&w, &will, &MESSAGE);
    CHECK(writer_bytes(&w).size <= RECORD_VALUE_MAX);
    write_tail(&w);
    struct record_will got;
    struct message m;
    CHECK_EQ(record_will_read(writer_bytes(&w), &got, &m), OK);
    CHECK_EQ(got.delay_s, 5);
    CHECK_EQ(got.expiry_s, 6);
    CHECK_EQ(got.due_ms, 1700000000789);
    check_message(&m);
    torture(read_will, writer_bytes(&w), MESSAGE.payload.size);
}

static void keys_stand_torture(void)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        struct bytes key = key_bytes(&KEYS[i]);
        size_t open = KEYS[i].text.size > 0 ? KEYS[i].text.size - 1 : 0;
        torture(read_key, key, open);
    }
}

static void garbage_is_refused_or_read(void)
{
    struct rng rng;
    rng_init(&rng, 8471);
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[64];
        size_t size = (size_t)rng_below(&rng, sizeof bytes);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)rng_next(&rng);
        if (size > 0 && rng_chance(&rng, 1, 2)) bytes[0] = RECORD_VERSION;
        uint8_t *copy = check_guard(bytes, size);
        for (size_t k = 0; k < READERS_COUNT; k++)
            (void)READERS[k](bytes_at(copy, size));
        check_guard_free(copy, size);
    }
}

int main(void)
{
    RUN(keys_come_back_in_order);
    RUN(long_texts_are_cut);
    RUN(sessions_come_back);
    RUN(sessions_of_old_are_read);
    RUN(deliveries_of_old_are_read);
    RUN(subscriptions_come_back);
    RUN(deliveries_come_back);
    RUN(heard_come_back);
    RUN(received_come_back);
    RUN(received_of_old_are_read);
    RUN(messages_come_back);
    RUN(sources_come_back);
    RUN(wills_come_back);
    RUN(keys_stand_torture);
    RUN(garbage_is_refused_or_read);
    return check_result();
}
