/* scram.c - see scram.h. */
#include "auth/scram.h"

#include "auth/base64.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>

static const struct {
    const char *name;
    size_t size;
} hashes[] = {
    [SCRAM_SHA256] = {"SCRAM-SHA-256", 32},
    [SCRAM_SHA512] = {"SCRAM-SHA-512", 64},
};

const char *scram_name(enum scram_hash hash)
{
    return hashes[hash].name;
}

bool scram_find(struct bytes name, enum scram_hash *out)
{
    for (unsigned i = 0; i <= SCRAM_SHA512; i++) {
        if (!bytes_equal(name, bytes_of(hashes[i].name))) continue;
        *out = (enum scram_hash)i;
        return true;
    }
    return false;
}

size_t scram_hash_size(enum scram_hash hash)
{
    return hashes[hash].size;
}

bool scram_text_valid(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < 0x20 || text.data[i] > 0x7e) return false;
    }
    return text.size > 0;
}

static const EVP_MD *hash_digest(enum scram_hash hash)
{
    return hash == SCRAM_SHA256 ? EVP_sha256() : EVP_sha512();
}

/* HMAC(key, text). RFC 5802, 2.2. `key` is as long as a hash. */
static bool keyed(enum scram_hash hash, const uint8_t *key, struct bytes text,
                  uint8_t out[SCRAM_HASH_MAX])
{
    unsigned size = SCRAM_HASH_MAX;
    return HMAC(hash_digest(hash), key, (int)scram_hash_size(hash), text.data,
                text.size, out, &size) != NULL;
}

/* H(text), of a text as long as a hash. */
static bool hashed(enum scram_hash hash, const uint8_t *text,
                   uint8_t out[SCRAM_HASH_MAX])
{
    return EVP_Digest(text, scram_hash_size(hash), out, NULL, hash_digest(hash),
                      NULL) == 1;
}

enum err scram_derive(struct scram_secret *secret, struct bytes password)
{
    assert(secret->iterations > 0 && secret->salt_size > 0);
    uint8_t salted[SCRAM_HASH_MAX], client_key[SCRAM_HASH_MAX];
    enum scram_hash hash = secret->hash;
    bool done =
        PKCS5_PBKDF2_HMAC((const char *)password.data, (int)password.size,
                          secret->salt, (int)secret->salt_size,
                          (int)secret->iterations, hash_digest(hash),
                          (int)scram_hash_size(hash), salted) == 1 &&
        keyed(hash, salted, bytes_of("Client Key"), client_key) &&
        hashed(hash, client_key, secret->stored_key) &&
        keyed(hash, salted, bytes_of("Server Key"), secret->server_key);
    OPENSSL_cleanse(salted, sizeof salted);
    OPENSSL_cleanse(client_key, sizeof client_key);
    return done ? OK : ERR_IO;
}

enum err scram_make(enum scram_hash hash, uint32_t iterations,
                    struct bytes password, struct scram_secret *out)
{
    *out = (struct scram_secret){
        .hash = hash, .iterations = iterations, .salt_size = SCRAM_SALT};
    if (RAND_bytes(out->salt, SCRAM_SALT) != 1) return ERR_IO;
    return scram_derive(out, password);
}

void scram_format(const struct scram_secret *secret, char text[SCRAM_TEXT_MAX])
{
    char salt[128], stored[128], server[128];
    size_t size = scram_hash_size(secret->hash);
    base64_encode(BASE64_PADDED, bytes_at(secret->salt, secret->salt_size),
                  salt);
    base64_encode(BASE64_PADDED, bytes_at(secret->stored_key, size), stored);
    base64_encode(BASE64_PADDED, bytes_at(secret->server_key, size), server);
    int written = snprintf(text, SCRAM_TEXT_MAX, "%s$%u:%s$%s:%s",
                           scram_name(secret->hash), secret->iterations, salt,
                           stored, server);
    assert(written > 0 && written < SCRAM_TEXT_MAX);
}

/* Everything before the next `end`, which goes too; false: there is none. */
static bool part_take(struct bytes *text, char end, struct bytes *part)
{
    const uint8_t *at = NULL;
    if (text->size > 0) at = memchr(text->data, end, text->size);
    if (at == NULL) return false;
    *part = bytes_at(text->data, (size_t)(at - text->data));
    *text = bytes_skip(*text, part->size + 1);
    return true;
}

/* `text` decoded, into `out`, of `room` bytes; false: it is not base64, or
 * more. */
static bool binary_read(struct bytes text, uint8_t *out, size_t room,
                        size_t *size)
{
    uint8_t data[256];
    if (base64_bytes_max(text.size) > sizeof data) return false;
    if (!base64_decode(BASE64_PADDED, text, data, size)) return false;
    if (*size > room) return false;
    memcpy(out, data, *size);
    return true;
}

static bool count_read(struct bytes text, uint32_t *out)
{
    uint32_t value = 0;
    if (text.size == 0 || text.size > 9 || text.data[0] == '0') return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        value = value * 10 + (text.data[i] - '0');
    }
    *out = value;
    return true;
}

