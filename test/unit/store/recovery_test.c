/* recovery_test.c - what is found after any crash, and on disks that lie. */
#include "engine.h"
#include "store/lmdb.h"

#include <sys/wait.h>

static const char LOG[] = "0000000001.log";

/* A closed store with three batches in its log. */
static const char *made(void)
{
    struct engine *e = engine_new(room_new());
    e->options.segment_bytes = 512;
    engine_open(e);
    engine_keep(e, "a=1 b=1");
    engine_keep(e, "a=2");
    engine_keep(e, "b c=3");
    const char *room = e->options.folder;
    engine_free(e);
    return room;
}

/* Cut the log at each byte: what is left is what there was after one of the
 * batches, and never less for a longer one. */
static void cut_anywhere(void)
{
    static const char *const states[] = {"", "a=1 b=1 ", "a=2 b=1 ",
                                         "a=2 c=3 "};
    const char *room = made(), *copy = room_new();
    size_t size, state = 0;
    uint8_t *bytes = room_load(room, LOG, &size);
    CHECK_EQ(size, 512);
    room_copy(room, copy);
    for (size_t cut = 64; cut <= size; cut++) {
        room_copy(room, copy);
        room_save(copy, LOG, bytes, cut);
        const char *found = engine_look(copy, false);
        while (state < 3 && strcmp(found, states[state]) != 0)
            state++;
        if (!CHECK_STR(found, states[state])) break;
    }
    CHECK_EQ(state, 3);
    free(bytes);
}

/* Flip a bit of each byte: an error, or all of it. */
static void flipped_anywhere(void)
{
    const char *room = made(), *copy = room_new();
    size_t size;
    uint8_t *bytes = room_load(room, LOG, &size);
    unsigned errors = 0;
    for (size_t i = 0; i < size; i++) {
        room_copy(room, copy);
        bytes[i] ^= (uint8_t)(1u << i % 8);
        room_save(copy, LOG, bytes, size);
        bytes[i] ^= (uint8_t)(1u << i % 8);
        const char *found = engine_look(copy, false);
        if (strcmp(found, "?") == 0) {
            errors++;
        } else {
            CHECK_STR(found, "a=2 c=3 ");
        }
    }
    CHECK(errors > 200);
    free(bytes);
}

static void a_hole_is_named_and_salvaged(void)
{
    const char *room = made();
    size_t size;
    uint8_t *bytes = room_load(room, LOG, &size);
    bytes[64 + 40 + 1] ^= 1;
    room_save(room, LOG, bytes, size);
    free(bytes);
    struct engine *e = engine_new(room);
    CHECK_EQ(engine_try(e, false), ERR_MALFORMED);
    CHECK(strstr(e->why, "0000000001.log, offset 64: batch 1 is broken") !=
          NULL);
    CHECK(strstr(e->why, "persistence_recover true") != NULL);
    CHECK_EQ(engine_try(e, false), ERR_MALFORMED);
    e->options.salvage = true;
    engine_open(e);
    CHECK(e->said_bad > 0);
    CHECK_STR(engine_dump(e), "a=2 c=3 ");
    CHECK(room_has(room, "0000000001.log.damaged"));
    engine_keep(e, "d=4");
    engine_free(e);
    CHECK_STR(engine_look(room, false), "a=2 c=3 d=4 ");
}

static void a_missing_segment_is_named(void)
{
    struct engine *e = engine_new(room_new());
    const char *room = e->options.folder;
    engine_open(e);
    engine_keep(e, "a=1");
    engine_close(e);
    room_drop(room, LOG);
    CHECK_EQ(engine_try(e, false), ERR_MALFORMED);
    CHECK(strstr(e->why, "segment 1 of the log is missing") != NULL);
    e->options.salvage = true;
    engine_open(e);
    CHECK_STR(engine_dump(e), "");
    engine_keep(e, "b=1");
    engine_free(e);
    CHECK_STR(engine_look(room, false), "b=1 ");
}

static void a_missing_base_is_named(void)
{
    const char *room = made();
    struct engine *e = engine_new(room);
    room_drop(room, "base.mdb");
    CHECK_EQ(engine_try(e, false), ERR_MALFORMED);
    CHECK(strstr(e->why, "base.mdb is missing") != NULL);
    CHECK_EQ(engine_try(e, false), ERR_MALFORMED);
    e->options.salvage = true;
    CHECK_EQ(engine_try(e, false), OK);
    CHECK_STR(engine_dump(e), "a=2 c=3 ");
    engine_free(e);
}

