/* handover.c - what is on its way to a member of a shared subscription. */
#include "core/handover.h"

#include "core/delivery.h"
#include "core/entry.h"
#include "core/journal.h"
#include "core/record.h"
#include "core/state.h"

#include <assert.h>

/* The record of a handover, as `record` says but for its number. */
static uint64_t handover_put(struct shard *shard, const struct body *group,
                             struct record_delivery *record)
{
    record->order = shard_stamp(shard);
    record->group = group->message.topic;
    struct record_key key = {.kind = RECORD_HANDOVER,
                             .client = record->group,
                             .number = record->order};
    struct entry entry = entry_begin(shard, &key, record->group.size);
    record_delivery_write(&entry.w, record, NULL);
    entry_put(shard, &entry, NULL);
    return record->order;
}

uint64_t handover_begin(struct shard *shard, const struct body *group,
                        struct body *body)
{
    assert(shard->journal.on && body->message.qos > 0);
    journal_refer(shard, body);
    struct record_delivery record = {
        .stamp = body->message.stamp,
        .size = (uint32_t)body->message.payload.size,
        .qos = body->message.qos,
    };
    return handover_put(shard, group, &record);
}

/* A handover in place of the record of `d` under `key`, whose reference to the
 * message it takes over. */
static uint64_t handover_swap(struct shard *shard, const struct record_key *key,
                              struct delivery *d)
{
    assert(d->stored && d->group != NULL);
    entry_del(shard, key);
    d->stored = false;
    struct record_delivery record = {
        .stamp = d->body->message.stamp,
        .size = (uint32_t)d->body->message.payload.size,
        .qos = d->qos,
    };
    return handover_put(shard, d->group, &record);
}

uint64_t handover_give(struct shard *shard, struct bytes client_id,
                       struct delivery *d)
{
    struct record_key key = {
        .kind = RECORD_DELIVERY, .client = client_id, .number = d->order};
    return handover_swap(shard, &key, d);
}

uint64_t handover_go_on(struct shard *shard, struct bytes client,
                        struct delivery *d)
{
    struct record_key key = {
        .kind = RECORD_HANDOVER, .client = client, .number = d->order};
    return handover_swap(shard, &key, d);
}

void handover_end(struct shard *shard, const struct body *group,
                  uint64_t number, uint64_t stamp)
{
    if (number == 0) return;
    struct record_key key = {.kind = RECORD_HANDOVER,
                             .client = group->message.topic,
                             .number = number};
    entry_del(shard, &key);
    journal_release(shard, stamp);
}
