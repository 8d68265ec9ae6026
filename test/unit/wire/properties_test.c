#include "wire/packets.h"
#include "wire/properties.h"

static enum err decode(struct bytes region, unsigned where,
                       struct properties *p)
{
    static uint8_t room[70000];
    struct writer w = writer_at(room, sizeof room);
    properties_write(&w, region);
    REQUIRE(!w.failed);
    CHECK_EQ(writer_bytes(&w).size, properties_size(region.size));
    struct reader r = reader_of(packets_guard(writer_bytes(&w)));
    enum err e = properties_decode(&r, where, p);
    if (e == OK) CHECK_EQ(reader_left(&r), 0);
    struct properties alone;
    CHECK_EQ(properties_check(packets_guard(region), where, &alone), e);
    CHECK_EQ(alone.present, p->present);
    return e;
}

/* One property with a value that is in its range. */
static void write_sample(struct writer *w, enum property_id id)
{
    switch (property_kind(id)) {
    case PROPERTY_KIND_BINARY:
    case PROPERTY_KIND_STRING:
        property_write_text(w, id, bytes_of("x"));
        return;
    case PROPERTY_KIND_PAIR:
        property_write_user(w, bytes_of("k"), bytes_of("v"));
        return;
    default: property_write_number(w, id, 1); return;
    }
}

/* MQTT 5.0, table 2-4: how many packets (the will counts) each may be in. */
static void every_property_everywhere(void)
{
    static const unsigned WANT[PROPERTY_ID_MAX + 1] = {
        [0x01] = 2, [0x02] = 2, [0x03] = 2, [0x08] = 2, [0x09] = 2,  [0x0b] = 2,
        [0x11] = 3, [0x12] = 1, [0x13] = 1, [0x15] = 3, [0x16] = 3,  [0x17] = 1,
        [0x18] = 1, [0x19] = 1, [0x1a] = 1, [0x1c] = 2, [0x1f] = 9,  [0x21] = 2,
        [0x22] = 2, [0x23] = 1, [0x24] = 1, [0x25] = 1, [0x26] = 14, [0x27] = 2,
        [0x28] = 1, [0x29] = 1, [0x2a] = 1,
    };
    unsigned known = 0;
    for (uint32_t id = 0; id < 256; id++) {
        bool exists = id <= PROPERTY_ID_MAX && WANT[id] > 0;
        CHECK_EQ(property_kind(id) != PROPERTY_KIND_NONE, exists);
        if (!exists) continue;
        known++;
        unsigned count = 0;
        uint8_t room[16];
        struct writer w = writer_at(room, sizeof room);
        /* Authentication Data needs its Method. */
        if (id == PROPERTY_AUTH_DATA) write_sample(&w, PROPERTY_AUTH_METHOD);
        write_sample(&w, (enum property_id)id);
        for (unsigned where = 0; where <= PACKET_AUTH; where++) {
            struct properties p;
            enum err e = decode(writer_bytes(&w), where, &p);
            bool allowed = property_allowed((enum property_id)id, where);
            CHECK_EQ(e, allowed ? OK : ERR_MALFORMED);
            if (e == OK) CHECK(properties_has(&p, (enum property_id)id));
            count += allowed;
        }
        CHECK_EQ(count, WANT[id]);
    }
    CHECK_EQ(known, 27);
}

static void unknown_ids_are_malformed(void)
{
    for (unsigned id = 0; id < 256; id++) {
        if (property_kind(id) != PROPERTY_KIND_NONE) continue;
        uint8_t region[8] = {(uint8_t)id};
        struct properties p;
        enum err e = decode(bytes_at(region, 8), PACKET_CONNACK, &p);
        CHECK_EQ(e, ERR_MALFORMED);
    }
}

static void number_check(enum property_id id, unsigned where, uint32_t value,
                         enum err want)
{
    uint8_t region[8];
    struct writer w = writer_at(region, sizeof region);
    write_u8(&w, (uint8_t)id);
    switch (property_kind(id)) {
    case PROPERTY_KIND_U8: write_u8(&w, (uint8_t)value); break;
    case PROPERTY_KIND_U16: write_u16(&w, (uint16_t)value); break;
    case PROPERTY_KIND_U32: write_u32(&w, value); break;
    default: write_varint(&w, value);
    }
    struct properties p;
    CHECK_EQ(decode(writer_bytes(&w), where, &p), want);
}

