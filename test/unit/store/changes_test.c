/* changes_test.c - changes keep the order of the log. */
#include "check.h"
#include "store/changes.h"

static void all_are_kept_in_order(void)
{
    enum { COUNT = 5000 };
    struct changes changes = {NULL, 0, 0};
    for (size_t i = 0; i < COUNT; i++) {
        struct logframe_change change = {
            .kind = i % 2 == 0 ? STORE_PUT : STORE_DEL,
            .key = bytes_of(i % 3 == 0 ? "a" : "b"),
            .value = bytes_of("v")};
        CHECK_EQ(changes_add(&changes, &change), OK);
    }
    REQUIRE(changes.count == COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        const struct lmdb_change *change = &changes.list[i];
        bool same = change->order == i && !change->dead &&
                    change->kind == (i % 2 == 0 ? STORE_PUT : STORE_DEL) &&
                    bytes_equal(change->key, bytes_of(i % 3 == 0 ? "a" : "b"));
        REQUIRE(same);
    }
    changes_free(&changes);
    CHECK(changes.list == NULL && changes.count == 0);
    changes_free(&changes);
}

int main(void)
{
    RUN(all_are_kept_in_order);
    return check_result();
}
