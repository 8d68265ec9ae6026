/* input.c - bytes from the server become events. */
#include "mogi/tiny.h"
#include "tiny/answer.h"
#include "tiny/engine.h"
#include "tiny/flight.h"
#include "tiny/inbox.h"
#include "tiny/outbox.h"
#include "wire/disconnect.h"

#include <assert.h>

/* The server broke a rule: tell a 5.0 server which, and end. */
static enum mogi_error input_fail(struct mogi_tiny *t, enum err e,
                                  struct mogi_event *event)
{
    event->kind = MOGI_NOTHING;
    event->reason = err_code(e);
    if (t->state == ENGINE_CONNECTED && t->version == MOGI_MQTT_50) {
        struct mogi_bytes none = {NULL, 0};
        enum mogi_error sent = mogi_tiny_disconnect(t, event->reason, none);
        assert(sent == MOGI_OK);
    }
    t->state = ENGINE_CLOSING;
    return MOGI_ERROR_PROTOCOL;
}

static void packet_trace(struct mogi_tiny *t, const struct frame *f)
{
    if (t->trace == NULL) return;
    size_t head = f->size - f->body.size;
    struct mogi_bytes packet = {f->body.data - head, f->size};
    t->trace(t->trace_context, false, packet);
}

/* Take one packet from `*in`. */
static enum mogi_error input_step(struct mogi_tiny *t, struct bytes *in,
                                  struct mogi_event *event)
{
    struct frame f;
    if (outbox_room(t) < ENGINE_RESERVE) return MOGI_ERROR_FULL;
    enum err e = inbox_next(t, in, &f, &event->size_needed);
    if (e == ERR_MORE) return MOGI_OK;
    if (e == ERR_FULL) return MOGI_ERROR_TOO_LARGE;
    if (e != OK) return input_fail(t, e, event);
    packet_trace(t, &f);
    e = answer_packet(t, &f, event);
    if (e != OK) return input_fail(t, e, event);
    flight_go(t);
    return MOGI_OK;
}

enum mogi_error mogi_tiny_input(struct mogi_tiny *t, struct mogi_bytes *in,
                                uint32_t now_ms, struct mogi_event *event)
{
    memset(event, 0, sizeof *event);
    if (t->state == ENGINE_CLOSED) return MOGI_ERROR_STATE;
    if (flight_refused(t, &event->packet_id, &event->reason)) {
        event->kind = MOGI_PUBLISHED;
        return MOGI_OK;
    }
    struct bytes left = engine_bytes(*in);
    enum mogi_error e = MOGI_OK;
    if (left.size > 0) t->last_in_ms = now_ms;
    while (left.size > 0 && e == MOGI_OK && event->kind == MOGI_NOTHING) {
        if (t->state == ENGINE_CLOSING)
            left = bytes_skip(left, left.size);
        else
            e = input_step(t, &left, event);
    }
    *in = engine_view(left);
    return e;
}
