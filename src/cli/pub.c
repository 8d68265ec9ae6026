/* pub.c - `mogi pub`. */
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/debug.h"
#include "cli/interrupt.h"
#include "cli/payload.h"
#include "cli/source.h"
#include "cli/trouble.h"
#include "cli/visit.h"
#include "client/clock.h"
#include "wire/reason.h"

#include <stdlib.h>
#include <unistd.h>

enum { CLOSE_TIMEOUT_MS = 60000 };

struct pub {
    struct arguments arguments;
    struct debug debug;
    struct mogi_client *client;
    struct mogi_message message;
    struct payload_lines lines;
    uint8_t *loaded; /* see source_load */
    long published;  /* given to the client */
    long settled;    /* ... and out of our hands */
    uint64_t next_ms;
    bool welcome;     /* the broker has accepted us once */
    bool alias_known; /* the broker knows our topic alias */
    bool waiting_line;
    bool done;
    int status;
};

static bool pub_init(struct pub *p)
{
    struct arguments *a = &p->arguments;
    if (!source_load(a, &p->message.payload, &p->loaded)) return false;
    p->message.topic = mogi_text(a->topic);
    p->message.qos = (uint8_t)a->qos;
    p->message.retain = a->retain;
    p->message.properties = arguments_region_bytes(a, REGION_PUBLISH);
    payload_lines_init(&p->lines, STDIN_FILENO);
    if (a->debug) debug_follow(&p->debug, stdout, &a->client);
    /* One message is published now or not at all; lines go on. */
    a->client.no_reconnect = a->source != SOURCE_LINES;
    p->client = mogi_client_new(&a->client);
    if (p->client == NULL) trouble_print(a, "Error: Out of memory.\n");
    return p->client != NULL;
}

static void pub_fini(struct pub *p)
{
    mogi_client_free(p->client);
    payload_lines_fini(&p->lines);
    free(p->loaded);
    arguments_fini(&p->arguments);
}

static void pub_end(struct pub *p, int status)
{
    p->done = true;
    p->status = status;
}

/* Publish once: once the topic is known by its alias, QoS 0 goes without it.
 * False: not now, or never (p->done). */
static bool message_publish(struct pub *p)
{
    struct mogi_message m = p->message;
    struct mogi_property alias;
    if (p->alias_known && m.qos == 0) m.topic.size = 0;
    enum mogi_error e = mogi_client_publish(p->client, &m, NULL);
    if (e == MOGI_ERROR_FULL) return false;
    if (e == MOGI_ERROR_STATE) return false;
    if (e != MOGI_OK) {
        pub_end(p, trouble_publish(&p->arguments, e));
        return false;
    }
    p->alias_known = p->arguments.client.connect.version == MOGI_MQTT_50 &&
                     mogi_property_find(m.properties, MOGI_TOPIC_ALIAS, &alias);
    p->published += 1;
    return true;
}

static void event_take(struct pub *p, const struct mogi_event *event)
{
    struct arguments *a = &p->arguments;
    switch (event->kind) {
    case MOGI_CONNECTED: p->welcome = true; break;
    case MOGI_REFUSED: pub_end(p, trouble_refused(a, event)); break;
    case MOGI_PUBLISHED:
        p->settled += 1;
        p->next_ms = clock_now_ms() + a->repeat_delay_ms;
        if (event->reason >= REASON_FAILURE) trouble_unpublished(a, event);
        break;
    case MOGI_DISCONNECTED:
    case MOGI_LOST:
        p->alias_known = false;
        if (a->client.no_reconnect) {
            pub_end(p, trouble_lost(a, p->client, event, p->welcome));
        }
        break;
    default: break;
    }
}

/* QoS 0 is settled when it has left. */
static void departures_count(struct pub *p)
{
    if (p->message.qos > 0 || p->settled == p->published) return;
    if (!mogi_client_is_flushed(p->client)) return;
    p->settled = p->published;
    p->next_ms = clock_now_ms() + p->arguments.repeat_delay_ms;
}

/* -m, -f, -s, -n: one after the other, --repeat times. */
static void repeat_work(struct pub *p)
{
    if (p->settled < p->published) return;
    if (p->published == p->arguments.repeat_count) {
        p->done = true;
        return;
    }
    if (clock_now_ms() >= p->next_ms && message_publish(p)) {
        mogi_client_flush(p->client);
        departures_count(p);
    }
}

/* -l: as many lines as the client takes. */
static void lines_work(struct pub *p)
{
    while (!p->done) {
        if (!p->waiting_line) {
            p->waiting_line =
                payload_lines_next(&p->lines, &p->message.payload);
        }
        if (!p->waiting_line) break;
        if (!message_publish(p)) return;
        p->waiting_line = false;
    }
    mogi_client_flush(p->client);
    departures_count(p);
    if (p->lines.failed) {
        trouble_print(&p->arguments, "Error: A line is too long.\n");
        pub_end(p, STATUS_TOO_LARGE);
    }
    if (p->lines.finished && p->settled == p->published) p->done = true;
}

static int wait_ms(const struct pub *p)
{
    if (p->arguments.source == SOURCE_LINES) return -1;
    if (!mogi_client_is_connected(p->client)) return -1;
    if (p->settled < p->published) return -1;
    uint64_t now_ms = clock_now_ms();
    return p->next_ms <= now_ms ? 0 : (int)(p->next_ms - now_ms);
}

static void pub_run(struct pub *p)
{
    struct mogi_event event;
    bool lines = p->arguments.source == SOURCE_LINES;
    while (!p->done && !interrupt_came()) {
        do {
            if (mogi_client_next(p->client, 0, &event) != MOGI_OK) {
                pub_end(p, p->status == 0 ? STATUS_LOST : p->status);
                return;
            }
            event_take(p, &event);
        } while (event.kind != MOGI_NOTHING && !p->done);
        departures_count(p);
        bool up = mogi_client_is_connected(p->client);
        if (up && !p->done) {
            if (lines)
                lines_work(p);
            else
                repeat_work(p);
        }
        (void)fflush(stdout);
        if (p->done) return;
        bool input = up && lines && !p->waiting_line && !p->lines.finished;
        if (!interrupt_wait(p->client, input, wait_ms(p))) continue;
        payload_lines_fill(&p->lines);
    }
}

int pub_main(int argc, char **argv)
{
    struct pub p = {.status = STATUS_OK};
    const struct arguments *a = &p.arguments;
    int status;
    if (visit_begin(&p.arguments, ARGUMENTS_PUB, argc, argv, &status) &&
        pub_init(&p) && visit_open(a, p.client, &status)) {
        pub_run(&p);
        status = visit_end(a, p.client, 0, CLOSE_TIMEOUT_MS, p.status);
    }
    pub_fini(&p);
    return status;
}
