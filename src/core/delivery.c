/* delivery.c - one message for one client. */
#include "core/delivery.h"

#include "core/handover.h"
#include "core/membership.h"
#include "core/output.h"
#include "core/record.h"
#include "core/session.h"
#include "core/share.h"
#include "core/state.h"

#include <assert.h>

static size_t delivery_size(uint16_t identifier_count)
{
    return sizeof(struct delivery) + identifier_count * sizeof(uint32_t);
}

struct delivery *delivery_new(struct shard *shard, uint16_t identifier_count)
{
    struct delivery *d =
        pool_take(shard->pool, delivery_size(identifier_count));
    list_init(&d->link);
    d->identifier_count = identifier_count;
    return d;
}

void delivery_free(struct shard *shard, struct delivery *d)
{
    assert(d->link.next == &d->link);
    body_unref(d->body);
    body_unref(d->group);
    pool_give(shard->pool, d, delivery_size(d->identifier_count));
}

struct delivery *delivery_of(struct shard *shard, struct message *m,
                             const struct terms *terms)
{
    assert(terms->qos <= 2);
    struct delivery *d = delivery_new(shard, terms->identifier_count);
    d->body = message_share(m, shard->pool);
    d->group = terms->group == NULL ? NULL : body_ref(terms->group);
    d->qos = terms->qos;
    d->retain = terms->retain;
    if (terms->identifier_count > 0) {
        memcpy(d->identifiers, terms->identifiers,
               terms->identifier_count * sizeof(uint32_t));
    }
    return d;
}

struct delivery *delivery_build(struct shard *shard,
                                const struct record_delivery *record)
{
    struct delivery *d = delivery_new(shard, record->identifier_count);
    d->packet_id = record->packet_id;
    d->qos = record->qos;
    d->state = record->state;
    d->retain = record->retain;
    if (d->packet_id != 0 && d->state == DELIVERY_QUEUED) {
        d->state = DELIVERY_SENT;
    }
    for (uint16_t i = 0; i < record->identifier_count; i++)
        d->identifiers[i] = record_identifier(record, i);
    return d;
}

struct delivery *delivery_stored(struct shard *shard, struct session *session,
                                 const struct record_delivery *record,
                                 struct message *m)
{
    struct delivery *d = delivery_build(shard, record);
    d->body = message_share(m, shard->pool);
    message_done(m);
    if (record->group.size > 0) {
        struct membership *membership = membership_find(session, record->group);
        d->resigned = membership == NULL;
        d->group = d->resigned ? body_of_text(shard->pool, record->group)
                               : body_ref(membership->group);
    }
    d->order = record->order;
    d->bytes = record->bytes;
    d->stored = true;
    return d;
}

bool delivery_send(struct shard *shard, struct session *session,
                   const struct delivery *d)
{
    assert(session->conn != NULL);
    const struct message *m = &d->body->message;
    if (!grant_shows(shard, session, m)) return false;
    struct outgoing outgoing = {
        .message = m,
        .body = d->body,
        .qos = d->qos,
        .retain = d->retain,
        .dup = d->state != DELIVERY_QUEUED,
        .packet_id = d->packet_id,
        .identifiers = d->identifiers,
        .identifier_count = d->identifier_count,
    };
    return output_publish(shard, session->conn, &outgoing) == OK;
}

bool delivery_due(const struct delivery *d, enum packet_type type)
{
    if (type == PACKET_PUBACK) return d->qos == 1;
    if (type == PACKET_PUBREC) return d->qos == 2;
    assert(type == PACKET_PUBCOMP);
    return d->state == DELIVERY_RECEIVED;
}

bool delivery_returnable(const struct delivery *d)
{
    if (d->group == NULL) return false;
    return d->qos < 2 || d->state == DELIVERY_QUEUED;
}

void delivery_give(struct shard *shard, struct session_ref session,
                   struct bytes client_id, struct delivery *d)
{
    assert(d->body != NULL && d->group != NULL);
    uint64_t handover = 0;
    if (d->stored) handover = handover_give(shard, client_id, d);
    share_return(shard, session, d->group, d->body, handover);
    assert(!d->stored);
}
