/* backlog.c - see backlog.h. */
#include "net/backlog.h"

#include <assert.h>

enum { CHUNK_ROOM_MIN = 4096 - 64 };

struct chunk {
    struct chunk *next;
    void *owner;
    const uint8_t *data; /* `room`, or the owner's bytes */
    size_t size;         /* bytes not yet written */
    size_t end;          /* of `room`: bytes used */
    size_t capacity;     /* of `room` */
    unsigned notify_count;
    uint8_t room[];
};

static struct chunk *chunk_add(struct backlog *backlog, struct pool *pool,
                               size_t capacity)
{
    size_t size = sizeof(struct chunk) + capacity;
    struct chunk *chunk = pool_resize(pool, NULL, 0, size);
    *chunk = (struct chunk){.capacity = capacity};
    chunk->data = chunk->room;
    if (backlog->tail == NULL) {
        backlog->head = chunk;
    } else {
        backlog->tail->next = chunk;
    }
    backlog->tail = chunk;
    return chunk;
}

static void copy_append(struct backlog *backlog, struct pool *pool,
                        struct bytes bytes)
{
    struct chunk *chunk = backlog->tail;
    if (chunk == NULL || chunk->capacity - chunk->end < bytes.size) {
        size_t room = bytes.size;
        if (room < CHUNK_ROOM_MIN) room = CHUNK_ROOM_MIN;
        chunk = chunk_add(backlog, pool, room);
    }
    if (bytes.size > 0)
        memcpy(chunk->room + chunk->end, bytes.data, bytes.size);
    chunk->end += bytes.size;
    chunk->size += bytes.size;
}

void backlog_append(struct backlog *backlog, struct pool *pool,
                    struct piece piece)
{
    if (piece.owner == NULL) {
        copy_append(backlog, pool, piece.bytes);
    } else {
        struct chunk *chunk = chunk_add(backlog, pool, 0);
        chunk->owner = piece.owner;
        chunk->data = piece.bytes.data;
        chunk->size = piece.bytes.size;
    }
    if (piece.notify) backlog->tail->notify_count++;
    backlog->size += piece.bytes.size;
}

size_t backlog_list(const struct backlog *backlog, uv_buf_t *list,
                    size_t list_max)
{
    size_t count = 0;
    const struct chunk *chunk = backlog->head;
    for (; chunk != NULL && count < list_max; chunk = chunk->next) {
        if (chunk->size == 0) continue;
        list[count].base = (char *)(uintptr_t)chunk->data;
        list[count].len = chunk->size;
        count++;
    }
    return count;
}

static void head_free(struct backlog *backlog, struct pool *pool,
                      piece_release *release)
{
    struct chunk *chunk = backlog->head;
    backlog->head = chunk->next;
    if (backlog->head == NULL) backlog->tail = NULL;
    if (chunk->owner != NULL) release(chunk->owner);
    pool_give(pool, chunk, sizeof *chunk + chunk->capacity);
}

unsigned backlog_consume(struct backlog *backlog, struct pool *pool,
                         size_t count, piece_release *release)
{
    assert(count <= backlog->size);
    backlog->size -= count;
    unsigned notify_count = 0;
    while (backlog->head != NULL && count >= backlog->head->size) {
        count -= backlog->head->size;
        notify_count += backlog->head->notify_count;
        head_free(backlog, pool, release);
    }
    if (count > 0) {
        assert(backlog->head != NULL);
        backlog->head->data += count;
        backlog->head->size -= count;
    }
    assert((backlog->size == 0) == (backlog->head == NULL));
    return notify_count;
}

void backlog_fini(struct backlog *backlog, struct pool *pool,
                  piece_release *release)
{
    while (backlog->head != NULL)
        head_free(backlog, pool, release);
    *backlog = (struct backlog){0};
}
