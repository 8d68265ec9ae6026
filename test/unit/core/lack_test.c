/* lack_test.c - who lacks a message follows from where all were at home. */
#include "check.h"
#include "core/lack.h"
#include "core/place.h"

#include <stdio.h>

static const struct hash_key KEY = {8, 471};
static const struct bytes NOBODY = {NULL, 0};

/* Rows in the making. */
static uint8_t space[2][LACK_BYTES_MAX];

static struct bytes add(struct bytes lack, uint16_t shards, uint64_t lacking)
{
    struct lack_row row = {shards, lacking};
    uint8_t *room = lack.data == space[0] ? space[1] : space[0];
    struct writer w = writer_at(room, LACK_BYTES_MAX);
    lack_add(&w, lack, &row);
    CHECK(!w.failed);
    CHECK(lack_valid(writer_bytes(&w)));
    return writer_bytes(&w);
}

static uint16_t home(uint16_t shards, const char *text)
{
    struct shard_place place = {.count = shards, .key = KEY};
    return place_home(&place, bytes_of(text));
}

static bool at(uint16_t shards, uint64_t set, const char *text)
{
    return (set >> home(shards, text) & 1) != 0;
}

static void nobody_lacks_what_no_row_says(void)
{
    CHECK(lack_valid(NOBODY));
    CHECK(!lack_has(NOBODY, &KEY, bytes_of("c")));
    CHECK_EQ(add(NOBODY, 3, 0).size, 0);
}

/* Only who was on such a shard each time. */
static void each_row_must_say_so(void)
{
    unsigned lacking = 0;
    struct bytes lack = add(add(NOBODY, 5, 0x12), 3, 4);
    CHECK_EQ(lack.size, 2 * LACK_ROW_BYTES);
    for (unsigned i = 0; i < 1000; i++) {
        char id[16];
        snprintf(id, sizeof id, "c%u", i);
        bool expected = at(5, 0x12, id) && at(3, 4, id);
        CHECK_EQ(lack_has(lack, &KEY, bytes_of(id)), expected);
        lacking += expected;
    }
    CHECK(lacking > 50 && lacking < 250);
}

/* One row for each number of shards; the newest comes last. */
static void rows_of_one_number_become_one(void)
{
    struct bytes lack = add(add(NOBODY, 4, 0xe), 2, 3);
    lack = add(lack, 4, 0x7);
    CHECK_EQ(lack.size, 2 * LACK_ROW_BYTES);
    CHECK_EQ(lack_newest(lack).shards, 4);
    CHECK_EQ(lack_newest(lack).lacking, 0x6);
    CHECK_EQ(lack_newest(bytes_at(lack.data, LACK_ROW_BYTES)).shards, 2);
    /* Of these two nobody is left. */
    CHECK_EQ(add(lack, 4, 0x9).size, 0);
    lack = add(add(NOBODY, 4, 0xe), 2, 3);
    CHECK_EQ(add(lack, 7, 0).size, 0);
}

static void all_numbers_there_are_have_room(void)
{
    struct bytes lack = NOBODY;
    for (unsigned round = 0; round < 2; round++) {
        for (uint16_t i = 1; i <= SHARDS_MAX; i++)
            lack = add(lack, i, UINT64_MAX);
    }
    CHECK_EQ(lack.size, LACK_BYTES_MAX);
    CHECK(lack_has(lack, &KEY, bytes_of("c")));
    lack = add(lack, 7, ~(UINT64_C(1) << home(7, "c")));
    CHECK(!lack_has(lack, &KEY, bytes_of("c")));
}

static void what_is_wrong_is_seen(void)
{
    uint8_t rows[LACK_BYTES_MAX + LACK_ROW_BYTES];
    memset(rows, 1, sizeof rows);
    rows[0] = 3;
    rows[LACK_ROW_BYTES] = 64;
    struct bytes good = bytes_at(rows, (size_t)2 * LACK_ROW_BYTES);
    CHECK(lack_valid(good));
    CHECK(!lack_valid(bytes_at(rows, good.size - 1)));
    CHECK(!lack_valid(bytes_at(rows, 1)));
    rows[LACK_ROW_BYTES] = 65;
    CHECK(!lack_valid(good));
    rows[LACK_ROW_BYTES] = 0;
    CHECK(!lack_valid(good));
    rows[LACK_ROW_BYTES] = 3; /* twice */
    CHECK(!lack_valid(good));
    rows[LACK_ROW_BYTES] = 4;
    CHECK(lack_valid(good));
    memset(rows + 1, 0, 8); /* nobody */
    CHECK(!lack_valid(good));
    rows[1] = 1;
    for (unsigned i = 0; i <= SHARDS_MAX; i++)
        rows[i * LACK_ROW_BYTES] = (uint8_t)(1 + i);
    CHECK(lack_valid(bytes_at(rows, LACK_BYTES_MAX)));
    CHECK(!lack_valid(bytes_at(rows, sizeof rows)));
}

int main(void)
{
    RUN(nobody_lacks_what_no_row_says);
    RUN(each_row_must_say_so);
    RUN(rows_of_one_number_become_one);
    RUN(all_numbers_there_are_have_room);
    RUN(what_is_wrong_is_seen);
    return check_result();
}
