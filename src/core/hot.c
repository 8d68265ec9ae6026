/* hot.c - topic names that were published lately. */
#include "core/hot.h"

#include "core/bounds.h"

#include <assert.h>

_Static_assert((HOT_TOPIC_SLOTS & (HOT_TOPIC_SLOTS - 1)) == 0 &&
                   (HOT_TOPIC_SLOTS_MAX & (HOT_TOPIC_SLOTS_MAX - 1)) == 0,
               "slots are found with a mask");

void hot_init(struct hot *hot, struct pool *pool, struct hash_key key)
{
    *hot =
        (struct hot){.pool = pool, .key = key, .slot_count = HOT_TOPIC_SLOTS};
    hot->slots = pool_take(pool, hot->slot_count * sizeof *hot->slots);
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
    for (size_t i = 0; i < hot->slot_count; i++) {
        slot_clear(hot, &hot->slots[i]);
    }
    pool_give(hot->pool, hot->slots, hot->slot_count * sizeof *hot->slots);
    hot->slots = NULL;
}

static uint64_t eight_at(const uint8_t *data)
{
    uint64_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

/* Bytes of `topic` from its start, its middle and its end, where names of one
 * kind differ. They may overlap. */
static uint64_t sample_of(struct bytes topic)
{
    const uint8_t *data = topic.data;
    uint64_t first, middle = 0, last;
    if (topic.size >= 8) {
        first = eight_at(data);
        middle = eight_at(data + (topic.size - 8) / 2);
        last = eight_at(data + topic.size - 8);
    } else if (topic.size >= 4) {
        uint32_t head, tail;
        memcpy(&head, data, sizeof head);
        memcpy(&tail, data + topic.size - sizeof tail, sizeof tail);
        first = head;
        last = tail;
    } else {
        first = (uint64_t)data[0] << 8 | data[topic.size / 2];
        last = data[topic.size - 1];
    }
    uint64_t mix = (first ^ topic.size) * 0x9e3779b97f4a7c15;
    mix = (mix ^ mix >> 29 ^ middle) * 0xd6e8feb86659fd93;
    mix = (mix ^ mix >> 29 ^ last) * 0xbf58476d1ce4e5b9;
    /* The last characters of a name are the high bits of `last`: a product
     * has them in its high bits only. */
    return (mix ^ mix >> 32) * 0x9e3779b97f4a7c15;
}

/* The place of `topic`: cheap, since a compare follows. */
static struct hot_topic **slot_of(const struct hot *hot, struct bytes topic)
{
    assert(topic.size > 0);
    return &hot->slots[sample_of(topic) >> 40 & (hot->slot_count - 1)];
}

/* Twice as many slots: what shared one may have one each. */
static void hot_grow(struct hot *hot)
{
    assert(hot->slot_count < HOT_TOPIC_SLOTS_MAX);
    struct hot_topic **old = hot->slots;
    uint32_t count = hot->slot_count;
    hot->slot_count = 2 * count;
    hot->given_way = 0;
    hot->slots = pool_take(hot->pool, hot->slot_count * sizeof *hot->slots);
    for (uint32_t i = 0; i < count; i++) {
        if (old[i] == NULL) continue;
        struct hot_topic **slot =
            slot_of(hot, bytes_at(old[i]->text, old[i]->size));
        assert(*slot == NULL);
        *slot = old[i];
    }
    pool_give(hot->pool, old, count * sizeof *old);
}

/* Whoever is in `slot` gives way. */
static void hot_displace(struct hot *hot, struct hot_topic **slot)
{
    if (*slot == NULL) return;
    slot_clear(hot, slot);
    hot->given_way += hot->slot_count < HOT_TOPIC_SLOTS_MAX;
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
    if (hot->given_way > hot->slot_count) hot_grow(hot);
    struct hot_topic **slot = slot_of(hot, topic);
    hot_displace(hot, slot);
    struct hot_topic *known = pool_take(hot->pool, sizeof *known + topic.size);
    known->hash = hash_bytes(&hot->key, topic);
    known->version = known->nobody = UINT64_MAX;
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
