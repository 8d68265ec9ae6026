/* scram.h - the broker's side of SCRAM: both prove that they know a password,
 * and neither says it. RFC 5802, RFC 7677
 *
 *     client                                   broker
 *     n,,n=USER,r=NONCE              ------>
 *                                    <------   r=NONCE+OURS,s=SALT,i=COUNT
 *     c=biws,r=NONCE+OURS,p=PROOF    ------>
 *                                    <------   v=SIGNATURE
 *
 * What is kept of a password (struct scram_secret) is enough to check a proof
 * and to give one, not to make the client's. There is no channel binding.
 *
 * Names and passwords are ASCII: for others RFC 5802 wants SASLprep, which is
 * not here, so they are refused rather than compared wrongly.
 */
#ifndef MOGI_AUTH_SCRAM_H
#define MOGI_AUTH_SCRAM_H

#include "base/bytes.h"
#include "base/err.h"

enum scram_hash { SCRAM_SHA256, SCRAM_SHA512 };

enum {
    SCRAM_HASH_MAX = 64, /* bytes */
    SCRAM_SALT_MIN = 8,
    SCRAM_SALT_MAX = 64,
    SCRAM_SALT = 16,             /* bytes of a new one */
    SCRAM_ITERATIONS_MIN = 4096, /* RFC 7677, 4 */
    SCRAM_ITERATIONS = 15000,    /* unless told */
    SCRAM_ITERATIONS_MAX = 10 * 1000 * 1000,
    SCRAM_TEXT_MAX = 384,     /* letters of a secret, with the NUL */
    SCRAM_USER_MAX = 255,     /* bytes of a name */
    SCRAM_NONCE_MAX = 256,    /* letters of the client's */
    SCRAM_MESSAGE_MAX = 2048, /* bytes of one message of the client */
    SCRAM_NONCE_BYTES = 18,   /* of ours, as 24 letters */
    SCRAM_REPLY_MAX = 1024
};

/* What is kept of a password. */
struct scram_secret {
    enum scram_hash hash;
    uint32_t iterations;
    size_t salt_size;
    uint8_t salt[SCRAM_SALT_MAX];
    uint8_t stored_key[SCRAM_HASH_MAX];
    uint8_t server_key[SCRAM_HASH_MAX];
};

/* "SCRAM-SHA-256" or "SCRAM-SHA-512": the authentication method's name. */
const char *scram_name(enum scram_hash hash);

/* The hash of the mechanism called `name`; false: none of ours. */
bool scram_find(struct bytes name, enum scram_hash *out);

/* Bytes of a hash: 32 or 64. */
size_t scram_hash_size(enum scram_hash hash);

/* Is it printable ASCII, and not empty? What SASLprep leaves as it is. */
bool scram_text_valid(struct bytes text);

/* What is kept of `password`, under `secret->hash`, iterations and salt, which
 * are set. Takes as long as the iterations do. ERR_IO: OpenSSL cannot. */
MUST_USE
enum err scram_derive(struct scram_secret *secret, struct bytes password);

/* As scram_derive, with a random salt and `iterations` of `hash`. ERR_IO also:
 * the system has no random bits. */
MUST_USE
enum err scram_make(enum scram_hash hash, uint32_t iterations,
                    struct bytes password, struct scram_secret *out);

/* SCRAM-SHA-256$ITERATIONS:SALT$STORED_KEY:SERVER_KEY, as PostgreSQL has it,
 * into `text`, which ends with a NUL. */
void scram_format(const struct scram_secret *secret, char text[SCRAM_TEXT_MAX]);

/* Read such a text. NULL, or what is wrong with it, in static memory. */
const char *scram_parse(struct bytes text, struct scram_secret *out);

/* One conversation. What the client said, and was told, in order. */
struct scram {
    char user[SCRAM_USER_MAX + 1];
    char nonce[SCRAM_NONCE_MAX + 33];     /* the client's and ours */
    char header[SCRAM_USER_MAX * 3 + 16]; /* of the first message: "n,," */
    char first[SCRAM_MESSAGE_MAX];        /* the client's, without header */
    char reply[SCRAM_REPLY_MAX]; /* ours, the NUL-ended first and then last */
};

/* Read the client's first message: who it says it is goes to scram->user. NULL,
 * or why it is refused, a sentence part in static memory. */
const char *scram_begin(struct scram *scram, struct bytes message);

/* Answer it for `secret`, into scram->reply. `random` is fresh. */
void scram_challenge(struct scram *scram, const struct scram_secret *secret,
                     const uint8_t random[SCRAM_NONCE_BYTES]);

/* Check the client's last message, and put our proof into scram->reply. NULL,
 * or why it is refused, a sentence part in static memory. */
const char *scram_finish(struct scram *scram, const struct scram_secret *secret,
                         struct bytes message);

#endif
