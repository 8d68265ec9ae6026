/* keyring.c - see keyring.h. */
#include "auth/keyring.h"

#include "auth/filetext.h"
#include "auth/json.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

struct keyring *keyring_new(void)
{
    return calloc(1, sizeof(struct keyring));
}

void keyring_free(struct keyring *keyring)
{
    if (keyring == NULL) return;
    for (size_t i = 0; i < keyring->count; i++)
        jwk_fini(&keyring->keys[i]);
    free(keyring);
}

/* Keep `*jwk`, which is then the keyring's, or is given back. */
static enum err key_take(struct keyring *keyring, struct jwk *jwk,
                         struct fault *fault)
{
    if (keyring->count == KEYRING_KEYS_MAX) {
        jwk_fini(jwk);
        return fault_set(fault, ERR_CONFIG, "there are more than %d keys",
                         KEYRING_KEYS_MAX);
    }
    keyring->keys[keyring->count++] = *jwk;
    *jwk = (struct jwk){.id = NULL};
    return OK;
}

static enum err set_add(struct keyring *keyring, const cJSON *set,
                        struct fault *fault)
{
    size_t before = keyring->count, skipped = 0;
    for (const cJSON *k = set->child; k != NULL; k = k->next) {
        struct jwk jwk;
        enum err e = jwk_read(k, &jwk, fault);
        if (e == ERR_NO_MEMORY) return e;
        if (e != OK) {
            skipped += 1;
            continue;
        }
        e = key_take(keyring, &jwk, fault);
        if (e != OK) return e;
    }
    keyring->skipped += skipped;
    if (keyring->count > before) return OK;
    if (skipped == 0) return fault_set(fault, ERR_CONFIG, "there is no key");
    fault_prefix(fault, "none of its %zu keys can be used; the last", skipped);
    return ERR_CONFIG;
}

static enum err json_add(struct keyring *keyring, struct bytes text,
                         struct fault *fault)
{
    const char *why;
    cJSON *tree = json_read_object(text, &why);
    if (tree == NULL) return fault_set(fault, ERR_CONFIG, "%s", why);
    const cJSON *set = json_member(tree, "keys");
    enum err e;
    if (cJSON_IsArray(set)) {
        e = set_add(keyring, set, fault);
    } else {
        struct jwk jwk;
        e = jwk_read(tree, &jwk, fault);
        if (e == OK) e = key_take(keyring, &jwk, fault);
    }
    cJSON_Delete(tree);
    return e;
}

static EVP_PKEY *certificate_key(const unsigned char *der, long size)
{
    X509 *certificate = d2i_X509(NULL, &der, size);
    EVP_PKEY *key = certificate == NULL ? NULL : X509_get_pubkey(certificate);
    X509_free(certificate);
    return key;
}

static EVP_PKEY *public_key(const unsigned char *der, long size)
{
    return d2i_PUBKEY(NULL, &der, size);
}

static EVP_PKEY *rsa_public_key(const unsigned char *der, long size)
{
    return d2i_PublicKey(EVP_PKEY_RSA, NULL, &der, size);
}

static const struct {
    const char *name;
    EVP_PKEY *(*read)(const unsigned char *der, long size);
} blocks[] = {
    {"PUBLIC KEY", public_key},
    {"RSA PUBLIC KEY", rsa_public_key},
    {"CERTIFICATE", certificate_key},
};

static enum err block_add(struct keyring *keyring, const char *name,
                          const unsigned char *der, long size,
                          struct fault *fault)
{
    if (strstr(name, "PRIVATE KEY") != NULL) {
        return fault_set(fault, ERR_CONFIG,
                         "it holds a private key, and the broker needs only "
                         "the public one: openssl pkey -in FILE -pubout");
    }
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        if (strcmp(name, blocks[i].name) != 0) continue;
        EVP_PKEY *key = blocks[i].read(der, size);
        if (key == NULL) {
            return fault_set(fault, ERR_CONFIG, "its %s cannot be read", name);
        }
        struct jwk jwk;
        enum err e = jwk_public(key, &jwk, fault);
        return e == OK ? key_take(keyring, &jwk, fault) : e;
    }
    /* "EC PARAMETERS" and the like say nothing that the key does not. */
    return OK;
}

