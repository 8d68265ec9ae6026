/* passhash.c - see passhash.h. */
#include "auth/passhash.h"

#include "auth/base64.h"
#include "auth/scratch.h"

#include <argon2.h>
#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>

enum {
    SHA512_SIZE = 64,
    ARGON2ID_SIZE = 32, /* of those made here, as the next two */
    ARGON2ID_SALT_SIZE = 16,
    SALT_SIZE = 12, /* Mosquitto 2.0 reads no other */
    SALT_MIN = 8,
    HASH_MIN = 16,
    PART_MAX = 256 /* letters of a salt or hash */
};

/* The part before the next '$', which is consumed. */
static struct bytes part_next(struct bytes *text)
{
    const uint8_t *end =
        text->size > 0 ? memchr(text->data, '$', text->size) : NULL;
    size_t size = end != NULL ? (size_t)(end - text->data) : text->size;
    struct bytes part = {text->data, size};
    *text = bytes_skip(*text, end != NULL ? size + 1 : size);
    return part;
}

/* A number without sign or leading zeros, up to `max`; 0: it is none. */
static uint32_t number_read(struct bytes text, uint32_t max)
{
    uint64_t number = 0;
    if (text.size == 0 || text.size > 8 || text.data[0] == '0') return 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return 0;
        number = number * 10 + (text.data[i] - '0');
    }
    return number <= max ? (uint32_t)number : 0;
}

static bool part_decode(enum base64_form form, struct bytes text, uint8_t *out,
                        size_t max, size_t *size)
{
    uint8_t block[PART_MAX];
    if (text.size == 0 || base64_bytes_max(text.size) > sizeof block) {
        return false;
    }
    if (!base64_decode(form, text, block, size) || *size > max) return false;
    memcpy(out, block, *size);
    return true;
}

/* SALT$HASH, the end of all forms. */
static const char *tail_parse(enum base64_form form, struct bytes text,
                              struct passhash *out)
{
    struct bytes salt = part_next(&text), hash = part_next(&text);
    if (text.size > 0) return "there is something behind the hash";
    if (!part_decode(form, salt, out->salt, sizeof out->salt,
                     &out->salt_size)) {
        return "the salt is not in base64";
    }
    if (!part_decode(form, hash, out->hash, sizeof out->hash,
                     &out->hash_size)) {
        return "the hash is not in base64, or has been cut off";
    }
    return NULL;
}

static const char *sha512_parse(struct bytes text, struct passhash *out)
{
    out->kind = PASSHASH_SHA512;
    const char *wrong = tail_parse(BASE64_PADDED, text, out);
    if (wrong != NULL) return wrong;
    return out->hash_size == SHA512_SIZE ? NULL : "the hash is not 64 bytes";
}

static const char *pbkdf2_parse(struct bytes text, struct passhash *out)
{
    out->kind = PASSHASH_PBKDF2;
    out->iterations = number_read(part_next(&text), PASSHASH_ITERATIONS_MAX);
    if (out->iterations == 0) return "the iterations are not 1 to 10000000";
    const char *wrong = tail_parse(BASE64_PADDED, text, out);
    if (wrong != NULL) return wrong;
    return out->hash_size == SHA512_SIZE ? NULL : "the hash is not 64 bytes";
}

/* One of "m=KIB,t=PASSES,p=LANES"; the text then begins behind its comma. */
static uint32_t setting_read(struct bytes *text, uint8_t name, uint32_t max)
{
    struct bytes b = *text;
    if (b.size < 2 || b.data[0] != name || b.data[1] != '=') return 0;
    b = bytes_skip(b, 2);
    const uint8_t *comma = b.size > 0 ? memchr(b.data, ',', b.size) : NULL;
    size_t size = comma != NULL ? (size_t)(comma - b.data) : b.size;
    *text = bytes_skip(b, comma != NULL ? size + 1 : size);
    return number_read(bytes_at(b.data, size), max);
}

static const char *argon2id_parse(struct bytes text, struct passhash *out)
{
    out->kind = PASSHASH_ARGON2ID;
    if (!bytes_equal(part_next(&text), bytes_of("v=19"))) {
        return "argon2id of another version than v=19";
    }
    struct bytes settings = part_next(&text);
    out->kib = setting_read(&settings, 'm', PASSHASH_KIB_MAX);
    out->iterations = setting_read(&settings, 't', PASSHASH_PASSES_MAX);
    out->lanes = setting_read(&settings, 'p', PASSHASH_LANES_MAX);
    if (out->kib == 0 || out->iterations == 0 || out->lanes == 0 ||
        out->kib < 8 * out->lanes || settings.size > 0) {
        return "the settings of argon2id are not m=KIB,t=PASSES,p=LANES within "
               "1 GiB, 1000 passes and 64 lanes";
    }
    const char *wrong = tail_parse(BASE64_BARE, text, out);
    if (wrong != NULL) return wrong;
    if (out->salt_size < SALT_MIN) return "the salt is under 8 bytes";
    return out->hash_size < HASH_MIN ? "the hash is under 16 bytes" : NULL;
}

/* How each kind begins, and what it says then. */
static const struct form {
    const char *name;
    const char *(*parse)(struct bytes text, struct passhash *out);
} forms[] = {
    [PASSHASH_SHA512] = {"$6$", sha512_parse},
    [PASSHASH_PBKDF2] = {"$7$", pbkdf2_parse},
    [PASSHASH_ARGON2ID] = {"$argon2id$", argon2id_parse},
};

