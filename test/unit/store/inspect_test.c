/* inspect_test.c - a store is looked at, and left as it is. */
#include "engine.h"
#include "store/inspect.h"

static struct engine_dump dump;
static struct inspect_report report;
static char why[WAL_TEXT_MAX];

static enum err look(const char *folder)
{
    dump.size = 0;
    dump.text[0] = '\0';
    return inspect_folder(folder, engine_show, &dump, &report, why);
}

/* "b" in LMDB and in the log, "a" and "z" in one of them. */
static struct engine *made(void)
{
    struct engine *e = engine_new(room_new());
    engine_open(e);
    engine_keep(e, "a=1 b=1 c=1 d=1");
    engine_close(e);
    engine_open(e);
    engine_keep(e, "b=2 c e=5");
    engine_keep(e, "b=3 z=1 e never");
    engine_close(e);
    return e;
}

static void base_and_log_are_one(void)
{
    struct engine *e = made();
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQ(look(e->options.folder), OK);
        CHECK_STR(dump.text, "a=1 b=3 d=1 z=1 ");
        CHECK_EQ(report.records, 4);
        CHECK_EQ(report.base, 4);
        CHECK_EQ(report.segments, 1);
        CHECK_EQ(report.frames, 3);
        CHECK_EQ(report.changes, 7);
        CHECK(!report.torn);
    }
    CHECK_STR(engine_look(e->options.folder, false), dump.text);
    engine_free(e);
}

static void many_segments_are_one_log(void)
{
    struct engine *e = engine_new(room_new());
    engine_open(e);
    for (unsigned i = 0; i < 400; i++) {
        char text[200];
        snprintf(text, sizeof text, "k%03u=%0100u same=%u", i, i, i);
        engine_keep(e, text);
    }
    engine_close(e);
    CHECK_EQ(look(e->options.folder), OK);
    CHECK_EQ(report.records, 401);
    CHECK(report.segments > 1);
    char *seen = strdup(dump.text);
    CHECK_STR(engine_look(e->options.folder, false), seen);
    free(seen);
    engine_free(e);
}

static void what_is_wrong_is_named(void)
{
    struct engine *e = made();
    const char *room = e->options.folder;
    size_t size;
    uint8_t *bytes = room_load(room, "0000000002.log", &size);
    bytes[64 + 50] ^= 1;
    room_save(room, "0000000002.log", bytes, size);
    CHECK_EQ(look(room), ERR_MALFORMED);
    CHECK(strstr(why, "0000000002.log, offset 64: the log is broken") != NULL);
    bytes[3] ^= 1;
    room_save(room, "0000000002.log", bytes, size);
    CHECK_EQ(look(room), ERR_MALFORMED);
    CHECK(strstr(why, "the head of the segment is wrong") != NULL);
    free(bytes);
    room_drop(room, "0000000002.log");
    CHECK_EQ(look(room), ERR_MALFORMED);
    CHECK(strstr(why, "segment 2 is missing") != NULL);
    room_drop(room, "base.mdb");
    CHECK_EQ(look(room), ERR_IO);
    CHECK_EQ(look("/nowhere"), ERR_IO);
    engine_free(e);
}

static void a_broker_is_not_disturbed(void)
{
    struct engine *e = made();
    engine_open(e);
    CHECK_EQ(look(e->options.folder), ERR_BUSY);
    CHECK(strstr(why, "in use by a broker") != NULL);
    engine_free(e);
}

int main(void)
{
    RUN(base_and_log_are_one);
    RUN(many_segments_are_one_log);
    RUN(what_is_wrong_is_named);
    RUN(a_broker_is_not_disturbed);
    return check_result();
}
