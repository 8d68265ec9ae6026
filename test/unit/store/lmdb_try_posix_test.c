/* lmdb_try_posix_test.c - files that would end the process are told. */
#include "room.h"
#include "store/lmdb.h"

static const char *made(struct lmdb_head *head)
{
    const char *room = room_new();
    char path[ROOM_PATH_MAX];
    struct lmdb *lmdb;
    struct lmdb_change changes[] = {
        {.key = bytes_of("a"), .value = bytes_of("1"), .kind = STORE_PUT},
        {.key = bytes_of("b"), .value = bytes_of("2"), .kind = STORE_PUT}};
    room_path(room, "base.mdb", path);
    REQUIRE(lmdb_open(path, false, &lmdb) == OK);
    *head = (struct lmdb_head){.segment = 1};
    CHECK_EQ(lmdb_apply(lmdb, changes, 2, head), OK);
    head->segment = 2;
    CHECK_EQ(lmdb_apply(lmdb, changes, 1, head), OK);
    lmdb_close(lmdb);
    return room;
}

static void what_is_whole_can_be_read(void)
{
    struct lmdb_head head;
    char path[ROOM_PATH_MAX];
    const char *room = made(&head);
    room_path(room, "base.mdb", path);
    CHECK(lmdb_try(path, 100));
    CHECK(lmdb_try(path, 0));
    room_path(room, "never", path);
    CHECK(lmdb_try(path, 100));
    room_save(room, "never", (const uint8_t *)"text", 4);
    CHECK(lmdb_try(path, 100)); /* LMDB says what is wrong with it */
}

/* The size of a value, in the node before its key, far beyond the file. */
static void what_is_broken_cannot(void)
{
    struct lmdb_head head;
    char path[ROOM_PATH_MAX];
    const char *room = made(&head);
    size_t size;
    room_path(room, "base.mdb", path);
    uint8_t *bytes = room_load(room, "base.mdb", &size);
    unsigned found = 0;
    for (size_t i = 8; i + 2 < size; i++) {
        /* A leaf's node: sizes of value and key, the key, the value. */
        if (bytes[i] != 'a' || bytes[i + 1] != '1' || bytes[i - 2] != 1) {
            continue;
        }
        bytes[i - 5] = 0x7f;
        found++;
    }
    CHECK(found > 0);
    room_save(room, "base.mdb", bytes, size);
    free(bytes);
    CHECK(!lmdb_try(path, 100));
}

int main(void)
{
    RUN(what_is_whole_can_be_read);
    RUN(what_is_broken_cannot);
    return check_result();
}
