/* rr.c - `mogi rr`: a request, and its response. MQTT 5.0, 4.10
 *
 *     SUBSCRIBE response topic --> SUBACK
 *     PUBLISH request (Response Topic, Correlation Data) --> ... --> PUBLISH
 *
 * Before MQTT 5.0 the other side has to know the response topic.
 */
#include "base/bytes.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/debug.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/property_option.h"
#include "cli/source.h"
#include "cli/trouble.h"
#include "cli/visit.h"
#include "wire/reason.h"

#include <stdlib.h>
#include <time.h>

enum { CLOSE_TIMEOUT_MS = 5000, PROPERTY_HEAD_SIZE = 3 };

struct rr {
    struct arguments arguments;
    struct debug debug;
    struct mogi_client *client;
    struct mogi_message request;
    uint8_t *loaded;      /* see source_load */
    uint64_t end_ms;      /* of -W; 0: none */
    struct timespec sent; /* the request, by a clock that never steps */
    bool welcome;         /* the broker has accepted us */
    bool done;
    uint8_t farewell; /* the reason to disconnect with */
    int status;
};

/* In MQTT 5.0 the request says where the response is awaited. */
static bool response_topic_put(struct arguments *a)
{
    struct mogi_properties *p = &a->regions[REGION_PUBLISH];
    struct mogi_property given;
    if (a->client.connect.version != MOGI_MQTT_50) return true;
    if (mogi_property_find(mogi_properties_bytes(p), MOGI_RESPONSE_TOPIC,
                           &given)) {
        return true;
    }
    struct mogi_bytes topic = mogi_text(a->response_topic);
    return property_option_reserve(p, topic.size + PROPERTY_HEAD_SIZE) &&
           mogi_put_text(p, MOGI_RESPONSE_TOPIC, topic) == MOGI_OK;
}

static bool rr_init(struct rr *r)
{
    struct arguments *a = &r->arguments;
    if (!source_load(a, &r->request.payload, &r->loaded)) return false;
    if (a->debug) debug_follow(&r->debug, stdout, &a->client);
    a->client.no_reconnect = true;
    if (response_topic_put(a)) r->client = mogi_client_new(&a->client);
    if (r->client == NULL) trouble_print(a, "Error: Out of memory.\n");
    r->request.topic = mogi_text(a->topic);
    r->request.qos = (uint8_t)a->qos;
    r->request.properties = arguments_region_bytes(a, REGION_PUBLISH);
    return r->client != NULL;
}

static void rr_fini(struct rr *r)
{
    mogi_client_free(r->client);
    free(r->loaded);
    arguments_fini(&r->arguments);
}

static void rr_end(struct rr *r, int status)
{
    r->done = true;
    r->status = status;
}

static void response_await(struct rr *r)
{
    const struct arguments *a = &r->arguments;
    struct mogi_filter filter = {.filter = mogi_text(a->response_topic),
                                 .qos = (uint8_t)a->qos,
                                 .retain_handling = a->retain_handling};
    enum mogi_error e = mogi_client_subscribe(
        r->client, &filter, 1, arguments_region_bytes(a, REGION_SUBSCRIBE),
        NULL);
    if (e == MOGI_OK) return;
    trouble_print(a, "Error: Cannot subscribe: %s.\n", mogi_error_text(e));
    rr_end(r, STATUS_ARGUMENT);
}

/* The response cannot be missed any more: ask. */
static void subscribed(struct rr *r, const struct mogi_event *event)
{
    struct arguments *a = &r->arguments;
    if (event->reasons.size > 0 && event->reasons.data[0] >= REASON_FAILURE) {
        trouble_print(a, "All subscription requests were denied.\n");
        rr_end(r, STATUS_FAILED);
        return;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &r->sent);
    enum mogi_error e = mogi_client_publish(r->client, &r->request, NULL);
    if (e != MOGI_OK) rr_end(r, trouble_publish(a, e));
    mogi_client_flush(r->client);
}

/* Is it to another request? Who answers may leave out what was asked with. */
static bool response_is_foreign(const struct rr *r,
                                const struct mogi_message *m)
{
    struct mogi_property ours, theirs;
    return mogi_property_find(r->request.properties, MOGI_CORRELATION_DATA,
                              &ours) &&
           mogi_property_find(m->properties, MOGI_CORRELATION_DATA, &theirs) &&
           !bytes_equal(bytes_at(ours.text.data, ours.text.size),
                        bytes_at(theirs.text.data, theirs.text.size));
}

/* In the unit that suits it. */
static void latency_print(const struct timespec *since)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    long long ns = (long long)(now.tv_sec - since->tv_sec) * 1000000000 +
                   now.tv_nsec - since->tv_nsec;
    if (ns < 1000) {
        (void)printf("Latency: %lldns\n", ns);
    } else if (ns < 1000000) {
        (void)printf("Latency: %fµs\n", (double)ns / 1e3);
    } else if (ns < 1000000000) {
        (void)printf("Latency: %fms\n", (double)ns / 1e6);
    } else {
        (void)printf("Latency: %.9f\n", (double)ns / 1e9);
    }
}

static void message_take(struct rr *r, const struct mogi_message *m)
{
    const struct arguments *a = &r->arguments;
    if (r->done || (a->no_retained && m->retain)) return;
    if (response_is_foreign(r, m)) return;
    output_message(a, m);
    if (a->latency) latency_print(&r->sent);
    r->done = true;
}

static void event_take(struct rr *r, const struct mogi_event *event)
{
    struct arguments *a = &r->arguments;
    switch (event->kind) {
    case MOGI_CONNECTED:
        r->welcome = true;
        response_await(r);
        break;
    case MOGI_REFUSED: rr_end(r, trouble_refused(a, event)); break;
    case MOGI_SUBSCRIBED: subscribed(r, event); break;
    case MOGI_MESSAGE: message_take(r, &event->message); break;
    case MOGI_PUBLISHED:
        /* Nobody will answer what nobody was told. */
        if (event->reason < REASON_FAILURE) break;
        trouble_unpublished(a, event);
        rr_end(r, STATUS_FAILED);
        break;
    case MOGI_LOST:
    case MOGI_DISCONNECTED:
        rr_end(r, trouble_lost(a, r->client, event, r->welcome));
        break;
    default: break;
    }
}

static void end_check(struct rr *r)
{
    int status;
    if (r->done || !visit_is_over(&r->arguments, r->end_ms, &status)) return;
    r->farewell = REASON_DISCONNECT_WITH_WILL;
    rr_end(r, status);
}

static void rr_run(struct rr *r)
{
    struct mogi_event event;
    r->end_ms = visit_end_ms(&r->arguments);
    while (!r->done) {
        do {
            if (mogi_client_next(r->client, 0, &event) != MOGI_OK) {
                rr_end(r, r->status == 0 ? STATUS_LOST : r->status);
                return;
            }
            event_take(r, &event);
            end_check(r);
        } while (event.kind != MOGI_NOTHING && !r->done);
        if (!r->done)
            (void)interrupt_wait(r->client, false, visit_wait_ms(r->end_ms));
    }
}

int rr_main(int argc, char **argv)
{
    struct rr r = {.status = STATUS_OK};
    const struct arguments *a = &r.arguments;
    int status;
    if (visit_begin(&r.arguments, ARGUMENTS_RR, argc, argv, &status) &&
        rr_init(&r) && visit_open(a, r.client, &status)) {
        rr_run(&r);
        status = visit_end(a, r.client, r.farewell, CLOSE_TIMEOUT_MS, r.status);
    }
    rr_fini(&r);
    return status;
}
