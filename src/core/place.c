/* place.c - where a text is at home: one of the shards, by a keyed hash. */
#include "core/place.h"

#include "core/bounds.h"

#include <assert.h>

/* Spread by the high bits: tables use the low ones. */
uint16_t place_home(const struct shard_place *place, struct bytes text)
{
    assert(place->count >= 1 && place->count <= SHARDS_MAX);
    if (place->count == 1) return 0;
    uint64_t high = hash_bytes(&place->key, text) >> 32;
    return (uint16_t)(high * place->count >> 32);
}
