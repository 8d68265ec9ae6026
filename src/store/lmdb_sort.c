/* lmdb_sort.c - changes in order of their keys.
 *
 * Most keys begin alike ("c" and the start of a client id), so comparing them
 * from the front is slow. Of all keys with the same first byte the common start
 * is left out, and the seven bytes behind it are a number:
 *
 *     c sensor-0017 o ...    rank  'c' "0017" 00 'o' 00
 *     c sensor-0021 o ...    rank  'c' "0021" 00 'o' 00
 *       ^^^^^^^ common
 *
 * Only where ranks are equal keys are looked at.
 */
#include "store/lmdb.h"
#include "store/space.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRSTS = 256, RANK_BYTES = 7 };

struct rank {
    uint64_t rank;
    const struct lmdb_change *change;
};

/* The common start of the keys with each first byte. */
struct starts {
    struct bytes start[FIRSTS]; /* empty: there is none with it */
};

static int key_compare(struct bytes a, struct bytes b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = memcmp(a.data, b.data, size);
    if (order != 0) return order;
    return a.size == b.size ? 0 : a.size < b.size ? -1 : 1;
}

static int change_compare(const void *a, const void *b)
{
    const struct lmdb_change *x = a, *y = b;
    int order = key_compare(x->key, y->key);
    if (order != 0) return order;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int rank_compare(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    return change_compare(x->change, y->change);
}

static void start_meet(struct bytes *start, struct bytes key)
{
    if (start->size == 0) *start = key;
    size_t size = 1;
    while (size < start->size && size < key.size &&
           start->data[size] == key.data[size])
        size += 1;
    start->size = size;
}

static uint64_t rank_of(const struct starts *starts, struct bytes key)
{
    uint64_t rank = key.data[0];
    size_t at = starts->start[key.data[0]].size;
    for (size_t i = 0; i < RANK_BYTES; i++, at++)
        rank = rank << 8 | (at < key.size ? key.data[at] : 0);
    return rank;
}

/* Are they in order as they are? Those of a segment often are, in part. */
static bool changes_sorted(const struct lmdb_change *changes, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (change_compare(&changes[i - 1], &changes[i]) > 0) return false;
    }
    return true;
}

static void ranks_make(struct rank *ranks, const struct lmdb_change *changes,
                       size_t count)
{
    struct starts starts = {.start = {{NULL, 0}}};
    for (size_t i = 0; i < count; i++) {
        assert(changes[i].key.size > 0);
        start_meet(&starts.start[changes[i].key.data[0]], changes[i].key);
    }
    for (size_t i = 0; i < count; i++) {
        ranks[i] = (struct rank){.rank = rank_of(&starts, changes[i].key),
                                 .change = &changes[i]};
    }
    qsort(ranks, count, sizeof *ranks, rank_compare);
}

void lmdb_sort(struct lmdb_change *changes, size_t count)
{
    if (changes_sorted(changes, count)) return;
    struct rank *ranks = space_take(count * sizeof *ranks);
    struct lmdb_change *copy = space_take(count * sizeof *copy);
    if (ranks != NULL && copy != NULL) {
        ranks_make(ranks, changes, count);
        for (size_t i = 0; i < count; i++)
            copy[i] = *ranks[i].change;
        memcpy(changes, copy, count * sizeof *copy);
    } else {
        qsort(changes, count, sizeof *changes, change_compare);
    }
    space_give(copy, count * sizeof *copy);
    space_give(ranks, count * sizeof *ranks);
}