const char *scram_parse(struct bytes text, struct scram_secret *out)
{
    struct bytes name, count, salt, stored;
    *out = (struct scram_secret){.iterations = 0};
    if (!part_take(&text, '$', &name) || !scram_find(name, &out->hash)) {
        return "it begins with neither SCRAM-SHA-256$ nor SCRAM-SHA-512$";
    }
    if (!part_take(&text, ':', &count) || !part_take(&text, '$', &salt) ||
        !part_take(&text, ':', &stored)) {
        return "it is not MECHANISM$ITERATIONS:SALT$STORED:SERVER";
    }
    if (!count_read(count, &out->iterations) ||
        out->iterations < SCRAM_ITERATIONS_MIN ||
        out->iterations > SCRAM_ITERATIONS_MAX) {
        return "its iterations are not 4096 to 10000000";
    }
    if (!binary_read(salt, out->salt, SCRAM_SALT_MAX, &out->salt_size) ||
        out->salt_size < SCRAM_SALT_MIN) {
        return "its salt is not 8 to 64 bytes in base64";
    }
    size_t wanted = scram_hash_size(out->hash), size = 0, server_size = 0;
    if (!binary_read(stored, out->stored_key, wanted, &size) ||
        !binary_read(text, out->server_key, wanted, &server_size) ||
        size != wanted || server_size != wanted) {
        return "its keys are not as long as its hash, in base64";
    }
    return NULL;
}

/* What stands behind `letter` and "=" in the next part, up to a comma or the
 * end. RFC 5802, 7: the order of the parts is fixed. */
static bool attribute_take(struct bytes *text, uint8_t letter,
                           struct bytes *value)
{
    if (text->size < 2 || text->data[0] != letter || text->data[1] != '=') {
        return false;
    }
    *text = bytes_skip(*text, 2);
    if (part_take(text, ',', value)) return true;
    *value = *text;
    *text = bytes_skip(*text, text->size);
    return true;
}

/* A name, in which =2C stands for a comma and =3D for an equals sign. NULL, or
 * why not. */
static const char *name_read(struct bytes text, char out[SCRAM_USER_MAX + 1])
{
    size_t size = 0;
    if (!scram_text_valid(text)) {
        return "its name is empty or has letters beyond ASCII, which SCRAM "
               "here does not take";
    }
    for (size_t i = 0; i < text.size; i++) {
        char c = (char)text.data[i];
        if (c == '=') {
            struct bytes rest = bytes_skip(text, i);
            if (rest.size < 3) return "its name is not escaped well";
            if (memcmp(rest.data, "=2C", 3) == 0)
                c = ',';
            else if (memcmp(rest.data, "=3D", 3) != 0)
                return "its name is not escaped well";
            i += 2;
        }
        if (size == SCRAM_USER_MAX) return "its name is too long";
        out[size++] = c;
    }
    out[size] = '\0';
    return NULL;
}

/* The part before the first message proper: whether the client can bind to a
 * TLS channel, and as whom it wants to act. Moves `message` behind it. */
static const char *header_read(struct scram *scram, struct bytes *message,
                               char acting[SCRAM_USER_MAX + 1])
{
    struct bytes whole = *message, binding, identity;
    acting[0] = '\0';
    if (!part_take(message, ',', &binding) ||
        !part_take(message, ',', &identity)) {
        return "its first message is cut short";
    }
    if (binding.size > 1 && binding.data[0] == 'p') {
        return "it wants to bind to the TLS channel, which is not known here";
    }
    /* "y": it could, and thinks that we cannot; it is right. */
    if (binding.size != 1 || strchr("ny", binding.data[0]) == NULL) {
        return "its first message begins with neither n nor y";
    }
    size_t size = whole.size - message->size;
    if (size >= sizeof scram->header) return "its name is too long";
    memcpy(scram->header, whole.data, size);
    scram->header[size] = '\0';
    if (identity.size == 0) return NULL;
    if (!attribute_take(&identity, 'a', &binding)) {
        return "its first message has an odd header";
    }
    return name_read(binding, acting);
}

static bool nonce_valid(struct bytes nonce)
{
    for (size_t i = 0; i < nonce.size; i++) {
        /* RFC 5802, 7: "printable", but for the comma, which cannot be. */
        if (nonce.data[i] < 0x21 || nonce.data[i] > 0x7e) return false;
    }
    return nonce.size > 0 && nonce.size <= SCRAM_NONCE_MAX;
}