/* The very first start ended before base.mdb had its head. */
static void a_birth_that_was_cut_short(void)
{
    struct engine *e = engine_new(room_new());
    const char *room = e->options.folder;
    REQUIRE(engine_try(e, false) == OK);
    engine_close(e);
    room_drop(room, "base.mdb");
    engine_open(e);
    engine_keep(e, "a=1");
    engine_free(e);
    CHECK_STR(engine_look(room, false), "a=1 ");
}

static void a_base_that_is_none(void)
{
    const char *room = made();
    room_save(room, "base.mdb", (const uint8_t *)"nonsense", 8);
    struct engine *e = engine_new(room);
    CHECK_EQ(engine_try(e, false), ERR_MALFORMED);
    CHECK(strstr(e->why, "base.mdb is broken") != NULL);
    e->options.salvage = true;
    CHECK_EQ(engine_try(e, false), OK);
    CHECK_STR(engine_dump(e), "a=2 c=3 ");
    CHECK(room_has(room, "base.mdb.damaged"));
    engine_free(e);
}

/* A value in base.mdb that is not what it was. */
static void a_record_that_rots(void)
{
    struct engine *e = engine_new(room_new());
    const char *room = e->options.folder;
    engine_open(e);
    engine_keep(e, "a=first b=second c=third");
    engine_close(e);
    REQUIRE(engine_try(e, false) == OK);
    engine_close(e);
    size_t size;
    uint8_t *bytes = room_load(room, "base.mdb", &size);
    unsigned found = 0;
    for (size_t i = 0; i + 6 < size; i++) {
        if (memcmp(bytes + i, "second", 6) != 0) continue;
        bytes[i] = 'S';
        found++;
    }
    CHECK(found > 0);
    room_save(room, "base.mdb", bytes, size);
    free(bytes);
    REQUIRE(engine_try(e, false) == OK);
    CHECK_STR(engine_dump(e), "?");
    CHECK(engine_said(e, "wrong checksum"));
    engine_close(e);
    e->options.salvage = true;
    REQUIRE(engine_try(e, false) == OK);
    CHECK(engine_said(e, "lost: a record"));
    CHECK_STR(engine_dump(e), "a=first c=third ");
    engine_free(e);
    CHECK_STR(engine_look(room, false), "a=first c=third ");
}

/* What a start finds, in a process of its own: 'r' all that was there, 'e' an
 * error, 'w' something else; or the number of a signal. */
static int start_outcome(const char *folder, const char *all)
{
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const char *found = engine_look(folder, false);
        if (strcmp(found, "?") == 0) _exit('e');
        _exit(strcmp(found, all) == 0 ? 'r' : 'w');
    }
    int status;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

/* Flip a bit of base.mdb, here and there, and in all bytes around a record: an
 * error, or all of it. */
static void a_base_that_rots_anywhere(void)
{
    static const char all[] = "a=first b=second c=third ";
    struct engine *e = engine_new(room_new());
    const char *room = e->options.folder, *copy = room_new();
    engine_open(e);
    engine_keep(e, "a=first b=second c=third");
    engine_close(e);
    REQUIRE(engine_try(e, false) == OK);
    engine_close(e);
    size_t size, record = 0;
    uint8_t *bytes = room_load(room, "base.mdb", &size);
    for (size_t i = 0; i + 6 < size; i++) {
        if (memcmp(bytes + i, "second", 6) == 0) record = i;
    }
    REQUIRE(record > 100);
    unsigned errors = 0;
    for (size_t i = 0; i < size;
         i += i + 60 < record || i > record + 60 ? 97 : 1) {
        room_copy(room, copy);
        bytes[i] ^= (uint8_t)(1u << i % 8);
        room_save(copy, "base.mdb", bytes, size);
        bytes[i] ^= (uint8_t)(1u << i % 8);
        int outcome = start_outcome(copy, all);
        errors += outcome == 'e';
        CHECK(outcome == 'e' || outcome == 'r');
    }
    CHECK(errors > 30);
    free(bytes);
    engine_free(e);
}

static void another_stores_segment_is_refused(void)
{
    const char *room = made(), *other = made();
    size_t size;
    uint8_t *bytes = room_load(other, LOG, &size);
    room_save(room, LOG, bytes, size);
    free(bytes);
    struct engine *e = engine_new(room);
    CHECK_EQ(engine_try(e, false), ERR_MALFORMED);
    CHECK(strstr(e->why, "belongs to another store") != NULL);
    engine_free(e);
}

