/* keeper_test.c - files are used again; no space is told in time. */
#include "engine.h"

static void files_are_used_again(void)
{
    struct engine *e = engine_new(room_new());
    engine_open(e);
    engine_fill(e, 600, false);
    UNTIL(engine_stats(e).segments <= 1 + WAL_SEGMENTS_KEPT);
    UNTIL(room_has(e->options.folder, "spare-0") ||
          room_has(e->options.folder, "spare-1"));
    CHECK(!room_has(e->options.folder, "0000000001.log"));
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
    RUN(quota_ends_growth_not_shrinking);
    RUN(no_space_is_told_in_time);
    RUN(a_segment_that_rots_is_told);
    return check_result();
}
