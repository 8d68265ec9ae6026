/* keys.c - see keys.h. */
#include "broker/keys.h"

#include "broker/value.h"

#include <string.h>

/* In the order of --help. */
static const struct key *const tables[] = {
    keys_listener, keys_entry, keys_tls,    keys_client,
    keys_process,  keys_log,   keys_bridge, keys_past,
};

const struct key *key_at(size_t index)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (const struct key *key = tables[i]; key->name != NULL; key++) {
            if (index-- == 0) return key;
        }
    }
    return NULL;
}

static bool key_is(const struct key *key, const char *name)
{
    size_t size = strlen(key->name);
    if (key->name[size - 1] != '*') return strcmp(key->name, name) == 0;
    return strncmp(key->name, name, size - 1) == 0;
}

const struct key *key_find(const char *name)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (const struct key *key = tables[i]; key->name != NULL; key++) {
            if (key_is(key, name)) return key;
        }
    }
    return NULL;
}

const char *key_nearest(const char *name)
{
    const char *nearest = NULL;
    unsigned least = (unsigned)strlen(name) / 3 + 1;
    const struct key *key;
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        unsigned distance = value_distance(name, key->name);
        if (distance > least) continue;
        if (nearest != NULL && distance == least) continue;
        nearest = key->name;
        least = distance;
    }
    return nearest;
}

bool key_is_live(const struct key *key)
{
    return key->kind != KEY_NOTE && key->refused == NULL;
}
