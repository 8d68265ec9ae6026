/* connect.c - CONNECT. MQTT 5.0, 3.1 */
#include "wire/connect.h"

#include "wire/topic.h"
#include "wire/utf8.h"

#include <assert.h>

enum {
    FLAG_RESERVED = 0x01,
    FLAG_CLEAN = 0x02,
    FLAG_WILL = 0x04,
    FLAG_WILL_QOS = 0x18,
    FLAG_WILL_RETAIN = 0x20,
    FLAG_PASSWORD = 0x40,
    FLAG_USER_NAME = 0x80,

    WILL_QOS_SHIFT = 3,
    BRIDGE = 0x80,
};

static const char *protocol_name(enum protocol protocol)
{
    return protocol == MQTT_31 ? "MQIsdp" : "MQTT";
}

/* Name and level: which protocol is spoken, or at least understood. 3.1.2.1 */
static enum err version_decode(struct reader *r, struct connect *c)
{
    struct bytes name = read_binary(r);
    uint8_t level = read_u8(r);
    if (r->failed) return ERR_MALFORMED;
    bool old = bytes_equal(name, bytes_of("MQIsdp"));
    if (!old && !bytes_equal(name, bytes_of("MQTT"))) return ERR_PROTOCOL;

    c->bridge = level == (old ? BRIDGE | MQTT_31 : BRIDGE | MQTT_311);
    c->level = c->bridge ? level & (uint8_t)~BRIDGE : level;
    if (old) {
        c->protocol = c->level == MQTT_31 ? MQTT_31 : MQTT_311;
        return c->protocol == MQTT_31 ? OK : ERR_VERSION;
    }
    c->protocol = c->level >= MQTT_50 ? MQTT_50 : MQTT_311;
    return (unsigned)c->level == (unsigned)c->protocol ? OK : ERR_VERSION;
}

/* 3.1.2.3 to 3.1.2.9. 3.1 leaves more to the sender than its successors. */
static enum err flags_decode(uint8_t flags, struct connect *c)
{
    c->clean_start = (flags & FLAG_CLEAN) != 0;
    c->has_user_name = (flags & FLAG_USER_NAME) != 0;
    c->has_password = (flags & FLAG_PASSWORD) != 0;
    c->will.present = (flags & FLAG_WILL) != 0;
    if (c->will.present) {
        c->will.retain = (flags & FLAG_WILL_RETAIN) != 0;
        c->will.qos = (uint8_t)((flags & FLAG_WILL_QOS) >> WILL_QOS_SHIFT);
        /* [MQTT-3.1.2-12] [MQTT3-3.1.2-14] */
        if (c->will.qos > 2) return ERR_MALFORMED;
    }
    /* [MQTT3-3.1.2-22], and 3.1 says the same; 5.0 allows a password alone. */
    if (c->protocol != MQTT_50 && c->has_password && !c->has_user_name)
        return ERR_PROTOCOL;
    if (c->protocol == MQTT_31) return OK;

    /* [MQTT-3.1.2-3] [MQTT3-3.1.2-3] */
    if ((flags & FLAG_RESERVED) != 0) return ERR_MALFORMED;
    /* [MQTT-3.1.2-11] [MQTT-3.1.2-13] [MQTT3-3.1.2-13] [MQTT3-3.1.2-15] */
    if (!c->will.present && (flags & (FLAG_WILL_QOS | FLAG_WILL_RETAIN)) != 0)
        return ERR_MALFORMED;
    return OK;
}

/* 3.1.3.2 to 3.1.3.4 */
static enum err will_decode(struct reader *r, enum protocol protocol,
                            struct connect_will *will)
{
    assert(will->present);
    if (protocol == MQTT_50) {
        enum err e = properties_decode(r, PROPERTIES_WILL, &will->properties);
        if (e != OK) return e;
    }
    will->topic = read_string(r);
    will->payload = read_binary(r);
    if (r->failed) return ERR_MALFORMED;
    return topic_name_valid(will->topic) ? OK : ERR_TOPIC;
}

