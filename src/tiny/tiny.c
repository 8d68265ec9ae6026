/* tiny.c - the life of a connection: start, time, end. */
#include "mogi/tiny.h"

#include "tiny/engine.h"
#include "tiny/flight.h"
#include "tiny/outbox.h"
#include "wire/ping.h"

#include <assert.h>

const char *mogi_error_text(enum mogi_error e)
{
    static const char *const texts[] = {
#define X(name, text) text,
        MOGI_ERROR_LIST(X)
#undef X
    };
    assert((size_t)e < sizeof texts / sizeof texts[0]);
    return texts[e];
}

void mogi_tiny_init(struct mogi_tiny *t, const struct mogi_tiny_memory *memory)
{
    assert(memory->out_size >= ENGINE_OUT_MIN);
    assert(memory->in_size >= ENGINE_IN_MIN);
    assert(memory->slot_count <= UINT16_MAX);
    assert(memory->store_size <= UINT32_MAX);
    memset(t, 0, sizeof *t);
    t->memory = *memory;
    t->version = MOGI_MQTT_311;
}

void mogi_tiny_trace(struct mogi_tiny *t, mogi_trace trace, void *context)
{
    t->trace = trace;
    t->trace_context = context;
}

void mogi_tiny_move(struct mogi_tiny *t, const struct mogi_tiny_memory *memory)
{
    assert(memory->in_size >= t->memory.in_size);
    assert(memory->out_size >= t->memory.out_size);
    assert(memory->store_size >= t->memory.store_size);
    assert(memory->slot_count >= t->memory.slot_count);
    assert(memory->received_count >= t->memory.received_count);
    assert(memory->aliases_size >= t->memory.aliases_size);
    assert(memory->slot_count <= UINT16_MAX);
    t->memory = *memory;
}

enum mogi_error mogi_tiny_ping(struct mogi_tiny *t, uint32_t now_ms)
{
    if (t->state != ENGINE_CONNECTED) return MOGI_ERROR_STATE;
    if (t->ping_sent) return MOGI_OK;
    struct writer w;
    if (!outbox_open(t, PING_SIZE, &w)) return MOGI_ERROR_FULL;
    ping_encode(PACKET_PINGREQ, &w);
    outbox_close(t, &w);
    t->ping_sent = true;
    t->ping_ms = now_ms;
    return MOGI_OK;
}

/* Milliseconds from `since` until the keep alive has passed; 0: it has. */
static uint32_t time_left(const struct mogi_tiny *t, uint32_t since_ms,
                          uint32_t now_ms)
{
    uint32_t span_ms = (uint32_t)t->keep_alive_s * 1000;
    uint32_t passed_ms = now_ms - since_ms;
    return passed_ms >= span_ms ? 0 : span_ms - passed_ms;
}

uint32_t mogi_tiny_wait_ms(const struct mogi_tiny *t, uint32_t now_ms)
{
    if (t->state != ENGINE_CONNECTED) return UINT32_MAX;
    if (t->keep_alive_s == 0) return UINT32_MAX;
    uint32_t in_ms = time_left(t, t->last_in_ms, now_ms);
    uint32_t out_ms = time_left(t, t->last_out_ms, now_ms);
    uint32_t ping_ms = time_left(t, t->ping_ms, now_ms);
    /* PINGRESP may wait behind a message that takes long to come. */
    if (t->ping_sent) return in_ms > ping_ms ? in_ms : ping_ms;
    return in_ms < out_ms ? in_ms : out_ms;
}

enum mogi_error mogi_tiny_tick(struct mogi_tiny *t, uint32_t now_ms)
{
    if (mogi_tiny_wait_ms(t, now_ms) > 0) return MOGI_OK;
    if (t->ping_sent) {
        t->state = ENGINE_CLOSING;
        return MOGI_ERROR_KEEP_ALIVE;
    }
    return mogi_tiny_ping(t, now_ms);
}

void mogi_tiny_closed(struct mogi_tiny *t)
{
    t->state = ENGINE_CLOSED;
    t->in_used = t->in_wanted = 0;
    t->aliases_used = 0;
    t->ping_sent = false;
    outbox_clear(t);
    flight_closed(t);
}

bool mogi_tiny_is_connected(const struct mogi_tiny *t)
{
    return t->state == ENGINE_CONNECTED;
}

size_t mogi_tiny_unsettled(const struct mogi_tiny *t)
{
    return flight_count(t);
}
