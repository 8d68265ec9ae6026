/* packets.h - any packet to its struct and back, for the tests of wire/.
 *
 * Input always ends at a page that cannot be read. Static functions only.
 */
#ifndef MOGI_TEST_PACKETS_H
#define MOGI_TEST_PACKETS_H

#include "check.h"
#include "wire/ack.h"
#include "wire/auth.h"
#include "wire/connack.h"
#include "wire/connect.h"
#include "wire/disconnect.h"
#include "wire/ping.h"
#include "wire/publish.h"
#include "wire/subscribe.h"

enum { PACKETS_ROOM = 1 << 20 };

/* A copy of `b`, at most PACKETS_ROOM bytes, that ends at the guard page. Good
 * until the next call. */
CHECK_UNUSED static struct bytes packets_guard(struct bytes b)
{
    static uint8_t *end;
    if (end == NULL) {
        void *zeroes = calloc(1, PACKETS_ROOM);
        REQUIRE(zeroes != NULL);
        end = check_guard(zeroes, PACKETS_ROOM) + PACKETS_ROOM;
        free(zeroes);
    }
    REQUIRE(b.size <= PACKETS_ROOM);
    if (b.size > 0) memmove(end - b.size, b.data, b.size);
    return bytes_at(end - b.size, b.size);
}

/* A PUBLISH as it came, to be written: the properties pass as they are. */
CHECK_UNUSED static struct publish_out packets_out(const struct publish *p)
{
    return (struct publish_out){
        .dup = p->dup,
        .retain = p->retain,
        .qos = p->qos,
        .packet_id = p->packet_id,
        .topic = p->topic,
        .payload = p->payload,
        .forward = p->properties.raw,
    };
}

static enum err packets_publish(const struct frame *f, enum protocol protocol,
                                struct writer *w, size_t *size)
{
    struct publish p;
    enum err e = publish_decode(f, protocol, &p);
    if (e != OK) return e;
    struct publish_out out = packets_out(&p);
    uint8_t *region = NULL;
    if (p.topic.size == 0) {
        /* The encoder wants to know of the alias: take it out of the region
         * and hand it over by itself. Good for vectors with no more in it. */
        region = malloc(p.properties.raw.size);
        REQUIRE(region != NULL);
        struct writer all = writer_at(region, p.properties.raw.size);
        properties_forward_write(&p.properties, &all);
        out.forward = writer_bytes(&all);
        out.topic_alias = (uint16_t)p.properties.topic_alias;
    }
    *size = publish_size(&out, protocol);
    publish_encode(&out, protocol, w);
    free(region);
    return OK;
}

static enum err packets_ack(const struct frame *f, enum protocol protocol,
                            struct writer *w, size_t *size)
{
    struct ack a;
    enum err e = ack_decode(f, protocol, &a);
    if (e != OK) return e;
    *size = ack_size(&a, protocol);
    ack_encode(&a, protocol, w);
    return OK;
}

static enum err packets_connect(const struct frame *f, struct writer *w,
                                size_t *size)
{
    struct connect c;
    enum err e = connect_decode(f, &c);
    if (e != OK) return e;
    *size = connect_size(&c);
    connect_encode(&c, w);
    return OK;
}

static enum err packets_connack(const struct frame *f, enum protocol protocol,
                                struct writer *w, size_t *size)
{
    struct connack c;
    enum err e = connack_decode(f, protocol, &c);
    if (e != OK) return e;
    *size = connack_size(&c, protocol);
    connack_encode(&c, protocol, w);
    return OK;
}

static enum err packets_subscribe(const struct frame *f, enum protocol protocol,
                                  struct writer *w, size_t *size)
{
    struct subscribe s;
    enum err e = subscribe_decode(f, protocol, &s);
    if (e != OK) return e;
    /* Write the filters one by one, so that those two are tested as well. */
    uint8_t *room = malloc(s.filters.size);
    REQUIRE(room != NULL);
    struct writer filters = writer_at(room, s.filters.size);
    struct reader at = reader_of(s.filters);
    struct subscribe_filter filter;
    struct bytes text;
    size_t count = 0;
    if (s.type == PACKET_SUBSCRIBE) {
        for (; subscribe_filter_next(&at, &filter); count++)
            subscribe_filter_write(&filters, &filter);
    } else {
        for (; unsubscribe_filter_next(&at, &text); count++)
            unsubscribe_filter_write(&filters, text);
    }
    CHECK_EQ(count, s.count);
    CHECK(!filters.failed && writer_left(&filters) == 0);
    s.filters = writer_bytes(&filters);
    *size = subscribe_size(&s, protocol);
    subscribe_encode(&s, protocol, w);
    free(room);
    return OK;
}

static enum err packets_suback(const struct frame *f, enum protocol protocol,
                               struct writer *w, size_t *size)
{
    struct suback s;
    enum err e = suback_decode(f, protocol, &s);
    if (e != OK) return e;
    *size = suback_size(&s, protocol);
    suback_encode(&s, protocol, w);
    return OK;
}

static enum err packets_disconnect(const struct frame *f,
                                   enum protocol protocol, struct writer *w,
                                   size_t *size)
{
    struct disconnect d;
    enum err e = disconnect_decode(f, protocol, &d);
    if (e != OK) return e;
    *size = disconnect_size(&d, protocol);
    disconnect_encode(&d, protocol, w);
    return OK;
}

static enum err packets_auth(const struct frame *f, enum protocol protocol,
                             struct writer *w, size_t *size)
{
    struct auth a;
    enum err e = auth_decode(f, protocol, &a);
    if (e != OK) return e;
    *size = auth_size(&a);
    auth_encode(&a, w);
    return OK;
}

/* Decode the frame; when it is OK, write it again to `w` and say in `*size`
 * what its size function promised. */
CHECK_UNUSED static enum err packets_again(const struct frame *f,
                                           enum protocol protocol,
                                           struct writer *w, size_t *size)
{
    switch (f->type) {
    case PACKET_CONNECT: return packets_connect(f, w, size);
    case PACKET_CONNACK: return packets_connack(f, protocol, w, size);
    case PACKET_PUBLISH: return packets_publish(f, protocol, w, size);
    case PACKET_PUBACK:
    case PACKET_PUBREC:
    case PACKET_PUBREL:
    case PACKET_PUBCOMP: return packets_ack(f, protocol, w, size);
    case PACKET_SUBSCRIBE:
    case PACKET_UNSUBSCRIBE: return packets_subscribe(f, protocol, w, size);
    case PACKET_SUBACK:
    case PACKET_UNSUBACK: return packets_suback(f, protocol, w, size);
    case PACKET_DISCONNECT: return packets_disconnect(f, protocol, w, size);
    case PACKET_AUTH: return packets_auth(f, protocol, w, size);
    case PACKET_PINGREQ:
    case PACKET_PINGRESP: {
        enum err e = ping_decode(f);
        if (e == OK) ping_encode(f->type, w);
        *size = PING_SIZE;
        return e;
    }
    case PACKET_NONE: break;
    }
    CHECK(false);
    return ERR_MALFORMED;
}

#endif
