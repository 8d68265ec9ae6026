/* proven.c - see proven.h. */
#include "auth/proven.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>

struct entry {
    uint8_t key[PROVEN_KEY_SIZE];
    uint64_t until_s; /* 0: free */
};

struct proven {
    pthread_mutex_t lock;
    EVP_MAC *mac;
    uint32_t seconds;
    uint8_t secret[PROVEN_KEY_SIZE];
    struct entry sets[PROVEN_SETS][PROVEN_WAYS];
};

struct proven *proven_new(uint32_t seconds)
{
    struct proven *proven = calloc(1, sizeof *proven);
    if (proven == NULL) return NULL;
    proven->seconds = seconds;
    proven->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    (void)pthread_mutex_init(&proven->lock, NULL);
    bool random = RAND_bytes(proven->secret, sizeof proven->secret) == 1;
    if (proven->mac != NULL && random) return proven;
    proven_free(proven);
    return NULL;
}

void proven_free(struct proven *proven)
{
    if (proven == NULL) return;
    EVP_MAC_free(proven->mac);
    (void)pthread_mutex_destroy(&proven->lock);
    OPENSSL_cleanse(proven->secret, sizeof proven->secret);
    free(proven);
}

static bool part_add(EVP_MAC_CTX *context, struct bytes part)
{
    uint64_t size = part.size;
    return EVP_MAC_update(context, (const uint8_t *)&size, sizeof size) == 1 &&
           (part.size == 0 ||
            EVP_MAC_update(context, part.data, part.size) == 1);
}

bool proven_key(struct proven *proven, const struct bytes *parts, size_t count,
                uint8_t key[PROVEN_KEY_SIZE])
{
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(proven->mac);
    if (context == NULL) return false;
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string("digest", digest, 0),
        OSSL_PARAM_construct_end(),
    };
    bool fine = EVP_MAC_init(context, proven->secret, sizeof proven->secret,
                             parameters) == 1;
    for (size_t i = 0; fine && i < count; i++)
        fine = part_add(context, parts[i]);
    size_t size;
    fine = fine && EVP_MAC_final(context, key, &size, PROVEN_KEY_SIZE) == 1;
    EVP_MAC_CTX_free(context);
    return fine;
}

static struct entry *set_of(struct proven *proven, const uint8_t *key)
{
    size_t index = (size_t)key[0] << 8 | key[1];
    return proven->sets[index % PROVEN_SETS];
}

bool proven_has(struct proven *proven, const uint8_t key[PROVEN_KEY_SIZE],
                uint64_t now_s)
{
    bool found = false;
    (void)pthread_mutex_lock(&proven->lock);
    const struct entry *set = set_of(proven, key);
    for (size_t i = 0; i < PROVEN_WAYS; i++) {
        found |= set[i].until_s > now_s &&
                 CRYPTO_memcmp(set[i].key, key, PROVEN_KEY_SIZE) == 0;
    }
    (void)pthread_mutex_unlock(&proven->lock);
    return found;
}

void proven_add(struct proven *proven, const uint8_t key[PROVEN_KEY_SIZE],
                uint64_t now_s)
{
    (void)pthread_mutex_lock(&proven->lock);
    struct entry *set = set_of(proven, key), *oldest = set;
    for (size_t i = 0; i < PROVEN_WAYS; i++) {
        if (set[i].until_s < oldest->until_s) oldest = &set[i];
        if (memcmp(set[i].key, key, PROVEN_KEY_SIZE) != 0) continue;
        oldest = &set[i];
        break;
    }
    memcpy(oldest->key, key, PROVEN_KEY_SIZE);
    oldest->until_s = now_s + proven->seconds;
    (void)pthread_mutex_unlock(&proven->lock);
}
