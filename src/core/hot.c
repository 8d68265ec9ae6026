/* hot.c - topic names that were published lately. */
#include "core/hot.h"

#include "core/bounds.h"

#include <assert.h>

_Static_assert((HOT_TOPIC_SLOTS & (HOT_TOPIC_SLOTS - 1)) == 0,
               "slots are found with a mask");

void hot_init(struct hot *hot, struct pool *pool, struct hash_key key)
{
    *hot = (struct hot){.pool = pool, .key = key};
    hot->slots = pool_take(pool, HOT_TOPIC_SLOTS * sizeof(struct hot_topic *));
}

/* Forget what is in `slot`, if anything. */
static void slot_clear(struct hot *hot, struct hot_topic **slot)
{
    struct hot_topic *old = *slot;
    if (old == NULL) return;
    assert(old->size > 0 && old->size <= HOT_TOPIC_BYTES_MAX);
    pool_give(hot->pool, old, sizeof *old + old->size);
    *slot = NULL;
}

void hot_fini(struct hot *hot)
{
    for (size_t i = 0; i < HOT_TOPIC_SLOTS; i++) {
        slot_clear(hot, &hot->slots[i]);
    }
    pool_give(hot->pool, hot->slots,
              HOT_TOPIC_SLOTS * sizeof(struct hot_topic *));
    hot->slots = NULL;
}

/* Bytes of `topic`: from the start, and up to the end. They may overlap. */
static void ends_of(struct bytes topic, uint64_t *first, uint64_t *last)
{
    const uint8_t *data = topic.data;
    uint32_t head, tail;
    if (topic.size >= sizeof *first) {
        memcpy(first, data, sizeof *first);
        memcpy(last, data + topic.size - sizeof *last, sizeof *last);
    } else if (topic.size >= sizeof head) {
        memcpy(&head, data, sizeof head);
        memcpy(&tail, data + topic.size - sizeof tail, sizeof tail);
        *first = head;
        *last = tail;
    } else {
        *first = (uint64_t)data[0] << 8 | data[topic.size / 2];
        *last = data[topic.size - 1];
    }
}

/* The place of `topic`: cheap, since a compare follows. */
static struct hot_topic **slot_of(const struct hot *hot, struct bytes topic)
{
    assert(topic.size > 0);
    uint64_t first, last;
    ends_of(topic, &first, &last);
    uint64_t mix = (first ^ topic.size) * 0x9e3779b97f4a7c15;
    mix = (mix ^ mix >> 29 ^ last) * 0xbf58476d1ce4e5b9;
    return &hot->slots[mix >> 40 & (HOT_TOPIC_SLOTS - 1)];
}

struct hot_topic *hot_find(const struct hot *hot, struct bytes topic)
{
    if (topic.size == 0) return NULL;
    struct hot_topic *known = *slot_of(hot, topic);
    if (known == NULL || known->size != topic.size) return NULL;
    if (memcmp(known->text, topic.data, topic.size) != 0) return NULL;
    return known;
}

struct hot_topic *hot_remember(struct hot *hot, struct bytes topic)
{
    assert(hot_find(hot, topic) == NULL);
    if (topic.size > HOT_TOPIC_BYTES_MAX) return NULL;
    struct hot_topic **slot = slot_of(hot, topic);
    slot_clear(hot, slot);
    struct hot_topic *known = pool_take(hot->pool, sizeof *known + topic.size);
    known->hash = hash_bytes(&hot->key, topic);
    known->version = UINT64_MAX;
    known->size = (uint16_t)topic.size;
    memcpy(known->text, topic.data, topic.size);
    *slot = known;
    assert(hot_find(hot, topic) == known);
    return known;
}

uint64_t hot_hash(struct hot *hot, struct bytes topic)
{
    const struct hot_topic *known = hot_find(hot, topic);
    if (known == NULL) known = hot_remember(hot, topic);
    return known != NULL ? known->hash : hash_bytes(&hot->key, topic);
}
