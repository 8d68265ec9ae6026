/* request.c - what the caller asks for, as packets. */
#include "base/cursor.h"
#include "mogi/tiny.h"
#include "tiny/engine.h"
#include "tiny/flight.h"
#include "tiny/outbox.h"
#include "wire/connect.h"
#include "wire/disconnect.h"
#include "wire/reason.h"
#include "wire/subscribe.h"
#include "wire/topic.h"
#include "wire/utf8.h"

#include <assert.h>

enum { SUBSCRIBE_FLAGS = 2 };

/* May the caller's `region` stand in `where`? `values` receives what it says.
 */
static bool region_read(struct bytes region, unsigned where,
                        struct properties *values)
{
    return properties_check(region, where, values) == OK;
}

static bool text_valid(struct bytes text)
{
    return text.size <= BINARY_SIZE_MAX && utf8_valid(text);
}

/* Begin a packet of `size` bytes: never, not now, or yes. */
static enum mogi_error packet_open(struct mogi_tiny *t, size_t size,
                                   struct writer *w)
{
    if (size > t->server_packet_size_max) return MOGI_ERROR_TOO_LARGE;
    if (size > t->memory.out_size - ENGINE_RESERVE) return MOGI_ERROR_TOO_LARGE;
    if (size + ENGINE_RESERVE > outbox_room(t)) return MOGI_ERROR_FULL;
    bool room = outbox_open(t, size, w);
    assert(room);
    return MOGI_OK;
}

static bool will_read(const struct mogi_message *m, enum protocol protocol,
                      struct connect_will *will)
{
    *will = (struct connect_will){.present = true,
                                  .retain = m->retain,
                                  .qos = m->qos,
                                  .topic = engine_bytes(m->topic),
                                  .payload = engine_bytes(m->payload)};
    if (m->qos > 2 || will->payload.size > BINARY_SIZE_MAX) return false;
    if (!text_valid(will->topic)) return false;
    if (!topic_name_valid(will->topic)) return false;
    if (protocol != MQTT_50) return true;
    return region_read(engine_bytes(m->properties), PROPERTIES_WILL,
                       &will->properties);
}

/* Our limits are part of what CONNECT says. The region is put together in the
 * `in` memory, which a connection that is not open yet does not need. */
static enum mogi_error limits_tell(struct mogi_tiny *t,
                                   const struct mogi_connect *c,
                                   struct properties *region)
{
    struct bytes given = engine_bytes(c->properties);
    if (!region_read(given, PACKET_CONNECT, region)) return MOGI_ERROR_ARGUMENT;
    struct writer w = writer_at(t->memory.in, t->memory.in_size);
    write_bytes(&w, given);
    size_t received_max = t->memory.received_count;
    if (!properties_has(region, PROPERTY_RECEIVE_MAX) && received_max > 0 &&
        received_max < UINT16_MAX) {
        property_write_number(&w, PROPERTY_RECEIVE_MAX, (uint32_t)received_max);
    }
    uint32_t size_max = c->packet_size_max;
    if (size_max == 0 && t->memory.in_size < PACKET_SIZE_MAX) {
        size_max = (uint32_t)t->memory.in_size;
    }
    if (properties_has(region, PROPERTY_PACKET_SIZE_MAX)) {
        size_max = region->packet_size_max;
    } else if (size_max > 0 && size_max < UINT32_MAX) {
        property_write_number(&w, PROPERTY_PACKET_SIZE_MAX, size_max);
    }
    if (w.failed) return MOGI_ERROR_TOO_LARGE;
    t->packet_size_max = size_max == 0 ? PACKET_SIZE_MAX : size_max;
    t->alias_max = (uint16_t)region->topic_alias_max;
    region->raw = writer_bytes(&w);
    return MOGI_OK;
}

