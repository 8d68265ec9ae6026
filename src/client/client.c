/* client.c - see mogi/client.h. */
#include "mogi/client.h"

#include "base/rng.h"
#include "client/backoff.h"
#include "client/carrier.h"
#include "client/clock.h"
#include "client/elastic.h"
#include "client/profile.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    READ_SIZE = 64 * 1024,
    FINISH_MS = 500,
    ERROR_SIZE = 384,
    REASON_TAKEN_OVER = 0x8e,
};

struct mogi_client {
    struct profile profile;
    struct elastic elastic;
    struct backoff backoff;
    struct rng rng;
    struct carrier carrier;
    bool wanted; /* connect again when the connection is lost */
    uint64_t retry_ms;
    uint64_t answer_ms; /* by then CONNACK has to be here */
    uint8_t *read;
    struct mogi_bytes unread; /* part of read */
    char error[ERROR_SIZE];
};

struct mogi_client_options mogi_client_defaults(void)
{
    struct mogi_client_options o = {
        .host = "localhost",
        .connect = {.version = MOGI_MQTT_311,
                    .clean_start = true,
                    .keep_alive_s = 60},
    };
    return o;
}

static uint32_t now32(void)
{
    return (uint32_t)clock_now_ms();
}

static void error_set(struct mogi_client *c, const char *text)
{
    (void)snprintf(c->error, sizeof c->error, "%s", text);
}

/* Keep what `e` means, unless the carrier has said more about it. */
static void error_say(struct mogi_client *c, enum mogi_error e)
{
    bool said = e == MOGI_ERROR_NETWORK || e == MOGI_ERROR_HOST ||
                e == MOGI_ERROR_TIMEOUT || e == MOGI_ERROR_TLS;
    if (!said) error_set(c, mogi_error_text(e));
}

struct mogi_client *mogi_client_new(const struct mogi_client_options *options)
{
    struct mogi_client *c = calloc(1, sizeof *c);
    if (c == NULL) return NULL;
    carrier_init(&c->carrier, c->error, sizeof c->error);
    c->read = malloc(READ_SIZE);
    if (c->read == NULL || !profile_init(&c->profile, options) ||
        !elastic_init(&c->elastic, &c->profile.options)) {
        mogi_client_free(c);
        return NULL;
    }
    const struct mogi_client_options *o = &c->profile.options;
    backoff_init(&c->backoff, o->reconnect_min_ms, o->reconnect_max_ms);
    rng_init(&c->rng, clock_now_ms() ^ (uint64_t)(uintptr_t)c);
    c->wanted = true;
    return c;
}

void mogi_client_free(struct mogi_client *c)
{
    if (c == NULL) return;
    carrier_fini(&c->carrier);
    elastic_fini(&c->elastic);
    profile_fini(&c->profile);
    free(c->read);
    free(c);
}

/* The connection is gone; when to try again. */
static uint32_t connection_drop(struct mogi_client *c)
{
    carrier_close(&c->carrier);
    c->unread.size = 0;
    mogi_tiny_closed(&c->elastic.tiny);
    if (c->profile.options.no_reconnect) c->wanted = false;
    if (!c->wanted) return UINT32_MAX;
    uint32_t wait_ms = backoff_next(&c->backoff, (uint32_t)rng_next(&c->rng));
    c->retry_ms = clock_now_ms() + wait_ms;
    return wait_ms;
}

static void connection_lost(struct mogi_client *c, enum mogi_error e,
                            struct mogi_event *event)
{
    error_say(c, e);
    uint8_t reason = event->reason;
    memset(event, 0, sizeof *event);
    event->kind = MOGI_LOST;
    event->error = e;
    event->reason = e == MOGI_ERROR_PROTOCOL ? reason : 0;
    event->wait_ms = connection_drop(c);
}

