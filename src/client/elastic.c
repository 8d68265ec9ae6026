/* elastic.c - see elastic.h. */
#include "client/elastic.h"

#include <stdlib.h>

enum {
    MEMORY_MIN = 4096,
    SLOTS_EXTRA = 4,        /* for subscriptions beside a full window */
    RECEIVED_COUNT = 65535, /* all packet ids there are */
    ALIAS_SIZE = 1024,      /* room for each alias that we allow */
    PACKET_HEAD_SIZE = 64   /* more than a packet's fixed parts take */
};

static bool memory_take(struct mogi_tiny_memory *m,
                        const struct mogi_client_options *o)
{
    struct mogi_property alias = {.number = 0};
    size_t slots = (size_t)o->inflight_max + SLOTS_EXTRA;
    (void)mogi_property_find(o->connect.properties, MOGI_TOPIC_ALIAS_MAX,
                             &alias);
    m->in_size = m->out_size = m->store_size = MEMORY_MIN;
    m->slot_count = slots > UINT16_MAX ? UINT16_MAX : slots;
    m->received_count = RECEIVED_COUNT;
    m->aliases_size = (size_t)alias.number * ALIAS_SIZE;
    m->in = malloc(m->in_size);
    m->out = malloc(m->out_size);
    m->store = malloc(m->store_size);
    m->slots = malloc(m->slot_count * sizeof *m->slots);
    m->received = malloc(m->received_count * sizeof *m->received);
    if (m->aliases_size > 0) m->aliases = malloc(m->aliases_size);
    return m->in != NULL && m->out != NULL && m->store != NULL &&
           m->slots != NULL && m->received != NULL &&
           (m->aliases_size == 0 || m->aliases != NULL);
}

bool elastic_init(struct elastic *e, const struct mogi_client_options *options)
{
    *e = (struct elastic){.output_max = options->output_max};
    if (!memory_take(&e->memory, options)) return false;
    mogi_tiny_init(&e->tiny, &e->memory);
    /* So that what is published before the first CONNECT is encoded for it. */
    e->tiny.version = (uint8_t)options->connect.version;
    mogi_tiny_trace(&e->tiny, options->trace, options->trace_context);
    return true;
}

void elastic_fini(struct elastic *e)
{
    struct mogi_tiny_memory *m = &e->memory;
    free(m->in);
    free(m->out);
    free(m->store);
    free(m->slots);
    free(m->received);
    free(m->aliases);
}

/* Make one part of the memory at least `size` bytes large. */
static bool part_grow(struct elastic *e, uint8_t **part, size_t *part_size,
                      size_t size)
{
    if (*part_size >= size) return true;
    if (size < *part_size * 2) size = *part_size * 2;
    uint8_t *larger = realloc(*part, size);
    if (larger == NULL) return false;
    *part = larger;
    *part_size = size;
    mogi_tiny_move(&e->tiny, &e->memory);
    return true;
}

static bool in_grow(struct elastic *e, size_t size)
{
    return part_grow(e, &e->memory.in, &e->memory.in_size, size);
}

static bool out_grow(struct elastic *e, size_t size)
{
    return part_grow(e, &e->memory.out, &e->memory.out_size, size);
}

/* Bytes in `out` that are still to leave. */
static size_t out_waiting(const struct elastic *e)
{
    return e->tiny.out_end - e->tiny.out_first;
}

enum mogi_error elastic_connect(struct elastic *e,
                                const struct mogi_connect *connect,
                                uint32_t now_ms)
{
    for (;;) {
        enum mogi_error error = mogi_tiny_connect(&e->tiny, connect, now_ms);
        if (error != MOGI_ERROR_TOO_LARGE) return error;
        /* Its properties are put together in `in`. */
        if (!out_grow(e, e->memory.out_size * 2) ||
            !in_grow(e, e->memory.in_size * 2)) {
            return MOGI_ERROR_MEMORY;
        }
    }
}

enum mogi_error elastic_input(struct elastic *e, struct mogi_bytes *in,
                              uint32_t now_ms, struct mogi_event *event)
{
    for (;;) {
        enum mogi_error error = mogi_tiny_input(&e->tiny, in, now_ms, event);
        if (error != MOGI_ERROR_TOO_LARGE) return error;
        if (!in_grow(e, event->size_needed)) return MOGI_ERROR_MEMORY;
    }
}

/* Make room for a message, within output_max. */
static enum mogi_error message_room(struct elastic *e,
                                    const struct mogi_message *m)
{
    size_t size =
        m->topic.size + m->payload.size + m->properties.size + PACKET_HEAD_SIZE;
    struct mogi_tiny_memory *memory = &e->memory;
    bool grown;
    if (m->qos > 0) {
        grown = part_grow(e, &memory->store, &memory->store_size,
                          size + e->tiny.store_end);
    } else {
        size_t waiting = out_waiting(e);
        size += waiting;
        if (waiting > 0 && size > e->output_max) return MOGI_ERROR_FULL;
        grown = out_grow(e, size);
    }
    return grown ? MOGI_OK : MOGI_ERROR_MEMORY;
}

enum mogi_error elastic_publish(struct elastic *e, const struct mogi_message *m,
                                uint16_t *packet_id)
{
    enum mogi_error error = mogi_tiny_publish(&e->tiny, m, packet_id);
    if (error != MOGI_ERROR_FULL && error != MOGI_ERROR_TOO_LARGE) {
        return error;
    }
    error = message_room(e, m);
    return error == MOGI_OK ? mogi_tiny_publish(&e->tiny, m, packet_id) : error;
}

/* Room in `out` for a request with `size` bytes of filters and properties. */
static bool request_room(struct elastic *e, size_t size)
{
    return out_grow(e, out_waiting(e) + size + PACKET_HEAD_SIZE);
}

enum mogi_error elastic_subscribe(struct elastic *e,
                                  const struct mogi_filter *filters,
                                  size_t count, struct mogi_bytes properties,
                                  uint16_t *packet_id)
{
    size_t size = properties.size;
    for (size_t i = 0; i < count; i++)
        size += 3 + filters[i].filter.size;
    if (!request_room(e, size)) return MOGI_ERROR_MEMORY;
    return mogi_tiny_subscribe(&e->tiny, filters, count, properties, packet_id);
}

enum mogi_error elastic_unsubscribe(struct elastic *e,
                                    const struct mogi_bytes *filters,
                                    size_t count, struct mogi_bytes properties,
                                    uint16_t *packet_id)
{
    size_t size = properties.size;
    for (size_t i = 0; i < count; i++)
        size += 2 + filters[i].size;
    if (!request_room(e, size)) return MOGI_ERROR_MEMORY;
    return mogi_tiny_unsubscribe(&e->tiny, filters, count, properties,
                                 packet_id);
}

enum mogi_error elastic_disconnect(struct elastic *e, uint8_t reason,
                                   struct mogi_bytes properties)
{
    if (!request_room(e, properties.size)) return MOGI_ERROR_MEMORY;
    return mogi_tiny_disconnect(&e->tiny, reason, properties);
}
