/* backup_test.c - copies of stores at rest and at work. */
#include "engine.h"
#include "store/backup.h"

static struct inspect_report report;
static char why[WAL_TEXT_MAX];

static void copy_folder(const char *room, char path[ROOM_PATH_MAX])
{
    room_path(room, "copy", path);
}

/* A store with records in base.mdb and in its log. */
static struct engine *made(void)
{
    struct engine *e = engine_new(room_new());
    engine_open(e);
    engine_keep(e, "a=1 b=1 c=1 d=1");
    engine_close(e);
    engine_open(e);
    engine_keep(e, "b=2 c e=5");
    return e;
}

static void store_at_rest_is_copied(void)
{
    struct engine *e = made();
    engine_close(e);
    char copy[ROOM_PATH_MAX];
    copy_folder(room_new(), copy);
    CHECK_EQ(backup_folder(e->options.folder, copy, &report, why), OK);
    CHECK_EQ(report.records, 4);
    CHECK_STR(engine_look(copy, false), "a=1 b=2 d=1 e=5 ");
    CHECK_STR(engine_look(e->options.folder, false), "a=1 b=2 d=1 e=5 ");
    room_empty(copy);
    engine_free(e);
}

/* The copy is that of the moment; what comes later is not in it. */
static void store_at_work_is_copied(void)
{
    struct engine *e = made();
    char copy[ROOM_PATH_MAX];
    copy_folder(room_new(), copy);
    CHECK_EQ(backup_folder(e->options.folder, copy, &report, why), OK);
    engine_keep(e, "f=6");
    CHECK_STR(engine_look(copy, false), "a=1 b=2 d=1 e=5 ");
    engine_close(e);
    CHECK_STR(engine_look(e->options.folder, false), "a=1 b=2 d=1 e=5 f=6 ");
    room_empty(copy);
    engine_free(e);
}

static atomic_bool over;

static void *write_on(void *context)
{
    struct engine *e = context;
    for (unsigned i = 0; !atomic_load(&over); i++) {
        char text[160];
        snprintf(text, sizeof text, "first=%u k%u=%0100u last=%u", i, i % 50, i,
                 i);
        /* Checks count in one thread only. */
        uint64_t number = engine_put(e, 0, text);
        while (engine_done_of(e, 0) < number)
            usleep(200);
    }
    return NULL;
}

/* All or nothing of each batch, whatever the log does meanwhile. */
static void batches_are_whole(void)
{
    struct engine *e = made();
    pthread_t writer;
    atomic_store(&over, false);
    REQUIRE(pthread_create(&writer, NULL, write_on, e) == 0);
    for (int round = 0; round < 20; round++) {
        char copy[ROOM_PATH_MAX];
        copy_folder(room_new(), copy);
        enum err err = backup_folder(e->options.folder, copy, &report, why);
        CHECK_EQ(err, OK);
        if (err != OK) fprintf(stderr, "%s\n", why);
        const char *seen = engine_look(copy, false);
        const char *first = strstr(seen, "first=");
        const char *last = strstr(seen, "last=");
        CHECK((first == NULL) == (last == NULL));
        if (first != NULL && last != NULL) {
            CHECK_EQ(atoi(first + 6), atoi(last + 5));
        }
        room_empty(copy);
    }
    atomic_store(&over, true);
    pthread_join(writer, NULL);
    engine_close(e);
    engine_free(e);
}

static void what_is_there_stays(void)
{
    struct engine *e = made();
    engine_close(e);
    const char *room = room_new();
    room_save(room, "mine", (const uint8_t *)"x", 1);
    CHECK_EQ(backup_folder(e->options.folder, room, &report, why), ERR_BUSY);
    CHECK(strstr(why, "there is something in") != NULL);
    CHECK(room_has(room, "mine"));
    CHECK(!room_has(room, "base.mdb"));
    engine_free(e);
}

static void broken_store_is_named(void)
{
    struct engine *e = made();
    engine_close(e);
    const char *room = e->options.folder;
    size_t size;
    uint8_t *bytes = room_load(room, "0000000002.log", &size);
    bytes[3] ^= 1;
    room_save(room, "0000000002.log", bytes, size);
    free(bytes);
    char copy[ROOM_PATH_MAX];
    copy_folder(room_new(), copy);
    CHECK_EQ(backup_folder(room, copy, &report, why), ERR_MALFORMED);
    CHECK(strstr(why, "0000000002.log") != NULL);
    CHECK_EQ(backup_folder("/nowhere", copy, &report, why), ERR_BUSY);
    room_empty(copy);
    CHECK_EQ(backup_folder("/nowhere", copy, &report, why), ERR_IO);
    CHECK(why[0] != '\0');
    engine_free(e);
}

int main(void)
{
    RUN(store_at_rest_is_copied);
    RUN(store_at_work_is_copied);
    RUN(batches_are_whole);
    RUN(what_is_there_stays);
    RUN(broken_store_is_named);
    return check_result();
}
