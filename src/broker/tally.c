/* tally.c - see tally.h. */
#include "broker/tally.h"

#include "base/hash.h"
#include "broker/block.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    PARTS = 64,
    CHAINS_MIN = 16,
    BURST_S = 4,

    /* Chains that each newcomer looks through for those to forget. */
    SWEEP_CHAINS = 2,
    IDLE_MS = 10000
};

struct entry {
    struct entry *next;
    struct tally_key key;
    uint32_t count;
    uint64_t paid_us; /* until when its connections are paid for */
    uint64_t seen_ms;
};

struct part {
    uv_mutex_t lock;
    struct entry **chains;
    size_t chain_count; /* a power of two, or 0 */
    size_t entry_count;
    size_t sweep; /* the next chain to look through */
};

struct tally {
    struct hash_key luck; /* nobody can choose keys that fall together */
    struct part parts[PARTS];
};

struct tally *tally_new(void)
{
    struct tally *tally = block_grow(NULL, sizeof *tally);
    memset(tally, 0, sizeof *tally);
    int error =
        uv_random(NULL, NULL, &tally->luck, sizeof tally->luck, 0, NULL);
    for (size_t i = 0; i < PARTS; i++)
        error |= uv_mutex_init(&tally->parts[i].lock);
    assert(error == 0);
    return tally;
}

static void part_fini(struct part *part)
{
    for (size_t i = 0; i < part->chain_count; i++) {
        for (struct entry *at = part->chains[i]; at != NULL;) {
            struct entry *next = at->next;
            free(at);
            at = next;
        }
    }
    free(part->chains);
    uv_mutex_destroy(&part->lock);
}

void tally_free(struct tally *tally)
{
    if (tally == NULL) return;
    for (size_t i = 0; i < PARTS; i++)
        part_fini(&tally->parts[i]);
    free(tally);
}

static uint64_t key_hash(const struct tally *tally, const struct tally_key *key)
{
    return hash_bytes(&tally->luck, bytes_at(key->bytes, sizeof key->bytes));
}

/* The place of the pointer to `key`'s entry, which is NULL when it has none.
 * The part has chains. */
static struct entry **entry_place(struct part *part, uint64_t hash,
                                  const struct tally_key *key)
{
    assert(part->chain_count > 0);
    size_t index = (size_t)(hash / PARTS) & (part->chain_count - 1);
    struct entry **at = &part->chains[index];
    while (*at != NULL && memcmp(&(*at)->key, key, sizeof *key) != 0)
        at = &(*at)->next;
    return at;
}

/* Twice the chains. */
static void part_grow(const struct tally *tally, struct part *part)
{
    struct part old = *part;
    size_t count = old.chain_count == 0 ? CHAINS_MIN : old.chain_count * 2;
    part->chains = block_grow(NULL, count * sizeof *part->chains);
    memset(part->chains, 0, count * sizeof *part->chains);
    part->chain_count = count;
    part->sweep = 0;
    for (size_t i = 0; i < old.chain_count; i++) {
        for (struct entry *at = old.chains[i]; at != NULL;) {
            struct entry *next = at->next;
            at->next = NULL;
            *entry_place(part, key_hash(tally, &at->key), &at->key) = at;
            at = next;
        }
    }
    free(old.chains);
}

/* Forget some of those that have gone. */
static void part_sweep(struct part *part, uint64_t now_ms)
{
    for (int i = 0; i < SWEEP_CHAINS && part->chain_count > 0; i++) {
        struct entry **at = &part->chains[part->sweep];
        part->sweep = (part->sweep + 1) & (part->chain_count - 1);
        while (*at != NULL) {
            struct entry *entry = *at;
            bool idle = entry->count == 0 && now_ms >= entry->seen_ms + IDLE_MS;
            if (!idle) {
                at = &entry->next;
                continue;
            }
            *at = entry->next;
            free(entry);
            part->entry_count--;
        }
    }
}

static struct entry *entry_add(struct tally *tally, struct part *part,
                               uint64_t hash, const struct tally_key *key,
                               uint64_t now_ms)
{
    part_sweep(part, now_ms);
    if (part->entry_count >= part->chain_count) part_grow(tally, part);
    struct entry *entry = block_grow(NULL, sizeof *entry);
    *entry = (struct entry){.key = *key};
    *entry_place(part, hash, key) = entry;
    part->entry_count++;
    return entry;
}

/* Each connection is paid for with its share of a second; more than a burst
 * ahead of now nothing can be paid. */
static bool rate_take(struct entry *entry, uint32_t rate, uint64_t now_ms)
{
    uint64_t now = now_ms * 1000;
    uint64_t cost = (1000000 + rate - 1) / rate;
    uint64_t paid = entry->paid_us > now ? entry->paid_us : now;
    if (paid + cost > now + (uint64_t)BURST_S * 1000000) return false;
    entry->paid_us = paid + cost;
    return true;
}

enum tally_answer tally_enter(struct tally *tally, const struct tally_key *key,
                              const struct tally_limits *limits,
                              uint64_t now_ms)
{
    uint64_t hash = key_hash(tally, key);
    struct part *part = &tally->parts[hash % PARTS];
    enum tally_answer answer = TALLY_FINE;
    uv_mutex_lock(&part->lock);
    struct entry *entry = NULL;
    if (part->chain_count > 0) entry = *entry_place(part, hash, key);
    if (entry == NULL) entry = entry_add(tally, part, hash, key, now_ms);
    entry->seen_ms = now_ms;
    if (limits->count > 0 && entry->count >= limits->count) {
        answer = TALLY_MANY;
    } else if (limits->rate > 0 && !rate_take(entry, limits->rate, now_ms)) {
        answer = TALLY_FAST;
    } else {
        entry->count++;
    }
    uv_mutex_unlock(&part->lock);
    return answer;
}

void tally_leave(struct tally *tally, const struct tally_key *key)
{
    uint64_t hash = key_hash(tally, key);
    struct part *part = &tally->parts[hash % PARTS];
    uv_mutex_lock(&part->lock);
    assert(part->chain_count > 0);
    struct entry *entry = *entry_place(part, hash, key);
    assert(entry != NULL && entry->count > 0);
    entry->count--;
    uv_mutex_unlock(&part->lock);
}

size_t tally_size(struct tally *tally)
{
    size_t size = 0;
    for (size_t i = 0; i < PARTS; i++) {
        uv_mutex_lock(&tally->parts[i].lock);
        size += tally->parts[i].entry_count;
        uv_mutex_unlock(&tally->parts[i].lock);
    }
    return size;
}
