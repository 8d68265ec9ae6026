/* door.c - see door.h. */
#include "broker/door.h"

#include "base/hash.h"

#include <assert.h>
#include <string.h>

_Static_assert(sizeof(((struct tally_key *)0)->bytes) == 16,
               "an IPv6 address, or two hashes");

void door_init(struct door *door, uint32_t capacity)
{
    memset(door, 0, sizeof *door);
    door->capacity = capacity;
    door->addresses = tally_new();
    door->users = tally_new();
}

void door_fini(struct door *door)
{
    tally_free(door->addresses);
    tally_free(door->users);
    door->addresses = door->users = NULL;
}

/* One more of `count`, if that is not over `max` (0: no limit). */
static bool count_add(atomic_uint *count, uint32_t max)
{
    unsigned now = atomic_fetch_add(count, 1) + 1;
    if (max == 0 || now <= max) return true;
    atomic_fetch_sub(count, 1);
    return false;
}

enum door_answer door_sit(struct door *door, const struct door_limits *limits,
                          uint16_t listener)
{
    assert(listener < DOOR_LISTENERS_MAX);
    if (!count_add(&door->all, limits->all)) return DOOR_FULL;
    if (count_add(&door->listeners[listener], limits->listeners[listener])) {
        return DOOR_OPEN;
    }
    atomic_fetch_sub(&door->all, 1);
    return DOOR_LISTENER_FULL;
}

void door_rise(struct door *door, uint16_t listener)
{
    unsigned all = atomic_fetch_sub(&door->all, 1);
    unsigned here = atomic_fetch_sub(&door->listeners[listener], 1);
    assert(all > 0 && here > 0);
}

/* Who has an IPv6 network has all the addresses in it. */
static struct tally_key address_key(const struct address *address)
{
    struct tally_key key = {{0}};
    size_t size = address->family == ADDRESS_IPV4 ? 4 : 8;
    memcpy(key.bytes, address->ip, size);
    key.bytes[15] = address->family;
    return key;
}

static uint32_t address_max(const struct door *door,
                            const struct door_limits *limits)
{
    if (limits->address == DOOR_ANY) return 0;
    if (limits->address > 0) return limits->address;
    uint32_t all = limits->all > 0 ? limits->all : door->capacity;
    return all > 1 ? all / 2 : all;
}

enum door_answer door_meet(struct door *door, const struct door_limits *limits,
                           const struct address *address, uint64_t now_ms,
                           bool *counted)
{
    struct tally_limits tally = {address_max(door, limits), limits->rate};
    *counted = false;
    if (address_is_local(address)) return DOOR_OPEN;
    if (tally.count == 0 && tally.rate == 0) return DOOR_OPEN;
    struct tally_key key = address_key(address);
    switch (tally_enter(door->addresses, &key, &tally, now_ms)) {
    case TALLY_MANY: return DOOR_ADDRESS_FULL;
    case TALLY_FAST: return DOOR_ADDRESS_FAST;
    case TALLY_FINE: break;
    }
    *counted = true;
    return DOOR_OPEN;
}

void door_part(struct door *door, const struct address *address)
{
    struct tally_key key = address_key(address);
    tally_leave(door->addresses, &key);
}

/* Two names with equal 128 bits would be taken for one. */
static struct tally_key user_key(struct bytes user)
{
    static const struct hash_key keys[2] = {{0x6d6f6769, 1}, {0x6d6f6769, 2}};
    struct tally_key key;
    for (size_t i = 0; i < 2; i++) {
        uint64_t hash = hash_bytes(&keys[i], user);
        memcpy(key.bytes + i * sizeof hash, &hash, sizeof hash);
    }
    return key;
}

bool door_name(struct door *door, const struct door_limits *limits,
               struct bytes user, struct tally_key *key)
{
    struct tally_limits tally = {.count = limits->user};
    *key = user_key(user);
    return tally_enter(door->users, key, &tally, 0) == TALLY_FINE;
}

void door_unname(struct door *door, const struct tally_key *key)
{
    tally_leave(door->users, key);
}

const char *door_why(enum door_answer answer)
{
    static const char *const texts[] = {
        [DOOR_OPEN] = "there is room",
        [DOOR_FULL] = "there are as many connections as there may be "
                      "(global_max_connections)",
        [DOOR_LISTENER_FULL] = "the listener has as many connections as it "
                               "may (max_connections)",
        [DOOR_ADDRESS_FULL] = "there are as many connections from its address "
                              "as there may be (max_connections_per_address)",
        [DOOR_ADDRESS_FAST] = "its address connects too often "
                              "(connect_rate_per_address)",
        [DOOR_STRANGER] = "it is no proxy that proxy_trusted names",
        [DOOR_HEADER] = "it does not begin with a PROXY header of the version "
                        "that enable_proxy_protocol says",
        [DOOR_PLAIN] = "it came to the proxy without TLS "
                       "(proxy_protocol_v2_require_tls)",
        [DOOR_UNPROVEN] = "the proxy has not seen a valid certificate of it "
                          "(require_certificate), or no name in that "
                          "(use_identity_as_username)",
    };
    return texts[answer];
}
