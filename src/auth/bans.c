/* bans.c - see bans.h. */
#include "auth/bans.h"

#include "base/hash.h"

#include <assert.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>

enum { KEY_SIZE_MAX = 8 };

struct entry {
    uint8_t key[KEY_SIZE_MAX]; /* an address of 4 bytes, or a /64 */
    uint8_t key_size;          /* 0: free */
    uint32_t count;
    uint64_t since_s; /* when the window began */
    uint64_t until_s; /* banned until then; 0: not */
};

struct bans {
    pthread_mutex_t lock;
    struct bans_options options;
    struct hash_key hash;
    struct entry sets[BANS_SETS][BANS_WAYS];
};

struct bans *bans_new(const struct bans_options *options)
{
    struct bans *bans = calloc(1, sizeof *bans);
    if (bans == NULL) return NULL;
    if (RAND_bytes((uint8_t *)&bans->hash, sizeof bans->hash) != 1) {
        free(bans);
        return NULL;
    }
    bans->options = *options;
    (void)pthread_mutex_init(&bans->lock, NULL);
    return bans;
}

void bans_free(struct bans *bans)
{
    if (bans == NULL) return;
    (void)pthread_mutex_destroy(&bans->lock);
    free(bans);
}

void bans_set(struct bans *bans, const struct bans_options *options)
{
    (void)pthread_mutex_lock(&bans->lock);
    bans->options = *options;
    (void)pthread_mutex_unlock(&bans->lock);
}

static bool is_loopback(struct bytes address)
{
    static const uint8_t ipv6[16] = {[15] = 1};
    if (address.size == 4) return address.data[0] == 127;
    return memcmp(address.data, ipv6, sizeof ipv6) == 0;
}

/* What counts of `address`: an IPv4 address, also one within IPv6, or the /64
 * of an IPv6 address. None: it is exempt. */
static struct bytes key_of(struct bytes address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (address.size == 16 && memcmp(address.data, mapped, 12) == 0) {
        address = bytes_skip(address, 12);
    }
    if (address.size != 4 && address.size != 16) return bytes_at(NULL, 0);
    if (is_loopback(address)) return bytes_at(NULL, 0);
    if (address.size == 16) address.size = KEY_SIZE_MAX;
    return address;
}

static struct entry *entry_find(struct bans *bans, struct bytes key)
{
    struct entry *set = bans->sets[hash_bytes(&bans->hash, key) % BANS_SETS];
    for (size_t i = 0; i < BANS_WAYS; i++) {
        bool same = set[i].key_size == key.size &&
                    memcmp(set[i].key, key.data, key.size) == 0;
        if (same) return &set[i];
    }
    return NULL;
}

static uint32_t entry_left(const struct entry *entry, uint64_t now_s)
{
    if (entry == NULL || entry->until_s <= now_s) return 0;
    return (uint32_t)(entry->until_s - now_s);
}

/* A place for `key`: a free one, else that of who failed longest ago and is
 * not banned, else of whose ban ends first. */
static struct entry *entry_add(struct bans *bans, struct bytes key,
                               uint64_t now_s)
{
    struct entry *set = bans->sets[hash_bytes(&bans->hash, key) % BANS_SETS];
    struct entry *best = &set[0];
    for (size_t i = 1; i < BANS_WAYS; i++) {
        uint32_t left_s = entry_left(&set[i], now_s);
        uint32_t best_s = entry_left(best, now_s);
        bool older = set[i].since_s < best->since_s;
        if (left_s < best_s || (left_s == best_s && older)) best = &set[i];
    }
    assert(key.size <= KEY_SIZE_MAX);
    *best = (struct entry){.key_size = (uint8_t)key.size, .since_s = now_s};
    memcpy(best->key, key.data, key.size);
    return best;
}

static uint32_t entry_failed(struct bans *bans, struct bytes key,
                             uint64_t now_s)
{
    const struct bans_options *options = &bans->options;
    struct entry *entry = entry_find(bans, key);
    if (entry == NULL) entry = entry_add(bans, key, now_s);
    if (entry->until_s > now_s) return 0;
    if (now_s - entry->since_s >= options->window_s) {
        entry->since_s = now_s;
        entry->count = 0;
    }
    entry->until_s = 0;
    entry->count += 1;
    if (entry->count < options->attempts) return 0;
    entry->count = 0;
    entry->until_s = now_s + options->ban_s;
    return options->ban_s;
}

uint32_t bans_failed(struct bans *bans, struct bytes address, uint64_t now_s)
{
    struct bytes key = key_of(address);
    if (key.size == 0) return 0;
    uint32_t banned_s = 0;
    (void)pthread_mutex_lock(&bans->lock);
    if (bans->options.attempts > 0) banned_s = entry_failed(bans, key, now_s);
    (void)pthread_mutex_unlock(&bans->lock);
    return banned_s;
}

uint32_t bans_left(struct bans *bans, struct bytes address, uint64_t now_s)
{
    struct bytes key = key_of(address);
    if (key.size == 0) return 0;
    (void)pthread_mutex_lock(&bans->lock);
    uint32_t left_s = entry_left(entry_find(bans, key), now_s);
    (void)pthread_mutex_unlock(&bans->lock);
    return left_s;
}

static void ignore(void *context, struct bytes address, uint32_t left_s)
{
    (void)context;
    (void)address;
    (void)left_s;
}

size_t bans_clear(struct bans *bans, uint64_t now_s)
{
    size_t count = bans_each(bans, now_s, ignore, NULL);
    (void)pthread_mutex_lock(&bans->lock);
    memset(bans->sets, 0, sizeof bans->sets);
    (void)pthread_mutex_unlock(&bans->lock);
    return count;
}

size_t bans_each(struct bans *bans, uint64_t now_s,
                 void (*each)(void *context, struct bytes address,
                              uint32_t left_s),
                 void *context)
{
    size_t count = 0;
    (void)pthread_mutex_lock(&bans->lock);
    for (size_t i = 0; i < BANS_SETS * BANS_WAYS; i++) {
        const struct entry *entry = &bans->sets[i / BANS_WAYS][i % BANS_WAYS];
        uint32_t left_s = entry_left(entry, now_s);
        if (left_s == 0) continue;
        each(context, bytes_at(entry->key, entry->key_size), left_s);
        count += 1;
    }
    (void)pthread_mutex_unlock(&bans->lock);
    return count;
}
