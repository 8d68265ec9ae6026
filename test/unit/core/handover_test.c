/* handover_test.c - a message on its way is on disk once, and then no more. */
#include "core/delivery.h"
#include "core/entry.h"
#include "core/handover.h"
#include "core/journal.h"
#include "core/record.h"
#include "core/state.h"
#include "disk.h"

#define GROUP "$share/g/t"

/* A message for a group, on a disk without records. */
struct way {
    struct disk disk;
    struct body *group, *body;
};

static void way_init(struct way *way)
{
    disk_init(&way->disk);
    way->disk.shard->out = &way->disk.actions;
    way->group = body_of_text(way->disk.pool, bytes_of(GROUP));
    struct message m = {.topic = bytes_of("t"),
                        .payload = bytes_of("x"),
                        .qos = 1,
                        .stamp = 1000};
    way->body = message_share(&m, way->disk.pool);
    message_done(&m);
}

static void way_fini(struct way *way)
{
    body_unref(way->group);
    body_unref(way->body);
    disk_fini(&way->disk);
}

/* The records there are when all that was changed is on disk. */
static size_t records(struct way *way)
{
    disk_perform(&way->disk);
    way->disk.shard->out = &way->disk.actions;
    return memory_count(way->disk.store);
}

static void begun_and_ended(void)
{
    struct way way;
    way_init(&way);
    struct shard *shard = way.disk.shard;
    uint64_t number = handover_begin(shard, way.group, way.body);
    CHECK(number != 0);
    CHECK_EQ(records(&way), 2); /* with the message */
    handover_end(shard, way.group, 0, 1000);
    CHECK_EQ(records(&way), 2);
    handover_end(shard, way.group, number, 1000);
    CHECK_EQ(records(&way), 0);
    way_fini(&way);
}

/* A delivery with number 5 of the client, under a key of `kind`. */
static struct delivery *stored(struct way *way, enum record_kind kind,
                               const char *client)
{
    struct shard *shard = way->disk.shard;
    struct delivery *d = delivery_new(shard, 0);
    d->body = body_ref(way->body);
    d->group = body_ref(way->group);
    d->qos = 1;
    d->order = 5;
    d->stored = true;
    journal_refer(shard, way->body);
    struct record_key key = {
        .kind = kind, .client = bytes_of(client), .number = d->order};
    struct entry entry = entry_begin(shard, &key, 0);
    entry_put(shard, &entry, NULL);
    CHECK_EQ(records(way), 2);
    return d;
}

/* The record of a delivery becomes one, which takes the message over. */
static void given_back(void)
{
    struct way way;
    way_init(&way);
    struct shard *shard = way.disk.shard;
    struct delivery *d = stored(&way, RECORD_DELIVERY, "s");
    uint64_t number = handover_give(shard, bytes_of("s"), d);
    CHECK(!d->stored);
    CHECK_EQ(records(&way), 2);
    handover_end(shard, way.group, number, 1000);
    CHECK_EQ(records(&way), 0);
    delivery_free(shard, d);
    way_fini(&way);
}

/* One that was found at start has a number of this life. */
static void it_goes_on(void)
{
    struct way way;
    way_init(&way);
    struct shard *shard = way.disk.shard;
    struct delivery *d = stored(&way, RECORD_HANDOVER, GROUP);
    uint64_t number = handover_go_on(shard, bytes_of(GROUP), d);
    CHECK(number != 0 && number != 5);
    CHECK_EQ(records(&way), 2);
    handover_end(shard, way.group, number, 1000);
    CHECK_EQ(records(&way), 0);
    delivery_free(shard, d);
    way_fini(&way);
}

int main(void)
{
    RUN(begun_and_ended);
    RUN(given_back);
    RUN(it_goes_on);
    return check_result();
}
