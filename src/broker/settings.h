/* settings.h - what all threads go by until the next reload: immutable, shared
 * and counted. */
#ifndef MOGI_BROKER_SETTINGS_H
#define MOGI_BROKER_SETTINGS_H

#include "broker/config.h"

#include <stdatomic.h>

struct guards;

struct settings {
    atomic_uint refs;
    uint32_t max_connections; /* 0: no limit */
    struct guards *guards;    /* who may come in; a reference, or NULL */
    struct options options;
    struct options_listener listeners[]; /* what `options` points to */
};

/* A copy of `*options` with its listeners, one reference; of each access list
 * in it a reference of its own. Never NULL. */
struct settings *settings_new(const struct options *options,
                              uint32_t max_connections);

/* What `config`, which is settled, says, with the guards that were made of it,
 * of which it takes a reference of its own. One reference, never NULL. */
struct settings *settings_of(const struct config *config,
                             struct guards *guards);

/* One more reference; returns `settings`. Any thread. */
struct settings *settings_ref(struct settings *settings);

/* One reference less; NULL is fine. Any thread. */
void settings_unref(struct settings *settings);

#endif
