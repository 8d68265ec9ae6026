/* entry_test.c - a record's change is key and value, one behind the other. */
#include "core/entry.h"
#include "core/record.h"
#include "core/state.h"
#include "disk.h"

static const char KEY[] = "c"
                          "s"
                          "\0"
                          "S";

static void put_and_deleted(void)
{
    struct disk disk;
    disk_init(&disk);
    disk.shard->out = &disk.actions;
    struct record_key key = {.kind = RECORD_SESSION, .client = bytes_of("s")};
    struct entry entry = entry_begin(disk.shard, &key, 0);
    write_u8(&entry.w, 7);
    write_u8(&entry.w, 8);
    entry_put(disk.shard, &entry, NULL);
    REQUIRE(disk.actions.count == 1);
    const struct action *put = &disk.actions.list[0];
    CHECK_EQ(put->kind, ACTION_PUT);
    struct bytes bytes = action_bytes(&disk.actions, put);
    CHECK_BYTES(bytes.data, bytes.size, KEY, 4);
    bytes = action_value(&disk.actions, put);
    CHECK_BYTES(bytes.data, bytes.size, "\7\10", 2);
    disk_perform(&disk);
    CHECK_EQ(memory_count(disk.store), 1);
    disk.shard->out = &disk.actions;
    entry_del(disk.shard, &key);
    disk_perform(&disk);
    CHECK_EQ(memory_count(disk.store), 0);
    disk_fini(&disk);
}

/* What follows the value is not copied, but referred to. */
static void a_body_is_kept(void)
{
    struct disk disk;
    disk_init(&disk);
    disk.shard->out = &disk.actions;
    struct body *body = body_of_text(disk.pool, bytes_of("t"));
    struct record_key key = {.kind = RECORD_WILL, .client = bytes_of("s")};
    struct entry entry = entry_begin(disk.shard, &key, 0);
    entry_put(disk.shard, &entry, body);
    CHECK(disk.actions.list[0].body == body);
    body_unref(body);
    disk_perform(&disk);
    CHECK_EQ(memory_count(disk.store), 1);
    disk_fini(&disk);
}

int main(void)
{
    RUN(put_and_deleted);
    RUN(a_body_is_kept);
    return check_result();
}
