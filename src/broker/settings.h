/* settings.h - what all threads go by until the next reload: immutable, shared
 * and counted. */
#ifndef MOGI_BROKER_SETTINGS_H
#define MOGI_BROKER_SETTINGS_H

#include "broker/config.h"
#include "broker/door.h"
#include "broker/seals.h"

#include <stdatomic.h>

struct guards;

/* What a listener asks of its proxy. */
struct proxy_rule {
    uint8_t version; /* 0: none */
    bool require_tls;
    bool require_certificate; /* one that the proxy has checked */
    bool identity;            /* its common name is the user name */
};

/* Connections that a proxy brings, and says of whose they are. */
struct proxy_rules {
    struct proxy_rule listeners[CONFIG_LISTENERS_MAX];
    struct network trusted[CONFIG_NETWORKS_MAX];
    size_t trusted_count; /* 0: those of this machine */
    uint64_t wait_ms;     /* for the header */
};

struct settings {
    atomic_uint refs;
    struct door_limits doors;
    struct proxy_rules proxies;
    uint32_t greeting_ms;  /* time for a handshake of TLS */
    struct guards *guards; /* who may come in; a reference, or NULL */
    struct seals *seals;   /* TLS of the listeners; likewise */
    struct options options;
    struct options_listener listeners[]; /* what `options` points to */
};

/* A copy of `*options` with its listeners, one reference; of each access list
 * in it a reference of its own. Never NULL. */
struct settings *settings_new(const struct options *options,
                              uint32_t max_connections);

/* What `config`, which is settled, says, with the guards and seals that were
 * made of it (NULL: no TLS), of which it takes references of its own. One
 * reference, never NULL. */
struct settings *settings_of(const struct config *config, struct guards *guards,
                             struct seals *seals);

/* The TLS of a listener, which lives as long as the settings; NULL: none. */
static inline struct tls_server *settings_tls(const struct settings *settings,
                                              uint16_t listener)
{
    return settings->seals != NULL ? settings->seals->list[listener] : NULL;
}

/* May `address` speak for others? */
bool settings_trust(const struct settings *settings,
                    const struct address *address);

/* One more reference; returns `settings`. Any thread. */
struct settings *settings_ref(struct settings *settings);

/* One reference less; NULL is fine. Any thread. */
void settings_unref(struct settings *settings);

#endif
