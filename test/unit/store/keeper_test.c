/* keeper_test.c - files are used again; no space is told in time. */
#include "engine.h"
#include "store/wal_state.h"

enum { MANY = 1000 };

static void files_are_used_again(void)
{
    struct engine *e = engine_new(room_new());
    engine_open(e);
    engine_fill(e, 600, false);
    engine_settle(e);
    UNTIL(room_has(e->options.folder, "spare-0") ||
          room_has(e->options.folder, "spare-1"));
    CHECK(!room_has(e->options.folder, "0000000001.log"));
    engine_free(e);
}

/* The log may be as long as base.mdb is large, within bounds. */
static void the_log_has_its_share(void)
{
    enum { S = 1024, MOST = WAL_SEGMENTS_KEPT_MAX };
    struct wal_options options = {.segment_bytes = S};
    uint64_t much = (uint64_t)1 << 40;
    CHECK_EQ(keeper_share(&options, 0, much), WAL_SEGMENTS_KEPT);
    CHECK_EQ(keeper_share(&options, 3 * S, much), WAL_SEGMENTS_KEPT);
    CHECK_EQ(keeper_share(&options, 4 * S, much), 4);
    CHECK_EQ(keeper_share(&options, 9 * S + S - 1, much), 9);
    CHECK_EQ(keeper_share(&options, MOST * S, much), MOST);
    CHECK_EQ(keeper_share(&options, much, much), MOST);
    /* A quarter of the space that is left. */
    CHECK_EQ(keeper_share(&options, much, 0), WAL_SEGMENTS_KEPT);
    CHECK_EQ(keeper_share(&options, much, 16 * S), 4);
    CHECK_EQ(keeper_share(&options, much, 20 * S - 1), 4);
    CHECK_EQ(keeper_share(&options, 5 * S, 40 * S), 5);
    /* A quarter of the quota. */
    options.quota_bytes = 40 * S;
    CHECK_EQ(keeper_share(&options, much, much), 10);
    CHECK_EQ(keeper_share(&options, 6 * S, much), 6);
    options.quota_bytes = 8 * S;
    CHECK_EQ(keeper_share(&options, much, much), 2);
    options.quota_bytes = 1;
    CHECK_EQ(keeper_share(&options, much, much), 1);
    options.quota_bytes = 0;
    options.kept_max = 5;
    CHECK_EQ(keeper_share(&options, much, much), 5);
    options.kept_max = 2;
    CHECK_EQ(keeper_share(&options, 0, 0), 2);
    options.kept_max = 1000;
    CHECK_EQ(keeper_share(&options, much, much), MOST);
}

/* A base.mdb of some hundred pages. */
static struct engine *large(uint64_t quota_bytes)
{
    struct engine *e = engine_new(room_new());
    e->options.quota_bytes = quota_bytes;
    engine_open(e);
    engine_fill(e, MANY, true);
    engine_settle(e);
    return e;
}

/* With a large base.mdb many segments stay until they are moved, all but one at
 * once; their files wait to be used again. */
static void a_large_base_lets_the_log_grow(void)
{
    struct engine *e = large(0);
    UNTIL(engine_stats(e).kept == WAL_SEGMENTS_KEPT_MAX);
    uint64_t most = 0, least = UINT64_MAX;
    for (unsigned i = 0; i < MANY; i++) {
        char text[256];
        snprintf(text, sizeof text, "k%05u=%0150u", i * 37 % MANY, i);
        engine_keep(e, text);
        uint64_t now = engine_stats(e).segments;
        if (now > most) most = now;
        if (most > WAL_SEGMENTS_KEPT_MAX && now < least) least = now;
    }
    CHECK(most > WAL_SEGMENTS_KEPT_MAX);
    CHECK(least < WAL_SEGMENTS_KEPT_MAX / 2);
    engine_settle(e);
    size_t spares = 0;
    for (unsigned i = 0; i < SPARES_MAX; i++) {
        char name[32];
        snprintf(name, sizeof name, "spare-%u", i);
        spares += room_has(e->options.folder, name);
    }
    CHECK(spares > 1);
    CHECK(spares <= WAL_SEGMENTS_KEPT_MAX);
    engine_close(e);
    REQUIRE(engine_try(e, false) == OK);
    CHECK_EQ(engine_stats(e).records, MANY);
    engine_free(e);
}