static enum mogi_error connect_read(struct mogi_tiny *t,
                                    const struct mogi_connect *c,
                                    struct connect *packet)
{
    if (c->version != MOGI_MQTT_31 && c->version != MOGI_MQTT_311 &&
        c->version != MOGI_MQTT_50) {
        return MOGI_ERROR_ARGUMENT;
    }
    *packet = (struct connect){.protocol = (enum protocol)c->version,
                               .clean_start = c->clean_start,
                               .has_user_name = c->has_user_name,
                               .has_password = c->has_password,
                               .keep_alive_s = c->keep_alive_s,
                               .client_id = engine_bytes(c->client_id),
                               .user_name = engine_bytes(c->user_name),
                               .password = engine_bytes(c->password)};
    bool v5 = packet->protocol == MQTT_50;
    if (!text_valid(packet->client_id) || !text_valid(packet->user_name) ||
        packet->password.size > BINARY_SIZE_MAX) {
        return MOGI_ERROR_ARGUMENT;
    }
    /* [MQTT3-3.1.2-22] */
    if (!v5 && c->has_password && !c->has_user_name) return MOGI_ERROR_ARGUMENT;
    if (c->will != NULL &&
        !will_read(c->will, packet->protocol, &packet->will)) {
        return MOGI_ERROR_ARGUMENT;
    }
    t->packet_size_max = PACKET_SIZE_MAX;
    t->alias_max = 0;
    return v5 ? limits_tell(t, c, &packet->properties) : MOGI_OK;
}

enum mogi_error mogi_tiny_connect(struct mogi_tiny *t,
                                  const struct mogi_connect *c, uint32_t now_ms)
{
    if (t->state != ENGINE_CLOSED) return MOGI_ERROR_STATE;
    struct connect packet;
    enum mogi_error e = connect_read(t, c, &packet);
    if (e != MOGI_OK) return e;
    struct writer w;
    if (!outbox_open(t, connect_size(&packet), &w)) {
        return MOGI_ERROR_TOO_LARGE;
    }
    connect_encode(&packet, &w);
    /* The form of a stored packet is its version's: it cannot be sent in
     * another. */
    if (t->version != c->version && flight_count(t) > 0) {
        return MOGI_ERROR_ARGUMENT;
    }
    t->version = (uint8_t)c->version;
    t->clean_start = c->clean_start;
    t->keep_alive_s = c->keep_alive_s;
    t->last_in_ms = t->last_out_ms = now_ms;
    t->state = ENGINE_CONNECTING;
    outbox_close(t, &w);
    return MOGI_OK;
}

/* The variable header and payload of PUBLISH: publish_encode of wire/ is made
 * for a server, which sorts the properties anew; here the caller's go as they
 * are. MQTT 5.0, 3.3 */
struct outgoing {
    uint8_t flags;
    uint8_t qos;
    uint16_t packet_id;
    bool has_properties;
    struct bytes topic;
    struct bytes region;
    struct bytes payload;
};

static size_t outgoing_body_size(const struct outgoing *p)
{
    size_t size = 2 + p->topic.size + p->payload.size;
    if (p->qos > 0) size += 2;
    if (p->has_properties) size += properties_size(p->region.size);
    return size;
}

static void outgoing_write(const struct outgoing *p, struct writer *w)
{
    frame_write(w, PACKET_PUBLISH, p->flags, outgoing_body_size(p));
    write_binary(w, p->topic);
    if (p->qos > 0) write_u16(w, p->packet_id);
    if (p->has_properties) properties_write(w, p->region);
    write_bytes(w, p->payload);
    assert(!w->failed);
}

/* Is everything about `m` legal, and does the server allow it? */
static enum mogi_error message_read(const struct mogi_tiny *t,
                                    const struct mogi_message *m,
                                    struct outgoing *p)
{
    *p = (struct outgoing){.flags = (uint8_t)(m->qos << 1 | m->retain),
                           .qos = m->qos,
                           .topic = engine_bytes(m->topic),
                           .payload = engine_bytes(m->payload)};
    struct properties region = PROPERTIES_NONE;
    if (t->version == MOGI_MQTT_50) {
        p->has_properties = true;
        p->region = engine_bytes(m->properties);
        if (!region_read(p->region, PACKET_PUBLISH, &region) ||
            properties_has(&region, PROPERTY_SUBSCRIPTION_ID)) {
            return MOGI_ERROR_ARGUMENT;
        }
    }
    /* A stored message may be sent on a connection that knows no alias. */
    bool alias_alone =
        region.topic_alias != 0 && m->qos == 0 && p->topic.size == 0;
    if (m->qos > 2) return MOGI_ERROR_ARGUMENT;
    if (!alias_alone && !topic_name_valid(p->topic)) return MOGI_ERROR_ARGUMENT;
    if (!text_valid(p->topic)) return MOGI_ERROR_ARGUMENT;
    if (t->state != ENGINE_CONNECTED) return MOGI_OK;
    if (m->qos > t->server_qos_max) return MOGI_ERROR_UNSUPPORTED;
    if (m->retain && !t->server_retain) return MOGI_ERROR_UNSUPPORTED;
    if (region.topic_alias > t->server_alias_max) return MOGI_ERROR_UNSUPPORTED;
    return MOGI_OK;
}

