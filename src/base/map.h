/* map.h - an intrusive hash map: entries are the caller's, the table is ours.
 *
 *     slots  [ . | * | . | * ]      a power of two, grown a little at a time
 *                  |       +--> entry -> entry
 *                  +--> entry        (linked by `next`, each keeps its hash)
 *
 * Growth moves a bounded number of slots for each insertion, so that no single
 * one is slow, whatever the size.
 */
#ifndef MOGI_BASE_MAP_H
#define MOGI_BASE_MAP_H

#include "base/pool.h"

struct map_entry {
    struct map_entry *next;
    uint64_t hash;
};

struct map {
    struct pool *pool;
    struct map_entry **slots;
    size_t slot_count;            /* power of two, or 0 while empty */
    struct map_entry **old_slots; /* being emptied, or NULL */
    size_t old_count;
    size_t old_index; /* slots below are moved */
    size_t count;
};

/* Is `entry` the one that `key` means? Called on equal hashes only. */
typedef bool map_same(const struct map_entry *entry, const void *key);

/* Empty, holding no memory until the first insertion. */
void map_init(struct map *map, struct pool *pool);

/* Give back the table; entries are the caller's. The map is then empty. */
void map_fini(struct map *map);

/* The entry with this `hash` for which same(entry, key), or NULL. */
struct map_entry *map_find(const struct map *map, uint64_t hash, map_same *same,
                           const void *key);

/* A search that pauses wherever it would wait for memory, so that several go on
 * side by side. The map must not change meanwhile.
 *
 *     struct map_seek seek = map_seek(map, hash);
 *     while (!map_seek_on(&seek)) { ... something else ... }
 *     seek.entry     has the hash, or is NULL: none has */
struct map_seek {
    struct map_entry *const *at; /* what is looked at next; NULL: the end */
    struct map_entry *entry;
    uint64_t hash;
};

/* Begin one for the first entry with `hash`. */
struct map_seek map_seek(const struct map *map, uint64_t hash);

/* Go on; true when it is over. */
bool map_seek_on(struct map_seek *seek);

/* Put in `entry`; the caller knows that its key is not there. */
void map_insert(struct map *map, struct map_entry *entry, uint64_t hash);

/* Take out `entry`, which is there. */
void map_remove(struct map *map, struct map_entry *entry);

/* Walk: show `visit` the entries from `*cursor` (start at 0) on, of one slot at
 * least and of `slots_max` at most a call, so that a walk can be spread over
 * turns; sets *cursor for the next call. An entry that stays in the map during
 * the walk is seen at least once, whatever comes and goes between the calls.
 * `visit` may remove the entry it is shown, and changes nothing else. Returns
 * false when the walk is over; *cursor is then 0 again. */
bool map_walk(struct map *map, size_t *cursor, size_t slots_max,
              void (*visit)(struct map_entry *entry, void *context),
              void *context);

#endif
