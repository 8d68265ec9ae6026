/* doubted.c - an id of whose message a crash may have kept some shards. */
#include "core/doubted.h"

#include "core/inbound.h"
#include "core/journal.h"
#include "core/record.h"
#include "core/restore.h"
#include "core/restored.h"
#include "core/session.h"
#include "core/state.h"

#include <assert.h>

enum { HEARD_BYTES = SHARDS_MAX * SHARDS_MAX * sizeof(struct record_heard) };

struct doubted {
    struct link link;
    struct restored *of;
    uint16_t packet_id;
    struct record_received record;
};

enum err doubted_received(struct shard *shard, struct restored *restored,
                          const struct record_key *key, struct bytes value)
{
    struct record_received record;
    enum err e = record_received_read(value, &record);
    if (e != OK) return e;
    restore_clock(shard, record.stamp);
    uint16_t packet_id = (uint16_t)key->number;
    assert(packet_id != 0);
    struct inbound *inbound = inbound_own(shard, restored->session);
    idset_add(&inbound->received, shard->pool, packet_id);
    if ((record.lacking | record.groups) == 0) return OK;
    struct doubted *doubted = pool_take(shard->pool, sizeof *doubted);
    doubted->of = restored;
    doubted->packet_id = packet_id;
    doubted->record = record;
    list_push(&shard->restore->doubteds, &doubted->link);
    return OK;
}

/* Stamps beyond those of sessions at home are of no interest, but harmless. */
enum err doubted_heard(struct shard *shard, const struct record_key *key,
                       struct bytes value)
{
    struct record_heard record;
    enum err e = record_heard_read(value, &record);
    if (e != OK) return shard->place.index == 0 ? e : OK;
    restore_clock(shard, record.stamp);
    struct restore *restore = shard->restore;
    if (restore->heard == NULL) {
        restore->heard = pool_take(shard->pool, HEARD_BYTES);
    }
    assert(key->shard < SHARDS_MAX && key->from < SHARDS_MAX);
    restore->heard[key->shard * SHARDS_MAX + key->from] = record;
    return OK;
}

/* Leave out of `record` the shards that heard it, and so do not lack it. */
static void doubted_hear(const struct restore *restore,
                         struct record_received *record)
{
    uint16_t from = shard_of_stamp(record->stamp);
    assert(from < SHARDS_MAX);
    if (record->settled || restore->heard == NULL) return;
    for (size_t i = 0; i < SHARDS_MAX; i++) {
        struct record_heard heard = restore->heard[i * SHARDS_MAX + from];
        if (heard.stamp < record->stamp) continue;
        record->lacking &= ~(UINT64_C(1) << i);
        if (heard.passed >= record->stamp) continue;
        record->groups &= ~(UINT64_C(1) << i);
    }
}

/* Sessions are known by where they were; after another crash, if the number of
 * shards is another now, they could be anywhere. */
static void doubted_settle(struct shard *shard, struct doubted *doubted)
{
    struct record_received *record = &doubted->record;
    struct session *session = doubted->of->session;
    doubted_hear(shard->restore, record);
    assert(idset_has(&session->inbound->received, doubted->packet_id));
    struct doubt doubt = {
        .stamp = record->stamp,
        .lacking = record->lacking,
        .later = record->lacking,
        .groups = record->groups,
        .packet_id = doubted->packet_id,
    };
    if ((doubt.lacking | doubt.groups) != 0) {
        bool moved = record->shards != shard->place.count;
        if (moved && doubt.lacking != 0) doubt.later = UINT64_MAX;
        if (moved) doubt.groups = UINT64_MAX;
        inbound_doubt_add(inbound_own(shard, session), shard->pool, doubt);
    }
    journal_doubt(shard, session, &doubt);
}

void doubteds_settle(struct shard *shard)
{
    LIST_EACH(at, after, &shard->restore->doubteds) {
        doubted_settle(shard, OWNER(at, struct doubted, link));
    }
}

void doubteds_fini(struct shard *shard)
{
    struct restore *restore = shard->restore;
    LIST_EACH(at, after, &restore->doubteds) {
        pool_give(shard->pool, OWNER(at, struct doubted, link),
                  sizeof(struct doubted));
    }
    list_init(&restore->doubteds);
    pool_give(shard->pool, restore->heard,
              restore->heard == NULL ? 0 : HEARD_BYTES);
    restore->heard = NULL;
}