/* One that is smaller than what the log could be keeps it short. */
static void a_quota_keeps_the_log_short(void)
{
    struct engine *e = large((uint64_t)64 * 8192);
    UNTIL(engine_stats(e).kept <= 16);
    CHECK_EQ(engine_state(e), WAL_WORKS);
    engine_free(e);
    e = large((uint64_t)48 * 8192);
    UNTIL(engine_stats(e).kept == 12);
    CHECK_EQ(engine_state(e), WAL_WORKS);
    engine_free(e);
}

/* As much as base.mdb is large only while the disk has room: it is asked when a
 * segment becomes full. */
static void a_full_disk_keeps_the_log_short(void)
{
    struct engine *e = large(0);
    UNTIL(engine_stats(e).kept > WAL_SEGMENTS_KEPT);
    atomic_store(&e->tight, 1);
    for (unsigned i = 0; i < 4000 && engine_state(e) != WAL_FULL; i++)
        engine_fill(e, 1, true);
    UNTIL(engine_state(e) == WAL_FULL);
    UNTIL(engine_stats(e).kept == WAL_SEGMENTS_KEPT);
    atomic_store(&e->tight, 0);
    UNTIL(engine_state(e) == WAL_WORKS);
    for (unsigned i = 0; i < 4000 && engine_stats(e).kept < 10; i++)
        engine_fill(e, 1, true);
    CHECK(engine_stats(e).kept >= 10);
    engine_free(e);
}

/* Over its quota it says that it is full, takes deletions all the same, and is
 * well again when they have made room. */
static void quota_ends_growth_not_shrinking(void)
{
    struct engine *e = engine_new(room_new());
    e->options.quota_bytes = 1;
    engine_open(e);
    unsigned count = 0;
    for (; count < 5000 && engine_state(e) == WAL_WORKS; count++) {
        char text[256];
        snprintf(text, sizeof text, "k%05u=%0150u", count, count);
        engine_keep(e, text);
    }
    CHECK_EQ(engine_state(e), WAL_FULL);
    UNTIL(engine_said(e, "has reached its quota"));
    CHECK(count > 100);
    for (unsigned i = 0; i < count; i++) {
        char text[64];
        snprintf(text, sizeof text, "k%05u", i);
        engine_keep(e, text);
    }
    /* Nothing more needs to come for that. */
    UNTIL(engine_state(e) == WAL_WORKS);
    engine_close(e);
    CHECK_STR(engine_look(e->options.folder, false), "");
    engine_free(e);
}

/* There is no space for another segment: told while this one has room. */
static void no_space_is_told_in_time(void)
{
    struct engine *e = engine_new(room_new());
    engine_open(e);
    engine_keep(e, "a=1");
    UNTIL(room_has(e->options.folder, "spare-0"));
    atomic_store(&e->tight, 1);
    for (unsigned i = 0; i < 4000 && engine_state(e) != WAL_FULL; i++)
        engine_fill(e, 1, true);
    UNTIL(engine_state(e) == WAL_FULL);
    UNTIL(engine_said(e, "cannot grow"));
    engine_keep(e, "a");
    atomic_store(&e->tight, 0);
    UNTIL(engine_state(e) == WAL_WORKS);
    engine_fill(e, 100, true);
    engine_close(e);
    CHECK(strncmp(engine_look(e->options.folder, false), "k00000=0", 8) == 0);
    engine_free(e);
}

static void a_segment_that_rots_is_told(void)
{
    struct engine *e = engine_new(room_new());
    engine_open(e);
    engine_keep(e, "a=1");
    engine_keep(e, "b=2");
    size_t size;
    uint8_t *bytes = room_load(e->options.folder, "0000000001.log", &size);
    bytes[150] ^= 1;
    room_save(e->options.folder, "0000000001.log", bytes, size);
    free(bytes);
    engine_fill(e, 300, true);
    UNTIL(engine_state(e) == WAL_FULL);
    UNTIL(engine_said(e, "base.mdb"));
    CHECK(room_has(e->options.folder, "0000000001.log"));
    engine_free(e);
}

int main(void)
{
    RUN(files_are_used_again);
    RUN(the_log_has_its_share);
    RUN(a_large_base_lets_the_log_grow);
    RUN(a_quota_keeps_the_log_short);
    RUN(a_full_disk_keeps_the_log_short);
    RUN(quota_ends_growth_not_shrinking);
    RUN(no_space_is_told_in_time);
    RUN(a_segment_that_rots_is_told);
    return check_result();
}
