/* keys.c - see keys.h. */
#include "broker/keys.h"

#include "broker/value.h"

#include <string.h>

/* In the order of --help. */
static const struct {
    const struct key *keys;
    const char *subject;
} tables[] = {
    {keys_listener, "Where clients come in"},
    {keys_entry, "Who may come in"},
    {keys_proof, "How clients prove who they are"},
    {keys_tls, "TLS"},
    {keys_client, "What a client may do, and what is kept for it"},
    {keys_limits, "Limits against abuse"},
    {keys_process, "The program"},
    {keys_log, "The log"},
    {keys_bridge, "Bridges"},
    {keys_past, "Of Mosquitto alone"},
};

enum { TABLE_COUNT = sizeof tables / sizeof *tables };

/* Values of each kind, unless the key says more. */
static const char *const forms[] = {
    [KEY_BOOL] = "true|false", [KEY_NUMBER] = "NUMBER", [KEY_LIMIT] = "NUMBER",
    [KEY_DURATION] = "TIME",   [KEY_WORD] = "WORD",     [KEY_TEXT] = "TEXT",
    [KEY_TEXTS] = "TEXT",      [KEY_CALL] = "VALUE",    [KEY_NOTE] = "",
    [KEY_REFUSED] = "",
};

const struct key *key_at(size_t index)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        for (const struct key *key = tables[i].keys; key->name != NULL; key++) {
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
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        for (const struct key *key = tables[i].keys; key->name != NULL; key++) {
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

const char *key_subject(const struct key *key)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        const struct key *at = tables[i].keys;
        while (at->name != NULL && at != key)
            at++;
        if (at == key) return tables[i].subject;
    }
    return "";
}

const char *key_form(const struct key *key)
{
    return key->form != NULL ? key->form : forms[key->kind];
}

bool key_is_live(const struct key *key)
{
    return key->kind != KEY_NOTE && key->refused == NULL;
}