enum mogi_error mogi_client_open(struct mogi_client *c)
{
    if (carrier_is_open(&c->carrier)) return MOGI_ERROR_STATE;
    const struct mogi_client_options *o = &c->profile.options;
    struct channel_target target = {.host = o->host,
                                    .unix_path = o->unix_path,
                                    .bind_address = o->bind_address,
                                    .port = o->port,
                                    .no_delay = o->no_delay,
                                    .timeout_ms = o->connect_timeout_ms};
    c->wanted = true;
    c->error[0] = '\0';
    enum mogi_error e = carrier_open(&c->carrier, &target, o->tls);
    if (e != MOGI_OK) return e;
    e = elastic_connect(&c->elastic, &o->connect, now32());
    if (e != MOGI_OK) {
        error_say(c, e);
        carrier_close(&c->carrier);
        mogi_tiny_closed(&c->elastic.tiny);
        return e;
    }
    c->answer_ms = clock_now_ms() + o->answer_timeout_ms;
    mogi_client_flush(c);
    return MOGI_OK;
}

static enum mogi_error output_send(struct mogi_client *c)
{
    for (;;) {
        struct mogi_bytes b = mogi_tiny_output(&c->elastic.tiny);
        if (b.size == 0 && !carrier_wants_write(&c->carrier)) return MOGI_OK;
        size_t count;
        enum mogi_error e =
            carrier_send(&c->carrier, bytes_at(b.data, b.size), &count);
        if (e != MOGI_OK || count == 0) return e;
        mogi_tiny_sent(&c->elastic.tiny, count, now32());
    }
}

void mogi_client_flush(struct mogi_client *c)
{
    if (!carrier_is_open(&c->carrier)) return;
    /* A failure shows itself at the next receive, after what the server had to
     * say before it closed. */
    enum mogi_error e = output_send(c);
    if (e != MOGI_OK) error_say(c, e);
}

/* An event that ends the connection, or says that it works. */
static void event_follow(struct mogi_client *c, struct mogi_event *event)
{
    if (event->kind == MOGI_CONNECTED) backoff_reset(&c->backoff);
    if (event->kind != MOGI_REFUSED && event->kind != MOGI_DISCONNECTED) {
        return;
    }
    if (event->kind == MOGI_DISCONNECTED &&
        event->reason == REASON_TAKEN_OVER) {
        c->wanted = false;
    }
    /* The event's bytes stay where they are: dropping moves none. */
    event->wait_ms = connection_drop(c);
}

/* Make events of what was received. */
static enum mogi_error input_take(struct mogi_client *c,
                                  struct mogi_event *event)
{
    enum mogi_error e = elastic_input(&c->elastic, &c->unread, now32(), event);
    /* What waits to leave must leave first. */
    if (e == MOGI_ERROR_FULL) return MOGI_OK;
    if (e == MOGI_ERROR_PROTOCOL) (void)output_send(c);
    return e;
}

/* Milliseconds that CONNACK may still take; UINT32_MAX once it is here. */
static uint32_t answer_left_ms(const struct mogi_client *c)
{
    if (mogi_tiny_is_connected(&c->elastic.tiny)) return UINT32_MAX;
    uint64_t now_ms = clock_now_ms();
    return now_ms >= c->answer_ms ? 0 : (uint32_t)(c->answer_ms - now_ms);
}

/* Send and receive what can be without waiting; at most one event. */
static enum mogi_error connection_work(struct mogi_client *c,
                                       struct mogi_event *event)
{
    enum mogi_error sent = output_send(c);
    enum mogi_error e = input_take(c, event);
    if (e != MOGI_OK || event->kind != MOGI_NOTHING) return e;
    if (c->unread.size > 0) return sent;
    size_t count;
    e = carrier_receive(&c->carrier, c->read, READ_SIZE, &count);
    if (e != MOGI_OK) return e;
    if (count > 0) {
        c->unread = (struct mogi_bytes){c->read, count};
        e = input_take(c, event);
        if (e != MOGI_OK || event->kind != MOGI_NOTHING) return e;
    }
    if (sent != MOGI_OK) return sent;
    if (answer_left_ms(c) == 0) {
        error_set(c, "the server does not answer CONNECT");
        return MOGI_ERROR_TIMEOUT;
    }
    e = mogi_tiny_tick(&c->elastic.tiny, now32());
    return e == MOGI_OK ? output_send(c) : e;
}

