/* httpcache.h - whom a web server has let in a moment ago, so that it is not
 * asked again when they come back.
 *
 * Only "allow" is remembered, with what came along; what was asked is not kept,
 * but HMAC-SHA-256 of it under a key that is drawn when the cache is made. Any
 * thread may use it.
 */
#ifndef MOGI_AUTH_HTTPCACHE_H
#define MOGI_AUTH_HTTPCACHE_H

#include "core/acl.h"

enum { HTTPCACHE_SETS = 1024, HTTPCACHE_WAYS = 4, HTTPCACHE_KEY_SIZE = 32 };

struct httpcache;

/* What was granted. */
struct httpcache_grant {
    const struct acl *acl; /* or NULL */
    uint64_t expires_s;    /* Unix time, or 0 */
};

/* A cache whose entries live `seconds`; NULL when there is no memory, or no
 * random bits: then nothing is cached. */
struct httpcache *httpcache_new(uint32_t seconds);

/* Wipe and free; NULL is fine. */
void httpcache_free(struct httpcache *cache);

/* The key of the question `asked`; false when OpenSSL has no memory. */
bool httpcache_key(const struct httpcache *cache, struct bytes asked,
                   uint8_t key[HTTPCACHE_KEY_SIZE]);

/* Was `key` added, not over `seconds` before `now_s`? What was granted then
 * goes to `*out`, with a reference to its rules. */
bool httpcache_find(struct httpcache *cache,
                    const uint8_t key[HTTPCACHE_KEY_SIZE], uint64_t now_s,
                    struct httpcache_grant *out);

/* This was granted at `now_s`, which is of a clock that never steps. It takes a
 * reference of its own to the rules. The oldest of its set gives way. */
void httpcache_add(struct httpcache *cache,
                   const uint8_t key[HTTPCACHE_KEY_SIZE], uint64_t now_s,
                   const struct httpcache_grant *grant);

#endif