static void ranges(void)
{
    number_check(PROPERTY_PAYLOAD_FORMAT, PACKET_PUBLISH, 1, OK);
    number_check(PROPERTY_PAYLOAD_FORMAT, PACKET_PUBLISH, 2, ERR_PROTOCOL);
    number_check(PROPERTY_MESSAGE_EXPIRY, PACKET_PUBLISH, 0, OK);
    number_check(PROPERTY_MESSAGE_EXPIRY, PACKET_PUBLISH, UINT32_MAX, OK);
    number_check(PROPERTY_SUBSCRIPTION_ID, PACKET_SUBSCRIBE, 0, ERR_PROTOCOL);
    number_check(PROPERTY_SUBSCRIPTION_ID, PACKET_SUBSCRIBE, VARINT_MAX, OK);
    number_check(PROPERTY_SESSION_EXPIRY, PACKET_CONNECT, UINT32_MAX, OK);
    number_check(PROPERTY_REQUEST_PROBLEM_INFO, PACKET_CONNECT, 2,
                 ERR_PROTOCOL);
    number_check(PROPERTY_REQUEST_RESPONSE_INFO, PACKET_CONNECT, 2,
                 ERR_PROTOCOL);
    number_check(PROPERTY_RECEIVE_MAX, PACKET_CONNECT, 0, ERR_PROTOCOL);
    number_check(PROPERTY_RECEIVE_MAX, PACKET_CONNECT, 65535, OK);
    number_check(PROPERTY_TOPIC_ALIAS_MAX, PACKET_CONNECT, 0, OK);
    number_check(PROPERTY_TOPIC_ALIAS, PACKET_PUBLISH, 0, ERR_ALIAS);
    number_check(PROPERTY_TOPIC_ALIAS, PACKET_PUBLISH, 65535, OK);
    number_check(PROPERTY_MAXIMUM_QOS, PACKET_CONNACK, 2, ERR_PROTOCOL);
    number_check(PROPERTY_RETAIN_AVAILABLE, PACKET_CONNACK, 2, ERR_PROTOCOL);
    number_check(PROPERTY_PACKET_SIZE_MAX, PACKET_CONNECT, 0, ERR_PROTOCOL);
    number_check(PROPERTY_SHARED_AVAILABLE, PACKET_CONNACK, 255, ERR_PROTOCOL);
}

static void absent_ones_hold_their_default(void)
{
    struct properties p;
    CHECK_EQ(decode((struct bytes){NULL, 0}, PACKET_CONNECT, &p), OK);
    CHECK_EQ(p.present, 0);
    CHECK_EQ(p.raw.size, 0);
    CHECK_EQ(p.receive_max, 65535);
    CHECK_EQ(p.request_problem_info, 1);
    CHECK_EQ(p.request_response_info, 0);
    CHECK_EQ(p.session_expiry_s, 0);
    CHECK_EQ(p.packet_size_max, UINT32_MAX);
    CHECK_EQ(p.maximum_qos, 2);
    CHECK_EQ(p.retain_available, 1);
    CHECK_EQ(p.wildcard_available, 1);
    CHECK_EQ(p.subscription_id_available, 1);
    CHECK_EQ(p.shared_available, 1);
    CHECK_EQ(p.topic_alias_max, 0);
}

/* Each number and text goes to the member that is its own. */
static void members_are_the_tables(void)
{
    struct properties p;
    uint8_t region[64];
    struct writer w = writer_at(region, sizeof region);
    property_write_number(&w, PROPERTY_SESSION_EXPIRY, 1);
    property_write_number(&w, PROPERTY_RECEIVE_MAX, 2);
    property_write_number(&w, PROPERTY_PACKET_SIZE_MAX, 3);
    property_write_number(&w, PROPERTY_TOPIC_ALIAS_MAX, 4);
    property_write_number(&w, PROPERTY_SERVER_KEEP_ALIVE, 5);
    property_write_text(&w, PROPERTY_ASSIGNED_CLIENT_ID, bytes_of("id"));
    property_write_text(&w, PROPERTY_RESPONSE_INFO, bytes_of("info"));
    property_write_text(&w, PROPERTY_SERVER_REFERENCE, bytes_of("there"));
    property_write_text(&w, PROPERTY_REASON_STRING, bytes_of("why"));
    CHECK_EQ(decode(writer_bytes(&w), PACKET_CONNACK, &p), OK);
    CHECK_EQ(p.session_expiry_s, 1);
    CHECK_EQ(p.receive_max, 2);
    CHECK_EQ(p.packet_size_max, 3);
    CHECK_EQ(p.topic_alias_max, 4);
    CHECK_EQ(p.server_keep_alive_s, 5);
    CHECK(bytes_equal(p.assigned_client_id, bytes_of("id")));
    CHECK(bytes_equal(p.response_info, bytes_of("info")));
    CHECK(bytes_equal(p.server_reference, bytes_of("there")));
    CHECK(bytes_equal(p.reason_string, bytes_of("why")));
}

