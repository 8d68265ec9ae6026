/* doubted.c - an id of whose message a crash may have kept some shards. */
#include "core/doubted.h"

#include "core/inbound.h"
#include "core/journal.h"
#include "core/lack.h"
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
    uint64_t stamp;
    uint16_t packet_id;
    bool settled;
    uint16_t lack_size; /* > 0 */
    uint8_t lack[];     /* see lack.h */
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
    if (record.lack.size == 0) return OK;
    struct doubted *doubted =
        pool_take(shard->pool, sizeof *doubted + record.lack.size);
    doubted->of = restored;
    doubted->stamp = record.stamp;
    doubted->packet_id = packet_id;
    doubted->settled = record.settled;
    doubted->lack_size = (uint16_t)record.lack.size;
    memcpy(doubted->lack, record.lack.data, record.lack.size);
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

/* Those of shards that heard the message do not lack it: append to `w` who
 * does. */
static void doubted_hear(const struct shard *shard,
                         const struct doubted *doubted, struct writer *w)
{
    const struct record_heard *heard = shard->restore->heard;
    struct bytes lack = bytes_at(doubted->lack, doubted->lack_size);
    uint16_t from = shard_of_stamp(doubted->stamp);
    struct lack_row row = lack_newest(lack);
    for (size_t i = 0; i < SHARDS_MAX && heard != NULL; i++) {
        const struct record_heard *said = &heard[i * SHARDS_MAX + from];
        if (said->stamp < doubted->stamp) continue;
        /* Of old: groups may lack it, but which was not said. */
        if (said->passed >= doubted->stamp) continue;
        row.lacking &= ~(UINT64_C(1) << i);
    }
    lack_add(w, lack, &row);
}

static void doubted_settle(struct shard *shard, const struct doubted *doubted)
{
    uint8_t space[LACK_BYTES_MAX];
    struct writer w = writer_at(space, sizeof space);
    struct session *session = doubted->of->session;
    assert(idset_has(&session->inbound->received, doubted->packet_id));
    if (doubted->settled) {
        write_bytes(&w, bytes_at(doubted->lack, doubted->lack_size));
    } else {
        doubted_hear(shard, doubted, &w);
    }
    struct doubt doubt = {.stamp = doubted->stamp,
                          .lack = writer_bytes(&w),
                          .packet_id = doubted->packet_id};
    if (doubt.lack.size > 0) {
        inbound_doubt_add(inbound_own(shard, session), shard->pool, doubt);
    }
    if (!doubted->settled) journal_doubt(shard, session, &doubt);
}

static void doubted_free(struct shard *shard, struct doubted *doubted)
{
    list_remove(&doubted->link);
    pool_give(shard->pool, doubted, sizeof *doubted + doubted->lack_size);
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
        doubted_free(shard, OWNER(at, struct doubted, link));
    }
    pool_give(shard->pool, restore->heard,
              restore->heard == NULL ? 0 : HEARD_BYTES);
    restore->heard = NULL;
}
