/* sys.c - $SYS/broker/...: the broker's figures as retained messages. */
#include "core/sys.h"

#include "core/route.h"
#include "core/state.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#define SYS_PREFIX  "$SYS/broker/"
#define SYS_VERSION "mogi version " MOGI_VERSION

#ifndef MOGI_VERSION
#define MOGI_VERSION "0.1.0"
#endif

enum { SYS_TEXT_MAX = 64, SYS_TOPIC_MAX = 96 };

/* Topics that show one figure. Some have two names: Mosquitto renamed them and
 * kept the old ones. */
static const struct {
    const char *name;
    enum stat_kind stat;
} FIGURES[] = {
    {"clients/total", STAT_CLIENTS},
    {"clients/maximum", STAT_CLIENTS_MAXIMUM},
    {"clients/connected", STAT_CLIENTS_CONNECTED},
    {"clients/active", STAT_CLIENTS_CONNECTED},
    {"clients/expired", STAT_EXPIRED},
    {"clients/refused", STAT_REFUSED},
    {"clients/flapping", STAT_FLAPPING},
    {"clients/slowed", STAT_SLOWED},
    {"connections/turned_away", STAT_TURNED_AWAY},
    {"retained messages/refused", STAT_RETAINED_REFUSED},
    {"retained messages/bytes", STAT_RETAINED_BYTES},
    {"messages/received", STAT_PACKETS_IN},
    {"messages/sent", STAT_PACKETS_OUT},
    {"messages/stored", STAT_QUEUED},
    {"store/messages/count", STAT_QUEUED},
    {"store/messages/bytes", STAT_QUEUED_BYTES},
    {"bytes/received", STAT_BYTES_IN},
    {"bytes/sent", STAT_BYTES_OUT},
    {"publish/messages/received", STAT_PUBLISH_IN},
    {"publish/messages/sent", STAT_PUBLISH_OUT},
    {"publish/messages/dropped", STAT_PUBLISH_DROPPED},
    {"publish/bytes/received", STAT_PUBLISH_BYTES_IN},
    {"publish/bytes/sent", STAT_PUBLISH_BYTES_OUT},
    {"subscriptions/count", STAT_SUBSCRIPTIONS},
    {"shared_subscriptions/count", STAT_SHARED_SUBSCRIPTIONS},
    {"retained messages/count", STAT_RETAINED},
    {"connections/socket/count", STAT_SOCKETS},
    {"connections/refused", STAT_REFUSED},
    {"logins/refused", STAT_LOGINS_REFUSED},
    {"denied/publish", STAT_DENIED_PUBLISH},
    {"denied/subscribe", STAT_DENIED_SUBSCRIBE},
    {"denied/receive", STAT_DENIED_RECEIVE},
    {"heap/current", STAT_MEMORY},
    {"heap/maximum", STAT_MEMORY_MAXIMUM},
};

enum { FIGURE_COUNT = sizeof FIGURES / sizeof FIGURES[0] };

/* Topics that show how fast a total grows. */
static const struct {
    const char *name;
    enum stat_kind stat;
} LOADS[SYS_LOADS] = {
    {"load/messages/received", STAT_PACKETS_IN},
    {"load/messages/sent", STAT_PACKETS_OUT},
    {"load/publish/received", STAT_PUBLISH_IN},
    {"load/publish/sent", STAT_PUBLISH_OUT},
    {"load/publish/dropped", STAT_PUBLISH_DROPPED},
    {"load/bytes/received", STAT_BYTES_IN},
    {"load/bytes/sent", STAT_BYTES_OUT},
    {"load/sockets", STAT_SOCKETS},
    {"load/connections", STAT_CONNECTS},
};

static const struct {
    const char *name;
    double seconds;
} SPANS[SYS_SPANS] = {{"1min", 60}, {"5min", 300}, {"15min", 900}};

/* Where each kind of topic keeps what it published last. */
enum {
    SLOT_VERSION,
    SLOT_UPTIME,
    SLOT_AWAY,
    SLOT_INACTIVE,
    SLOT_FIGURES,
    SLOT_LOADS = SLOT_FIGURES + (int)FIGURE_COUNT,
    SLOT_LISTENERS = SLOT_LOADS + (int)SYS_LOADS * (int)SYS_SPANS,
    SLOT_COUNT = SLOT_LISTENERS + (int)SYS_LISTENERS_MAX
};

