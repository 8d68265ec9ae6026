/* pool.c - free lists by size class, over chunks, over the system.
 *
 *     bytes   16 32 48 ... 1024 | 2048 4096 8192 16384 | more
 *     class    0  1  2 ...   63 |   64   65   66    67 | a block of its own
 *
 * A chunk is cut from its front; what is left of it when a larger block is
 * wanted goes to the free lists. Chunks go back to the system with the pool
 * only. Blocks of their own hang on a ring, so that pool_free finds them.
 */
#include "base/pool.h"

#include "base/list.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In a build with AddressSanitizer, exactly the bytes that were asked for can
 * be used, until they are given back, once. */
#if defined(__SANITIZE_ADDRESS__)
#define POOL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_ASAN 1
#endif
#endif
#ifdef POOL_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(block, size)   ASAN_POISON_MEMORY_REGION(block, size)
#define UNPOISON(block, size) ASAN_UNPOISON_MEMORY_REGION(block, size)
#define IN_USE(block, size)   (__asan_region_is_poisoned(block, size) == NULL)
#else
#define POISON(block, size)   ((void)(block), (void)(size))
#define UNPOISON(block, size) ((void)(block), (void)(size))
#define IN_USE(block, size)   ((void)(block), (void)(size), true)
#endif

enum {
    GRAIN = 16,
    FINE_MAX = 1024,
    FINE_CLASSES = FINE_MAX / GRAIN,
    CLASSES = FINE_CLASSES + 4,
    SMALL_MAX = 16384,
    CHUNK_SIZE = 65536
};

_Static_assert(GRAIN % _Alignof(max_align_t) == 0, "blocks stay aligned");

struct free_block {
    struct free_block *next;
};

/* What the system gives is aligned for any type, and what follows one of these
 * heads is too. */
struct chunk {
    _Alignas(max_align_t) struct chunk *next;
};

/* Before each block of its own. */
struct large {
    _Alignas(max_align_t) struct link link;
};

struct pool {
    struct free_block *free[CLASSES];
    uint8_t *front; /* of the chunk that is being cut */
    size_t front_size;
    size_t bytes;        /* all but shared ones */
    size_t shared_taken; /* ever */
    size_t bytes_max;
    struct chunk *chunks;
    struct link large;
    struct memory memory;
    /* Other threads write what follows, and shall not take along the line of
     * what comes before. */
    uint8_t apart[64];
    atomic_size_t shared_given; /* back, of shared_taken */
};

static void *grow_or_stop(struct pool *pool, void *block, size_t size)
{
    void *grown = pool->memory.grow(pool->memory.context, block, size);
    if (grown == NULL) {
        fprintf(stderr, "mogi: out of memory: %zu bytes wanted, %zu in use\n",
                size, pool_bytes(pool));
        abort();
    }
    return grown;
}

static void give_back(struct pool *pool, void *block)
{
    pool->memory.grow(pool->memory.context, block, 0);
}

/* The smallest class that holds `size`, 1..SMALL_MAX. */
static unsigned class_of(size_t size)
{
    assert(size > 0 && size <= SMALL_MAX);
    if (size <= FINE_MAX) return (unsigned)((size - 1) / GRAIN);
    return FINE_CLASSES - 10 +
           (63 - (unsigned)__builtin_clzll((unsigned long long)size - 1));
}

static size_t class_size(unsigned class)
{
    if (class < FINE_CLASSES) return (size_t)(class + 1) * GRAIN;
    return (size_t)FINE_MAX << (class - FINE_CLASSES + 1);
}

static void free_push(struct pool *pool, unsigned class, void *block)
{
    struct free_block *freed = block;
    UNPOISON(freed, sizeof *freed);
    freed->next = pool->free[class];
    pool->free[class] = freed;
    POISON(block, class_size(class));
}

/* Give the rest of the front chunk to the free lists, largest pieces first. */
static void front_spend(struct pool *pool)
{
    while (pool->front_size >= GRAIN) {
        size_t most = pool->front_size;
        if (most > SMALL_MAX) most = SMALL_MAX;
        unsigned class = class_of(most);
        if (class_size(class) > most) class --;
        size_t size = class_size(class);
        free_push(pool, class, pool->front);
        pool->front += size;
        pool->front_size -= size;
    }
}

static void chunk_new(struct pool *pool)
{
    front_spend(pool);
    struct chunk *chunk = grow_or_stop(pool, NULL, CHUNK_SIZE);
    chunk->next = pool->chunks;
    pool->chunks = chunk;
    pool->front = (uint8_t *)chunk + sizeof *chunk;
    pool->front_size = CHUNK_SIZE - sizeof *chunk;
    POISON(pool->front, pool->front_size);
}

/* Let the first `size` bytes of a block of `whole` be used, and no more. */
static void show(void *block, size_t size, size_t whole)
{
    POISON(block, whole);
    UNPOISON(block, size);
}

