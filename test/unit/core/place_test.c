/* place_test.c - a text has one home, and it is the same for ever. */
#include "check.h"
#include "core/place.h"

#include <stdio.h>

static const struct hash_key KEY = {8, 471};

/* All shards agree where an id is at home, and no shard is left out. */
static void all_agree(void)
{
    unsigned count[3] = {0};
    for (int i = 0; i < 3000; i++) {
        char id[24];
        snprintf(id, sizeof id, "client%d", i);
        struct shard_place place = {0, 3, KEY};
        uint16_t at = place_home(&place, bytes_of(id));
        place.index = 2;
        CHECK_EQ(place_home(&place, bytes_of(id)), at);
        REQUIRE(at < 3);
        count[at]++;
        place = (struct shard_place){0, 1, KEY};
        CHECK_EQ(place_home(&place, bytes_of(id)), 0);
    }
    for (int i = 0; i < 3; i++)
        CHECK(count[i] > 850 && count[i] < 1150);
}

/* What is on disk counts on it: see lack.h. */
static void it_is_where_it_ever_was(void)
{
    static const uint16_t homes[] = {3, 3, 3, 0, 5, 0, 0, 1,
                                     4, 6, 1, 6, 1, 3, 0, 0};
    struct shard_place place = {0, 7, KEY};
    for (char c = 'a'; c <= 'p'; c++) {
        char text[] = {c, 0};
        CHECK_EQ(place_home(&place, bytes_of(text)), homes[c - 'a']);
    }
}

int main(void)
{
    RUN(all_agree);
    RUN(it_is_where_it_ever_was);
    return check_result();
}
