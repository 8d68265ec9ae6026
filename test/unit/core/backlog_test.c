/* backlog_test.c - what is on disk alone costs no memory, and comes back. */
#include "away.h"

static void it_costs_no_memory(void)
{
    struct disk disk;
    away(&disk);
    away_publish(&disk, 10);
    size_t bytes = pool_bytes(disk.pool);
    away_publish(&disk, 500);
    CHECK_EQ(memory_count(disk.store), 2 + 2 * 510);
    CHECK(pool_bytes(disk.pool) < bytes + 1000);
    CHECK_EQ(disk.loads, 0);
    disk_fini(&disk);
}

static void it_is_read_as_it_is_sent(void)
{
    struct disk disk;
    away(&disk);
    disk.options.queue_memory_messages = 4;
    disk.options.max_inflight_messages = 5;
    away_publish(&disk, 30);
    away_return(&disk, CONNECT_S);
    CHECK_EQ(away_got(&disk), 5);
    unsigned got = 5;
    for (unsigned id = 1; id <= 30; id++) {
        char ack[16];
        snprintf(ack, sizeof ack, "4002%04x", id);
        disk.sent_size = 0;
        disk_send(&disk, 1, ack);
        got += away_got(&disk);
    }
    CHECK_EQ(got, 30);
    CHECK(disk.loads >= 7);
    CHECK_EQ(memory_count(disk.store), 2);
    disk_fini(&disk);
}

static void a_restart_reads_two_of_it(void)
{
    struct disk disk;
    away(&disk);
    away_publish(&disk, 100);
    disk_restart(&disk);
    CHECK_EQ(disk.errors, 0);
    disk.options.max_inflight_messages = 0;
    CHECK_EQ(disk.loads, 0);
    away_return(&disk, CONNECT_S);
    CHECK_EQ(away_got(&disk), 100);
    disk_fini(&disk);
}

static void what_cannot_be_read_is_read_later(void)
{
    struct disk disk;
    away(&disk);
    away_publish(&disk, 3);
    memory_blind(disk.store, true);
    away_return(&disk, CONNECT_S);
    CHECK_EQ(away_got(&disk), 0);
    memory_blind(disk.store, false);
    disk.sent_size = 0;
    disk_wait(&disk, 1000);
    CHECK_EQ(away_got(&disk), 3);
    disk_fini(&disk);
}

/* The first delivery that is stored, in `key`. */
struct search {
    uint8_t key[RECORD_KEY_MAX];
    size_t size;
};

static void search_visit(void *context, struct bytes key, struct bytes value)
{
    struct search *search = context;
    struct record_key parts;
    (void)value;
    if (search->size > 0 || record_key_read(key, &parts) != OK) return;
    if (parts.kind != RECORD_DELIVERY) return;
    memcpy(search->key, key.data, key.size);
    search->size = key.size;
}

static void what_is_broken_is_told_and_goes(void)
{
    struct disk disk;
    away(&disk);
    away_publish(&disk, 3);
    struct search search = {.size = 0};
    CHECK_EQ(store_each(disk.store, search_visit, &search), OK);
    struct store_change change = {.kind = STORE_PUT,
                                  .key = bytes_at(search.key, search.size),
                                  .value = bytes_of("?")};
    CHECK_EQ(store_submit(disk.store, 0, disk.batch++, &change, 1), OK);
    away_return(&disk, CONNECT_S);
    CHECK_EQ(away_got(&disk), 2);
    CHECK_EQ(disk.errors, 1);
    disk_send(&disk, 1, "40020001");
    disk_send(&disk, 1, "40020002");
    /* Its message stays: nobody knows which it was. */
    CHECK_EQ(memory_count(disk.store), 3);
    disk_fini(&disk);
}

int main(void)
{
    RUN(it_costs_no_memory);
    RUN(it_is_read_as_it_is_sent);
    RUN(a_restart_reads_two_of_it);
    RUN(what_cannot_be_read_is_read_later);
    RUN(what_is_broken_is_told_and_goes);
    return check_result();
}
