/* entry.h - a change of one record under construction, at the end of the arena.
 *
 *     entry_begin --> key | (the caller writes the value to `w`) --> entry_put
 *
 * See record.h for what keys and values look like. Nothing else may be written
 * to the arena between the begin and the end.
 */
#ifndef MOGI_CORE_ENTRY_H
#define MOGI_CORE_ENTRY_H

#include "base/cursor.h"
#include "core/actions.h"

struct body;
struct record_key;
struct shard;

struct entry {
    struct writer w;
    uint32_t key_size;
};

/* Room for `key` and a value of at most RECORD_VALUE_MAX + `more` bytes; the
 * key is written. */
struct entry entry_begin(struct shard *shard, const struct record_key *key,
                         size_t more);

/* Make what was written an action of `kind`, which is given. */
struct action *entry_end(struct shard *shard, const struct entry *entry,
                         enum action_kind kind);

/* Make it a PUT, whose value goes on with the bytes of `body` (or NULL), which
 * is referred to. */
void entry_put(struct shard *shard, const struct entry *entry,
               struct body *body);

/* A change of `kind` that has a key alone; and a DEL. */
void entry_key(struct shard *shard, const struct record_key *key,
               enum action_kind kind);
void entry_del(struct shard *shard, const struct record_key *key);

#endif