/* 3.1.3.5 and 3.1.3.6 */
static enum err credentials_decode(struct reader *r, struct connect *c)
{
    bool may_end = c->protocol == MQTT_31;
    if (may_end && reader_left(r) == 0) c->has_user_name = false;
    if (c->has_user_name) c->user_name = read_string(r);
    if (may_end && reader_left(r) == 0) c->has_password = false;
    if (c->has_password) c->password = read_binary(r);
    return r->failed || reader_left(r) > 0 ? ERR_MALFORMED : OK;
}

enum err connect_decode(const struct frame *f, struct connect *c)
{
    assert(f->type == PACKET_CONNECT);
    *c = (struct connect){.properties = PROPERTIES_NONE,
                          .will.properties = PROPERTIES_NONE};
    struct reader r = reader_of(f->body);
    enum err e = version_decode(&r, c);
    if (e != OK) return e;
    uint8_t flags = read_u8(&r);
    c->keep_alive_s = read_u16(&r);
    if (r.failed) return ERR_MALFORMED;
    e = flags_decode(flags, c);
    if (e != OK) return e;
    if (c->protocol == MQTT_50) {
        e = properties_decode(&r, PACKET_CONNECT, &c->properties);
        if (e != OK) return e;
    }
    c->client_id = read_string(&r);
    if (r.failed) return ERR_MALFORMED;
    if (c->will.present) e = will_decode(&r, c->protocol, &c->will);
    if (e != OK) return e;
    assert(c->will.qos <= 2);
    return credentials_decode(&r, c);
}

static size_t will_size(const struct connect *c)
{
    if (!c->will.present) return 0;
    size_t size = 2 + c->will.topic.size + 2 + c->will.payload.size;
    if (c->protocol == MQTT_50)
        size += properties_size(c->will.properties.raw.size);
    return size;
}

static size_t body_size(const struct connect *c)
{
    size_t size = 2 + strlen(protocol_name(c->protocol)) + 1 + 1 + 2;
    if (c->protocol == MQTT_50) size += properties_size(c->properties.raw.size);
    size += 2 + c->client_id.size;
    size += will_size(c);
    if (c->has_user_name) size += 2 + c->user_name.size;
    if (c->has_password) size += 2 + c->password.size;
    return size;
}

size_t connect_size(const struct connect *c)
{
    return frame_size(body_size(c));
}

static uint8_t flags_of(const struct connect *c)
{
    unsigned flags = 0;
    if (c->clean_start) flags |= FLAG_CLEAN;
    if (c->has_user_name) flags |= FLAG_USER_NAME;
    if (c->has_password) flags |= FLAG_PASSWORD;
    if (!c->will.present) return (uint8_t)flags;
    flags |= FLAG_WILL;
    flags |= (unsigned)c->will.qos << WILL_QOS_SHIFT;
    if (c->will.retain) flags |= FLAG_WILL_RETAIN;
    return (uint8_t)flags;
}

static void will_encode(const struct connect *c, struct writer *w)
{
    assert(c->will.qos <= 2);
    if (c->protocol == MQTT_50) properties_write(w, c->will.properties.raw);
    write_binary(w, c->will.topic);
    write_binary(w, c->will.payload);
}

void connect_encode(const struct connect *c, struct writer *w)
{
    assert(c->protocol >= MQTT_31 && c->protocol <= MQTT_50);
    assert(!c->bridge || c->protocol != MQTT_50);
    assert(!c->has_password || c->has_user_name || c->protocol == MQTT_50);
    frame_write(w, PACKET_CONNECT, 0, body_size(c));
    write_binary(w, bytes_of(protocol_name(c->protocol)));
    write_u8(w, (uint8_t)((c->bridge ? BRIDGE : 0u) | c->protocol));
    write_u8(w, flags_of(c));
    write_u16(w, c->keep_alive_s);
    if (c->protocol == MQTT_50) properties_write(w, c->properties.raw);
    write_binary(w, c->client_id);
    if (c->will.present) will_encode(c, w);
    if (c->has_user_name) write_binary(w, c->user_name);
    if (c->has_password) write_binary(w, c->password);
}
