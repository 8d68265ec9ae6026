/* passhash.h - what is kept of a password: enough to know it again, not enough
 * to find it out. The forms are Mosquitto's:
 *
 *     $6$SALT$HASH                 SHA-512(password + salt), in base64
 *     $7$ITERATIONS$SALT$HASH      PBKDF2 with HMAC-SHA-512
 *     $argon2id$v=19$m=KIB,t=PASSES,p=LANES$SALT$HASH      RFC 9106, PHC
 *
 * The first is so quick to compute that a stolen file gives short passwords
 * away; it is read, and written only when asked for.
 */
#ifndef MOGI_AUTH_PASSHASH_H
#define MOGI_AUTH_PASSHASH_H

#include "base/bytes.h"
#include "base/err.h"

enum passhash_kind { PASSHASH_SHA512, PASSHASH_PBKDF2, PASSHASH_ARGON2ID };

enum {
    PASSHASH_SALT_MAX = 128, /* bytes */
    PASSHASH_HASH_MAX = 128,
    PASSHASH_TEXT_MAX = 640, /* letters, with the NUL */

    PASSHASH_ITERATIONS_MAX = 10 * 1000 * 1000, /* of PBKDF2 */
    PASSHASH_PASSES_MAX = 1000,                 /* of argon2id */
    PASSHASH_KIB_MAX = 1024 * 1024,
    PASSHASH_LANES_MAX = 64,

    /* What passhash_make takes unless told: some ten ms each. */
    PASSHASH_ITERATIONS = 100 * 1000,
    PASSHASH_PASSES = 2,
    PASSHASH_KIB = 19 * 1024,
    PASSHASH_LANES = 1
};

struct passhash {
    enum passhash_kind kind;
    uint32_t iterations; /* of PBKDF2; passes of argon2id */
    uint32_t kib, lanes; /* of argon2id */
    size_t salt_size, hash_size;
    uint8_t salt[PASSHASH_SALT_MAX];
    uint8_t hash[PASSHASH_HASH_MAX];
};

/* Read `text`. NULL, or what is wrong with it, as a sentence part; static
 * memory. Bounds are above: a file cannot ask for all the memory there is. */
const char *passhash_parse(struct bytes text, struct passhash *out);

/* Is it `password`? OK, ERR_CREDENTIALS, or ERR_NO_MEMORY. Takes as long for a
 * wrong password as for the right one; for some tens of ms, and the memory
 * that the hash asks for. */
MUST_USE
enum err passhash_check(const struct passhash *hash, struct bytes password);

/* Hash `password` under a new random salt, as text that ends with a NUL.
 * `iterations` 0 is the default of `kind`. ERR_IO: the system has no random
 * bits; ERR_NO_MEMORY. */
MUST_USE
enum err passhash_make(enum passhash_kind kind, uint32_t iterations,
                       struct bytes password, char text[PASSHASH_TEXT_MAX]);

#endif
