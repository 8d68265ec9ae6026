/* awaited_test.c - messages of version 1 find the deliveries that need them. */
#include "check.h"
#include "core/awaited.h"
#include "core/delivery.h"
#include "core/session.h"
#include "core/state.h"
#include "disk.h"

static const char MESSAGE_KEY[] = "6d 03 0000000000000043";
static const char MESSAGE[] =
    "01 0000000000000043 0000000000000000 01 0001 00000000 74 61626364";

/* Sessions "s" and "t" wait for message 0x43 of what was shard 3. */
static void two_wait(struct disk *disk)
{
    disk_init(disk);
    disk_put(disk, "63 73 00 53", "01 05 03 00000e10 0000000000000000 0001 73");
    disk_put(disk, "63 73 00 6f 0000000000000007",
             "01 0000000000000043 03 0000 01 00 00 0000 0000");
    disk_put(disk, "63 74 00 53", "01 05 03 00000e10 0000000000000000 0001 74");
    disk_put(disk, "63 74 00 6f 0000000000000007",
             "01 0000000000000043 03 0000 01 00 00 0000 0000");
}

static void all_who_wait_share_it(void)
{
    struct disk disk;
    two_wait(&disk);
    disk_put(&disk, MESSAGE_KEY, MESSAGE);
    disk_restart(&disk);
    CHECK_EQ(disk.errors, 0);
    /* Two sessions and their deliveries, the message of now, and the old. */
    CHECK_EQ(memory_count(disk.store), 6);
    CHECK(disk.shard->clock >= 0x43 >> 6);
    CHECK(disk.shard->restore == NULL);
    disk_fini(&disk);
}

static void another_shards_is_another_message(void)
{
    struct disk disk;
    two_wait(&disk);
    disk_put(&disk, "6d 02 0000000000000043", MESSAGE);
    disk_restart(&disk);
    /* Nobody has a message: both are told, and are without one. */
    CHECK_EQ(disk.errors, 2);
    disk_fini(&disk);
}

static void one_that_is_not_what_its_key_says_is_none(void)
{
    struct disk disk;
    two_wait(&disk);
    disk_put(
        &disk, MESSAGE_KEY,
        "01 0000000000000044 0000000000000000 01 0001 00000000 74 61626364");
    disk_restart(&disk);
    CHECK_EQ(disk.errors, 3);
    disk_fini(&disk);
}

static void what_nobody_needs_goes(void)
{
    struct disk disk;
    disk_init(&disk);
    disk_put(&disk, MESSAGE_KEY, MESSAGE);
    CHECK_EQ(memory_count(disk.store), 1);
    disk_restart(&disk);
    CHECK_EQ(disk.errors, 0);
    CHECK_EQ(memory_count(disk.store), 0);
    disk_fini(&disk);
}

int main(void)
{
    RUN(all_who_wait_share_it);
    RUN(another_shards_is_another_message);
    RUN(one_that_is_not_what_its_key_says_is_none);
    RUN(what_nobody_needs_goes);
    return check_result();
}