static enum mogi_error publish_now(struct mogi_tiny *t,
                                   const struct outgoing *p, size_t size)
{
    if (t->state != ENGINE_CONNECTED) return MOGI_ERROR_STATE;
    struct writer w;
    enum mogi_error e = packet_open(t, size, &w);
    if (e != MOGI_OK) return e;
    outgoing_write(p, &w);
    outbox_close(t, &w);
    return MOGI_OK;
}

static enum mogi_error publish_keep(struct mogi_tiny *t, struct outgoing *p,
                                    size_t size)
{
    if (t->state == ENGINE_CONNECTED && size > t->server_packet_size_max) {
        return MOGI_ERROR_TOO_LARGE;
    }
    if (size > t->memory.store_size) return MOGI_ERROR_TOO_LARGE;
    struct mogi_tiny_slot *slot = flight_add(t, p->packet_id, size);
    if (slot == NULL) return MOGI_ERROR_FULL;
    struct writer w = writer_at(t->memory.store + slot->offset, size);
    outgoing_write(p, &w);
    assert(writer_left(&w) == 0);
    flight_go(t);
    return MOGI_OK;
}

enum mogi_error mogi_tiny_publish(struct mogi_tiny *t,
                                  const struct mogi_message *m,
                                  uint16_t *packet_id)
{
    struct outgoing p;
    if (packet_id != NULL) *packet_id = 0;
    enum mogi_error e = message_read(t, m, &p);
    if (e != MOGI_OK) return e;
    if (p.payload.size > VARINT_MAX) return MOGI_ERROR_TOO_LARGE;
    size_t body_size = outgoing_body_size(&p);
    if (body_size > VARINT_MAX) return MOGI_ERROR_TOO_LARGE;
    size_t size = frame_size(body_size);
    if (p.qos == 0) return publish_now(t, &p, size);
    uint16_t last_id = t->last_id;
    p.packet_id = flight_id(t);
    if (p.packet_id == 0) return MOGI_ERROR_FULL;
    if (packet_id != NULL) *packet_id = p.packet_id;
    e = publish_keep(t, &p, size);
    if (e != MOGI_OK) t->last_id = last_id;
    return e;
}

/* What SUBSCRIBE and UNSUBSCRIBE have in common: fixed header, packet id,
 * properties, and a slot that waits for the answer. */
struct request {
    enum packet_type type;
    enum flight_state state;
    size_t count;
    size_t filters_size;
    struct bytes region;
};

static enum mogi_error request_open(struct mogi_tiny *t,
                                    const struct request *r, struct writer *w,
                                    uint16_t *packet_id)
{
    bool v5 = t->version == MOGI_MQTT_50;
    struct properties values;
    if (t->state != ENGINE_CONNECTED) return MOGI_ERROR_STATE;
    if (v5 && !region_read(r->region, r->type, &values)) {
        return MOGI_ERROR_ARGUMENT;
    }
    size_t body = 2 + r->filters_size;
    if (v5) body += properties_size(r->region.size);
    if (body > VARINT_MAX) return MOGI_ERROR_TOO_LARGE;
    enum mogi_error e = packet_open(t, frame_size(body), w);
    if (e != MOGI_OK) return e;
    uint16_t id = flight_id(t);
    struct mogi_tiny_slot *slot = id == 0 ? NULL : flight_add(t, id, 0);
    if (slot == NULL) return MOGI_ERROR_FULL;
    slot->state = (uint8_t)r->state;
    slot->filter_count = (uint16_t)r->count;
    frame_write(w, r->type, SUBSCRIBE_FLAGS, body);
    write_u16(w, id);
    if (v5) properties_write(w, r->region);
    if (packet_id != NULL) *packet_id = id;
    return MOGI_OK;
}

