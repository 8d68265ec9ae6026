/* wal_test.c - the log as a store: kept, in order, by one broker at a time. */
#include "contract.h"
#include "engine.h"

static struct store *contract_make(struct contract *c)
{
    struct wal_options options = {.folder = room_new(),
                                  .segment_bytes = 65536,
                                  .done = contract_done,
                                  .context = c};
    struct store *store;
    char why[WAL_TEXT_MAX];
    REQUIRE(wal_open(&options, &store, why) == OK);
    REQUIRE(wal_start(store) == OK);
    return store;
}

static void it_keeps_the_contract(void)
{
    static struct contract contract = {.make = contract_make};
    contract_ask(&contract);
}

static void what_is_done_is_there_after_a_restart(void)
{
    struct engine *e = engine_new(room_new());
    engine_open(e);
    uint8_t id[WAL_ID_BYTES], again[WAL_ID_BYTES];
    wal_id(e->store, id);
    CHECK_STR(engine_dump(e), "");
    engine_keep(e, "b=1 a=2 b=9 empty=");
    engine_keep(e, "c=3 a");
    engine_close(e);
    engine_open(e);
    wal_id(e->store, again);
    CHECK_BYTES(again, sizeof again, id, sizeof id);
    CHECK_STR(engine_dump(e), "b=9 c=3 empty= ");
    engine_keep(e, "b c=4");
    engine_close(e);
    CHECK_STR(engine_look(e->options.folder, false), "c=4 empty= ");
    CHECK_EQ(e->said_bad, 0);
    engine_free(e);
}

static void files_are_for_the_owner_alone(void)
{
    const char *room = room_new();
    char path[ROOM_PATH_MAX];
    room_path(room, "mogi", path);
    struct engine *e = engine_new(path);
    engine_open(e);
    engine_keep(e, "a=1");
    struct stat stat_of;
    CHECK_EQ(stat(path, &stat_of), 0);
    CHECK_EQ(stat_of.st_mode & 0777, 0700);
    static const char *const names[] = {"0000000001.log", "base.mdb", "lock",
                                        "base.mdb-lock"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char file[ROOM_PATH_MAX];
        room_path(path, names[i], file);
        CHECK_EQ(stat(file, &stat_of), 0);
        CHECK_EQ(stat_of.st_mode & 0777, 0600);
    }
    engine_free(e);
}

static void a_second_broker_is_turned_away(void)
{
    struct engine *e = engine_new(room_new());
    struct engine *other = engine_new(e->options.folder);
    engine_open(e);
    CHECK_EQ(engine_try(other, false), ERR_BUSY);
    char pid[32];
    snprintf(pid, sizeof pid, "process %ld;", (long)getpid());
    CHECK(strstr(other->why, pid) != NULL);
    engine_close(e);
    CHECK_EQ(engine_try(other, false), OK);
    engine_free(other);
    engine_free(e);
}

static void a_folder_that_cannot_be(void)
{
    struct engine *e = engine_new("/nowhere/at/all");
    CHECK_EQ(engine_try(e, false), ERR_IO);
    CHECK(strstr(e->why, "/nowhere/at/all: No such file") != NULL);
    char name[1000];
    memset(name, 'x', sizeof name);
    name[999] = '\0';
    e->options.folder = name;
    CHECK_EQ(engine_try(e, false), ERR_IO);
    engine_free(e);
}

struct writer_thread {
    struct engine *engine;
    pthread_t thread;
    uint16_t part;
};

static void *writer_run(void *argument)
{
    const struct writer_thread *w = argument;
    for (unsigned i = 0; i < 500; i++) {
        char text[64];
        snprintf(text, sizeof text, "%u-last=%u %u-%u=x %u-%u", w->part, i,
                 w->part, i, w->part, i > 0 ? i - 1 : 0);
        (void)engine_put(w->engine, w->part, text);
    }
    return NULL;
}

static void many_threads_share_commits(void)
{
    enum { WRITERS = 4 };
    struct engine *e = engine_new(room_new());
    struct writer_thread writers[WRITERS];
    engine_open(e);
    for (uint16_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer_thread){.engine = e, .part = i};
        REQUIRE(pthread_create(&writers[i].thread, NULL, writer_run,
                               &writers[i]) == 0);
    }
    for (uint16_t i = 0; i < WRITERS; i++) {
        pthread_join(writers[i].thread, NULL);
        engine_wait(e, i, 500);
    }
    struct wal_stats stats;
    wal_stats(e->store, &stats);
    CHECK_EQ(stats.batches, WRITERS * 500);
    CHECK(stats.commits <= stats.batches);
    engine_close(e);
    char want[256] = "";
    for (unsigned i = 0; i < WRITERS; i++) {
        snprintf(want + strlen(want), sizeof want - strlen(want),
                 "%u-499=x %u-last=499 ", i, i);
    }
    CHECK_STR(engine_look(e->options.folder, false), want);
    engine_free(e);
}

/* Batches that wait are one commit. */
static void what_waits_is_committed_together(void)
{
    struct engine *e = engine_new(room_new());
    REQUIRE(engine_try(e, false) == OK);
    for (uint16_t part = 0; part < 8; part++) {
        (void)engine_put(e, part, "k=1");
        (void)engine_put(e, part, "k=2");
    }
    unsigned syncs = atomic_load(&e->syncs);
    REQUIRE(wal_start(e->store) == OK);
    for (uint16_t part = 0; part < 8; part++)
        engine_wait(e, part, 2);
    struct wal_stats stats;
    UNTIL((wal_stats(e->store, &stats), stats.commits) > 0);
    CHECK_EQ(stats.commits, 1);
    CHECK_EQ(stats.batches, 16);
    CHECK_EQ(engine_calls(e), 8);
    CHECK(atomic_load(&e->syncs) > syncs);
    engine_free(e);
}

static void a_batch_may_be_larger_than_a_segment(void)
{
    static char text[20000];
    struct engine *e = engine_new(room_new());
    engine_open(e);
    memset(text, 'v', sizeof text - 1);
    memcpy(text, "big=", 4);
    engine_keep(e, "a=1");
    engine_keep(e, text);
    engine_keep(e, "z=1");
    engine_close(e);
    const char *found = engine_look(e->options.folder, false);
    CHECK_EQ(strlen(found), 4 + sizeof text - 1 + 1 + 4);
    engine_free(e);
}

int main(void)
{
    RUN(it_keeps_the_contract);
    RUN(what_is_done_is_there_after_a_restart);
    RUN(files_are_for_the_owner_alone);
    RUN(a_second_broker_is_turned_away);
    RUN(a_folder_that_cannot_be);
    RUN(many_threads_share_commits);
    RUN(what_waits_is_committed_together);
    RUN(a_batch_may_be_larger_than_a_segment);
    return check_result();
}
