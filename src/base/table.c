/* table.c - see table.h.
 *
 * A free number holds the number + 1 of the next free one, as an odd value,
 * which no item has.
 */
#include "base/table.h"

#include <assert.h>

enum {
    PAGE_BITS = 9,
    PAGE_ITEMS = 1 << PAGE_BITS,
    PAGES_FIRST = 8,
    LINE_SIZE = 64
};

void table_init(struct table *table, struct pool *pool)
{
    assert(pool != NULL);
    *table = (struct table){.pool = pool};
}

void table_fini(struct table *table)
{
    for (uint32_t at = 0; at < table->end; at += PAGE_ITEMS) {
        pool_give(table->pool, table->pages[at >> PAGE_BITS],
                  PAGE_ITEMS * sizeof(void *));
    }
    pool_give(table->pool, table->pages,
              table->page_capacity * sizeof *table->pages);
    table_init(table, table->pool);
}

static void **cell_of(const struct table *table, uint32_t number)
{
    assert(number < table->end);
    return &table->pages[number >> PAGE_BITS][number & (PAGE_ITEMS - 1)];
}

static bool cell_is_free(const void *cell)
{
    return cell == NULL || ((uintptr_t)cell & 1) != 0;
}

/* One page more; all its cells are empty. */
static void page_add(struct table *table)
{
    assert(table->end % PAGE_ITEMS == 0);
    uint32_t index = table->end >> PAGE_BITS;
    if (index == table->page_capacity) {
        uint32_t capacity = index == 0 ? PAGES_FIRST : index * 2;
        table->pages =
            pool_resize(table->pool, table->pages, index * sizeof *table->pages,
                        capacity * sizeof *table->pages);
        table->page_capacity = capacity;
    }
    table->pages[index] = pool_take(table->pool, PAGE_ITEMS * sizeof(void *));
}

uint32_t table_add(struct table *table, void *item)
{
    assert(!cell_is_free(item));
    uint32_t number = table->end;
    if (table->free != 0) {
        number = table->free - 1;
        uintptr_t next = (uintptr_t)*cell_of(table, number);
        table->free = (uint32_t)(next >> 1);
    } else {
        assert(number < UINT32_MAX);
        if (number % PAGE_ITEMS == 0) page_add(table);
        table->end++;
    }
    assert(cell_is_free(*cell_of(table, number)));
    *cell_of(table, number) = item;
    table->count++;
    return number;
}

void table_fetch(const struct table *table, uint32_t number, unsigned lines)
{
    if (number >= table->end) return;
    /* That of a free number is no address, which does no harm. */
    const uint8_t *at = *cell_of(table, number);
    for (unsigned i = 0; i < lines; i++)
        __builtin_prefetch((const void *)((uintptr_t)at + i * LINE_SIZE), 1);
}

void table_remove(struct table *table, uint32_t number)
{
    void **cell = cell_of(table, number);
    assert(!cell_is_free(*cell));
    assert(table->count > 0);
    *cell = (void *)((uintptr_t)table->free << 1 | 1);
    table->free = number + 1;
    table->count--;
}

void table_put(struct table *table, uint32_t number, void *item)
{
    assert(!cell_is_free(item));
    assert(table->free == 0);
    while (number >= table->end) {
        page_add(table);
        table->end += PAGE_ITEMS;
    }
    void **cell = cell_of(table, number);
    assert(*cell == NULL);
    *cell = item;
    table->count++;
}

void table_clear(struct table *table, uint32_t number)
{
    void **cell = cell_of(table, number);
    assert(!cell_is_free(*cell));
    assert(table->count > 0);
    *cell = NULL;
    table->count--;
}

void *table_get(const struct table *table, uint32_t number)
{
    if (number >= table->end) return NULL;
    void *cell = *cell_of(table, number);
    return cell_is_free(cell) ? NULL : cell;
}
