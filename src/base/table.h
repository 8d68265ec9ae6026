/* table.h - things by number, in pages: grows without ever moving anything.
 *
 *     pages   [ 0 | 1 | 2 ]
 *               |
 *               [ item | item | free -> 5 | item | ... ]     512 a page
 *
 * A number is used again after its item was removed, the last one first. Items
 * are pointers to anything with an even address. Memory from a pool.
 */
#ifndef MOGI_BASE_TABLE_H
#define MOGI_BASE_TABLE_H

#include "base/pool.h"

struct table {
    struct pool *pool;
    void ***pages;
    uint32_t page_capacity;
    uint32_t end;   /* numbers at or above it were never used */
    uint32_t free;  /* the first free number below it + 1; 0: none */
    uint32_t count; /* of items */
};

/* Nothing in it; memory comes from `pool`. */
void table_init(struct table *table, struct pool *pool);

/* Give all memory back; the items are the caller's. */
void table_fini(struct table *table);

/* Put `item` under a number of the table's choice, which is returned. Fewer
 * than UINT32_MAX items. */
uint32_t table_add(struct table *table, void *item);

/* Put `item` under `number`, which is free and that somebody else chose. Not in
 * a table whose numbers are chosen by table_add. */
void table_put(struct table *table, uint32_t number, void *item);

/* The item under `number`, or NULL. */
void *table_get(const struct table *table, uint32_t number);

/* The item under `number`, if there is one, will be used before long: have the
 * processor bring its first `lines` cache lines near meanwhile. */
void table_fetch(const struct table *table, uint32_t number, unsigned lines);

/* Forget the item under `number`, which there is. After table_add. */
void table_remove(struct table *table, uint32_t number);

/* The same, after table_put. */
void table_clear(struct table *table, uint32_t number);

#endif
