/* settings.c - see settings.h. */
#include "broker/settings.h"

#include "broker/block.h"

#include <assert.h>
#include <stdlib.h>

struct settings *settings_new(const struct options *options,
                              uint32_t max_connections)
{
    struct settings *settings = block_grow(NULL, sizeof *settings);
    settings->options = *options;
    settings->max_connections = max_connections;
    atomic_init(&settings->refs, 1);
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
    if (refs == 1) free(settings);
}
