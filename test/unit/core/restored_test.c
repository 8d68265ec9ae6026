/* restored_test.c - a session comes back with all its parts, and alone. */
#include "check.h"
#include "core/absence.h"
#include "core/restored.h"
#include "core/session.h"
#include "core/state.h"
#include "core/will.h"
#include "disk.h"

static const char SESSION[] =
    "02 05 03 00000e10 0000000000000000 0000000000000005 0001 73";

static const struct session *came(struct disk *disk, size_t errors)
{
    disk_restart(disk);
    CHECK_EQ(disk->errors, errors);
    const struct session *s = session_find(disk->shard, bytes_of("s"));
    REQUIRE(s != NULL);
    CHECK(s->conn == NULL && s->stored);
    return s;
}

/* It was connected, on shard 3: it is alone since now, and at home here. */
static void it_is_alone_since_now(void)
{
    struct disk disk;
    disk_init(&disk);
    disk_put(&disk, "63 73 00 53", SESSION);
    const struct session *s = came(&disk, 0);
    CHECK_EQ(s->expiry_s, 3600);
    CHECK_EQ(s->floor, 5);
    CHECK(s->came_back);
    CHECK_EQ(absence_ends_ms(s), disk.now_ms + 3600000);
    uint64_t ends_ms = absence_ends_ms(s);
    disk.now_ms += 1000;
    /* It is on disk now. */
    s = came(&disk, 0);
    CHECK_EQ(absence_ends_ms(s), ends_ms);
    disk_fini(&disk);
}

static void parts_come_back(void)
{
    struct disk disk;
    disk_init(&disk);
    disk_put(&disk, "63 73 00 53", SESSION);
    disk_put(&disk, "63 73 00 67 2473686172652f672f74",
             "01 01 00000000 000a 2473686172652f672f74");
    disk_put(&disk, "63 73 00 73 74", "01 06 00000007 0001 74");
    disk_put(&disk, "63 73 00 77",
             "01 0000003c 00000000 0000000000000000"
             "0000000000000043 0000000000000000 01 0001 00000000 74 6162");
    const struct session *s = came(&disk, 0);
    CHECK_EQ(s->subscription_count, 2);
    CHECK_EQ(s->no_local_count, 1);
    CHECK_EQ(s->ties->membership_count, 1);
    REQUIRE(s->will != NULL);
    CHECK_EQ(s->will->delay_s, 60);
    CHECK_EQ(absence_will_ms(s), disk.now_ms + 60000);
    disk_fini(&disk);
}

/* One of each kind that says something else than its key; and orders that do
 * not rise. */
static void what_contradicts_its_key_is_refused(void)
{
    struct disk disk;
    disk_init(&disk);
    disk_put(&disk, "63 73 00 53", SESSION);
    disk_put(&disk, "63 74 00 53", SESSION);
    disk_put(&disk, "63 73 00 67 2473686172652f672f74",
             "01 01 00000000 000a 2473686172652f672f75");
    disk_put(&disk, "63 73 00 73 74", "01 06 00000007 0001 75");
    disk_put(&disk, "63 73 00 6f 0000000000000007",
             "02 0000000000000040 0000000000000008 0000000000000002 00000002"
             "0000 01 00 00 0000 0000");
    const struct session *s = came(&disk, 4);
    CHECK_EQ(s->subscription_count, 0);
    CHECK_EQ(memory_count(disk.store), 1);
    disk_fini(&disk);
}

/* Below the floor of its session: it is of an earlier one. */
static void what_is_below_the_floor_goes(void)
{
    struct disk disk;
    disk_init(&disk);
    disk_put(&disk, "63 73 00 53", SESSION);
    disk_put(&disk, "4d 0000000000000040",
             "01 0000000000000040 0000000000000000 01 0001 00000000 74 6162");
    disk_put(&disk, "63 73 00 6f 0000000000000004",
             "02 0000000000000040 0000000000000004 0000000000000002 00000002"
             "0000 01 00 00 0000 0000");
    (void)came(&disk, 0);
    disk_wait(&disk, 1000);
    CHECK_EQ(memory_count(disk.store), 1);
    disk_fini(&disk);
}

int main(void)
{
    RUN(it_is_alone_since_now);
    RUN(parts_come_back);
    RUN(what_contradicts_its_key_is_refused);
    RUN(what_is_below_the_floor_goes);
    return check_result();
}
