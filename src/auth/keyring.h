/* keyring.h - the keys that may sign tokens, out of a file.
 *
 *     PEM                         public keys and certificates, one or more
 *     {"keys": [...]}             a JWK set. RFC 7517, 5
 *     {"kty": ...}                one JWK
 *
 * and, told so by the operator, a file that is a secret for HS256. There is no
 * guessing between the two: a public key that is mistaken for a secret would
 * let everybody sign who has it.
 *
 * Immutable after it was made.
 */
#ifndef MOGI_AUTH_KEYRING_H
#define MOGI_AUTH_KEYRING_H

#include "auth/jwk.h"

enum {
    KEYRING_KEYS_MAX = 64,
    /* Keys that one token is tried with: each costs a signature check. */
    KEYRING_TRIES_MAX = 8,
    KEYRING_FILE_BYTES_MAX = 1 << 20
};

struct keyring {
    struct jwk keys[KEYRING_KEYS_MAX];
    size_t count;
    size_t skipped; /* keys of a set that we have no use for */
};

/* An empty one on the heap; NULL when there is no memory. */
struct keyring *keyring_new(void);

/* Wipe and free; NULL is fine. */
void keyring_free(struct keyring *keyring);

/* Add the keys in `text`, as above. Of a set, private keys and those of other
 * kinds or for other uses are left out and counted. RFC 7517, 5: what is not
 * understood does not spoil the rest. ERR_CONFIG: no key in it can be used,
 * there are too many, or a PEM is private; `fault` says so. */
MUST_USE
enum err keyring_add(struct keyring *keyring, struct bytes text,
                     struct fault *fault);

/* As keyring_add, with the text of file `path`; `fault` then names it. */
MUST_USE
enum err keyring_add_file(struct keyring *keyring, const char *path,
                          struct fault *fault);

/* Add what stands in file `path`, but for a line end behind it, as a secret.
 * ERR_CONFIG: too short, or it is a key in PEM or DER. */
MUST_USE
enum err keyring_add_secret_file(struct keyring *keyring, const char *path,
                                 struct fault *fault);

/* The keys that a token of `algorithm` may be signed with, into `found`;
 * returns how many. `id` is its `kid`, or NULL.
 *
 * With an id: the keys of that id, or, if there are none, those without id.
 * Without: all. Only those of `algorithm`, and KEYRING_TRIES_MAX at most. */
size_t keyring_find(const struct keyring *keyring, const char *id,
                    enum jws_algorithm algorithm,
                    const struct jwk *found[KEYRING_TRIES_MAX]);

#endif