_Static_assert((int)SLOT_COUNT <= (int)SYS_TOPICS_MAX,
               "a place for each topic");

void sys_init(struct shard *shard)
{
    struct sys *sys = &shard->sys;
    *sys = (struct sys){.started_ms = shard->now_ms, .last_ms = shard->now_ms};
    timer_init(&sys->timer);
    if (shard->place.index == 0) {
        size_t size = shard->place.count * sizeof *sys->parts;
        sys->parts = pool_take(shard->pool, size);
    }
    if (shard->options->sys_interval_s > 0) {
        wheel_set(&shard->timers, &sys->timer, shard->now_ms + 1);
    }
}

void sys_fini(struct shard *shard)
{
    struct sys *sys = &shard->sys;
    wheel_clear(&shard->timers, &sys->timer);
    pool_give(shard->pool, sys->parts, shard->place.count * sizeof *sys->parts);
    sys->parts = NULL;
}

/* The timer, one interval from now. */
static void sys_wait(struct shard *shard)
{
    uint64_t interval_ms = shard->options->sys_interval_s * 1000ull;
    if (interval_ms == 0) {
        wheel_clear(&shard->timers, &shard->sys.timer);
        return;
    }
    wheel_set(&shard->timers, &shard->sys.timer, shard->now_ms + interval_ms);
}

void sys_reload(struct shard *shard)
{
    sys_wait(shard);
}

/* --- figures ------------------------------------------------------------- */

/* Read the gauges that others keep. */
static void sys_measure(struct shard *shard)
{
    uint64_t *v = shard->stats.v;
    v[STAT_RETAINED] = retain_count(shard->retain);
    v[STAT_RETAINED_BYTES] = retain_bytes(shard->retain);
    v[STAT_MEMORY] = pool_bytes(shard->pool);
    if (v[STAT_MEMORY_MAXIMUM] < v[STAT_MEMORY]) {
        v[STAT_MEMORY_MAXIMUM] = v[STAT_MEMORY];
    }
}

/* The sum of what all shards told. */
static struct stats sys_sum(const struct shard *shard)
{
    struct stats sum = {0};
    for (uint16_t i = 0; i < shard->place.count; i++) {
        for (int stat = 0; stat < STAT_COUNT; stat++) {
            sum.v[stat] += shard->sys.parts[i].v[stat];
        }
    }
    return sum;
}

/* Of shards other than 0: tell shard 0. */
static void sys_tell(struct shard *shard)
{
    struct message m = {.payload =
                            bytes_at(&shard->stats, sizeof shard->stats)};
    struct body *body = message_share(&m, shard->pool);
    message_done(&m);
    actions_post(shard->out, 0, POST_STATS)->body = body;
}

void sys_told(struct shard *shard, const struct post *post)
{
    assert(shard->place.index == 0);
    assert(post->from < shard->place.count);
    struct bytes payload = post->body->message.payload;
    assert(payload.size == sizeof(struct stats));
    memcpy(&shard->sys.parts[post->from], payload.data, payload.size);
}

/* --- publishing ---------------------------------------------------------- */

/* Publish `text` on `name`, if it is not what was published there last. */
static void sys_publish(struct shard *shard, int slot, const char *name,
                        const char *text)
{
    assert(slot < SLOT_COUNT);
    uint64_t hash = hash_bytes(&shard->place.key, bytes_of(text));
    if (shard->sys.published[slot] == hash) return;
    shard->sys.published[slot] = hash;
    char topic[SYS_TOPIC_MAX];
    int size = snprintf(topic, sizeof topic, SYS_PREFIX "%s", name);
    assert(size > 0 && size < SYS_TOPIC_MAX);
    struct message m = {
        .topic = bytes_at(topic, (size_t)size),
        .payload = bytes_of(text),
        .stamp = shard_stamp(shard),
        .publisher_shard = shard->place.index,
        .qos = 2,
        .retain = true,
    };
    struct routing routing = {0};
    route_publish(shard, &m, &routing);
    message_done(&m);
}

static void sys_publish_count(struct shard *shard, int slot, const char *name,
                              uint64_t count)
{
    char text[SYS_TEXT_MAX];
    snprintf(text, sizeof text, "%" PRIu64, count);
    sys_publish(shard, slot, name, text);
}

