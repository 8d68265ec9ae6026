/* lmdb_test.c - the sorted file: transactions, and its map that grows. */
#include "lmdb_kit.h"

static void the_newest_change_of_a_key_counts(void)
{
    const char *room = room_new();
    struct lmdb *lmdb = opened(room);
    struct lmdb_head head = {.segment = 4, .sequence = 9}, back;
    CHECK_EQ(lmdb_head(lmdb, &back), ERR_MORE);
    CHECK_STR(dump(lmdb), "");
    struct lmdb_change first[] = {put("b", "3", 3),  put("a", "1", 1),
                                  put("ab", "2", 2), put("b", "0", 0),
                                  del("c", 5),       put("c", "4", 4)};
    CHECK_EQ(lmdb_apply(lmdb, first, 6, &head), OK);
    CHECK_STR(dump(lmdb), "a=1 ab=2 b=3 ");
    CHECK_EQ(head.count, 3);
    lmdb_close(lmdb);
    lmdb = opened(room);
    CHECK_EQ(lmdb_head(lmdb, &back), OK);
    CHECK_EQ(back.segment, 4);
    CHECK_EQ(back.sequence, 9);
    CHECK_EQ(back.count, 3);
    CHECK_EQ(back.sum, head.sum);
    struct lmdb_change second[] = {del("a", 0), del("never", 1),
                                   put("ab", "", 2)};
    CHECK_EQ(lmdb_apply(lmdb, second, 3, &head), OK);
    CHECK_STR(dump(lmdb), "ab= b=3 ");
    struct lmdb_change third[] = {del("ab", 0), del("b", 1)};
    CHECK_EQ(lmdb_apply(lmdb, third, 2, &head), OK);
    CHECK_EQ(head.count, 0);
    CHECK_EQ(head.sum, 0);
    lmdb_close(lmdb);
}

static void count(void *context, struct bytes key, struct bytes value)
{
    size_t *sum = context;
    (void)key;
    *sum += value.size;
}

/* More than the map it begins with, in one transaction. */
static void the_map_grows(void)
{
    enum { COUNT = 60, SIZE = 3 << 20 };
    struct lmdb *lmdb = opened(room_new());
    struct lmdb_head head = {.segment = 1};
    static char keys[COUNT][8];
    static struct lmdb_change changes[COUNT];
    uint8_t *value = calloc(1, SIZE);
    REQUIRE(value != NULL);
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(keys[i], sizeof keys[i], "k%u", i);
        changes[i] = put(keys[i], "", i);
        changes[i].value = bytes_at(value, SIZE);
    }
    CHECK_EQ(lmdb_apply(lmdb, changes, COUNT, &head), OK);
    CHECK_EQ(head.count, COUNT);
    size_t sum = 0;
    CHECK_EQ(lmdb_each(lmdb, count, &sum), OK);
    CHECK_EQ(sum, (size_t)COUNT * SIZE);
    CHECK(lmdb_bytes(lmdb) > (uint64_t)COUNT * SIZE);
    lmdb_close(lmdb);
    free(value);
}

/* In many small transactions; the head still says that they are to come, and
 * they come again. */
static void made_twice_they_are_there_once(void)
{
    enum { COUNT = 3 * LMDB_CHANGES_MAX + 5 };
    static char keys[COUNT][8];
    static struct lmdb_change changes[COUNT];
    struct lmdb *lmdb = opened(room_new());
    struct lmdb_head head = {.segment = 4}, back;
    struct lmdb_change before[] = {put("k00007", "old", 0)};
    CHECK_EQ(lmdb_make(lmdb, before, 1, 5), ERR_MALFORMED); /* no head yet */
    CHECK_EQ(lmdb_apply(lmdb, before, 1, &head), OK);
    for (int again = 0; again < 2; again++) {
        for (unsigned i = 0; i < COUNT; i++) {
            snprintf(keys[i], sizeof keys[i], "k%05u", i % 9000);
            changes[i] = put(keys[i], i % 3 == 0 ? "x" : "yy", i);
        }
        CHECK_EQ(lmdb_make(lmdb, changes, COUNT, 7), OK);
        CHECK_EQ(lmdb_head(lmdb, &back), OK);
        CHECK_EQ(back.segment, 4);
        CHECK_EQ(back.ahead, 7);
        CHECK_EQ(back.count, 9000);
        size_t sum = 0;
        CHECK_EQ(lmdb_each(lmdb, count, &sum), OK);
        CHECK_EQ(sum, 15000);
    }
    head.segment = 6;
    CHECK_EQ(lmdb_apply(lmdb, NULL, 0, &head), OK);
    CHECK_EQ(head.ahead, 7);
    head.segment = 8;
    CHECK_EQ(lmdb_apply(lmdb, NULL, 0, &head), OK);
    CHECK_EQ(head.ahead, 8);
    CHECK_EQ(head.count, 9000);
    lmdb_close(lmdb);
}

static void what_cannot_be_opened(void)
{
    struct lmdb *lmdb;
    CHECK_EQ(lmdb_open("/nowhere/base.mdb", false, &lmdb), ERR_IO);
    CHECK(strstr(lmdb_why(lmdb), "No such file") != NULL);
    lmdb_close(lmdb);
    lmdb_close(NULL);
}

int main(void)
{
    RUN(the_newest_change_of_a_key_counts);
    RUN(the_map_grows);
    RUN(made_twice_they_are_there_once);
    RUN(what_cannot_be_opened);
    return check_result();
}
