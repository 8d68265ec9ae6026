/* filter.c - a list of subscriptions, with a table beside it when it is long.
 */
#include "core/filter.h"

#include <assert.h>

enum {
    OWNERS_MANY = 16, /* above this there is a table */
    OWNERS_FEW = 8,   /* below this there is none */
    OWNER_BITS_MIN = 5
};

static size_t block_size(size_t size)
{
    return sizeof(struct filter) + size;
}

static struct filter *filter_make(struct pool *pool, size_t size)
{
    struct filter *filter = pool_take(pool, block_size(size));
    list_init(&filter->subscriptions);
    filter->ending.size = (uint16_t)size;
    return filter;
}

struct filter *filter_new(struct pool *pool, struct bytes text)
{
    assert(text.size > 0 && text.size <= UINT16_MAX);
    struct filter *filter = filter_make(pool, text.size);
    memcpy(filter + 1, text.data, text.size);
    return filter;
}

struct filter *filter_new_wild(struct pool *pool, struct tree_node *node,
                               enum tree_end end)
{
    assert(node != NULL && end < TREE_ENDS);
    struct filter *filter = filter_make(pool, 0);
    filter->ending.end = (uint8_t)end;
    filter->ending.node = node;
    return filter;
}

static size_t table_size(unsigned bits)
{
    return sizeof(struct subscription *) << bits;
}

static void owners_give(struct pool *pool, struct filter *filter)
{
    if (filter->owners == NULL) return;
    pool_give(pool, filter->owners, table_size(filter->owner_bits));
    filter->owners = NULL;
    filter->owner_bits = 0;
}

void filter_free(struct pool *pool, struct filter *filter)
{
    if (filter == NULL) return;
    owners_give(pool, filter);
    pool_give(pool, filter, block_size(filter->ending.size));
}

/* The slot at which the search for `owner` starts. Nobody outside chooses
 * addresses, so this need only spread them. */
static size_t owner_slot(const struct filter *filter, const void *owner)
{
    assert(filter->owner_bits >= OWNER_BITS_MIN);
    uint64_t h = ((uintptr_t)owner >> 4) * 0x9e3779b97f4a7c15;
    return (size_t)(h >> (64 - filter->owner_bits));
}

/* The slot of `owner`, or the free one where it would stand. */
static size_t owner_index(const struct filter *filter, const void *owner)
{
    size_t mask = ((size_t)1 << filter->owner_bits) - 1;
    size_t i = owner_slot(filter, owner);
    while (filter->owners[i] != NULL &&
           subscription_owner(filter->owners[i]) != owner) {
        i = (i + 1) & mask;
    }
    return i;
}

/* Put `subscription` in the table, which has room. */
static void owners_put(struct filter *filter, struct subscription *subscription)
{
    size_t i = owner_index(filter, subscription_owner(subscription));
    assert(filter->owners[i] == NULL);
    filter->owners[i] = subscription;
}

/* Take `subscription` out of the table and close the gap: those behind it move
 * up unless that would put them before the slot where their search starts. */
static void owners_take(struct filter *filter,
                        const struct subscription *subscription)
{
    size_t mask = ((size_t)1 << filter->owner_bits) - 1;
    size_t gap = owner_index(filter, subscription_owner(subscription));
    assert(filter->owners[gap] == subscription);
    for (size_t i = (gap + 1) & mask; filter->owners[i] != NULL;
         i = (i + 1) & mask) {
        const void *owner = subscription_owner(filter->owners[i]);
        size_t start = owner_slot(filter, owner);
        if (((i - start) & mask) < ((i - gap) & mask)) continue;
        filter->owners[gap] = filter->owners[i];
        gap = i;
    }
    filter->owners[gap] = NULL;
}

/* The bits that the table should have now; 0 for none. It is never more than
 * three quarters full, and sizes lie apart so that it seldom changes. */
static unsigned owners_fit(const struct filter *filter)
{
    unsigned bits = filter->owner_bits;
    if (filter->count < OWNERS_FEW) return 0;
    if (bits == 0) return filter->count > OWNERS_MANY ? OWNER_BITS_MIN : 0;
    uint64_t slots = (uint64_t)1 << bits;
    if ((uint64_t)filter->count * 4 > slots * 3) return bits + 1;
    if (bits > OWNER_BITS_MIN && (uint64_t)filter->count * 8 < slots) {
        return bits - 1;
    }
    return bits;
}

/* Bring the table to its size, made anew from the list. True when it was. */
static bool owners_resize(struct pool *pool, struct filter *filter)
{
    unsigned bits = owners_fit(filter);
    if (bits == filter->owner_bits) return false;
    owners_give(pool, filter);
    if (bits == 0) return true;
    assert(bits < 33);
    filter->owners = pool_take(pool, table_size(bits));
    filter->owner_bits = (uint8_t)bits;
    LIST_EACH(at, after, &filter->subscriptions) {
        owners_put(filter, OWNER(at, struct subscription, of_filter));
    }
    return true;
}

void filter_link(struct pool *pool, struct filter *filter,
                 struct subscription *subscription)
{
    assert(subscription->filter == NULL && !subscription->alone);
    assert(subscription->session != NULL);
    assert(filter->count < UINT32_MAX);
    list_push(&filter->subscriptions, &subscription->of_filter);
    subscription->filter = filter;
    filter->count++;
    bool anew = owners_resize(pool, filter);
    if (!anew && filter->owners != NULL) owners_put(filter, subscription);
}

void filter_unlink(struct pool *pool, struct filter *filter,
                   struct subscription *subscription)
{
    assert(subscription->filter == filter && !subscription->alone);
    assert(filter->count > 0);
    if (filter->owners != NULL) owners_take(filter, subscription);
    list_remove(&subscription->of_filter);
    subscription->filter = NULL;
    filter->count--;
    owners_resize(pool, filter);
    assert((filter->count == 0) == list_empty(&filter->subscriptions));
}

struct subscription *filter_find(const struct filter *filter, const void *owner)
{
    assert(owner != NULL);
    if (filter->owners != NULL) {
        return filter->owners[owner_index(filter, owner)];
    }
    struct link *head = (struct link *)(uintptr_t)&filter->subscriptions;
    LIST_EACH(at, after, head) {
        struct subscription *found = OWNER(at, struct subscription, of_filter);
        if (subscription_owner(found) == owner) return found;
    }
    return NULL;
}
