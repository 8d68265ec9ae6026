/* hash.h - a keyed 64-bit hash, so that nobody outside can plan collisions. */
#ifndef MOGI_BASE_HASH_H
#define MOGI_BASE_HASH_H

#include "base/bytes.h"

struct hash_key {
    uint64_t k0, k1;
};

/* SipHash-1-3 of `b` under `key`; the same on every machine. */
uint64_t hash_bytes(const struct hash_key *key, struct bytes b);

#endif
