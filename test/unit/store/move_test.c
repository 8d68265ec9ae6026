/* move_test.c - full segments move into LMDB, but not what was undone. */
#include "engine.h"

static struct wal_stats stats_of(struct engine *e)
{
    struct wal_stats stats;
    wal_stats(e->store, &stats);
    return stats;
}

/* Fill segments: `count` batches, each with a key that stays, or is deleted by
 * the next. */
static void fill(struct engine *e, unsigned count, bool stays)
{
    for (unsigned i = 0; i < count; i++) {
        char text[256];
        int size = snprintf(text, sizeof text, "k%05u=%0150u", i, i);
        if (!stays && i > 0) {
            snprintf(text + size, sizeof text - (size_t)size, " k%05u", i - 1);
        }
        engine_wait(e, 0, engine_put(e, 0, text));
    }
}

static void full_segments_move(void)
{
    struct engine *e = engine_new(room_new());
    engine_open(e);
    fill(e, 500, true);
    UNTIL(stats_of(e).segments <= 1 + WAL_SEGMENTS_KEPT);
    struct wal_stats stats = stats_of(e);
    CHECK(stats.records > 350);
    CHECK(stats.keys < 150);
    CHECK_EQ(stats.records + stats.keys, 500);
    engine_close(e);
    REQUIRE(engine_try(e, false) == OK);
    CHECK_EQ(stats_of(e).records, 500);
    engine_free(e);
}

static void what_was_deleted_never_gets_there(void)
{
    struct engine *e = engine_new(room_new());
    engine_open(e);
    fill(e, 500, false);
    UNTIL(stats_of(e).segments <= 1 + WAL_SEGMENTS_KEPT);
    CHECK_EQ(stats_of(e).records, 0);
    engine_close(e);
    REQUIRE(engine_try(e, false) == OK);
    CHECK_EQ(stats_of(e).records, 1);
    engine_free(e);
}

int main(void)
{
    RUN(full_segments_move);
    RUN(what_was_deleted_never_gets_there);
    return check_result();
}
