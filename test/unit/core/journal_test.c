/* journal_test.c - what is written, and that nothing of it is left behind. */
#include "check.h"
#include "disk.h"

/* CONNECT of "s" and "q", 5.0, with expiry 3600; of "s" with expiry 0. */
static const char CONNECT_S[] =
    "1013 0004 4d51545405000000 05 1100000e10 000173";
static const char CONNECT_Q[] =
    "1013 0004 4d51545405000000 05 1100000e10 000171";
static const char CONNECT_S0[] = "100e 0004 4d51545405000000 00 000173";
static const char CONNECT_P[] = "100e 0004 4d51545405020000 00 000170";
static const char SUBSCRIBE_T[] = "8207 0001 00 000174 02";
static const char PUBLISH_T1[] = "320a 000174 0001 00 61626364";
static const char PUBLISH_T2[] = "340a 000174 0002 00 61626364";
static const char DISCONNECT[] = "e000";

static void clean_sessions_cost_nothing(void)
{
    struct disk disk;
    disk_init(&disk);
    disk_open(&disk, 1);
    disk_send(&disk, 1, CONNECT_S0);
    disk_send(&disk, 1, SUBSCRIBE_T);
    disk_open(&disk, 2);
    disk_send(&disk, 2, CONNECT_P);
    disk_send(&disk, 2, PUBLISH_T1);
    disk_send(&disk, 2, PUBLISH_T2);
    disk_send(&disk, 1, DISCONNECT);
    disk_send(&disk, 2, DISCONNECT);
    CHECK_EQ(disk.batch, 1);
    disk_fini(&disk);
}

static void without_the_option_nothing_is_written(void)
{
    struct disk disk;
    disk_init(&disk);
    disk_crash(&disk);
    disk.options.persistence = false;
    disk_start(&disk);
    disk_open(&disk, 1);
    disk_send(&disk, 1, CONNECT_S);
    disk_send(&disk, 1, SUBSCRIBE_T);
    disk_send(&disk, 1, "3107 000172 00 616263");
    CHECK_EQ(disk.batch, 1);
    disk_fini(&disk);
}

/* A message for two: "s" and "q" are away, with one each. */
static void two_away(struct disk *disk)
{
    disk_init(disk);
    disk_open(disk, 1);
    disk_send(disk, 1, CONNECT_S);
    disk_send(disk, 1, SUBSCRIBE_T);
    disk_close(disk, 1);
    disk_open(disk, 1);
    disk_send(disk, 1, CONNECT_Q);
    disk_send(disk, 1, SUBSCRIBE_T);
    disk_close(disk, 1);
    CHECK_EQ(memory_count(disk->store), 4);
    disk_open(disk, 2);
    disk_send(disk, 2, CONNECT_P);
    disk_send(disk, 2, PUBLISH_T1);
    CHECK_EQ(memory_count(disk->store), 7); /* one message */
}

static void a_message_is_stored_once(void)
{
    struct disk disk;
    two_away(&disk);
    disk_open(&disk, 1);
    disk_send(&disk, 1, CONNECT_S);
    disk_send(&disk, 1, "40020001");
    CHECK_EQ(memory_count(disk.store), 6);
    disk_close(&disk, 1);
    disk_open(&disk, 1);
    disk_send(&disk, 1, CONNECT_Q);
    disk_send(&disk, 1, "40020001");
    CHECK_EQ(memory_count(disk.store), 4);
    disk_fini(&disk);
}

static void counts_outlive_a_restart(void)
{
    struct disk disk;
    two_away(&disk);
    disk_restart(&disk);
    disk_open(&disk, 1);
    disk_send(&disk, 1, CONNECT_S);
    disk_send(&disk, 1, "40020001");
    CHECK_EQ(memory_count(disk.store), 6);
    disk_restart(&disk);
    disk_open(&disk, 1);
    disk_send(&disk, 1, CONNECT_Q);
    disk_send(&disk, 1, "40020001");
    CHECK_EQ(memory_count(disk.store), 4);
    CHECK_EQ(disk.errors, 0);
    disk_fini(&disk);
}

/* DISCONNECT with a session expiry of 0. */
static void a_session_may_end_with_disconnect(void)
{
    struct disk disk;
    two_away(&disk);
    disk_open(&disk, 1);
    disk_send(&disk, 1, CONNECT_S);
    disk_send(&disk, 1, "e007 00 05 1100000000");
    CHECK_EQ(memory_count(disk.store), 4);
    disk_fini(&disk);
}

static void a_session_may_stop_being_kept(void)
{
    struct disk disk;
    two_away(&disk);
    disk_open(&disk, 1);
    disk_send(&disk, 1, CONNECT_S0);
    disk_send(&disk, 1, "3408 00017a 0009 00 7879");
    CHECK_EQ(memory_count(disk.store), 4);
    disk_close(&disk, 1);
    CHECK_EQ(memory_count(disk.store), 4);
    disk_fini(&disk);
}

static void an_expired_session_leaves_nothing(void)
{
    struct disk disk;
    two_away(&disk);
    disk_wait(&disk, 3601 * 1000);
    CHECK_EQ(memory_count(disk.store), 0);
    disk_fini(&disk);
}

static void a_cleared_retained_message_goes(void)
{
    struct disk disk;
    disk_init(&disk);
    disk_open(&disk, 2);
    disk_send(&disk, 2, CONNECT_P);
    disk_send(&disk, 2, "3107 000172 00 616263");
    disk_send(&disk, 2, "3107 000172 00 616264");
    CHECK_EQ(memory_count(disk.store), 1);
    disk_send(&disk, 2, "3104 000172 00");
    CHECK_EQ(memory_count(disk.store), 0);
    uint64_t batch = disk.batch;
    disk_send(&disk, 2, "3104 000172 00");
    CHECK_EQ(disk.batch, batch);
    disk_fini(&disk);
}

int main(void)
{
    RUN(clean_sessions_cost_nothing);
    RUN(without_the_option_nothing_is_written);
    RUN(a_message_is_stored_once);
    RUN(counts_outlive_a_restart);
    RUN(a_session_may_end_with_disconnect);
    RUN(a_session_may_stop_being_kept);
    RUN(an_expired_session_leaves_nothing);
    RUN(a_cleared_retained_message_goes);
    return check_result();
}
