/* grave_test.c - a long queue of a session that has ended goes page by page. */
#include "away.h"
#include "core/bounds.h"

static void it_goes_page_by_page(void)
{
    struct disk disk;
    away(&disk);
    away_publish(&disk, 600);
    CHECK_EQ(memory_count(disk.store), 2 + 2 * 600);
    disk.loads = 0;
    away_return(&disk, CONNECT_CLEAN);
    /* What is left is the new session. */
    CHECK_EQ(memory_count(disk.store), 1);
    CHECK(disk.loads >= 600 / PAGE_ENTRIES_MAX);
    disk_fini(&disk);
}

static void a_crash_leaves_it_for_the_next_start(void)
{
    struct disk disk;
    away(&disk);
    away_publish(&disk, 600);
    disk.deaf = true;
    away_return(&disk, CONNECT_CLEAN);
    disk_send(&disk, 1, SUBSCRIBE_T);
    disk_close(&disk, 1);
    away_publish(&disk, 1);
    disk.deaf = false;
    disk_restart(&disk);
    CHECK_EQ(disk.errors, 0);
    CHECK_EQ(memory_count(disk.store), 2 + 2 + 2 * 600);
    disk_wait(&disk, 1000);
    CHECK_EQ(memory_count(disk.store), 2 + 2);
    away_return(&disk, CONNECT_S);
    CHECK_EQ(away_got(&disk), 1);
    disk_fini(&disk);
}

static void it_waits_for_a_disk_that_fails(void)
{
    struct disk disk;
    away(&disk);
    away_publish(&disk, 10);
    memory_blind(disk.store, true);
    away_return(&disk, CONNECT_CLEAN);
    CHECK_EQ(memory_count(disk.store), 1 + 2 * 10);
    memory_blind(disk.store, false);
    disk_wait(&disk, 1000);
    CHECK_EQ(memory_count(disk.store), 1);
    disk_fini(&disk);
}

int main(void)
{
    RUN(it_goes_page_by_page);
    RUN(a_crash_leaves_it_for_the_next_start);
    RUN(it_waits_for_a_disk_that_fails);
    return check_result();
}
