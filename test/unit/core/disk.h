/* disk.h - one shard with a disk, for tests of what is stored.
 *
 *     events --> shard --> PUT, DEL --> memory store --> COMMITTED --> shard
 */
#ifndef MOGI_UNIT_CORE_DISK_H
#define MOGI_UNIT_CORE_DISK_H

#include "core/message.h"
#include "core/shard.h"
#include "store/memory.h"
#include "unit_pool.h"

struct disk {
    struct pool *pool;
    struct options options;
    struct shard *shard;
    struct actions actions;
    struct store *store;
    uint64_t now_ms, batch;
    uint8_t sent[4096]; /* to connection 1, since the last look */
    size_t sent_size;
    size_t errors; /* notes */
};

CHECK_UNUSED static void disk_committed(void *context, uint16_t part,
                                        uint64_t batch, enum err result)
{
    (void)context;
    CHECK_EQ(part, 0);
    CHECK(batch > 0);
    CHECK_EQ(result, OK);
}

CHECK_UNUSED static void disk_start(struct disk *disk)
{
    struct shard_place place = {0, 1, {1, 2}};
    disk->pool = unit_pool();
    disk->batch = 1;
    actions_init(&disk->actions, disk->pool);
    disk->shard = shard_new(disk->pool, place, &disk->options, disk->now_ms);
}

CHECK_UNUSED static void disk_init(struct disk *disk)
{
    *disk = (struct disk){.now_ms = UINT64_C(1700000000000)};
    options_init(&disk->options);
    disk->options.persistence = true;
    disk->options.sys_interval_s = 0;
    disk->store = memory_new(disk_committed, disk);
    REQUIRE(disk->store != NULL);
    disk_start(disk);
}

CHECK_UNUSED static void disk_crash(struct disk *disk)
{
    actions_fini(&disk->actions);
    shard_free(disk->shard);
    pool_free(disk->pool);
    memory_crash(disk->store);
}

CHECK_UNUSED static void disk_fini(struct disk *disk)
{
    disk_crash(disk);
    store_free(disk->store);
}

CHECK_UNUSED static void disk_step(struct disk *disk, struct event event)
{
    event.now_ms = disk->now_ms;
    event.random = disk->now_ms;
    disk->actions.batch = disk->batch;
    shard_step(disk->shard, &event, &disk->actions);
}

/* One action; returns whether it is a change, which it fills in. */
CHECK_UNUSED static bool disk_action(struct disk *disk,
                                     const struct action *action,
                                     struct store_change *change)
{
    struct bytes bytes = {NULL, 0};
    if (action->kind != ACTION_POST && action->kind != ACTION_CLOSE) {
        bytes = action_bytes(&disk->actions, action);
    }
    if (action->kind == ACTION_NOTE && action->level == NOTE_ERROR) {
        disk->errors += 1;
    }
    if (action->kind == ACTION_SEND && action->conn.v == 1) {
        REQUIRE(disk->sent_size + bytes.size <= sizeof disk->sent);
        memcpy(disk->sent + disk->sent_size, bytes.data, bytes.size);
        disk->sent_size += bytes.size;
    }
    if (action->kind != ACTION_PUT && action->kind != ACTION_DEL) return false;
    *change = (struct store_change){.kind = STORE_DEL, .key = bytes};
    if (action->kind == ACTION_DEL) return true;
    change->kind = STORE_PUT;
    change->value = action_value(&disk->actions, action);
    if (action->body == NULL) return true;
    change->tail =
        bytes_at(action->body->bytes, action->body->size - sizeof(struct body));
    return true;
}

/* Carry out what gathered; commit it, and tell. */
CHECK_UNUSED static void disk_perform(struct disk *disk)
{
    while (disk->actions.count > 0) {
        static struct store_change changes[4096];
        size_t count = 0;
        for (size_t i = 0; i < disk->actions.count; i++) {
            REQUIRE(count < 4096);
            if (disk_action(disk, &disk->actions.list[i], &changes[count])) {
                count += 1;
            }
        }
        CHECK_EQ(count, disk->actions.put_count);
        struct event event = {.kind = EVENT_COMMITTED, .batch = disk->batch};
        if (count > 0) {
            CHECK_EQ(
                store_submit(disk->store, 0, disk->batch++, changes, count),
                OK);
        }
        actions_clear(&disk->actions);
        if (count > 0) disk_step(disk, event);
    }
}

/* What `conn` sends, as hex; spaces mean nothing. */
CHECK_UNUSED static void disk_send(struct disk *disk, uint32_t conn,
                                   const char *hex)
{
    uint8_t bytes[1024];
    size_t size = 0;
    while (*hex != 0) {
        char pair[] = {hex[0], hex[0] == ' ' ? 0 : hex[1], 0};
        hex += pair[1] == 0 ? 1 : 2;
        if (pair[0] != ' ') bytes[size++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    disk_step(disk, (struct event){.kind = EVENT_BYTES,
                                   .conn = {conn},
                                   .bytes = bytes_at(bytes, size)});
    disk_perform(disk);
}

CHECK_UNUSED static void disk_open(struct disk *disk, uint32_t conn)
{
    disk_step(disk, (struct event){.kind = EVENT_OPENED, .conn = {conn}});
}

CHECK_UNUSED static void disk_close(struct disk *disk, uint32_t conn)
{
    disk_step(disk, (struct event){.kind = EVENT_CLOSED, .conn = {conn}});
    disk_perform(disk);
}

CHECK_UNUSED static void disk_restored(void *context, struct bytes key,
                                       struct bytes value)
{
    disk_step(context, (struct event){
                           .kind = EVENT_RESTORED, .key = key, .value = value});
}

/* The shard comes back with what is in the store. */
CHECK_UNUSED static void disk_restart(struct disk *disk)
{
    disk_crash(disk);
    disk_start(disk);
    CHECK_EQ(store_each(disk->store, disk_restored, disk), OK);
    disk_step(disk, (struct event){.kind = EVENT_RESTORED});
    disk_perform(disk);
}

#endif
