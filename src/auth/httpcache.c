/* httpcache.c - see httpcache.h. */
#include "auth/httpcache.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>

struct entry {
    uint8_t key[HTTPCACHE_KEY_SIZE];
    uint64_t until_s; /* 0: free */
    struct httpcache_grant grant;
};

struct httpcache {
    pthread_mutex_t lock;
    uint32_t seconds;
    uint8_t secret[HTTPCACHE_KEY_SIZE];
    struct entry sets[HTTPCACHE_SETS][HTTPCACHE_WAYS];
};

struct httpcache *httpcache_new(uint32_t seconds)
{
    struct httpcache *cache = calloc(1, sizeof *cache);
    if (cache == NULL) return NULL;
    cache->seconds = seconds;
    (void)pthread_mutex_init(&cache->lock, NULL);
    if (RAND_bytes(cache->secret, sizeof cache->secret) == 1) return cache;
    httpcache_free(cache);
    return NULL;
}

void httpcache_free(struct httpcache *cache)
{
    if (cache == NULL) return;
    for (size_t i = 0; i < HTTPCACHE_SETS; i++) {
        for (size_t k = 0; k < HTTPCACHE_WAYS; k++)
            acl_unref(cache->sets[i][k].grant.acl);
    }
    (void)pthread_mutex_destroy(&cache->lock);
    OPENSSL_cleanse(cache->secret, sizeof cache->secret);
    free(cache);
}

bool httpcache_key(const struct httpcache *cache, struct bytes asked,
                   uint8_t key[HTTPCACHE_KEY_SIZE])
{
    unsigned size = HTTPCACHE_KEY_SIZE;
    return HMAC(EVP_sha256(), cache->secret, sizeof cache->secret, asked.data,
                asked.size, key, &size) != NULL;
}

static struct entry *set_of(struct httpcache *cache, const uint8_t *key)
{
    size_t index = (size_t)key[0] << 8 | key[1];
    return cache->sets[index % HTTPCACHE_SETS];
}

/* The entry of `key`, or NULL. */
static struct entry *entry_find(struct entry *set, const uint8_t *key)
{
    struct entry *found = NULL;
    for (size_t i = 0; i < HTTPCACHE_WAYS; i++) {
        bool same = set[i].until_s > 0 &&
                    CRYPTO_memcmp(set[i].key, key, HTTPCACHE_KEY_SIZE) == 0;
        if (same) found = &set[i];
    }
    return found;
}

bool httpcache_find(struct httpcache *cache,
                    const uint8_t key[HTTPCACHE_KEY_SIZE], uint64_t now_s,
                    struct httpcache_grant *out)
{
    (void)pthread_mutex_lock(&cache->lock);
    struct entry *entry = entry_find(set_of(cache, key), key);
    bool found = entry != NULL && entry->until_s > now_s;
    if (found) {
        *out = entry->grant;
        (void)acl_ref(out->acl);
    }
    (void)pthread_mutex_unlock(&cache->lock);
    return found;
}

void httpcache_add(struct httpcache *cache,
                   const uint8_t key[HTTPCACHE_KEY_SIZE], uint64_t now_s,
                   const struct httpcache_grant *grant)
{
    (void)pthread_mutex_lock(&cache->lock);
    struct entry *set = set_of(cache, key), *entry = entry_find(set, key);
    if (entry == NULL) {
        entry = set;
        for (size_t i = 1; i < HTTPCACHE_WAYS; i++) {
            if (set[i].until_s < entry->until_s) entry = &set[i];
        }
    }
    const struct acl *old = entry->grant.acl;
    memcpy(entry->key, key, HTTPCACHE_KEY_SIZE);
    entry->until_s = now_s + cache->seconds;
    entry->grant = *grant;
    (void)acl_ref(grant->acl);
    (void)pthread_mutex_unlock(&cache->lock);
    acl_unref(old);
}
