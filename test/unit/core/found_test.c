/* found_test.c - what could not go to its session at once still arrives. */
#include "check.h"
#include "core/found.h"
#include "disk.h"

/* Session "s" of what was shard 3, with one message in flight as 5 and one that
 * was never sent, far behind it; both are "t", "abcd". */
static void old_store(struct disk *disk)
{
    disk_init(disk);
    disk_put(disk, "63 73 00 53", "01 05 03 00000e10 0000000000000000 0001 73");
    disk_put(disk, "63 73 00 6f 0000000000000007",
             "01 0000000000000043 03 0005 01 01 00 0000 0000");
    disk_put(disk, "63 73 00 6f 00000000000f0000",
             "01 0000000000000083 03 0000 02 00 00 0000 0000");
    disk_put(disk, "63 73 00 73 74", "01 02 00000000 0001 74");
    disk_put(
        disk, "6d 03 0000000000000043",
        "01 0000000000000043 0000000000000000 01 0001 00000000 74 61626364");
    disk_put(
        disk, "6d 03 0000000000000083",
        "01 0000000000000083 0000000000000000 02 0001 00000000 74 61626364");
}

static void version_1_is_taken_over(void)
{
    struct disk disk;
    old_store(&disk);
    disk_restart(&disk);
    CHECK_EQ(disk.errors, 0);
    /* New messages beside the old ones, which go at the next start. */
    CHECK_EQ(memory_count(disk.store), 8);
    disk_restart(&disk);
    CHECK_EQ(memory_count(disk.store), 6);
    disk_open(&disk, 1);
    disk.sent_size = 0;
    disk_send(&disk, 1, "1013 0004 4d51545405000000 05 1100000e10 000173");
    REQUIRE(disk.sent_size > 24);
    /* PUBLISH of 5, with DUP; then the other one under a new id. */
    const uint8_t *end = disk.sent + disk.sent_size;
    CHECK(memcmp(end - 24, "\x3a\x0a\0\1t\0\5\0abcd", 12) == 0);
    CHECK(memcmp(end - 12, "\x34\x0a\0\1t\0\6\0abcd", 12) == 0);
    disk_send(&disk, 1, "40020005");
    CHECK_EQ(memory_count(disk.store), 4);
    CHECK_EQ(disk.errors, 0);
    disk_fini(&disk);
}

/* Member "m" of "$share/g/t" is away. */
static void member(struct disk *disk)
{
    disk_init(disk);
    disk_put(disk, "63 6d 00 53",
             "02 05 00 00000e10 0000000000000000 0000000000000000 0001 6d");
    disk_put(disk, "63 6d 00 67 2473686172652f672f74",
             "01 01 00000000 000a 2473686172652f672f74");
}

/* What "m" gets when it comes: CONNACK, and `count` PUBLISH. */
static void member_gets(struct disk *disk, unsigned count)
{
    disk_open(disk, 1);
    disk->sent_size = 0;
    disk_send(disk, 1, "1013 0004 4d51545405000000 05 1100000e10 00016d");
    unsigned got = 0;
    for (size_t at = 0; at < disk->sent_size; at += 2u + disk->sent[at + 1])
        got += disk->sent[at] >> 4 == 3;
    CHECK_EQ(got, count);
}

/* It was on its way to another member, who had not written it; under `key`. */
static void handover_goes_on(const char *key)
{
    struct disk disk;
    member(&disk);
    disk_put(&disk, "4d 0000000000000040",
             "01 0000000000000040 0000000000000000 01 0001 00000000 74 6162");
    disk_put(&disk, key,
             "02 0000000000000040 0000000000000007 0000000000000002 00000002"
             "0000 01 00 00 000a 2473686172652f672f74 0000");
    disk_restart(&disk);
    CHECK_EQ(disk.errors, 0);
    CHECK_EQ(memory_count(disk.store), 4);
    disk_wait(&disk, 1000);
    /* Session, membership, and one delivery, now of "m", with its message. */
    CHECK_EQ(memory_count(disk.store), 4);
    member_gets(&disk, 1);
    disk_fini(&disk);
}

/* Of old the key names who gave it back: "x". */
static void a_handover_goes_on(void)
{
    handover_goes_on("63 2473686172652f672f74 00 68 0000000000000007");
    handover_goes_on("63 78 00 68 0000000000000007");
}

/* So does what a session had that has ended; but only through a group. */
static void an_old_stray_goes_to_its_group(void)
{
    struct disk disk;
    member(&disk);
    disk_put(&disk, "63 78 00 6f 0000000000000007",
             "01 0000000000000043 03 0000 01 00 00"
             "000a 2473686172652f672f74 0000");
    disk_put(&disk, "63 78 00 6f 0000000000000008",
             "01 0000000000000043 03 0000 01 00 00 0000 0000");
    disk_put(
        &disk, "6d 03 0000000000000043",
        "01 0000000000000043 0000000000000000 01 0001 00000000 74 61626364");
    disk_restart(&disk);
    CHECK_EQ(disk.errors, 1);
    disk_wait(&disk, 1000);
    member_gets(&disk, 1);
    disk_fini(&disk);
}

/* A crash found it on its way from a member to itself. */
static void twice_in_one_queue_is_once(void)
{
    struct disk disk;
    member(&disk);
    for (int i = 0; i < 2; i++)
        disk_put(&disk,
                 i == 0 ? "63 6d 00 6f 0000000000000007"
                        : "63 6d 00 6f 0000000000000008",
                 "01 0000000000000043 03 0000 01 00 00"
                 "000a 2473686172652f672f74 0000");
    disk_put(
        &disk, "6d 03 0000000000000043",
        "01 0000000000000043 0000000000000000 01 0001 00000000 74 61626364");
    disk_restart(&disk);
    CHECK_EQ(disk.errors, 0);
    disk_wait(&disk, 1000);
    member_gets(&disk, 1);
    disk_fini(&disk);
}

int main(void)
{
    RUN(version_1_is_taken_over);
    RUN(a_handover_goes_on);
    RUN(an_old_stray_goes_to_its_group);
    RUN(twice_in_one_queue_is_once);
    return check_result();
}