/* One round: true when `event` holds something. */
static bool client_step(struct mogi_client *c, struct mogi_event *event)
{
    enum mogi_error e;
    memset(event, 0, sizeof *event);
    if (carrier_is_open(&c->carrier)) {
        e = connection_work(c, event);
    } else {
        if (!c->wanted || clock_now_ms() < c->retry_ms) return false;
        e = mogi_client_open(c);
    }
    if (e != MOGI_OK)
        connection_lost(c, e, event);
    else
        event_follow(c, event);
    return event->kind != MOGI_NOTHING;
}

uint32_t mogi_client_wait_ms(const struct mogi_client *c)
{
    if (carrier_is_open(&c->carrier)) {
        if (c->elastic.tiny.refused_count > 0) return 0;
        if (carrier_has_input(&c->carrier)) return 0;
        uint32_t answer_ms = answer_left_ms(c);
        uint32_t tick_ms = mogi_tiny_wait_ms(&c->elastic.tiny, now32());
        return answer_ms < tick_ms ? answer_ms : tick_ms;
    }
    if (!c->wanted) return UINT32_MAX;
    uint64_t now_ms = clock_now_ms();
    return now_ms >= c->retry_ms ? 0 : (uint32_t)(c->retry_ms - now_ms);
}

/* How long poll may wait, with `end_ms` for the caller's patience. */
static int wait_for(const struct mogi_client *c, int timeout_ms,
                    uint64_t end_ms)
{
    uint32_t own_ms = mogi_client_wait_ms(c);
    uint64_t now_ms = clock_now_ms();
    uint64_t wait_ms = own_ms == UINT32_MAX ? INT32_MAX : own_ms;
    if (timeout_ms >= 0) {
        uint64_t left_ms = now_ms >= end_ms ? 0 : end_ms - now_ms;
        if (left_ms < wait_ms) wait_ms = left_ms;
    }
    if (wait_ms >= INT32_MAX) return -1;
    return (int)wait_ms;
}

enum mogi_error mogi_client_next(struct mogi_client *c, int timeout_ms,
                                 struct mogi_event *event)
{
    uint64_t end_ms =
        clock_now_ms() + (timeout_ms > 0 ? (uint64_t)timeout_ms : 0);
    bool last = false;
    for (;;) {
        if (!carrier_is_open(&c->carrier) && !c->wanted) {
            memset(event, 0, sizeof *event);
            return MOGI_ERROR_STATE;
        }
        if (client_step(c, event)) return MOGI_OK;
        if (last) return MOGI_OK;
        int wait_ms = wait_for(c, timeout_ms, end_ms);
        if (wait_ms != 0 &&
            !channel_wait(c->carrier.fd, mogi_client_wants_read(c),
                          mogi_client_wants_write(c), wait_ms)) {
            return MOGI_OK;
        }
        last = timeout_ms >= 0 && clock_now_ms() >= end_ms;
        if (last && timeout_ms == 0) return MOGI_OK;
    }
}

enum mogi_error mogi_client_publish(struct mogi_client *c,
                                    const struct mogi_message *m,
                                    uint16_t *packet_id)
{
    size_t window = c->profile.options.inflight_max;
    if (m->qos > 0 && mogi_tiny_unsettled(&c->elastic.tiny) >= window) {
        return MOGI_ERROR_FULL;
    }
    enum mogi_error e = mogi_tiny_publish(&c->elastic.tiny, m, packet_id);
    if (e != MOGI_ERROR_FULL && e != MOGI_ERROR_TOO_LARGE) return e;
    if (m->qos == 0) mogi_client_flush(c);
    return elastic_publish(&c->elastic, m, packet_id);
}

