/* settings.c - see settings.h. */
#include "broker/settings.h"

#include "broker/block.h"
#include "broker/guards.h"
#include "core/acl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct settings *settings_new(const struct options *options,
                              uint32_t max_connections)
{
    size_t count = options->listener_count;
    size_t size = count * sizeof *options->listeners;
    struct settings *settings = block_grow(NULL, sizeof *settings + size);
    *settings = (struct settings){.doors.all = max_connections};
    settings->options = *options;
    settings->options.listeners = settings->listeners;
    if (size > 0) memcpy(settings->listeners, options->listeners, size);
    (void)acl_ref(options->listener.acl);
    for (size_t i = 0; i < count; i++)
        (void)acl_ref(settings->listeners[i].acl);
    atomic_init(&settings->refs, 1);
    return settings;
}

/* A thread's part of what all may have; topics spread evenly. */
static uint64_t part_of(uint64_t all, uint16_t threads)
{
    return all / threads + (all % threads != 0);
}

static struct door_limits doors_of(const struct config *config)
{
    struct door_limits doors = {.all = config->max_connections,
                                .address = config->max_connections_per_address,
                                .rate = config->connect_rate_per_address,
                                .user = config->max_connections_per_user};
    for (size_t i = 0; i < config->listener_count; i++)
        doors.listeners[i] = config->listeners[i].max_connections;
    return doors;
}

/* Who a client is its proxy says, unless the listener sees for itself. */
static struct proxy_rule proxy_rule_of(const struct config_listener *listener)
{
    const struct config_tls *tls = &listener->tls;
    bool told =
        listener->proxy_protocol == 2 && !config_listener_has_tls(listener);
    bool identity = told && tls->use_identity_as_username;
    return (struct proxy_rule){
        .version = listener->proxy_protocol,
        .require_tls = listener->proxy_protocol_v2_require_tls,
        .require_certificate = identity || (told && tls->require_certificate),
        .identity = identity,
    };
}

static void proxies_fill(struct proxy_rules *proxies,
                         const struct config *config)
{
    for (size_t i = 0; i < config->listener_count; i++)
        proxies->listeners[i] = proxy_rule_of(&config->listeners[i]);
    memcpy(proxies->trusted, config->proxy_trusted, sizeof proxies->trusted);
    proxies->trusted_count = config->proxy_trusted_count;
    proxies->wait_ms = config->proxy_timeout_s * UINT64_C(1000);
}

bool settings_trust(const struct settings *settings,
                    const struct address *address)
{
    const struct proxy_rules *proxies = &settings->proxies;
    if (proxies->trusted_count == 0) return address_is_local(address);
    if (address->family == ADDRESS_UNIX) return true;
    for (size_t i = 0; i < proxies->trusted_count; i++) {
        if (network_has(&proxies->trusted[i], address)) return true;
    }
    return false;
}

struct settings *settings_of(const struct config *config, struct guards *guards,
                             struct seals *seals)
{
    struct options options = config->options;
    struct options_listener list[CONFIG_LISTENERS_MAX];
    for (size_t i = 0; i < config->listener_count; i++) {
        config_listener_options(&config->listeners[i], &list[i]);
        list[i].ask = guards_ask(guards, i);
        list[i].acl = guards->list[i].acl;
        if (seals == NULL) continue;
        list[i].certificate_until_s = seals_until_s(seals, i);
    }
    options.retained_limit =
        (uint32_t)part_of(config->retained_limit, config_threads(config));
    options.retained_bytes_limit =
        part_of(config->retained_bytes_limit, config_threads(config));
    options.listeners = list;
    options.listener_count = config->listener_count;
    struct settings *settings = settings_new(&options, config->max_connections);
    settings->doors = doors_of(config);
    proxies_fill(&settings->proxies, config);
    settings->greeting_ms = config->tls_handshake_timeout_s * 1000;
    if (seals != NULL) settings->seals = seals_ref(seals);
    settings->guards = guards_ref(guards);
    return settings;
}

struct settings *settings_ref(struct settings *settings)
{
    atomic_fetch_add_explicit(&settings->refs, 1, memory_order_relaxed);
    return settings;
}

void settings_unref(struct settings *settings)
{
    if (settings == NULL) return;
    unsigned refs =
        atomic_fetch_sub_explicit(&settings->refs, 1, memory_order_acq_rel);
    assert(refs > 0);
    if (refs > 1) return;
    for (size_t i = 0; i < settings->options.listener_count; i++)
        acl_unref(settings->listeners[i].acl);
    acl_unref(settings->options.listener.acl);
    guards_unref(settings->guards);
    seals_unref(settings->seals);
    free(settings);
}
