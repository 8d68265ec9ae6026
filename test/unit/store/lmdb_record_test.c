/* lmdb_record_test.c - how a record lies in the sorted file: its checksum, and
 * how many refer to it. */
#include "lmdb_kit.h"
#include "store/lmdb_record.h"

static struct lmdb_change counted(enum store_change_kind kind,
                                  const char *value, uint64_t order, bool dead)
{
    return (struct lmdb_change){.key = bytes_of("Mx"),
                                .value = bytes_of(value),
                                .kind = kind,
                                .dead = dead,
                                .order = order};
}

/* Holders of "Mx" in the file; 0: there is none. */
static uint32_t holders_now;

static void holders_see(void *context, struct bytes key, struct bytes value)
{
    (void)context;
    holders_now = lmdb_holders(key, value);
}

static uint32_t holders_after(struct lmdb *lmdb, struct lmdb_change *changes,
                              size_t count_of)
{
    struct lmdb_head head = {.segment = 1};
    holders_now = 0;
    CHECK_EQ(lmdb_apply(lmdb, changes, count_of, &head), OK);
    CHECK_EQ(lmdb_each(lmdb, holders_see, NULL), OK);
    return holders_now;
}

static void who_refers_is_counted(void)
{
    struct lmdb *lmdb = opened(room_new());
    struct lmdb_change dead[] = {counted(STORE_HOLD, "v", 0, true)};
    CHECK_EQ(holders_after(lmdb, dead, 1), 0);
    struct lmdb_change nobody[] = {counted(STORE_HOLD, "", 0, false),
                                   counted(STORE_DROP, "", 1, false)};
    CHECK_EQ(holders_after(lmdb, nobody, 2), 0);
    struct lmdb_change two[] = {counted(STORE_HOLD, "v", 0, false),
                                counted(STORE_HOLD, "", 1, false)};
    CHECK_EQ(holders_after(lmdb, two, 2), 2);
    struct lmdb_change third[] = {counted(STORE_HOLD, "v", 0, true)};
    CHECK_EQ(holders_after(lmdb, third, 1), 3);
    struct lmdb_change same[] = {counted(STORE_DROP, "", 0, false),
                                 counted(STORE_HOLD, "", 1, false)};
    CHECK_EQ(holders_after(lmdb, same, 2), 3);
    CHECK_STR(dump(lmdb), "Mx=v ");
    struct lmdb_change most[] = {counted(STORE_DROP, "", 0, false),
                                 counted(STORE_DROP, "", 1, false)};
    CHECK_EQ(holders_after(lmdb, most, 2), 1);
    struct lmdb_change last[] = {counted(STORE_DROP, "", 0, true)};
    CHECK_EQ(holders_after(lmdb, last, 1), 0);
    lmdb_close(lmdb);
}

/* A value is what stands before its checksum, which is over the key too. */
static void a_checksum_is_over_key_and_value(void)
{
    static const uint8_t stored[] = {'1', '2', '3',  '4',  '5',  '6', '7',
                                     '8', '9', 0xe3, 0x06, 0x92, 0x83};
    struct bytes value;
    uint8_t *copy = check_guard(stored + 3, sizeof stored - 3);
    struct bytes behind = bytes_at(copy, sizeof stored - 3);
    CHECK(lmdb_record_open(bytes_of("123"), behind, &value));
    CHECK_BYTES(value.data, value.size, "456789", 6);
    CHECK(!lmdb_record_open(bytes_of("124"), behind, &value));
    CHECK(lmdb_record_mark(bytes_of("123"), behind) !=
          lmdb_record_mark(bytes_of("124"), behind));
    copy[0] ^= 1;
    CHECK(!lmdb_record_open(bytes_of("123"), behind, &value));
    CHECK(!lmdb_record_open(bytes_of("123"), bytes_at(copy, 3), &value));
    check_guard_free(copy, sizeof stored - 3);
}

int main(void)
{
    RUN(who_refers_is_counted);
    RUN(a_checksum_is_over_key_and_value);
    return check_result();
}
