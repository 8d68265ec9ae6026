/* lmdb_read_test.c - the sorted file: records that are missed, walks that jump,
 * and looks beside a writer. */
#include "lmdb_kit.h"

static void no_record_is_missed_in_silence(void)
{
    const char *room = room_new();
    struct lmdb *lmdb = opened(room);
    struct lmdb_head head = {.segment = 1};
    struct lmdb_change changes[] = {put("key-a", "1", 0), put("key-b", "2", 1)};
    CHECK_EQ(lmdb_apply(lmdb, changes, 2, &head), OK);
    lmdb_close(lmdb);
    size_t size;
    uint8_t *bytes = room_load(room, "base.mdb", &size);
    /* A key that turns into another is a key that is missed. */
    for (size_t i = 0; i + 5 < size; i++) {
        if (memcmp(bytes + i, "key-b", 5) == 0) bytes[i + 4] = 'c';
    }
    room_save(room, "base.mdb", bytes, size);
    free(bytes);
    lmdb = opened(room);
    CHECK_STR(dump(lmdb), "?");
    CHECK(strlen(lmdb_why(lmdb)) > 0);
    char lost[256] = "";
    CHECK_EQ(lmdb_mend(lmdb, show, lost), OK);
    CHECK(strncmp(lost, "key-c=", 6) == 0);
    CHECK_STR(dump(lmdb), "key-a=1 ");
    lmdb_close(lmdb);
}

/* Go on behind "b", where the value says. */
static void jump_as_told(void *context, struct store_view *view,
                         struct bytes key, struct bytes value,
                         struct jump *jump)
{
    show(context, key, value);
    struct bytes found;
    CHECK_EQ(store_get(view, key, &found), OK);
    CHECK(bytes_equal(found, value));
    CHECK_EQ(store_get(view, bytes_of("none"), &found), ERR_MORE);
    CHECK_EQ(store_find(view, bytes_of("none")).size, 0);
    if (!bytes_equal(key, bytes_of("b"))) return;
    jump->last = value.data[0] == '<';
    jump->size = (uint16_t)(value.size - 1);
    memcpy(jump->key, value.data + 1, value.size - 1);
}

/* What a walk sees when "b" says where it goes on. */
static const char *walked(struct lmdb *lmdb, const char *told)
{
    static char text[256];
    struct lmdb_head head = {.segment = 1};
    struct lmdb_change change = put("b", told, 0);
    text[0] = '\0';
    CHECK_EQ(lmdb_apply(lmdb, &change, 1, &head), OK);
    CHECK_EQ(lmdb_walk(lmdb, jump_as_told, text), OK);
    return text;
}

static void walks_go_forwards(void)
{
    struct lmdb *lmdb = opened(room_new());
    struct lmdb_head head = {.segment = 1};
    struct lmdb_change changes[] = {put("a", "1", 0), put("c", "2", 1),
                                    put("d", "3", 2), put("e", "4", 3)};
    CHECK_EQ(lmdb_apply(lmdb, changes, 4, &head), OK);
    CHECK_STR(walked(lmdb, "="), "a=1 b== c=2 d=3 e=4 ");
    CHECK_STR(walked(lmdb, "=d"), "a=1 b==d d=3 e=4 ");
    CHECK_STR(walked(lmdb, "=z"), "a=1 b==z ");
    CHECK_STR(walked(lmdb, "<e"), "a=1 b=<e d=3 e=4 ");
    CHECK_STR(walked(lmdb, "<z"), "a=1 b=<z e=4 ");
    /* Never back, nor to the same record. */
    CHECK_STR(walked(lmdb, "=a"), "a=1 b==a c=2 d=3 e=4 ");
    CHECK_STR(walked(lmdb, "<b"), "a=1 b=<b c=2 d=3 e=4 ");
    lmdb_close(lmdb);
}

static void a_look_finds_what_is_there(void)
{
    struct lmdb *lmdb = opened(room_new());
    struct lmdb_head head = {.segment = 1};
    struct lmdb_change before = put("a", "1", 0), after = put("a", "2", 0);
    struct lmdb_view *view;
    struct bytes value;
    CHECK_EQ(lmdb_apply(lmdb, &before, 1, &head), OK);
    CHECK_EQ(lmdb_view_begin(lmdb, &view), OK);
    CHECK_EQ(lmdb_view_get(view, bytes_of("a"), &value), OK);
    CHECK_BYTES(value.data, value.size, "1", 1);
    CHECK_EQ(lmdb_view_get(view, bytes_of("b"), &value), ERR_MORE);
    lmdb_view_end(view);
    CHECK_EQ(lmdb_apply(lmdb, &after, 1, &head), OK);
    CHECK_EQ(lmdb_view_begin(lmdb, &view), OK);
    CHECK_EQ(lmdb_view_get(view, bytes_of("a"), &value), OK);
    CHECK_BYTES(value.data, value.size, "2", 1);
    lmdb_view_end(view);
    lmdb_close(lmdb);
}

int main(void)
{
    RUN(no_record_is_missed_in_silence);
    RUN(walks_go_forwards);
    RUN(a_look_finds_what_is_there);
    return check_result();
}