/* [MQTT-3.3.2-18] */
static void user_properties_keep_their_order(void)
{
    struct properties p;
    uint8_t region[64];
    struct writer w = writer_at(region, sizeof region);
    property_write_number(&w, PROPERTY_MESSAGE_EXPIRY, 1);
    property_write_user(&w, bytes_of("b"), bytes_of("1"));
    property_write_text(&w, PROPERTY_CONTENT_TYPE, bytes_of("t"));
    property_write_user(&w, bytes_of("a"), bytes_of("2"));
    property_write_user(&w, bytes_of("b"), bytes_of(""));
    CHECK_EQ(decode(writer_bytes(&w), PACKET_PUBLISH, &p), OK);
    CHECK_EQ(p.user_count, 3);
    CHECK_EQ(p.user.size, p.raw.size - 5);
    static const char *const KEYS[] = {"b", "a", "b"};
    static const char *const VALUES[] = {"1", "2", ""};
    struct reader at = reader_of(p.user);
    struct property property;
    for (size_t i = 0; i < 3; i++) {
        REQUIRE(property_next_of(&at, PROPERTY_USER, &property));
        CHECK(bytes_equal(property.key, bytes_of(KEYS[i])));
        CHECK(bytes_equal(property.text, bytes_of(VALUES[i])));
    }
    CHECK(!property_next_of(&at, PROPERTY_USER, &property));
    CHECK(!at.failed);
}

static void many_empty_user_properties(void)
{
    static uint8_t region[50000];
    struct writer w = writer_at(region, sizeof region);
    for (size_t i = 0; i < 10000; i++)
        property_write_user(&w, bytes_of(""), bytes_of(""));
    CHECK_EQ(property_user_size(bytes_of(""), bytes_of("")), 5);
    struct properties p;
    CHECK_EQ(decode(writer_bytes(&w), PACKET_PUBLISH, &p), OK);
    CHECK_EQ(p.user_count, 10000);
    CHECK_EQ(properties_forward_size(&p), 50000);
    static uint8_t kept[50000];
    struct writer to = writer_at(kept, sizeof kept);
    properties_forward_write(&p, &to);
    CHECK_BYTES(kept, writer_bytes(&to).size, region, sizeof region);
}

/* [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17]
 * [MQTT-3.3.2-20] */
static void forwarding_drops_the_will_delay(void)
{
    uint8_t region[64];
    struct writer w = writer_at(region, sizeof region);
    property_write_number(&w, PROPERTY_PAYLOAD_FORMAT, 1);
    property_write_text(&w, PROPERTY_RESPONSE_TOPIC, bytes_of("r"));
    property_write_number(&w, PROPERTY_WILL_DELAY, 9);
    property_write_text(&w, PROPERTY_CORRELATION_DATA, bytes_at("\0", 1));
    struct properties p;
    CHECK_EQ(decode(writer_bytes(&w), PROPERTIES_WILL, &p), OK);
    uint8_t kept[64];
    struct writer to = writer_at(kept, properties_forward_size(&p));
    properties_forward_write(&p, &to);
    CHECK(!to.failed);
    CHECK_BYTES(kept, writer_bytes(&to).size, "\1\1\x08\0\1r\x09\0\1\0", 10);
}

/* A region that no length can say is not written; nothing of it is read. */
static void region_too_large_fails(void)
{
    uint8_t room[8];
    struct writer w = writer_at(room, sizeof room);
    properties_write(&w, bytes_at(room, (size_t)VARINT_MAX + 1));
    CHECK(w.failed);
    CHECK_EQ(writer_bytes(&w).size, 0);
    struct properties p;
    struct bytes over = bytes_at(room, (size_t)VARINT_MAX + 1);
    CHECK_EQ(properties_check(over, PACKET_PUBLISH, &p), ERR_MALFORMED);
    CHECK(properties_size((size_t)VARINT_MAX + 1) > VARINT_MAX);
    /* One that is small again in 32 bits, where a size has more of them. */
    size_t wide = (size_t)((UINT64_C(1) << 32) + 1);
    if (wide == 1) return;
    w = writer_at(room, sizeof room);
    properties_write(&w, bytes_at(room, wide));
    CHECK(w.failed);
    CHECK_EQ(writer_bytes(&w).size, 0);
    CHECK(properties_size(wide) > VARINT_MAX);
}

int main(void)
{
    RUN(every_property_everywhere);
    RUN(unknown_ids_are_malformed);
    RUN(ranges);
    RUN(absent_ones_hold_their_default);
    RUN(members_are_the_tables);
    RUN(user_properties_keep_their_order);
    RUN(many_empty_user_properties);
    RUN(forwarding_drops_the_will_delay);
    RUN(region_too_large_fails);
    return check_result();
}
