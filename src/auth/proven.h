/* proven.h - who has proven a password a moment ago, so that a client that
 * comes back is not hashed again.
 *
 * A password is not kept: an entry is HMAC-SHA-256 over what was proven, under
 * a key that is drawn when the cache is made and never leaves the process. An
 * entry lives for `seconds`. A new configuration gets a new, empty cache.
 *
 *     hash --> one of SETS sets, of WAYS entries each; the oldest gives way
 *
 * Any thread may use it.
 */
#ifndef MOGI_AUTH_PROVEN_H
#define MOGI_AUTH_PROVEN_H

#include "base/bytes.h"

enum { PROVEN_SETS = 8192, PROVEN_WAYS = 4, PROVEN_KEY_SIZE = 32 };

struct proven;

/* A cache whose entries live `seconds`; NULL when there is no memory, or no
 * random bits: then nothing is cached. */
struct proven *proven_new(uint32_t seconds);

/* Wipe and free; NULL is fine. */
void proven_free(struct proven *proven);

/* The key of `count` parts in this order; where one ends and the next begins
 * counts. False when OpenSSL has no memory. */
bool proven_key(struct proven *proven, const struct bytes *parts, size_t count,
                uint8_t key[PROVEN_KEY_SIZE]);

/* Was `key` added, not over `seconds` before `now_s`? */
bool proven_has(struct proven *proven, const uint8_t key[PROVEN_KEY_SIZE],
                uint64_t now_s);

/* It has been proven at `now_s`, which is of a clock that never steps. */
void proven_add(struct proven *proven, const uint8_t key[PROVEN_KEY_SIZE],
                uint64_t now_s);

#endif
