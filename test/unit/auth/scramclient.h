/* scramclient.h - the client's half of SCRAM, by the book, for tests. */
#ifndef MOGI_TEST_SCRAMCLIENT_H
#define MOGI_TEST_SCRAMCLIENT_H

#include "auth/base64.h"
#include "auth/scram.h"
#include "check.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

/* What a client says last, made here by the book. RFC 5802, 3 */
CHECK_UNUSED static void client_say(const struct scram *scram,
                                    const struct scram_secret *secret,
                                    const char *password, const char *unproven,
                                    char *out, size_t room)
{
    const EVP_MD *digest =
        secret->hash == SCRAM_SHA256 ? EVP_sha256() : EVP_sha512();
    int size = (int)scram_hash_size(secret->hash);
    uint8_t salted[64], key[64], stored[64], signature[64];
    char text[8192], proof[128];
    REQUIRE(PKCS5_PBKDF2_HMAC(password, (int)strlen(password), secret->salt,
                              (int)secret->salt_size, (int)secret->iterations,
                              digest, size, salted) == 1);
    HMAC(digest, salted, size, (const uint8_t *)"Client Key", 10, key, NULL);
    EVP_Digest(key, (size_t)size, stored, NULL, digest, NULL);
    int text_size = snprintf(text, sizeof text, "%s,%s,%s", scram->first,
                             scram->reply, unproven);
    HMAC(digest, stored, size, (const uint8_t *)text, (size_t)text_size,
         signature, NULL);
    for (int i = 0; i < size; i++)
        key[i] ^= signature[i];
    base64_encode(BASE64_PADDED, bytes_at(key, (size_t)size), proof);
    (void)snprintf(out, room, "%s,p=%s", unproven, proof);
}

#endif
