/* The hash: values of two other implementations, keys, and spread. */
#include "base/hash.h"
#include "base/rng.h"
#include "check.h"

/* CPython 3.11 hashes bytes with SipHash-1-3; its key is zero when
 * PYTHONHASHSEED is 0, and the second one here when it is 42. */
static void agrees_with_python(void)
{
    static const struct {
        const char *text;
        uint64_t plain, keyed;
    } vectors[] = {
        {"a", 0x407448d2b89b1813u, 0xfe4a47335692551eu},
        {"abcdefgh", 0x3f7b849c0b8e35eau, 0xb441be6d79f21056u},
        {"sensors/kitchen/light", 0x7e76b56536dda686u, 0x928e7a26837ee91au},
    };
    struct hash_key zero = {0, 0};
    struct hash_key seed_42 = {0xdc504fd368cd90afu, 0xb920bb9ffe99e9c1u};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct bytes text = bytes_of(vectors[i].text);
        CHECK(hash_bytes(&zero, text) == vectors[i].plain);
        CHECK(hash_bytes(&seed_42, text) == vectors[i].keyed);
    }
}

/* Rust's standard library tests its SipHash-1-3 with this key. */
static void agrees_on_nothing(void)
{
    struct hash_key key = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
    CHECK(hash_bytes(&key, (struct bytes){NULL, 0}) == 0xabac0158050fc4dcu);
}

static void plain_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = (v[1] << 13 | v[1] >> 51) ^ v[0];
    v[3] = (v[3] << 16 | v[3] >> 48) ^ v[2];
    v[0] = v[0] << 32 | v[0] >> 32;
    v[2] += v[1];
    v[0] += v[3];
    v[1] = (v[1] << 17 | v[1] >> 47) ^ v[2];
    v[3] = (v[3] << 21 | v[3] >> 43) ^ v[0];
    v[2] = v[2] << 32 | v[2] >> 32;
}

/* The same, byte for byte. */
static uint64_t plain_hash(const struct hash_key *key, const uint8_t *data,
                           size_t size)
{
    uint64_t v[4] = {
        key->k0 ^ 0x736f6d6570736575u, key->k1 ^ 0x646f72616e646f6du,
        key->k0 ^ 0x6c7967656e657261u, key->k1 ^ 0x7465646279746573u};
    uint64_t word = 0;
    for (size_t i = 0; i < (size | 7) + 1; i++) {
        uint64_t byte = i < size ? data[i] : i == (size | 7) ? size & 255 : 0;
        word |= byte << (8 * (i & 7));
        if ((i & 7) != 7) continue;
        v[3] ^= word;
        plain_round(v);
        v[0] ^= word;
        word = 0;
    }
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        plain_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void any_size_is_as_plain(void)
{
    struct hash_key key = {0x1122334455667788u, 0x99aabbccddeeff00u};
    struct rng rng;
    rng_init(&rng, 7);
    uint8_t bytes[600];
    for (size_t size = 0; size <= sizeof bytes; size++) {
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)rng_below(&rng, 256);
        CHECK(hash_bytes(&key, bytes_at(bytes, size)) ==
              plain_hash(&key, bytes, size));
    }
}

/* No byte past the end is read, at any alignment. */
static void stays_inside(void)
{
    struct hash_key key = {1, 2};
    uint8_t bytes[40];
    for (uint8_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = i;
    }
    for (size_t size = 0; size <= sizeof bytes; size++) {
        uint8_t *guarded = check_guard(bytes, size);
        CHECK(hash_bytes(&key, bytes_at(guarded, size)) ==
              hash_bytes(&key, bytes_at(bytes, size)));
        check_guard_free(guarded, size);
    }
}

/* Similar topics fall evenly into 256 slots, by the low bits and the high. */
static void spreads(void)
{
    struct hash_key key = {3, 4};
    unsigned low[256] = {0}, high[256] = {0};
    for (int i = 0; i < 256 * 100; i++) {
        char topic[32];
        snprintf(topic, sizeof topic, "site/1/room/%d/light", i);
        uint64_t hash = hash_bytes(&key, bytes_of(topic));
        low[hash & 255]++;
        high[hash >> 56]++;
    }
    for (int i = 0; i < 256; i++) {
        CHECK(low[i] > 50 && low[i] < 160);
        CHECK(high[i] > 50 && high[i] < 160);
    }
}

/* One bit of the key or of the text changes about half of the hash. */
static void one_bit_changes_half(void)
{
    struct rng rng;
    rng_init(&rng, 8);
    unsigned changed = 0;
    for (int i = 0; i < 1000; i++) {
        struct hash_key key = {rng_next(&rng), rng_next(&rng)};
        uint8_t text[11];
        rng_fill(&rng, text, sizeof text);
        uint64_t before = hash_bytes(&key, bytes_at(text, sizeof text));
        if (i % 2 == 0) {
            key.k1 ^= (uint64_t)1 << rng_below(&rng, 64);
        } else {
            text[rng_below(&rng, sizeof text)] ^= 4;
        }
        uint64_t after = hash_bytes(&key, bytes_at(text, sizeof text));
        changed += (unsigned)__builtin_popcountll(before ^ after);
    }
    CHECK(changed > 31000 && changed < 33000);
}

int main(void)
{
    RUN(agrees_with_python);
    RUN(agrees_on_nothing);
    RUN(any_size_is_as_plain);
    RUN(stays_inside);
    RUN(spreads);
    RUN(one_bit_changes_half);
    return check_result();
}
