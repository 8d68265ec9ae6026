/* settings.h - what all threads go by until the next reload: immutable, shared
 * and counted. */
#ifndef MOGI_BROKER_SETTINGS_H
#define MOGI_BROKER_SETTINGS_H

#include "core/options.h"

#include <stdatomic.h>

struct settings {
    atomic_uint refs;
    uint32_t max_connections; /* 0: no limit */
    struct options options;
};

/* A copy of `*options`; one reference. Never NULL. */
struct settings *settings_new(const struct options *options,
                              uint32_t max_connections);

/* One more reference; returns `settings`. Any thread. */
struct settings *settings_ref(struct settings *settings);

/* One reference less; NULL is fine. Any thread. */
void settings_unref(struct settings *settings);

#endif
