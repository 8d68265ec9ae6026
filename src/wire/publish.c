/* publish.c - PUBLISH, the packet that everything else is about. 3.3 */
#include "wire/publish.h"

#include "wire/topic.h"
#include "wire/utf8.h"

#include <assert.h>

enum {
    FLAG_RETAIN = 0x01,
    FLAG_QOS = 0x06,
    FLAG_DUP = 0x08,
    QOS_SHIFT = 1,
};

static enum err flags_decode(uint8_t flags, enum protocol protocol,
                             struct publish *p)
{
    assert(flags <= 0x0f);
    p->dup = (flags & FLAG_DUP) != 0;
    p->qos = (uint8_t)((flags & FLAG_QOS) >> QOS_SHIFT);
    p->retain = (flags & FLAG_RETAIN) != 0;
    if (p->qos > 2) return ERR_MALFORMED;
    if (p->dup && p->qos == 0)
        return protocol == MQTT_50 ? ERR_PROTOCOL : ERR_MALFORMED;
    return OK;
}

/* An empty topic leans on an alias, which only 5.0 has. 3.3.2.1 */
static enum err topic_check(const struct publish *p, enum protocol protocol)
{
    if (p->topic.size > 0) return topic_name_valid(p->topic) ? OK : ERR_TOPIC;
    if (protocol != MQTT_50) return ERR_TOPIC;
    bool aliased = properties_has(&p->properties, PROPERTY_TOPIC_ALIAS);
    return aliased ? OK : ERR_PROTOCOL;
}

struct bytes publish_topic(const struct frame *f)
{
    assert(f->type == PACKET_PUBLISH);
    struct reader r = reader_of(f->body);
    return read_binary(&r);
}

static enum err decode(const struct frame *f, enum protocol protocol,
                       bool known, struct publish *p)
{
    assert(f->type == PACKET_PUBLISH);
    assert(protocol != MQTT_NONE);
    p->packet_id = 0;
    enum err e = flags_decode(f->flags, protocol, p);
    if (e != OK) return e;

    struct reader r = reader_of(f->body);
    p->topic = known ? read_binary(&r) : read_string(&r);
    if (p->qos > 0) p->packet_id = read_u16(&r);
    if (r.failed) return ERR_MALFORMED;
    if (p->qos > 0 && p->packet_id == 0) return ERR_PROTOCOL;
    if (protocol == MQTT_50) {
        e = properties_decode(&r, PACKET_PUBLISH, &p->properties);
        if (e != OK) return e;
    } else {
        p->properties = PROPERTIES_NONE;
    }
    p->payload = read_rest(&r);
    assert(!r.failed);
    assert((p->qos > 0) == (p->packet_id != 0));
    return known ? OK : topic_check(p, protocol);
}

enum err publish_decode(const struct frame *f, enum protocol protocol,
                        struct publish *p)
{
    return decode(f, protocol, false, p);
}

enum err publish_decode_known(const struct frame *f, enum protocol protocol,
                              struct publish *p)
{
    enum err e = decode(f, protocol, true, p);
    assert(e != OK || p->topic.size > 0);
    return e;
}

/* The size of the property region that the encoder writes. */
static size_t region_size(const struct publish_out *p)
{
    size_t size = p->forward.size;
    if (p->has_message_expiry) size += 1 + 4;
    if (p->topic_alias != 0) size += 1 + 2;
    for (size_t i = 0; i < p->subscription_id_count; i++)
        size += 1 + varint_size(p->subscription_ids[i]);
    return size;
}

static size_t body_size(const struct publish_out *p, enum protocol protocol)
{
    size_t size = 2 + p->topic.size + p->payload.size;
    if (p->qos > 0) size += 2;
    if (protocol == MQTT_50) size += properties_size(region_size(p));
    return size;
}

size_t publish_size(const struct publish_out *p, enum protocol protocol)
{
    return frame_size(body_size(p, protocol));
}

static void region_encode(const struct publish_out *p, struct writer *w)
{
    size_t size = region_size(p);
    if (size > VARINT_MAX) {
        w->failed = true;
        return;
    }
    write_varint(w, (uint32_t)size);
    if (p->topic_alias != 0)
        property_write_number(w, PROPERTY_TOPIC_ALIAS, p->topic_alias);
    for (size_t i = 0; i < p->subscription_id_count; i++)
        property_write_number(w, PROPERTY_SUBSCRIPTION_ID,
                              p->subscription_ids[i]);
    write_bytes(w, p->forward);
    if (p->has_message_expiry)
        property_write_number(w, PROPERTY_MESSAGE_EXPIRY, p->message_expiry_s);
}

void publish_encode_head(const struct publish_out *p, enum protocol protocol,
                         struct writer *w)
{
    assert(protocol != MQTT_NONE);
    assert(p->qos <= 2);
    assert((p->qos > 0) == (p->packet_id != 0));
    assert(!p->dup || p->qos > 0);
    assert(p->topic.size > 0 || (protocol == MQTT_50 && p->topic_alias != 0));
    unsigned flags = (unsigned)p->qos << QOS_SHIFT;
    if (p->dup) flags |= FLAG_DUP;
    if (p->retain) flags |= FLAG_RETAIN;
    frame_write(w, PACKET_PUBLISH, (uint8_t)flags, body_size(p, protocol));
    write_binary(w, p->topic);
    if (p->qos > 0) write_u16(w, p->packet_id);
    if (protocol == MQTT_50) region_encode(p, w);
}

void publish_encode(const struct publish_out *p, enum protocol protocol,
                    struct writer *w)
{
    publish_encode_head(p, protocol, w);
    write_bytes(w, p->payload);
}