const char *scram_begin(struct scram *scram, struct bytes message)
{
    char acting[SCRAM_USER_MAX + 1];
    *scram = (struct scram){.user = ""};
    if (message.size >= SCRAM_MESSAGE_MAX) return "its message is too long";
    const char *why = header_read(scram, &message, acting);
    if (why != NULL) return why;
    memcpy(scram->first, message.data, message.size);
    if (memchr(message.data, 0, message.size) != NULL) {
        return "its first message has a NUL";
    }
    struct bytes name, nonce;
    if (message.size > 0 && message.data[0] == 'm') {
        return "it asks for an extension that is not known here";
    }
    if (!attribute_take(&message, 'n', &name) ||
        !attribute_take(&message, 'r', &nonce)) {
        return "its first message has not name and nonce";
    }
    why = name_read(name, scram->user);
    if (why != NULL) return why;
    if (acting[0] != '\0' && strcmp(acting, scram->user) != 0) {
        return "it wants to act as somebody else";
    }
    if (!nonce_valid(nonce)) return "its nonce is not 1 to 256 plain letters";
    memcpy(scram->nonce, nonce.data, nonce.size);
    return NULL;
}

void scram_challenge(struct scram *scram, const struct scram_secret *secret,
                     const uint8_t random[SCRAM_NONCE_BYTES])
{
    char ours[SCRAM_NONCE_BYTES * 2], salt[128];
    size_t size = strlen(scram->nonce);
    assert(size > 0 && size <= SCRAM_NONCE_MAX);
    base64_encode(BASE64_BARE, bytes_at(random, SCRAM_NONCE_BYTES), ours);
    assert(size + strlen(ours) < sizeof scram->nonce);
    memcpy(scram->nonce + size, ours, strlen(ours) + 1);
    base64_encode(BASE64_PADDED, bytes_at(secret->salt, secret->salt_size),
                  salt);
    int written = snprintf(scram->reply, sizeof scram->reply, "r=%s,s=%s,i=%u",
                           scram->nonce, salt, secret->iterations);
    assert(written > 0 && written < (int)sizeof scram->reply);
}

/* Take the client's last message apart: its beginning, without the proof, and
 * the proof. NULL, or why it is refused. */
static const char *final_read(const struct scram *scram, struct bytes message,
                              struct bytes *unproven, struct bytes *proof)
{
    struct bytes whole = message, binding, nonce;
    if (!attribute_take(&message, 'c', &binding) ||
        !attribute_take(&message, 'r', &nonce)) {
        return "its last message has not binding and nonce";
    }
    char header[sizeof scram->header * 2];
    base64_encode(BASE64_PADDED, bytes_of(scram->header), header);
    if (!bytes_equal(binding, bytes_of(header))) {
        return "it has changed its mind about the channel";
    }
    if (!bytes_equal(nonce, bytes_of(scram->nonce))) {
        return "its last message has another nonce";
    }
    /* Extensions may follow, and the proof is last. */
    while (message.size > 0 && message.data[0] != 'p') {
        struct bytes extension;
        if (!part_take(&message, ',', &extension)) break;
    }
    *unproven = bytes_at(whole.data, whole.size - message.size);
    if (unproven->size > 0) unproven->size -= 1; /* the comma */
    if (!attribute_take(&message, 'p', proof) || message.size > 0) {
        return "its last message does not end with a proof";
    }
    return NULL;
}

/* Does the proof fit? RFC 5802, 3. `text` is all that was said. */
static bool proof_fits(const struct scram_secret *secret, struct bytes text,
                       const uint8_t *proof)
{
    uint8_t signature[SCRAM_HASH_MAX], key[SCRAM_HASH_MAX];
    size_t size = scram_hash_size(secret->hash);
    if (!keyed(secret->hash, secret->stored_key, text, signature)) return false;
    for (size_t i = 0; i < size; i++)
        signature[i] ^= proof[i];
    bool fits = hashed(secret->hash, signature, key) &&
                CRYPTO_memcmp(key, secret->stored_key, size) == 0;
    OPENSSL_cleanse(signature, sizeof signature);
    return fits;
}

const char *scram_finish(struct scram *scram, const struct scram_secret *secret,
                         struct bytes message)
{
    struct bytes unproven, proof_text;
    if (message.size >= SCRAM_MESSAGE_MAX) return "its message is too long";
    const char *why = final_read(scram, message, &unproven, &proof_text);
    if (why != NULL) return why;
    uint8_t proof[SCRAM_HASH_MAX];
    size_t size, wanted = scram_hash_size(secret->hash);
    if (!binary_read(proof_text, proof, wanted, &size) || size != wanted) {
        return "its proof is not as long as its hash, in base64";
    }
    char text[SCRAM_MESSAGE_MAX * 2 + SCRAM_REPLY_MAX];
    int text_size =
        snprintf(text, sizeof text, "%s,%s,%.*s", scram->first, scram->reply,
                 (int)unproven.size, (const char *)unproven.data);
    assert(text_size > 0 && text_size < (int)sizeof text);
    struct bytes said = bytes_at(text, (size_t)text_size);
    if (!proof_fits(secret, said, proof)) return "its password is wrong";
    uint8_t signature[SCRAM_HASH_MAX];
    if (!keyed(secret->hash, secret->server_key, said, signature)) {
        return "OpenSSL cannot sign";
    }
    char encoded[128];
    base64_encode(BASE64_PADDED, bytes_at(signature, wanted), encoded);
    (void)snprintf(scram->reply, sizeof scram->reply, "v=%s", encoded);
    return NULL;
}