enum mogi_error mogi_client_publish_text(struct mogi_client *c,
                                         const char *topic, const char *text,
                                         unsigned qos, bool retain)
{
    struct mogi_message m = {.topic = mogi_text(topic),
                             .payload = mogi_text(text),
                             .qos = (uint8_t)qos,
                             .retain = retain};
    return mogi_client_publish(c, &m, NULL);
}

enum mogi_error mogi_client_subscribe(struct mogi_client *c,
                                      const struct mogi_filter *filters,
                                      size_t count,
                                      struct mogi_bytes properties,
                                      uint16_t *packet_id)
{
    return elastic_subscribe(&c->elastic, filters, count, properties,
                             packet_id);
}

enum mogi_error mogi_client_subscribe_text(struct mogi_client *c,
                                           const char *filter, unsigned qos)
{
    struct mogi_filter f = {.filter = mogi_text(filter), .qos = (uint8_t)qos};
    struct mogi_bytes none = {NULL, 0};
    return mogi_client_subscribe(c, &f, 1, none, NULL);
}

enum mogi_error mogi_client_unsubscribe(struct mogi_client *c,
                                        const struct mogi_bytes *filters,
                                        size_t count,
                                        struct mogi_bytes properties,
                                        uint16_t *packet_id)
{
    return elastic_unsubscribe(&c->elastic, filters, count, properties,
                               packet_id);
}

/* Send until nothing is left or `end_ms`; what comes in is thrown away. */
static enum mogi_error output_finish(struct mogi_client *c, uint64_t end_ms)
{
    for (;;) {
        enum mogi_error e = output_send(c);
        if (e != MOGI_OK) return e;
        if (mogi_client_is_flushed(c)) return MOGI_OK;
        uint64_t now_ms = clock_now_ms();
        if (now_ms >= end_ms) return MOGI_ERROR_TIMEOUT;
        (void)channel_wait(c->carrier.fd, true, true, (int)(end_ms - now_ms));
        /* A server that cannot get rid of its messages takes none of ours. */
        size_t count;
        e = carrier_receive(&c->carrier, c->read, READ_SIZE, &count);
        if (e != MOGI_OK) return e;
    }
}

enum mogi_error mogi_client_close(struct mogi_client *c, uint8_t reason,
                                  struct mogi_bytes properties,
                                  uint32_t timeout_ms)
{
    c->wanted = false;
    if (!carrier_is_open(&c->carrier)) return MOGI_ERROR_STATE;
    enum mogi_error e = elastic_disconnect(&c->elastic, reason, properties);
    if (e != MOGI_OK) return e;
    e = output_finish(c, clock_now_ms() + timeout_ms);
    uint32_t rest_ms = timeout_ms < FINISH_MS ? timeout_ms : FINISH_MS;
    carrier_finish(&c->carrier, e == MOGI_OK ? rest_ms : 0);
    (void)connection_drop(c);
    return e;
}

int mogi_client_fd(const struct mogi_client *c)
{
    return c->carrier.fd;
}

bool mogi_client_wants_read(const struct mogi_client *c)
{
    return carrier_is_open(&c->carrier) && c->unread.size == 0;
}

bool mogi_client_wants_write(struct mogi_client *c)
{
    return carrier_is_open(&c->carrier) && !mogi_client_is_flushed(c);
}

bool mogi_client_is_connected(const struct mogi_client *c)
{
    return mogi_tiny_is_connected(&c->elastic.tiny);
}

bool mogi_client_is_flushed(struct mogi_client *c)
{
    return mogi_tiny_output(&c->elastic.tiny).size == 0 &&
           !carrier_wants_write(&c->carrier);
}

size_t mogi_client_unsettled(const struct mogi_client *c)
{
    return mogi_tiny_unsettled(&c->elastic.tiny);
}

const char *mogi_client_error(const struct mogi_client *c)
{
    return c->error;
}

enum mogi_tls_trouble mogi_client_tls_trouble(const struct mogi_client *c)
{
    return c->carrier.trouble.kind;
}

bool mogi_client_tls_is_resumed(const struct mogi_client *c)
{
    return c->carrier.secure != NULL && secure_is_resumed(c->carrier.secure);
}
