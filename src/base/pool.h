/* pool.h - where a shard's memory comes from, and how much of it there is.
 *
 * One per shard and one thread at a time, but for pool_shared_* (message
 * bodies may be freed by another shard). Small blocks come from free lists by
 * size class, cut from chunks; larger ones from the system below.
 *
 * What is taken is there: a ceiling on memory is kept by refusing work
 * (pool_full), not by failing in the middle of it. When the system itself has
 * none left, the process stops with a message.
 */
#ifndef MOGI_BASE_POOL_H
#define MOGI_BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool;

/* The system below a pool: `grow` as realloc (size 0 frees, NULL is failure).
 * Must be callable from any thread. */
struct memory {
    void *(*grow)(void *context, void *block, size_t size);
    void *context;
};

/* A pool on `memory` (copied), that counts as full above `bytes_max` (0: no
 * limit). NULL when there is no memory. Freed with pool_free. */
struct pool *pool_new(struct memory memory, size_t bytes_max);

/* Free the pool and every block taken from it but shared ones, which must have
 * been given back; NULL is fine. */
void pool_free(struct pool *pool);

/* `size` > 0 zeroed bytes, aligned for any type. Never NULL. */
void *pool_take(struct pool *pool, size_t size);

/* Give back a block of exactly `size` bytes; NULL is fine. */
void pool_give(struct pool *pool, void *block, size_t size);

/* Change a block from `old_size` to `size` bytes (either may be 0, then block
 * or result is NULL); what is new is not zeroed. Never NULL for size > 0. */
void *pool_resize(struct pool *pool, void *block, size_t old_size, size_t size);

/* `size` > 0 bytes, not zeroed, that any thread may give back. Never NULL. Only
 * the pool's own thread takes. */
void *pool_shared_take(struct pool *pool, size_t size);

/* Give back a shared block of exactly `size` bytes to the pool that it was
 * taken from, which must still be there; NULL is fine. Any thread. */
void pool_shared_give(struct pool *pool, void *block, size_t size);

/* Bytes in use now, both kinds, each block rounded up to its size class. */
size_t pool_bytes(const struct pool *pool);

/* Over `bytes_max`? Then refuse new work. */
bool pool_full(const struct pool *pool);

/* Over seven eighths of it? Then take less. */
bool pool_short(const struct pool *pool);

#endif
