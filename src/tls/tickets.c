/* tickets.c - see tickets.h. */
#include "tls/tickets.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

struct key {
    unsigned char name[TICKETS_NAME_SIZE];
    unsigned char cipher[32];
    unsigned char mac[32];
    int64_t made_s; /* 0: there is none */
};

struct tickets {
    atomic_uint refs;
    CRYPTO_RWLOCK *lock;
    EVP_CIPHER *cipher;
    struct key now;    /* makes tickets, and reads them */
    struct key before; /* reads them */
};

static bool key_make(struct key *key, int64_t now_s)
{
    key->made_s = now_s > 0 ? now_s : 1;
    return RAND_bytes(key->name, sizeof key->name) == 1 &&
           RAND_priv_bytes(key->cipher, sizeof key->cipher) == 1 &&
           RAND_priv_bytes(key->mac, sizeof key->mac) == 1;
}

struct tickets *tickets_new(void)
{
    struct tickets *tickets = OPENSSL_zalloc(sizeof *tickets);
    if (tickets == NULL) return NULL;
    atomic_init(&tickets->refs, 1);
    tickets->lock = CRYPTO_THREAD_lock_new();
    /* Fetched once: to look for it at each ticket takes a lock of OpenSSL's
     * that all threads share. */
    tickets->cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    if (tickets->lock == NULL || tickets->cipher == NULL) {
        tickets_unref(tickets);
        return NULL;
    }
    return tickets;
}

struct tickets *tickets_ref(struct tickets *tickets)
{
    atomic_fetch_add_explicit(&tickets->refs, 1, memory_order_relaxed);
    return tickets;
}

void tickets_unref(struct tickets *tickets)
{
    if (tickets == NULL) return;
    unsigned refs =
        atomic_fetch_sub_explicit(&tickets->refs, 1, memory_order_acq_rel);
    assert(refs > 0);
    if (refs > 1) return;
    CRYPTO_THREAD_lock_free(tickets->lock);
    EVP_CIPHER_free(tickets->cipher);
    OPENSSL_clear_free(tickets, sizeof *tickets);
}

/* Take a new key when the one that is in use has had its time. */
static bool keys_turn(struct tickets *tickets, int64_t now_s)
{
    int64_t age_s = now_s - tickets->now.made_s;
    if (tickets->now.made_s != 0 && age_s >= 0 && age_s < TICKETS_LIFE_S) {
        return true;
    }
    bool recent = tickets->now.made_s != 0 && age_s >= 0 &&
                  age_s < 2 * (int64_t)TICKETS_LIFE_S;
    if (recent) {
        tickets->before = tickets->now;
    } else {
        OPENSSL_cleanse(&tickets->before, sizeof tickets->before);
    }
    return key_make(&tickets->now, now_s);
}

/* A copy of the key to encrypt with. */
static bool key_newest(struct tickets *tickets, int64_t now_s, struct key *key)
{
    if (CRYPTO_THREAD_write_lock(tickets->lock) != 1) return false;
    bool fine = keys_turn(tickets, now_s);
    *key = tickets->now;
    (void)CRYPTO_THREAD_unlock(tickets->lock);
    return fine;
}

static bool key_is(const struct key *key, const unsigned char *name,
                   int64_t now_s)
{
    return key->made_s != 0 &&
           now_s - key->made_s < 2 * (int64_t)TICKETS_LIFE_S &&
           memcmp(key->name, name, sizeof key->name) == 0;
}

/* A copy of the key called `name`: 1, 2 when it is an old one, 0: none. */
static int key_named(struct tickets *tickets, const unsigned char *name,
                     int64_t now_s, struct key *key)
{
    int found = 0;
    if (CRYPTO_THREAD_read_lock(tickets->lock) != 1) return -1;
    if (key_is(&tickets->now, name, now_s)) {
        *key = tickets->now;
        found = now_s - key->made_s < TICKETS_LIFE_S ? 1 : 2;
    } else if (key_is(&tickets->before, name, now_s)) {
        *key = tickets->before;
        found = 2;
    }
    (void)CRYPTO_THREAD_unlock(tickets->lock);
    return found;
}

static bool mac_prepare(EVP_MAC_CTX *mac, struct key *key)
{
    static char digest[] = "SHA256";
    OSSL_PARAM list[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac,
                                          sizeof key->mac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, list) == 1;
}

int tickets_use(struct tickets *tickets, unsigned char name[TICKETS_NAME_SIZE],
                unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
                int encrypt, int64_t now_s)
{
    struct key key = {.made_s = 0};
    int found = 1;
    if (encrypt != 0) {
        if (!key_newest(tickets, now_s, &key)) return -1;
        memcpy(name, key.name, sizeof key.name);
        int size = EVP_CIPHER_get_iv_length(tickets->cipher);
        if (RAND_bytes(iv, size) != 1) return -1;
    } else {
        found = key_named(tickets, name, now_s, &key);
        if (found <= 0) return found;
    }
    bool fine = EVP_CipherInit_ex2(cipher, tickets->cipher, key.cipher, iv,
                                   encrypt, NULL) == 1 &&
                mac_prepare(mac, &key);
    OPENSSL_cleanse(&key, sizeof key);
    return fine ? found : -1;
}
