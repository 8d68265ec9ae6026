/* lmdb_sort_test.c - changes in order of their keys, against a slow way. */
#include "check.h"
#include "store/lmdb.h"

enum { COUNT = 4000, KEY_MAX = 24 };

static uint64_t state = 11;

static uint32_t luck(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static uint8_t keys[COUNT][KEY_MAX];
static struct lmdb_change changes[COUNT];

static bool before(const struct lmdb_change *a, const struct lmdb_change *b)
{
    size_t size = a->key.size < b->key.size ? a->key.size : b->key.size;
    int order = memcmp(a->key.data, b->key.data, size);
    if (order != 0) return order < 0;
    if (a->key.size != b->key.size) return a->key.size < b->key.size;
    return a->order < b->order;
}

/* Sort them, and see that they are the same, in order. */
static void sorts(const char *what, size_t count)
{
    uint64_t sum = 0, after = 0;
    for (size_t i = 0; i < count; i++) {
        changes[i].order = i;
        changes[i].value = changes[i].key;
        sum += i * i;
    }
    lmdb_sort(changes, count);
    unsigned wrong = 0;
    for (size_t i = 0; i < count; i++) {
        after += changes[i].order * changes[i].order;
        wrong += changes[i].value.data != changes[i].key.data;
        if (i > 0) wrong += !before(&changes[i - 1], &changes[i]);
    }
    CHECK_EQ(sum, after);
    if (wrong > 0) (void)fprintf(stderr, "%s\n", what);
    CHECK_EQ(wrong, 0);
}

static void few_bytes_of_every_length(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = 1 + luck(KEY_MAX);
        for (size_t at = 0; at < size; at++)
            keys[i][at] = (uint8_t)(luck(3) * 127);
        changes[i] = (struct lmdb_change){.key = bytes_at(keys[i], size)};
    }
    sorts("few bytes", COUNT);
    sorts("sorted already", COUNT);
    sorts("one", 1);
    sorts("none", 0);
}

static void long_common_starts(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        bool counted = luck(3) == 0;
        size_t size = counted ? 9 : 12 + luck(KEY_MAX - 12);
        memset(keys[i], 'x', KEY_MAX);
        keys[i][0] = counted ? 'M' : 'c';
        for (size_t at = size - 4; at < size; at++)
            keys[i][at] = (uint8_t)luck(256);
        changes[i] = (struct lmdb_change){.key = bytes_at(keys[i], size)};
    }
    sorts("common starts", COUNT);
}

static void the_newest_of_a_key_is_last(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        keys[i][0] = 'c';
        keys[i][1] = (uint8_t)luck(5);
        changes[i] =
            (struct lmdb_change){.key = bytes_at(keys[i], 1 + luck(2))};
    }
    sorts("few keys", COUNT);
}

int main(void)
{
    RUN(few_bytes_of_every_length);
    RUN(long_common_starts);
    RUN(the_newest_of_a_key_is_last);
    return check_result();
}
