/* hash.c - SipHash with one round per word and three at the end, as Aumasson
 * and Bernstein describe it ("SipHash: a fast short-input PRF", 2012). */
#include "base/hash.h"

struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate_left(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotate_left(s->v1, 13) ^ s->v0;
    s->v3 = rotate_left(s->v3, 16) ^ s->v2;
    s->v0 = rotate_left(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = rotate_left(s->v1, 17) ^ s->v2;
    s->v3 = rotate_left(s->v3, 21) ^ s->v0;
    s->v2 = rotate_left(s->v2, 32);
}

/* Eight bytes as a little-endian number on every machine; compilers see that
 * it is one load. */
static inline uint64_t load_word(const uint8_t *at)
{
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 |
           (uint64_t)at[3] << 24 | (uint64_t)at[4] << 32 |
           (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48 |
           (uint64_t)at[7] << 56;
}

/* Four bytes, likewise. */
static inline uint64_t load_half(const uint8_t *at)
{
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 |
           (uint64_t)at[3] << 24;
}

/* The 0..7 bytes from `from` on, and the size in the highest. Byte for byte
 * that would be half of the work for a short text: of a longer one the last
 * eight are loaded, and those that were seen are shifted out. */
static inline uint64_t load_last(struct bytes b, size_t from)
{
    uint64_t word = (uint64_t)(b.size & 0xff) << 56;
    size_t rest = b.size - from;
    if (rest == 0) return word;
    if (b.size >= 8) {
        return word | load_word(b.data + b.size - 8) >> (8 * (8 - rest));
    }
    if (rest >= 4) {
        uint64_t high = load_half(b.data + rest - 4);
        return word | load_half(b.data) | high << (8 * (rest - 4));
    }
    /* One, two or three: the first, the middle, the last. */
    return word | (uint64_t)b.data[0] |
           (uint64_t)b.data[rest / 2] << (8 * (rest / 2)) |
           (uint64_t)b.data[rest - 1] << (8 * (rest - 1));
}

static inline void sip_absorb(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

uint64_t hash_bytes(const struct hash_key *key, struct bytes b)
{
    struct sip s = {
        .v0 = key->k0 ^ 0x736f6d6570736575u,
        .v1 = key->k1 ^ 0x646f72616e646f6du,
        .v2 = key->k0 ^ 0x6c7967656e657261u,
        .v3 = key->k1 ^ 0x7465646279746573u,
    };
    size_t whole = b.size & ~(size_t)7;
    for (size_t i = 0; i < whole; i += 8) {
        sip_absorb(&s, load_word(b.data + i));
    }
    sip_absorb(&s, load_last(b, whole));
    s.v2 ^= 0xff;
    for (int i = 0; i < 3; i++) {
        sip_round(&s);
    }
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
