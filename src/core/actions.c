/* actions.c - three growing arrays that are emptied once a turn. */
#include "core/actions.h"

#include "core/bounds.h"
#include "core/message.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

enum { ITEMS_MIN = 16 };

void actions_init(struct actions *actions, struct pool *pool)
{
    assert(pool != NULL);
    *actions = (struct actions){.pool = pool};
    buffer_init(&actions->arena, pool);
}

/* Drop the references that are still here. */
static void actions_drop(struct actions *actions)
{
    for (size_t i = 0; i < actions->count; i++) {
        body_unref(actions->list[i].body);
    }
    for (size_t i = 0; i < actions->post_count; i++) {
        post_drop(&actions->posts[i]);
    }
    actions->count = 0;
    actions->post_count = 0;
    actions->put_count = 0;
    actions->arena.size = 0;
}

/* Give back the memory of all three arrays. */
static void actions_release(struct actions *actions)
{
    assert(actions->count == 0 && actions->post_count == 0);
    pool_give(actions->pool, actions->list,
              actions->capacity * sizeof *actions->list);
    pool_give(actions->pool, actions->posts,
              actions->post_capacity * sizeof *actions->posts);
    buffer_fini(&actions->arena);
    actions->list = NULL;
    actions->posts = NULL;
    actions->capacity = 0;
    actions->post_capacity = 0;
    buffer_init(&actions->arena, actions->pool);
}

void actions_clear(struct actions *actions)
{
    actions_drop(actions);
    size_t held = actions->capacity * sizeof *actions->list +
                  actions->post_capacity * sizeof *actions->posts +
                  actions->arena.capacity;
    if (held > ACTIONS_KEPT_BYTES) actions_release(actions);
}

void actions_fini(struct actions *actions)
{
    actions_drop(actions);
    actions_release(actions);
}

/* `size` bytes of the arena from `start` on. */
static struct bytes arena_part(const struct actions *actions, size_t start,
                               size_t size)
{
    assert(start <= actions->arena.size);
    assert(size <= actions->arena.size - start);
    if (size == 0) return (struct bytes){NULL, 0};
    return (struct bytes){actions->arena.data + start, size};
}

struct bytes action_bytes(const struct actions *actions,
                          const struct action *action)
{
    return arena_part(actions, action->offset, action->size);
}

struct bytes action_value(const struct actions *actions,
                          const struct action *action)
{
    assert(action->kind == ACTION_PUT || action->kind == ACTION_HOLD);
    size_t start = (size_t)action->offset + action->size;
    return arena_part(actions, start, action->value_size);
}

/* Room for one item more of `size` bytes in `items`, which holds `count`. */
static void *items_grow(struct pool *pool, void *items, size_t size,
                        size_t count, size_t *capacity)
{
    assert(count <= *capacity);
    if (count < *capacity) return items;
    size_t more = *capacity == 0 ? ITEMS_MIN : *capacity * 2;
    items = pool_resize(pool, items, *capacity * size, more * size);
    *capacity = more;
    return items;
}

struct action *actions_add(struct actions *actions, enum action_kind kind,
                           struct conn_id conn)
{
    assert(kind <= ACTION_NOTE);
    assert(actions->arena.size <= UINT32_MAX);
    actions->list =
        items_grow(actions->pool, actions->list, sizeof *actions->list,
                   actions->count, &actions->capacity);
    struct action *action = &actions->list[actions->count++];
    *action = (struct action){.kind = (uint8_t)kind, .conn = conn};
    if (action_changes(kind)) actions->put_count++;
    assert(actions->put_count <= actions->count);
    return action;
}

void actions_send(struct actions *actions, struct conn_id conn, uint32_t offset,
                  uint32_t size, struct body *body, bool notify)
{
    assert(offset <= actions->arena.size);
    assert(size <= actions->arena.size - offset);
    struct action *action = actions_add(actions, ACTION_SEND, conn);
    action->offset = offset;
    action->size = size;
    action->notify = notify;
    if (body != NULL) action->body = body_ref(body);
}

struct post *actions_post(struct actions *actions, uint16_t shard,
                          enum post_kind kind)
{
    assert(shard < SHARDS_MAX);
    assert(kind <= POST_STATS);
    assert(actions->post_count < UINT32_MAX);
    actions->posts =
        items_grow(actions->pool, actions->posts, sizeof *actions->posts,
                   actions->post_count, &actions->post_capacity);
    struct action *action =
        actions_add(actions, ACTION_POST, (struct conn_id){0});
    action->shard = shard;
    action->post = (uint32_t)actions->post_count;
    struct post *post = &actions->posts[actions->post_count++];
    *post = (struct post){.kind = (uint8_t)kind};
    return post;
}

void actions_post_packed(struct actions *actions, uint32_t offset,
                         uint32_t size)
{
    assert(actions->count > 0);
    assert(offset <= actions->arena.size);
    assert(size <= actions->arena.size - offset);
    struct action *action = &actions->list[actions->count - 1];
    assert(action->kind == ACTION_POST);
    action->offset = offset;
    action->size = size;
}

void actions_note(struct actions *actions, enum note_level level,
                  enum note_kind kind, const struct conn_id *conn,
                  const char *format, ...)
{
    assert(level <= NOTE_DEBUG);
    assert(kind < NOTE_KINDS);
    char text[NOTE_BYTES_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    assert(size >= 0);
    if (size > NOTE_BYTES_MAX) size = NOTE_BYTES_MAX;
    struct conn_id about = conn != NULL ? *conn : (struct conn_id){0};
    struct action *action = actions_add(actions, ACTION_NOTE, about);
    action->level = (uint8_t)level;
    action->note_kind = (uint8_t)kind;
    action->has_conn = conn != NULL;
    action->offset = (uint32_t)actions->arena.size;
    action->size = (uint32_t)size;
    buffer_append(&actions->arena, bytes_at(text, (size_t)size));
}
