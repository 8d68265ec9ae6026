/* move_test.c - full segments move into LMDB, but not what was undone. */
#include "engine.h"

static void full_segments_move(void)
{
    struct engine *e = engine_new(room_new());
    e->options.kept_max = WAL_SEGMENTS_KEPT;
    engine_open(e);
    engine_fill(e, 500, true);
    engine_settle(e);
    struct wal_stats stats = engine_stats(e);
    CHECK(stats.records > 350);
    CHECK(stats.keys < 150);
    CHECK_EQ(stats.records + stats.keys, 500);
    engine_close(e);
    REQUIRE(engine_try(e, false) == OK);
    CHECK_EQ(engine_stats(e).records, 500);
    engine_free(e);
}

static void what_was_deleted_never_gets_there(void)
{
    struct engine *e = engine_new(room_new());
    engine_open(e);
    engine_fill(e, 500, false);
    engine_settle(e);
    CHECK_EQ(engine_stats(e).records, 0);
    engine_close(e);
    REQUIRE(engine_try(e, false) == OK);
    CHECK_EQ(engine_stats(e).records, 1);
    engine_free(e);
}

int main(void)
{
    RUN(full_segments_move);
    RUN(what_was_deleted_never_gets_there);
    return check_result();
}
