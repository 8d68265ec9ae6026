/* entry.c - a change of one record under construction. */
#include "core/entry.h"

#include "core/record.h"
#include "core/state.h"

#include <assert.h>

struct entry entry_begin(struct shard *shard, const struct record_key *key,
                         size_t more)
{
    size_t size = RECORD_KEY_MAX + RECORD_VALUE_MAX + more;
    uint8_t *room = buffer_reserve(&shard->out->arena, size);
    struct entry entry = {.w = writer_at(room, size)};
    record_key_write(&entry.w, key);
    entry.key_size = (uint32_t)writer_bytes(&entry.w).size;
    assert(entry.key_size > 0 && entry.key_size <= RECORD_KEY_MAX);
    return entry;
}

struct action *entry_end(struct shard *shard, const struct entry *entry,
                         enum action_kind kind)
{
    assert(!entry->w.failed);
    struct actions *out = shard->out;
    size_t size = writer_bytes(&entry->w).size;
    struct action *action = actions_add(out, kind, (struct conn_id){0});
    action->offset = (uint32_t)out->arena.size;
    action->size = entry->key_size;
    action->value_size = (uint32_t)(size - entry->key_size);
    out->arena.size += size;
    return action;
}

void entry_put(struct shard *shard, const struct entry *entry,
               struct body *body)
{
    struct action *action = entry_end(shard, entry, ACTION_PUT);
    if (body != NULL) action->body = body_ref(body);
}

void entry_key(struct shard *shard, const struct record_key *key,
               enum action_kind kind)
{
    struct entry entry = entry_begin(shard, key, 0);
    entry_end(shard, &entry, kind);
}

void entry_del(struct shard *shard, const struct record_key *key)
{
    entry_key(shard, key, ACTION_DEL);
}