/* A crash between any two steps of a start: it can begin again. */
static void a_start_that_was_cut_short(void)
{
    const char *room = made(), *copy = room_new();
    room_copy(room, copy);
    struct engine *e = engine_new(copy);
    REQUIRE(engine_try(e, false) == OK);
    engine_free(e);
    /* The next segment was made, base.mdb did not hear of it. */
    size_t size;
    uint8_t *bytes = room_load(copy, "0000000002.log", &size);
    room_save(room, "0000000002.log", bytes, size);
    free(bytes);
    const char *third = room_new();
    room_copy(room, third);
    CHECK_STR(engine_look(third, false), "a=2 c=3 ");
    /* base.mdb heard of it, the segment before was not removed. */
    bytes = room_load(room, LOG, &size);
    room_save(copy, LOG, bytes, size);
    free(bytes);
    CHECK_STR(engine_look(copy, false), "a=2 c=3 ");
}

/* A crash when some of the changes of the log were in base.mdb already: they
 * happen again. */
static void a_move_that_was_cut_short(void)
{
    const char *room = made(), *copy = room_new();
    for (unsigned some = 0; some <= 3; some++) {
        struct lmdb_change changes[] = {
            {.key = bytes_of("a"), .value = bytes_of("2"), .kind = STORE_PUT},
            {.key = bytes_of("b"), .kind = STORE_DEL},
            {.key = bytes_of("c"), .value = bytes_of("3"), .kind = STORE_PUT},
        };
        char path[ROOM_PATH_MAX];
        struct lmdb *lmdb;
        room_copy(room, copy);
        room_path(copy, "base.mdb", path);
        REQUIRE(lmdb_open(path, false, &lmdb) == OK);
        CHECK_EQ(lmdb_make(lmdb, changes, some, 2), OK);
        lmdb_close(lmdb);
        CHECK_STR(engine_look(copy, false), "a=2 c=3 ");
    }
}

/* `count` times the same change of "M". */
static void held(struct engine *e, enum store_change_kind kind, unsigned count)
{
    struct store_change change = {.kind = kind, .key = bytes_of("M")};
    if (kind == STORE_HOLD) change.value = bytes_of("v");
    for (unsigned i = 0; i < count; i++) {
        uint64_t batch = ++e->next[0];
        CHECK_EQ(store_submit(e->store, 0, batch, &change, 1), OK);
        engine_wait(e, 0, batch);
    }
}

/* A log of as many segments as are read at once, and more, with records of both
 * kinds: all of it has happened, and once. */
static void a_long_log_is_all_there(void)
{
    enum { KEYS = 40, CHANGES = 2000, RECORDS = 250, LONG = 16 };
    struct engine *e = engine_new(room_new());
    e->options.segment_bytes = 2048;
    engine_open(e);
    engine_fill(e, RECORDS, true);
    UNTIL(engine_stats(e).kept == WAL_SEGMENTS_KEPT_MAX);
    engine_settle(e);
    unsigned last[KEYS], count = 0;
    while (count < KEYS ||
           (count < CHANGES && engine_stats(e).segments <= LONG)) {
        char text[64];
        last[count % KEYS] = count;
        snprintf(text, sizeof text, "k%05u=%u", count % KEYS, count);
        engine_keep(e, text);
        held(e, STORE_HOLD, 1);
        count++;
    }
    CHECK(engine_stats(e).segments > LONG);
    engine_close(e);
    REQUIRE(engine_try(e, true) == OK);
    CHECK_EQ(engine_stats(e).records, RECORDS + 1);
    const char *dump = engine_dump(e);
    for (unsigned i = 0; i < KEYS; i++) {
        char text[64];
        snprintf(text, sizeof text, "k%05u=%u ", i, last[i]);
        CHECK(strstr(dump, text) != NULL);
    }
    held(e, STORE_DROP, count - 1);
    engine_close(e);
    REQUIRE(engine_try(e, true) == OK);
    CHECK_EQ(engine_stats(e).records, RECORDS + 1);
    held(e, STORE_DROP, 1);
    engine_close(e);
    REQUIRE(engine_try(e, false) == OK);
    CHECK_EQ(engine_stats(e).records, RECORDS);
    engine_free(e);
}

int main(void)
{
    RUN(cut_anywhere);
    RUN(flipped_anywhere);
    RUN(a_hole_is_named_and_salvaged);
    RUN(a_missing_segment_is_named);
    RUN(a_missing_base_is_named);
    RUN(a_birth_that_was_cut_short);
    RUN(a_base_that_is_none);
    RUN(a_record_that_rots);
    RUN(a_base_that_rots_anywhere);
    RUN(another_stores_segment_is_refused);
    RUN(a_start_that_was_cut_short);
    RUN(a_move_that_was_cut_short);
    RUN(a_long_log_is_all_there);
    return check_result();
}
