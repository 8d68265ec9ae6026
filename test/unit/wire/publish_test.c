#include "wire/publish.h"
#include "wire/vectors.h"

static void vectors(void)
{
    vectors_run("publish.hex", 60);
}

static struct publish_out sample(const uint32_t *ids, size_t id_count)
{
    static const uint8_t FORWARD[] = {PROPERTY_USER, 0, 1, 'k', 0, 1, 'v'};
    return (struct publish_out){
        .qos = 1,
        .packet_id = 258,
        .retain = true,
        .topic = bytes_of("a/b"),
        .payload = bytes_of("21.5"),
        .forward = bytes_at(FORWARD, sizeof FORWARD),
        .has_message_expiry = true,
        .message_expiry_s = 90,
        .topic_alias = 7,
        .subscription_ids = ids,
        .subscription_id_count = id_count,
    };
}

static void decode(struct bytes packet, enum protocol protocol,
                   struct publish *p)
{
    struct frame f;
    struct bytes in = packets_guard(packet);
    REQUIRE(frame_next(in, protocol, UINT32_MAX, &f) == OK);
    REQUIRE(publish_decode(&f, protocol, p) == OK);
}

static void everything_that_a_server_adds(void)
{
    static const uint32_t IDS[] = {1, 128, VARINT_MAX};
    struct publish_out out = sample(IDS, 3);
    uint8_t room[128];
    struct writer w = writer_at(room, publish_size(&out, MQTT_50));
    publish_encode(&out, MQTT_50, &w);
    CHECK(!w.failed);
    CHECK_EQ(writer_left(&w), 0);
    struct publish p;
    decode(writer_bytes(&w), MQTT_50, &p);
    CHECK_EQ(p.qos, 1);
    CHECK_EQ(p.packet_id, 258);
    CHECK(p.retain && !p.dup);
    CHECK(bytes_equal(p.topic, out.topic));
    CHECK(bytes_equal(p.payload, out.payload));
    CHECK_EQ(p.properties.message_expiry_s, 90);
    CHECK_EQ(p.properties.topic_alias, 7);
    CHECK_EQ(p.properties.subscription_id_count, 3);
    CHECK_EQ(p.properties.user_count, 1);
    struct reader at = reader_of(p.properties.raw);
    struct property property;
    for (size_t i = 0; i < 3; i++) {
        CHECK(property_next_of(&at, PROPERTY_SUBSCRIPTION_ID, &property));
        CHECK_EQ(property.number, IDS[i]);
    }
    CHECK(!property_next_of(&at, PROPERTY_SUBSCRIPTION_ID, &property));
}

static void no_properties_in_3(void)
{
    struct publish_out out = sample(NULL, 0);
    uint8_t room[128];
    struct writer w = writer_at(room, sizeof room);
    publish_encode(&out, MQTT_311, &w);
    CHECK_EQ(writer_bytes(&w).size, publish_size(&out, MQTT_311));
    static const char WANT[] = "\x33\x0b\x00\x03"
                               "a/b\x01\x02"
                               "21.5";
    CHECK_BYTES(room, writer_bytes(&w).size, WANT, sizeof WANT - 1);
}

static void head_and_payload_are_the_packet(void)
{
    struct publish_out out = sample(NULL, 0);
    uint8_t whole[128];
    uint8_t head[128];
    struct writer w = writer_at(whole, sizeof whole);
    publish_encode(&out, MQTT_50, &w);
    struct writer h = writer_at(head, sizeof head);
    publish_encode_head(&out, MQTT_50, &h);
    size_t size = publish_size(&out, MQTT_50) - out.payload.size;
    CHECK_EQ(writer_bytes(&h).size, size);
    CHECK_BYTES(head, size, whole, size);
    CHECK_BYTES(whole + size, out.payload.size, "21.5", 4);
}

/* What came in leaves again, less what the server keeps to itself. */
static void properties_pass_through(void)
{
    uint8_t region[128];
    struct writer all = writer_at(region, sizeof region);
    property_write_number(&all, PROPERTY_MESSAGE_EXPIRY, 30);
    property_write_user(&all, bytes_of("z"), bytes_of("1"));
    property_write_number(&all, PROPERTY_TOPIC_ALIAS, 3);
    property_write_text(&all, PROPERTY_CONTENT_TYPE, bytes_of("text"));
    property_write_user(&all, bytes_of("a"), bytes_of("2"));
    struct publish_out out = {.topic = bytes_of("t"),
                              .forward = writer_bytes(&all)};
    uint8_t packet[128];
    struct writer w = writer_at(packet, sizeof packet);
    publish_encode(&out, MQTT_50, &w);
    struct publish p;
    decode(writer_bytes(&w), MQTT_50, &p);

    uint8_t kept[128];
    size_t size = properties_forward_size(&p.properties);
    struct writer forward = writer_at(kept, size);
    properties_forward_write(&p.properties, &forward);
    CHECK(!forward.failed && writer_left(&forward) == 0);
    struct writer want = writer_at(region, sizeof region);
    property_write_user(&want, bytes_of("z"), bytes_of("1"));
    property_write_text(&want, PROPERTY_CONTENT_TYPE, bytes_of("text"));
    property_write_user(&want, bytes_of("a"), bytes_of("2"));
    CHECK_BYTES(kept, size, region, writer_bytes(&want).size);
}

static void errors_keep_the_packet_id(void)
{
    struct frame f = {.type = PACKET_PUBLISH,
                      .flags = 0x02,
                      .body = packets_guard(bytes_at("\0\1#\1\2", 5))};
    struct publish p;
    CHECK_EQ(publish_decode(&f, MQTT_311, &p), ERR_TOPIC);
    CHECK_EQ(p.packet_id, 258);
    CHECK_EQ(p.qos, 1);
}

static void room_too_small_fails(void)
{
    struct publish_out out = sample(NULL, 0);
    uint8_t room[128];
    for (size_t size = 0; size < publish_size(&out, MQTT_50); size++) {
        struct writer w = writer_at(room, size);
        publish_encode(&out, MQTT_50, &w);
        CHECK(w.failed);
    }
}

static void packet_too_large_fails(void)
{
    struct publish_out out = sample(NULL, 0);
    uint8_t room[128];
    struct writer w = writer_at(room, sizeof room);
    out.forward.size = (size_t)VARINT_MAX + 1;
    publish_encode_head(&out, MQTT_50, &w);
    CHECK(w.failed);
    out = sample(NULL, 0);
    out.payload.size = VARINT_MAX;
    w = writer_at(room, sizeof room);
    publish_encode_head(&out, MQTT_311, &w);
    CHECK(w.failed);
    CHECK(publish_size(&out, MQTT_311) > PACKET_SIZE_MAX);
}

int main(void)
{
    RUN(vectors);
    RUN(everything_that_a_server_adds);
    RUN(no_properties_in_3);
    RUN(head_and_payload_are_the_packet);
    RUN(properties_pass_through);
    RUN(errors_keep_the_packet_id);
    RUN(room_too_small_fails);
    RUN(packet_too_large_fails);
    return check_result();
}
