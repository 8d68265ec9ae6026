/* doubted_test.c - who heard a QoS 2 publish before a crash has it. */
#include "check.h"
#include "core/doubted.h"
#include "core/inbound.h"
#include "core/lack.h"
#include "core/session.h"
#include "core/state.h"
#include "disk.h"

enum { PACKET_ID = 9 };

/* Session "s" publishes as 9 what shard 3 stamped 0x1003; sessions of shards 1
 * and 2 may lack it, and groups at home on 2. There were `shards`. */
static void begin(struct disk *disk, const char *shards)
{
    char value[128];
    disk_init(disk);
    disk_put(disk, "63 73 00 53",
             "02 05 00 00000e10 0000000000000000 0000000000000000 0001 73");
    snprintf(value, sizeof value,
             "01 0000000000001003 0000000000000006 0000000000000004 %s 00",
             shards);
    disk_put(disk, "63 73 00 71 0009", value);
}

static const struct session *came(struct disk *disk)
{
    disk_restart(disk);
    CHECK_EQ(disk->errors, 0);
    const struct session *s = session_find(disk->shard, bytes_of("s"));
    REQUIRE(s != NULL);
    CHECK(idset_has(&s->inbound->received, PACKET_ID));
    return s;
}

static void who_did_not_hear_lacks_it(void)
{
    struct disk disk;
    begin(&disk, "04");
    /* Shard 1 heard it, and shard 2 only what was before. */
    disk_put(&disk, "70 01 03", "01 0000000000001003 0000000000000000");
    disk_put(&disk, "70 02 03", "01 0000000000000fc3 0000000000000000");
    const struct session *s = came(&disk);
    const struct doubt *doubt = inbound_doubt(s->inbound, PACKET_ID);
    REQUIRE(doubt != NULL);
    CHECK_EQ(doubt->stamp, 0x1003);
    struct lack_row row = lack_newest(doubt->lack);
    CHECK_EQ(row.shards, 4);
    CHECK_EQ(row.lacking, 4);
    disk_fini(&disk);
}

static void what_all_heard_is_no_doubt(void)
{
    struct disk disk;
    begin(&disk, "01");
    disk_put(&disk, "70 01 03", "01 0000000000001043 0000000000000000");
    disk_put(&disk, "70 02 03", "01 0000000000001003 0000000000000000");
    const struct session *s = came(&disk);
    CHECK(inbound_doubt(s->inbound, PACKET_ID) == NULL);
    /* It is written down: what is heard later says nothing of it. */
    disk_put(&disk, "70 02 03", "01 0000000000000003 0000000000000000");
    s = came(&disk);
    CHECK(inbound_doubt(s->inbound, PACKET_ID) == NULL);
    disk_fini(&disk);
}

static void a_group_that_passed_it_on_may_lack_it(void)
{
    struct disk disk;
    begin(&disk, "04");
    disk_put(&disk, "70 01 03", "01 0000000000001003 0000000000000000");
    disk_put(&disk, "70 02 03", "01 0000000000001003 0000000000001003");
    const struct session *s = came(&disk);
    const struct doubt *doubt = inbound_doubt(s->inbound, PACKET_ID);
    REQUIRE(doubt != NULL);
    CHECK_EQ(lack_newest(doubt->lack).lacking, 4);
    disk_fini(&disk);
}

/* What another shard was told by another one is no answer. */
static void only_its_own_publisher_counts(void)
{
    struct disk disk;
    begin(&disk, "04");
    disk_put(&disk, "70 01 02", "01 0000000000001003 0000000000000000");
    disk_put(&disk, "70 02 02", "01 0000000000001003 0000000000000000");
    const struct session *s = came(&disk);
    const struct doubt *doubt = inbound_doubt(s->inbound, PACKET_ID);
    REQUIRE(doubt != NULL);
    CHECK_EQ(lack_newest(doubt->lack).lacking, 6);
    disk_fini(&disk);
}

/* What lacked it when there were five shards, and was heard of when there were
 * four, says nothing of the older row; and once settled, nothing at all. */
static void rows_stay_through_starts(void)
{
    struct disk disk;
    begin(&disk, "04");
    disk_put(&disk, "63 73 00 71 0009",
             "02 0000000000001003 00"
             "05 0000000000000012 04 0000000000000006");
    disk_put(&disk, "70 01 03", "01 0000000000001003 0000000000000000");
    for (int start = 0; start < 3; start++) {
        const struct session *s = came(&disk);
        const struct doubt *doubt = inbound_doubt(s->inbound, PACKET_ID);
        REQUIRE(doubt != NULL);
        CHECK_EQ(doubt->lack.size, 2 * LACK_ROW_BYTES);
        struct lack_row row = lack_newest(doubt->lack);
        CHECK_EQ(row.shards, 4);
        CHECK_EQ(row.lacking, 4);
        row = lack_newest(bytes_at(doubt->lack.data, LACK_ROW_BYTES));
        CHECK_EQ(row.shards, 5);
        CHECK_EQ(row.lacking, 0x12);
        disk_put(&disk, "70 02 03", "01 0000000000002003 0000000000000000");
    }
    disk_fini(&disk);
}

static void a_broken_one_is_noted(void)
{
    struct disk disk;
    begin(&disk, "04");
    disk_put(&disk, "63 73 00 71 000a", "01 00");
    disk_put(&disk, "70 02 03", "01 00");
    disk_restart(&disk);
    CHECK_EQ(disk.errors, 2);
    disk_fini(&disk);
}

int main(void)
{
    RUN(who_did_not_hear_lacks_it);
    RUN(what_all_heard_is_no_doubt);
    RUN(a_group_that_passed_it_on_may_lack_it);
    RUN(only_its_own_publisher_counts);
    RUN(rows_stay_through_starts);
    RUN(a_broken_one_is_noted);
    return check_result();
}