const char *passhash_parse(struct bytes text, struct passhash *out)
{
    *out = (struct passhash){.kind = PASSHASH_SHA512};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t size = strlen(forms[i].name);
        if (text.size < size || memcmp(text.data, forms[i].name, size) != 0) {
            continue;
        }
        return forms[i].parse(bytes_skip(text, size), out);
    }
    return "it begins with none of $6$, $7$, $argon2id$";
}

/* SHA-512 over password and salt. */
static enum err sha512_compute(const struct passhash *how,
                               struct bytes password, uint8_t *out)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL) return ERR_NO_MEMORY;
    bool fine = EVP_DigestInit_ex(context, EVP_sha512(), NULL) == 1 &&
                EVP_DigestUpdate(context, password.data, password.size) == 1 &&
                EVP_DigestUpdate(context, how->salt, how->salt_size) == 1 &&
                EVP_DigestFinal_ex(context, out, NULL) == 1;
    EVP_MD_CTX_free(context);
    return fine ? OK : ERR_NO_MEMORY;
}

static enum err pbkdf2_compute(const struct passhash *how,
                               struct bytes password, uint8_t *out)
{
    int done =
        PKCS5_PBKDF2_HMAC((const char *)password.data, (int)password.size,
                          how->salt, (int)how->salt_size, (int)how->iterations,
                          EVP_sha512(), (int)how->hash_size, out);
    return done == 1 ? OK : ERR_NO_MEMORY;
}

static int memory_take(uint8_t **memory, size_t size)
{
    *memory = scratch_take(size);
    return *memory != NULL ? ARGON2_OK : ARGON2_MEMORY_ALLOCATION_ERROR;
}

/* argon2 wipes its memory before it gives it back. */
static void memory_give(uint8_t *memory, size_t size)
{
    scratch_give(memory, size);
}

static enum err argon2id_compute(const struct passhash *how,
                                 struct bytes password, uint8_t *out)
{
    argon2_context context = {
        .out = out,
        .outlen = (uint32_t)how->hash_size,
        .pwd = (uint8_t *)(uintptr_t)password.data,
        .pwdlen = (uint32_t)password.size,
        .salt = (uint8_t *)(uintptr_t)how->salt,
        .saltlen = (uint32_t)how->salt_size,
        .t_cost = how->iterations,
        .m_cost = how->kib,
        .lanes = how->lanes,
        .threads = how->lanes,
        .version = ARGON2_VERSION_13,
        .allocate_cbk = memory_take,
        .free_cbk = memory_give,
    };
    int error = argon2_ctx(&context, Argon2_id);
    return error == ARGON2_OK ? OK : ERR_NO_MEMORY;
}

/* The hash of `password` as `how` says, into `out`. */
static enum err hash_compute(const struct passhash *how, struct bytes password,
                             uint8_t out[PASSHASH_HASH_MAX])
{
    static enum err (*const computes[])(const struct passhash *, struct bytes,
                                        uint8_t *) = {
        [PASSHASH_SHA512] = sha512_compute,
        [PASSHASH_PBKDF2] = pbkdf2_compute,
        [PASSHASH_ARGON2ID] = argon2id_compute,
    };
    assert(how->hash_size <= PASSHASH_HASH_MAX);
    if (password.data == NULL) password = bytes_of("");
    return computes[how->kind](how, password, out);
}

enum err passhash_check(const struct passhash *hash, struct bytes password)
{
    uint8_t computed[PASSHASH_HASH_MAX];
    enum err e = hash_compute(hash, password, computed);
    if (e == OK && CRYPTO_memcmp(computed, hash->hash, hash->hash_size) != 0) {
        e = ERR_CREDENTIALS;
    }
    OPENSSL_cleanse(computed, sizeof computed);
    return e;
}

static void hash_write(const struct passhash *hash, char *text, size_t size)
{
    char salt[PART_MAX], code[PART_MAX];
    bool padded = hash->kind != PASSHASH_ARGON2ID;
    enum base64_form form = padded ? BASE64_PADDED : BASE64_BARE;
    base64_encode(form, bytes_at(hash->salt, hash->salt_size), salt);
    base64_encode(form, bytes_at(hash->hash, hash->hash_size), code);
    switch (hash->kind) {
    case PASSHASH_SHA512:
        (void)snprintf(text, size, "$6$%s$%s", salt, code);
        break;
    case PASSHASH_PBKDF2:
        (void)snprintf(text, size, "$7$%u$%s$%s", hash->iterations, salt, code);
        break;
    case PASSHASH_ARGON2ID:
        (void)snprintf(text, size, "$argon2id$v=19$m=%u,t=%u,p=%u$%s$%s",
                       hash->kib, hash->iterations, hash->lanes, salt, code);
        break;
    }
}

enum err passhash_make(enum passhash_kind kind, uint32_t iterations,
                       struct bytes password, char text[PASSHASH_TEXT_MAX])
{
    struct passhash hash = {.kind = kind,
                            .iterations = iterations,
                            .kib = PASSHASH_KIB,
                            .lanes = PASSHASH_LANES,
                            .salt_size = SALT_SIZE,
                            .hash_size = SHA512_SIZE};
    if (iterations == 0) hash.iterations = PASSHASH_ITERATIONS;
    if (kind == PASSHASH_ARGON2ID) {
        hash.salt_size = ARGON2ID_SALT_SIZE;
        hash.hash_size = ARGON2ID_SIZE;
        if (iterations == 0) hash.iterations = PASSHASH_PASSES;
    }
    if (RAND_bytes(hash.salt, (int)hash.salt_size) != 1) return ERR_IO;
    enum err e = hash_compute(&hash, password, hash.hash);
    if (e == OK) hash_write(&hash, text, PASSHASH_TEXT_MAX);
    OPENSSL_cleanse(&hash, sizeof hash);
    return e;
}