static enum err pem_add(struct keyring *keyring, struct bytes text,
                        struct fault *fault)
{
    size_t before = keyring->count;
    BIO *bio = BIO_new_mem_buf(text.data, (int)text.size);
    if (bio == NULL) return fault_set(fault, ERR_NO_MEMORY, "out of memory");
    enum err e = OK;
    while (e == OK) {
        char *name = NULL, *header = NULL;
        unsigned char *der = NULL;
        long size = 0;
        if (PEM_read_bio(bio, &name, &header, &der, &size) != 1) break;
        e = block_add(keyring, name, der, size, fault);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)size);
    }
    BIO_free(bio);
    if (e == OK && keyring->count == before) {
        e = fault_set(fault, ERR_CONFIG, "no public key in it can be read");
    }
    return e;
}

/* Is there a PEM block in `text`? */
static bool is_pem(struct bytes text)
{
    return text.size > 0 &&
           memmem(text.data, text.size, "-----BEGIN ", 11) != NULL;
}

enum err keyring_add(struct keyring *keyring, struct bytes text,
                     struct fault *fault)
{
    size_t blank = 0;
    while (blank < text.size && strchr(" \t\r\n", text.data[blank]) != NULL &&
           text.data[blank] != '\0') {
        blank += 1;
    }
    if (blank < text.size && text.data[blank] == '{') {
        return json_add(keyring, text, fault);
    }
    if (is_pem(text)) return pem_add(keyring, text, fault);
    return fault_set(fault, ERR_CONFIG,
                     "it is neither PEM nor a JSON Web Key (set); a plain "
                     "secret belongs in jwt_secret_file");
}

enum err keyring_add_file(struct keyring *keyring, const char *path,
                          struct fault *fault)
{
    struct bytes text;
    enum err e = filetext_read(path, KEYRING_FILE_BYTES_MAX, &text, fault);
    if (e == OK) e = keyring_add(keyring, text, fault);
    if (e != OK) fault_prefix(fault, "%s", path);
    filetext_free(text);
    return e;
}

/* Public keys in DER are no secret: a SEQUENCE whose size is the rest. */
static bool is_der(struct bytes b)
{
    if (b.size < 4 || b.data[0] != 0x30) return false;
    size_t size = b.data[1], head = 2;
    if (b.data[1] == 0x81) {
        size = b.data[2];
        head = 3;
    } else if (b.data[1] == 0x82) {
        size = (size_t)b.data[2] << 8 | b.data[3];
        head = 4;
    }
    return size + head == b.size;
}

static enum err secret_add(struct keyring *keyring, struct bytes text,
                           struct fault *fault)
{
    if (is_pem(text) || is_der(text)) {
        return fault_set(fault, ERR_CONFIG,
                         "it is a key, no secret: give it as jwt_key_file");
    }
    if (text.size > 0 && text.data[text.size - 1] == '\n') {
        text.size -= 1;
        if (text.size > 0 && text.data[text.size - 1] == '\r') text.size -= 1;
    }
    struct jwk jwk;
    enum err e = jwk_secret(text, &jwk, fault);
    return e == OK ? key_take(keyring, &jwk, fault) : e;
}

enum err keyring_add_secret_file(struct keyring *keyring, const char *path,
                                 struct fault *fault)
{
    struct bytes text;
    enum err e = filetext_read(path, KEYRING_FILE_BYTES_MAX, &text, fault);
    if (e == OK) e = secret_add(keyring, text, fault);
    if (e != OK) fault_prefix(fault, "%s", path);
    filetext_free(text);
    return e;
}

/* Has `key` the id `id`? NULL: has it none? */
static bool id_is(const struct jwk *key, const char *id)
{
    if (key->id == NULL || id == NULL) return key->id == id;
    return strcmp(key->id, id) == 0;
}

size_t keyring_find(const struct keyring *keyring, const char *id,
                    enum jws_algorithm algorithm,
                    const struct jwk *found[KEYRING_TRIES_MAX])
{
    bool all = id == NULL, named = false;
    for (size_t i = 0; i < keyring->count && !all; i++)
        named = named || id_is(&keyring->keys[i], id);
    size_t count = 0;
    for (size_t i = 0; i < keyring->count && count < KEYRING_TRIES_MAX; i++) {
        const struct jwk *key = &keyring->keys[i];
        if (key->algorithm != algorithm) continue;
        if (all || id_is(key, named ? id : NULL)) found[count++] = key;
    }
    return count;
}
