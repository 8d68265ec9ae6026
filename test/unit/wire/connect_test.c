#include "wire/connect.h"
#include "wire/vectors.h"

static void vectors(void)
{
    vectors_run("connect.hex", 70);
}

static enum err decode(struct bytes body, struct connect *c)
{
    struct frame f = {.type = PACKET_CONNECT, .body = packets_guard(body)};
    return connect_decode(&f, c);
}

static enum err decode_version(const char *name, unsigned level,
                               struct connect *c)
{
    uint8_t room[64];
    struct writer w = writer_at(room, sizeof room);
    write_binary(&w, bytes_of(name));
    write_u8(&w, (uint8_t)level);
    write_u8(&w, 0x02);
    write_u16(&w, 0);
    if (level == 5) write_u8(&w, 0);
    write_binary(&w, bytes_of("id"));
    return decode(writer_bytes(&w), c);
}

/* [MQTT-3.1.2-1] [MQTT-3.1.2-2] [MQTT3-3.1.2-1] [MQTT3-3.1.2-2] */
static void every_level_names_who_answers(void)
{
    for (unsigned level = 0; level < 256; level++) {
        struct connect c;
        bool good = level == 4 || level == 5 || level == 0x84;
        enum err e = decode_version("MQTT", level, &c);
        CHECK_EQ(e, good ? OK : ERR_VERSION);
        bool modern = level >= 5 && level != 0x84;
        CHECK_EQ(c.protocol, modern ? MQTT_50 : MQTT_311);
        CHECK_EQ(c.bridge, level == 0x84);
        good = level == 3 || level == 0x83;
        e = decode_version("MQIsdp", level, &c);
        CHECK_EQ(e, good ? OK : ERR_VERSION);
        CHECK_EQ(c.protocol, good ? MQTT_31 : MQTT_311);
        e = decode_version("MQTx", level, &c);
        CHECK_EQ(e, ERR_PROTOCOL);
        CHECK_EQ(c.protocol, MQTT_NONE);
    }
}

/* A CONNECT that cannot be read tells its protocol once it is past it. */
static void errors_tell_the_protocol(void)
{
    struct connect c;
    CHECK_EQ(decode(bytes_at("\0\4MQT", 5), &c), ERR_MALFORMED);
    CHECK_EQ(c.protocol, MQTT_NONE);
    CHECK_EQ(decode(bytes_at("\0\4MQTT\5", 7), &c), ERR_MALFORMED);
    CHECK_EQ(c.protocol, MQTT_50);
    CHECK_EQ(decode(bytes_at("\0\4MQTT\4\3\0\0\0\0", 12), &c), ERR_MALFORMED);
    CHECK_EQ(c.protocol, MQTT_311);
}

static struct connect whole(void)
{
    static const uint8_t PROPERTIES[] = {PROPERTY_RECEIVE_MAX, 0, 20};
    static const uint8_t WILL[] = {PROPERTY_WILL_DELAY, 0, 0, 0, 5};
    return (struct connect){
        .protocol = MQTT_50,
        .clean_start = true,
        .has_user_name = true,
        .has_password = true,
        .keep_alive_s = 60,
        .client_id = bytes_of("id"),
        .user_name = bytes_of("user"),
        .password = bytes_at("pass\0word", 9),
        .properties = properties_of(bytes_at(PROPERTIES, sizeof PROPERTIES)),
        .will = {.present = true,
                 .retain = true,
                 .qos = 2,
                 .topic = bytes_of("w"),
                 .payload = bytes_of("gone"),
                 .properties = properties_of(bytes_at(WILL, sizeof WILL))},
    };
}

static void fields(void)
{
    uint8_t room[256];
    struct connect in = whole();
    struct writer w = writer_at(room, sizeof room);
    connect_encode(&in, &w);
    CHECK_EQ(writer_bytes(&w).size, connect_size(&in));
    struct connect c;
    CHECK_EQ(decode(bytes_skip(writer_bytes(&w), 2), &c), OK);
    CHECK_EQ(c.protocol, MQTT_50);
    CHECK_EQ(c.level, 5);
    CHECK_EQ(c.keep_alive_s, 60);
    CHECK(c.clean_start && c.has_user_name && c.has_password);
    CHECK(bytes_equal(c.client_id, in.client_id));
    CHECK(bytes_equal(c.user_name, in.user_name));
    CHECK(bytes_equal(c.password, in.password));
    CHECK_EQ(c.properties.receive_max, 20);
    CHECK_EQ(c.properties.request_problem_info, 1);
    CHECK(c.will.present && c.will.retain);
    CHECK_EQ(c.will.qos, 2);
    CHECK_EQ(c.will.properties.will_delay_s, 5);
    CHECK(bytes_equal(c.will.topic, in.will.topic));
    CHECK(bytes_equal(c.will.payload, in.will.payload));
}

static void room_too_small_fails(void)
{
    uint8_t room[256];
    struct connect in = whole();
    for (size_t size = 0; size < connect_size(&in); size++) {
        struct writer w = writer_at(room, size);
        connect_encode(&in, &w);
        CHECK(w.failed);
    }
}

/* What is longer than its length field can say is not cut: it fails. */
static void text_too_long_fails(void)
{
    static uint8_t text[65536];
    static uint8_t room[70000];
    struct connect in = whole();
    in.will.payload = bytes_at(text, sizeof text);
    struct writer w = writer_at(room, sizeof room);
    connect_encode(&in, &w);
    CHECK(w.failed);
}

int main(void)
{
    RUN(vectors);
    RUN(every_level_names_who_answers);
    RUN(errors_tell_the_protocol);
    RUN(fields);
    RUN(room_too_small_fails);
    RUN(text_too_long_fails);
    return check_result();
}