static void *small_take(struct pool *pool, size_t size)
{
    unsigned class = class_of(size);
    size_t whole = class_size(class);
    assert(whole >= size);
    pool->bytes += whole;
    struct free_block *block = pool->free[class];
    if (block != NULL) {
        UNPOISON(block, sizeof *block);
        pool->free[class] = block->next;
        show(block, size, whole);
        return block;
    }
    if (pool->front_size < whole) chunk_new(pool);
    void *cut = pool->front;
    pool->front += whole;
    pool->front_size -= whole;
    show(cut, size, whole);
    return cut;
}

static struct large *large_of(void *block)
{
    return (struct large *)(void *)((uint8_t *)block - sizeof(struct large));
}

/* A block of its own of `size` bytes: new (`old` NULL), or `old` resized. */
static void *large_grow(struct pool *pool, void *old, size_t size)
{
    struct large *head = old == NULL ? NULL : large_of(old);
    assert(size <= SIZE_MAX - sizeof *head);
    if (head != NULL) list_remove(&head->link);
    head = grow_or_stop(pool, head, sizeof *head + size);
    list_push(&pool->large, &head->link);
    return (uint8_t *)head + sizeof *head;
}

/* `size` bytes, not zeroed. */
static void *block_take(struct pool *pool, size_t size)
{
    assert(size > 0);
    if (size <= SMALL_MAX) return small_take(pool, size);
    pool->bytes += size + sizeof(struct large);
    return large_grow(pool, NULL, size);
}

struct pool *pool_new(struct memory memory, size_t bytes_max)
{
    assert(memory.grow != NULL);
    struct pool *pool = memory.grow(memory.context, NULL, sizeof *pool);
    if (pool == NULL) return NULL;
    memset(pool, 0, sizeof *pool);
    pool->bytes_max = bytes_max;
    pool->memory = memory;
    list_init(&pool->large);
    atomic_init(&pool->shared_given, 0);
    return pool;
}

void pool_free(struct pool *pool)
{
    if (pool == NULL) return;
    LIST_EACH(at, after, &pool->large) {
        give_back(pool, OWNER(at, struct large, link));
    }
    while (pool->chunks != NULL) {
        struct chunk *chunk = pool->chunks;
        pool->chunks = chunk->next;
        UNPOISON(chunk, CHUNK_SIZE);
        give_back(pool, chunk);
    }
    give_back(pool, pool);
}

void *pool_take(struct pool *pool, size_t size)
{
    return memset(block_take(pool, size), 0, size);
}

void pool_give(struct pool *pool, void *block, size_t size)
{
    if (block == NULL) return;
    assert(size > 0);
    assert(IN_USE(block, size));
    if (size <= SMALL_MAX) {
        unsigned class = class_of(size);
        assert(pool->bytes >= class_size(class));
        pool->bytes -= class_size(class);
        free_push(pool, class, block);
        return;
    }
    struct large *head = large_of(block);
    assert(pool->bytes >= size + sizeof *head);
    pool->bytes -= size + sizeof *head;
    list_remove(&head->link);
    give_back(pool, head);
}

void *pool_resize(struct pool *pool, void *block, size_t old_size, size_t size)
{
    assert((block == NULL) == (old_size == 0));
    if (size == 0) {
        pool_give(pool, block, old_size);
        return NULL;
    }
    if (block == NULL) return block_take(pool, size);
    if (old_size > SMALL_MAX && size > SMALL_MAX) {
        pool->bytes = pool->bytes - old_size + size;
        return large_grow(pool, block, size);
    }
    if (old_size <= SMALL_MAX && size <= SMALL_MAX &&
        class_of(old_size) == class_of(size)) {
        show(block, size, class_size(class_of(size)));
        return block;
    }
    void *moved = block_take(pool, size);
    memcpy(moved, block, size < old_size ? size : old_size);
    pool_give(pool, block, old_size);
    return moved;
}

void *pool_shared_take(struct pool *pool, size_t size)
{
    assert(size > 0);
    void *block = grow_or_stop(pool, NULL, size);
    pool->shared_taken += size;
    return block;
}

void pool_shared_give(struct pool *pool, void *block, size_t size)
{
    if (block == NULL) return;
    atomic_fetch_add_explicit(&pool->shared_given, size, memory_order_relaxed);
    give_back(pool, block);
}

size_t pool_bytes(const struct pool *pool)
{
    size_t given =
        atomic_load_explicit(&pool->shared_given, memory_order_relaxed);
    /* Both may have begun anew at 0, where numbers are of 32 bits. */
    size_t shared = pool->shared_taken - given;
    assert(shared <= SIZE_MAX / 2);
    return pool->bytes + shared;
}

bool pool_full(const struct pool *pool)
{
    return pool->bytes_max != 0 && pool_bytes(pool) > pool->bytes_max;
}

bool pool_short(const struct pool *pool)
{
    size_t max = pool->bytes_max;
    return max != 0 && pool_bytes(pool) > max - max / 8;
}
