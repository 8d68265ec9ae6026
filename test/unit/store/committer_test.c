/* committer_test.c - disks that fail, fill up and come back; power that goes.
 */
#include "engine.h"

/* Nothing is reported while `fault` is there, all of it afterwards. */
static void meet_fault(atomic_int *fault, struct engine *e, int error)
{
    engine_open(e);
    engine_keep(e, "before=1");
    atomic_store(fault, error);
    uint64_t first = engine_put(e, 0, "during=1");
    (void)engine_put(e, 1, "other=1 before=2");
    UNTIL(engine_state(e) == WAL_FAILS);
    CHECK(engine_said(e, "nothing is acknowledged"));
    usleep(30000);
    CHECK(engine_done_of(e, 0) < first);
    CHECK_EQ(engine_done_of(e, 1), 0);
    atomic_store(fault, 0);
    engine_wait(e, 0, first);
    engine_wait(e, 1, 1);
    UNTIL(engine_state(e) == WAL_WORKS);
    engine_keep(e, "after=1");
    engine_close(e);
    CHECK_STR(engine_look(e->options.folder, false),
              "after=1 before=2 during=1 other=1 ");
    engine_free(e);
}

static void a_full_disk_comes_back(void)
{
    struct engine *e = engine_new(room_new());
    meet_fault(&e->broken, e, ENOSPC);
}

static void a_read_only_disk_comes_back(void)
{
    struct engine *e = engine_new(room_new());
    meet_fault(&e->broken, e, EROFS);
}

/* A sync that fails is not tried again on the same file. */
static void a_failed_sync_is_written_again(void)
{
    struct engine *e = engine_new(room_new());
    meet_fault(&e->syncless, e, 1);
}

static void a_failed_sync_leaves_the_file(void)
{
    struct engine *e = engine_new(room_new());
    engine_open(e);
    engine_keep(e, "a=1");
    atomic_store(&e->syncless, 1);
    (void)engine_put(e, 0, "b=1");
    UNTIL(engine_state(e) == WAL_FAILS);
    atomic_store(&e->syncless, 0);
    engine_wait(e, 0, 2);
    CHECK(room_has(e->options.folder, "0000000002.log"));
    engine_free(e);
}

/* The broker is killed while the disk fails: what was done is there. */
static void a_crash_in_the_middle_of_it(void)
{
    struct engine *e = engine_new(room_new());
    engine_open(e);
    engine_keep(e, "a=1");
    atomic_store(&e->broken, ENOSPC);
    (void)engine_put(e, 0, "b=1");
    UNTIL(engine_state(e) == WAL_FAILS);
    const char *copy = room_new();
    room_copy(e->options.folder, copy);
    CHECK(strstr(engine_look(copy, false), "a=1 ") != NULL);
    atomic_store(&e->broken, 0);
    engine_free(e);
}

/* A story of batches, the power cut after `count` of them with `keep` bytes of
 * the write under way: what was reported is there, and nothing half. */
static void cut_after(unsigned count, size_t keep)
{
    struct engine *e = engine_new(room_new());
    engine_open(e);
    for (unsigned i = 1; i <= count; i++) {
        char text[64];
        snprintf(text, sizeof text, "n=%u k%u=x k%u", i, i, i - 1);
        engine_keep(e, text);
    }
    atomic_store(&e->syncless, 1);
    (void)engine_put(e, 0, "n=late klate=x");
    (void)engine_put(e, 0, "n=later klate");
    UNTIL(engine_state(e) == WAL_FAILS);
    engine_cut(e, keep);
    atomic_store(&e->syncless, 0);
    char all[64], late[64];
    snprintf(all, sizeof all, "k%u=x n=%u ", count, count);
    snprintf(late, sizeof late, "k%u=x klate=x n=late ", count);
    const char *found = engine_look(e->options.folder, false);
    bool fine = strcmp(found, all) == 0 || strcmp(found, late) == 0 ||
                strstr(found, "n=later ") != NULL;
    if (!CHECK(fine)) fprintf(stderr, "    %u, %zu: %s\n", count, keep, found);
    engine_free(e);
    room_empty(rooms[room_count - 1]);
    (void)rmdir(rooms[--room_count]);
}

static void power_goes_at_any_byte(void)
{
    for (size_t keep = 0; keep < 240; keep += 7)
        cut_after(3, keep);
    cut_after(200, 50);
}

/* Reported without a sync, but for the end. */
static void never_syncs_at_the_end_alone(void)
{
    struct engine *e = engine_new(room_new());
    e->options.durability = WAL_NEVER;
    e->options.segment_bytes = 1 << 20;
    engine_open(e);
    engine_keep(e, "a=1");
    /* The keeper's syncs are over, too. */
    UNTIL(room_has(e->options.folder, "spare-0"));
    unsigned syncs = atomic_load(&e->syncs);
    for (unsigned i = 0; i < 50; i++)
        engine_keep(e, "b=1");
    CHECK_EQ(atomic_load(&e->syncs), syncs);
    engine_close(e);
    CHECK(atomic_load(&e->syncs) > syncs);
    CHECK_STR(engine_look(e->options.folder, false), "a=1 b=1 ");
    engine_free(e);
}

static void everysec_syncs_within_a_second(void)
{
    struct engine *e = engine_new(room_new());
    e->options.durability = WAL_EVERYSEC;
    engine_open(e);
    engine_keep(e, "a=1");
    usleep(20000);
    unsigned syncs = atomic_load(&e->syncs);
    engine_keep(e, "b=1");
    UNTIL(atomic_load(&e->syncs) > syncs);
    pthread_mutex_lock(&e->lock);
    CHECK_EQ(e->undo_count, 0);
    pthread_mutex_unlock(&e->lock);
    engine_free(e);
}

/* What was reported before the sync that failed is not reported again, and not
 * lost. */
static void everysec_writes_again(void)
{
    struct engine *e = engine_new(room_new());
    e->options.durability = WAL_EVERYSEC;
    engine_open(e);
    engine_keep(e, "synced=1");
    usleep(20000);
    engine_keep(e, "a=1");
    atomic_store(&e->syncless, 1);
    UNTIL(engine_state(e) == WAL_FAILS);
    CHECK_EQ(engine_calls(e), 2);
    atomic_store(&e->syncless, 0);
    UNTIL(engine_state(e) == WAL_WORKS);
    CHECK_EQ(engine_calls(e), 2);
    engine_keep(e, "b=1");
    engine_close(e);
    CHECK_STR(engine_look(e->options.folder, false), "a=1 b=1 synced=1 ");
    engine_free(e);
}

int main(void)
{
    RUN(a_full_disk_comes_back);
    RUN(a_read_only_disk_comes_back);
    RUN(a_failed_sync_is_written_again);
    RUN(a_failed_sync_leaves_the_file);
    RUN(a_crash_in_the_middle_of_it);
    RUN(power_goes_at_any_byte);
    RUN(never_syncs_at_the_end_alone);
    RUN(everysec_syncs_within_a_second);
    RUN(everysec_writes_again);
    return check_result();
}
