/* disk.h - one shard with a disk, for tests of what is stored.
 *
 *     events --> shard --> changes --> memory store --> COMMITTED --> shard
 *                  +-----> LOAD -----------+----------> LOADED -----> shard
 */
#ifndef MOGI_UNIT_CORE_DISK_H
#define MOGI_UNIT_CORE_DISK_H

#include "base/list.h"
#include "core/message.h"
#include "core/page.h"
#include "core/shard.h"
#include "core/walk.h"
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
    size_t loads;
    bool deaf; /* LOAD is not answered */
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

/* A LOAD, and its page. */
struct disk_load {
    struct store_task task;
    struct store_view *view;
    struct page_load load;
    uint8_t asked[512], page[65536];
    size_t asked_size, size;
    uint64_t end;
    bool failing;
};

CHECK_UNUSED static enum err disk_load_get(void *context, struct bytes key,
                                           struct bytes *value)
{
    const struct disk_load *load = context;
    return store_get(load->view, key, value);
}

CHECK_UNUSED static enum err disk_load_add(void *context, struct bytes bytes)
{
    struct disk_load *load = context;
    REQUIRE(load->size + bytes.size <= sizeof load->page);
    memcpy(load->page + load->size, bytes.data, bytes.size);
    load->size += bytes.size;
    return OK;
}

CHECK_UNUSED static void disk_load_run(struct store_task *task,
                                       struct store_view *view)
{
    struct disk_load *load = OWNER(task, struct disk_load, task);
    struct page_host host = {load, disk_load_get, disk_load_add};
    load->view = view;
    load->failing = page_read(&load->load, &host, &load->end) != OK;
}

/* Read what was asked for last, and answer. */
CHECK_UNUSED static void disk_load(struct disk *disk, struct bytes asked)
{
    static struct disk_load load;
    REQUIRE(asked.size <= sizeof load.asked);
    memcpy(load.asked, asked.data, asked.size);
    load.task.run = disk_load_run;
    load.size = 0;
    page_load_read(bytes_at(load.asked, asked.size), &load.load);
    store_look(disk->store, &load.task);
    disk_step(disk, (struct event){.kind = EVENT_LOADED,
                                   .token = load.load.token,
                                   .end = load.end,
                                   .failing = load.failing,
                                   .page = bytes_at(load.page, load.size)});
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
    if (!action_changes((enum action_kind)action->kind)) return false;
    static const enum store_change_kind kinds[] = {
        [ACTION_PUT] = STORE_PUT,
        [ACTION_DEL] = STORE_DEL,
        [ACTION_HOLD] = STORE_HOLD,
        [ACTION_DROP] = STORE_DROP,
    };
    *change = (struct store_change){.kind = kinds[action->kind], .key = bytes};
    if (!store_has_value(change->kind)) return true;
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
        size_t count = 0, asked_size = 0;
        static uint8_t asked[8][512];
        size_t asked_sizes[8];
        for (size_t i = 0; i < disk->actions.count; i++) {
            REQUIRE(count < 4096 && asked_size < 8);
            const struct action *action = &disk->actions.list[i];
            if (action->kind == ACTION_LOAD) {
                struct bytes b = action_bytes(&disk->actions, action);
                memcpy(asked[asked_size], b.data, b.size);
                asked_sizes[asked_size++] = b.size;
            }
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
        disk->loads += asked_size;
        for (size_t i = 0; i < asked_size && !disk->deaf; i++)
            disk_load(disk, bytes_at(asked[i], asked_sizes[i]));
    }
}

/* So much time passes, and the shard has its TICK. */
CHECK_UNUSED static void disk_wait(struct disk *disk, uint64_t ms)
{
    disk->now_ms += ms;
    disk_step(disk, (struct event){.kind = EVENT_TICK});
    disk_perform(disk);
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

/* Put the record that `key` and `value` are the hex of; spaces mean nothing. */
CHECK_UNUSED static void disk_put(struct disk *disk, const char *key,
                                  const char *value)
{
    uint8_t bytes[2][256];
    size_t sizes[2] = {0, 0};
    const char *texts[2] = {key, value};
    for (size_t i = 0; i < 2; i++) {
        for (const char *at = texts[i]; *at != 0; at++) {
            if (*at == ' ') continue;
            char pair[] = {at[0], at[1], 0};
            bytes[i][sizes[i]++] = (uint8_t)strtoul(pair, NULL, 16);
            at++;
        }
    }
    struct store_change change = {.kind = STORE_PUT,
                                  .key = bytes_at(bytes[0], sizes[0]),
                                  .value = bytes_at(bytes[1], sizes[1])};
    if (store_counted(change.key)) change.kind = STORE_HOLD;
    CHECK_EQ(store_submit(disk->store, 0, disk->batch++, &change, 1), OK);
}

struct disk_walk {
    struct disk *disk;
    struct walk walk;
};

CHECK_UNUSED static void disk_restored(void *context, struct store_view *view,
                                       struct bytes key, struct bytes value,
                                       struct jump *jump)
{
    struct disk_walk *at = context;
    struct walk_message wanted;
    walk_step(&at->walk, key, value, jump, &wanted);
    struct bytes message = store_find(view, bytes_at(wanted.key, wanted.size));
    disk_step(at->disk, (struct event){.kind = EVENT_RESTORED,
                                       .key = key,
                                       .value = value,
                                       .message = message});
}

/* The shard comes back with what is in the store. */
CHECK_UNUSED static void disk_restart(struct disk *disk)
{
    disk_crash(disk);
    disk_start(disk);
    struct disk_walk walk = {.disk = disk};
    CHECK_EQ(store_walk(disk->store, disk_restored, &walk), OK);
    disk_step(disk, (struct event){.kind = EVENT_RESTORED});
    disk_perform(disk);
}

#endif