static void sys_publish_figures(struct shard *shard, const struct stats *sum)
{
    char text[SYS_TEXT_MAX];
    uint64_t up_s = (shard->now_ms - shard->sys.started_ms) / 1000;
    snprintf(text, sizeof text, "%" PRIu64 " seconds", up_s);
    sys_publish(shard, SLOT_VERSION, "version", SYS_VERSION);
    sys_publish(shard, SLOT_UPTIME, "uptime", text);
    assert(sum->v[STAT_CLIENTS] >= sum->v[STAT_CLIENTS_CONNECTED]);
    uint64_t away = sum->v[STAT_CLIENTS] - sum->v[STAT_CLIENTS_CONNECTED];
    sys_publish_count(shard, SLOT_AWAY, "clients/disconnected", away);
    sys_publish_count(shard, SLOT_INACTIVE, "clients/inactive", away);
    for (int i = 0; i < FIGURE_COUNT; i++) {
        sys_publish_count(shard, SLOT_FIGURES + i, FIGURES[i].name,
                          sum->v[FIGURES[i].stat]);
    }
}

/* Whole days until the certificate of each listener ends; below 0 when it has.
 * Listeners are numbered from 1, as they stand in the configuration. */
static void sys_publish_certificates(struct shard *shard)
{
    enum { DAY_S = 24 * 3600 };
    const struct options *options = shard->options;
    int64_t now_s = (int64_t)(shard->now_ms / 1000);
    for (int i = 0; i < SYS_LISTENERS_MAX; i++) {
        if ((size_t)i >= options->listener_count) return;
        int64_t until_s = options->listeners[i].certificate_until_s;
        if (until_s == 0) continue;
        int64_t days = (until_s - now_s) / DAY_S;
        if (until_s < now_s) days -= 1;
        char name[SYS_TEXT_MAX], text[SYS_TEXT_MAX];
        snprintf(name, sizeof name, "listeners/%d/certificate/days", i + 1);
        snprintf(text, sizeof text, "%" PRId64, days);
        sys_publish(shard, SLOT_LISTENERS + i, name, text);
    }
}

/* e to the power of `x` <= 0: enough for an average, and the same on every
 * machine. */
static double sys_decay(double x)
{
    assert(x <= 0);
    int halvings = 0;
    while (x < -0.5 && halvings < 64) {
        x /= 2;
        halvings += 1;
    }
    double term = 1;
    double sum = 1;
    for (int i = 1; i < 16; i++) {
        term *= x / i;
        sum += term;
    }
    for (; halvings > 0; halvings--)
        sum *= sum;
    return sum;
}

static void sys_publish_loads(struct shard *shard, const struct stats *sum)
{
    struct sys *sys = &shard->sys;
    assert(shard->now_ms >= sys->last_ms);
    double seconds = (double)(shard->now_ms - sys->last_ms) / 1000;
    for (int i = 0; i < SYS_LOADS; i++) {
        uint64_t total = sum->v[LOADS[i].stat];
        double grown = (double)(total - sys->last[i]);
        double rate = seconds > 0 ? grown * 60 / seconds : 0;
        sys->last[i] = total;
        for (int j = 0; j < SYS_SPANS; j++) {
            double decay = sys_decay(-seconds / SPANS[j].seconds);
            double *load = &sys->load[i][j];
            if (seconds > 0) *load = rate + decay * (*load - rate);
            char name[SYS_TEXT_MAX], text[SYS_TEXT_MAX];
            snprintf(name, sizeof name, "%s/%s", LOADS[i].name, SPANS[j].name);
            snprintf(text, sizeof text, "%.2f", *load);
            sys_publish(shard, SLOT_LOADS + i * SYS_SPANS + j, name, text);
        }
    }
    sys->last_ms = shard->now_ms;
}

void sys_due(struct shard *shard)
{
    sys_wait(shard);
    sys_measure(shard);
    if (shard->place.index != 0) {
        sys_tell(shard);
        return;
    }
    shard->sys.parts[0] = shard->stats;
    struct stats sum = sys_sum(shard);
    sys_publish_figures(shard, &sum);
    sys_publish_loads(shard, &sum);
    sys_publish_certificates(shard);
}