static bool filter_read(const struct mogi_tiny *t, const struct mogi_filter *f,
                        struct subscribe_filter *out)
{
    bool v5 = t->version == MOGI_MQTT_50;
    *out = (struct subscribe_filter){.filter = engine_bytes(f->filter),
                                     .qos = f->qos};
    if (v5) {
        out->no_local = f->no_local;
        out->retain_as_published = f->retain_as_published;
        out->retain_handling = (enum retain_handling)f->retain_handling;
    }
    if (f->qos > 2 || f->retain_handling > 2) return false;
    if (!text_valid(out->filter)) return false;
    return topic_filter_valid(out->filter);
}

enum mogi_error mogi_tiny_subscribe(struct mogi_tiny *t,
                                    const struct mogi_filter *filters,
                                    size_t count, struct mogi_bytes properties,
                                    uint16_t *packet_id)
{
    struct request r = {.type = PACKET_SUBSCRIBE,
                        .state = FLIGHT_SUBSCRIBE,
                        .count = count,
                        .region = engine_bytes(properties)};
    struct subscribe_filter filter;
    if (count == 0 || count > UINT16_MAX) return MOGI_ERROR_ARGUMENT;
    for (size_t i = 0; i < count; i++) {
        if (!filter_read(t, &filters[i], &filter)) return MOGI_ERROR_ARGUMENT;
        r.filters_size += 3 + filter.filter.size;
    }
    struct writer w;
    enum mogi_error e = request_open(t, &r, &w, packet_id);
    if (e != MOGI_OK) return e;
    for (size_t i = 0; i < count; i++) {
        bool valid = filter_read(t, &filters[i], &filter);
        assert(valid);
        subscribe_filter_write(&w, &filter);
    }
    outbox_close(t, &w);
    return MOGI_OK;
}

enum mogi_error mogi_tiny_unsubscribe(struct mogi_tiny *t,
                                      const struct mogi_bytes *filters,
                                      size_t count,
                                      struct mogi_bytes properties,
                                      uint16_t *packet_id)
{
    struct request r = {.type = PACKET_UNSUBSCRIBE,
                        .state = FLIGHT_UNSUBSCRIBE,
                        .count = count,
                        .region = engine_bytes(properties)};
    if (count == 0 || count > UINT16_MAX) return MOGI_ERROR_ARGUMENT;
    for (size_t i = 0; i < count; i++) {
        struct bytes filter = engine_bytes(filters[i]);
        if (!text_valid(filter)) return MOGI_ERROR_ARGUMENT;
        if (!topic_filter_valid(filter)) return MOGI_ERROR_ARGUMENT;
        r.filters_size += 2 + filter.size;
    }
    struct writer w;
    enum mogi_error e = request_open(t, &r, &w, packet_id);
    if (e != MOGI_OK) return e;
    for (size_t i = 0; i < count; i++) {
        unsubscribe_filter_write(&w, engine_bytes(filters[i]));
    }
    outbox_close(t, &w);
    return MOGI_OK;
}

enum mogi_error mogi_tiny_disconnect(struct mogi_tiny *t, uint8_t reason,
                                     struct mogi_bytes properties)
{
    bool open = t->state == ENGINE_CONNECTED || t->state == ENGINE_CONNECTING;
    if (!open) return MOGI_ERROR_STATE;
    struct disconnect packet = {.reason = reason,
                                .properties = PROPERTIES_NONE};
    if (t->version == MOGI_MQTT_50) {
        if (!reason_disconnect_from_client(reason) ||
            !region_read(engine_bytes(properties), PACKET_DISCONNECT,
                         &packet.properties)) {
            return MOGI_ERROR_ARGUMENT;
        }
    }
    struct writer w;
    size_t size = disconnect_size(&packet, engine_protocol(t));
    if (!outbox_open(t, size, &w)) return MOGI_ERROR_FULL;
    disconnect_encode(&packet, engine_protocol(t), &w);
    t->state = ENGINE_CLOSING;
    outbox_close(t, &w);
    return MOGI_OK;
}
