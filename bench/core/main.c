/* main.c - what the core costs by itself: on several threads, from shard to
 * shard, and with a million of everything.
 *
 *     mogi-core-bench scale [SECONDS]    1 and 2 threads, near and far
 *     mogi-core-bench spread [SECONDS]   1 to 64 shards on one thread
 *     mogi-core-bench push [SECONDS]     into many mailboxes at once
 *     mogi-core-bench one THREADS SHARDS near|far|any QOS [SECONDS]
 *     mogi-core-bench grow [MOST [WHAT]] 1,000 to MOST of everything
 */
#include "lane.h"
#include "push.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAIRS = 50, BURST = 16, PAYLOAD = 64, PACKET_MAX = 160 };

static struct lane lanes[SHARDS_MAX];
static struct mailbox boxes[SHARDS_MAX];
static atomic_bool over;

/* Let all lanes finish what is under way. */
static void lanes_settle(uint16_t count)
{
    for (bool busy = true; busy;) {
        busy = false;
        for (uint16_t i = 0; i < count; i++)
            busy |= lane_turn(&lanes[i]);
    }
}

static struct conn_id settled_connect(uint16_t lane, uint16_t count,
                                      const char *name)
{
    struct conn_id conn = lane_connect(&lanes[lane], name);
    lanes_settle(count);
    return conn;
}

/* --- pairs on threads ---------------------------------------------------- */

struct publisher {
    struct conn_id conn;
    uint8_t burst[BURST * PACKET_MAX];
    size_t size;
};

/* Some lanes and their publishers, served by one thread in turn. */
struct worker {
    uint16_t first, step, count;
    unsigned qos;
    uint64_t cpu_ns;
};

static struct publisher *publishers; /* PAIRS of each lane */

/* How far the subscriber of a pair is: on the publisher's lane, on the next,
 * or on any. */
enum reach { NEAR, FAR, ANY };

static uint16_t reach_lane(enum reach reach, uint16_t lane, unsigned pair,
                           uint16_t count)
{
    if (reach == NEAR) return lane;
    if (reach == FAR) return (uint16_t)((lane + 1) % count);
    return (uint16_t)((lane * 31u + pair * 7u) % count);
}

static void pair_make(uint16_t lane, unsigned pair, uint16_t count,
                      enum reach reach, unsigned qos)
{
    struct publisher *p = &publishers[lane * PAIRS + pair];
    char topic[64];
    (void)snprintf(topic, sizeof topic, "pair/%u/%u", lane, pair);
    uint16_t there = reach_lane(reach, lane, pair, count);
    struct conn_id subscriber = settled_connect(there, count, topic);
    lane_subscribe(&lanes[there], subscriber, topic, qos);
    lanes_settle(count);
    p->conn = settled_connect(lane, count, "publisher");
    p->size = 0;
    for (uint16_t i = 0; i < BURST; i++) {
        p->size += lane_publish(p->burst + p->size, topic, qos,
                                (uint16_t)(i + 1), false, PAYLOAD);
    }
}

/* A burst of each publisher that has no answer to wait for. */
static void lane_load(struct lane *lane, unsigned qos)
{
    for (unsigned pair = 0; pair < PAIRS; pair++) {
        const struct publisher *p = &publishers[lane->index * PAIRS + pair];
        if (lane->owed[p->conn.v] > 0) continue;
        lane_say(lane, p->conn, p->burst, p->size, qos > 0 ? BURST : 0);
    }
}

/* May the lane say more, or are other lanes behind? */
static bool lane_free(struct lane *lane)
{
    for (uint16_t i = 0; i < lane->count && lane->full != 0; i++) {
        uint64_t bit = (uint64_t)1 << i;
        if ((lane->full & bit) == 0) continue;
        if (!mailbox_wait(&boxes[i], lane->index)) lane->full &= ~bit;
    }
    return lane->full == 0;
}

static void *worker_run(void *argument)
{
    struct worker *worker = argument;
    while (!atomic_load(&over)) {
        for (uint16_t i = worker->first; i < worker->count; i += worker->step) {
            if (lane_free(&lanes[i])) lane_load(&lanes[i], worker->qos);
            (void)lane_turn(&lanes[i]);
        }
    }
    struct timespec cpu;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    worker->cpu_ns = (uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec;
    return NULL;
}

/* Prints what `count` shards on `threads` threads carry. */
static void pairs_run(unsigned threads, uint16_t count, enum reach reach,
                      unsigned qos, unsigned seconds)
{
    static const char *const names[] = {"on one shard", "on the next",
                                        "on any"};
    lanes_init(lanes, boxes, count);
    publishers = calloc((size_t)count * PAIRS, sizeof *publishers);
    if (publishers == NULL) abort();
    for (uint16_t lane = 0; lane < count; lane++) {
        for (unsigned pair = 0; pair < PAIRS; pair++)
            pair_make(lane, pair, count, reach, qos);
    }
    pthread_t ids[2];
    struct worker workers[2];
    assert(threads <= 2);
    atomic_store(&over, false);
    for (unsigned i = 0; i < threads; i++) {
        workers[i] = (struct worker){
            .first = (uint16_t)i, .step = (uint16_t)threads, .count = count};
        workers[i].qos = qos;
        if (pthread_create(&ids[i], NULL, worker_run, &workers[i]) != 0)
            abort();
    }
    struct timespec wait = {.tv_sec = seconds};
    (void)nanosleep(&wait, NULL);
    atomic_store(&over, true);
    uint64_t cpu_ns = 0, delivered = 0;
    for (unsigned i = 0; i < threads; i++) {
        (void)pthread_join(ids[i], NULL);
        cpu_ns += workers[i].cpu_ns;
    }
    for (uint16_t i = 0; i < count; i++)
        delivered += lanes[i].delivered;
    (void)printf("| %u | %u | %s | %u | %.2f | %.0f |\n", threads, count,
                 names[reach], qos, (double)delivered / seconds / 1e6,
                 (double)cpu_ns / (double)delivered);
    (void)fflush(stdout);
    lanes_settle(count);
    lanes_fini(lanes, boxes, count);
    free(publishers);
}

static void pairs_heading(void)
{
    (void)printf("| threads | shards | subscriber | QoS | million deliveries/s "
                 "| CPU-ns a delivery |\n| --: | --: | --- | --: | --: | --: "
                 "|\n");
}

static void scale(unsigned seconds)
{
    pairs_heading();
    for (unsigned qos = 0; qos < 2; qos++) {
        pairs_run(1, 1, NEAR, qos, seconds);
        pairs_run(2, 2, NEAR, qos, seconds);
        pairs_run(1, 2, FAR, qos, seconds);
        pairs_run(2, 2, FAR, qos, seconds);
    }
}

static void spread(unsigned seconds)
{
    static const uint16_t counts[] = {1, 2, 4, 16, 64};
    pairs_heading();
    for (unsigned qos = 0; qos < 2; qos++) {
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
            pairs_run(1, counts[i], ANY, qos, seconds);
    }
}

/* One row of these, to look at closely. */
static bool one(char **words, unsigned seconds)
{
    unsigned threads = (unsigned)strtoul(words[0], NULL, 10);
    unsigned shards = (unsigned)strtoul(words[1], NULL, 10);
    unsigned qos = (unsigned)strtoul(words[3], NULL, 10);
    static const char *const names[] = {"near", "far", "any"};
    size_t reach = 0;
    while (reach < 3 && strcmp(words[2], names[reach]) != 0)
        reach++;
    if (threads < 1 || threads > 2 || shards < 1 || shards > SHARDS_MAX ||
        reach == 3 || qos > 1) {
        return false;
    }
    pairs_heading();
    pairs_run(threads, (uint16_t)shards, (enum reach)reach, qos, seconds);
    return true;
}

/* --- a million of everything --------------------------------------------- */

enum { GROW_PUBLISHES = 200000, GROW_SUBSCRIBERS = 100, GROW_READ = 100 };

/* What there is a lot of: how item `i` is made by `conns`, and the topic of a
 * publish that meets it. */
struct crop {
    const char *name;
    const char *filter; /* with the item's number; NULL: a retained message */
    const char *topic;
    bool sessions; /* each has a client of its own */
};

static const struct crop crops[] = {
    {"exact filters", "grow/%u/x", "grow/%u/x", false},
    {"wildcard filters", "grow/%u/+", "grow/%u/x", false},
    {"sessions", "grow/%u/x", "grow/%u/x", true},
    {"retained messages", NULL, "grow/%u/x", false},
};

static void crop_topic(char *text, size_t size, const char *format, unsigned i)
{
    /* The formats are the table's above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(text, size, format, i);
#pragma GCC diagnostic pop
}

static void crop_sow(struct lane *lane, const struct crop *crop,
                     struct conn_id *conns, unsigned i)
{
    char text[64];
    struct conn_id conn = conns[i % GROW_SUBSCRIBERS];
    if (crop->sessions) conn = lane_connect(lane, "grown");
    if (crop->filter != NULL) {
        crop_topic(text, sizeof text, crop->filter, i);
        lane_subscribe(lane, conn, text, 0);
    } else {
        uint8_t packet[PACKET_MAX];
        crop_topic(text, sizeof text, crop->topic, i);
        size_t size = lane_publish(packet, text, 0, 0, true, PAYLOAD);
        lane_say(lane, conn, packet, size, 0);
    }
    (void)lane_turn(lane);
}

/* Packets that meet items chosen by a walk that meets all, from its step
 * `first` on: the end of each, counted from the first one's start. */
static void crop_packets(const struct crop *crop, unsigned count,
                         unsigned first, uint8_t *packets, size_t *ends)
{
    char text[64];
    size_t size = 0;
    for (unsigned k = 0; k < GROW_READ; k++) {
        unsigned i = (unsigned)((uint64_t)(first + k) * 2654435761u % count);
        crop_topic(text, sizeof text, crop->topic, i);
        size += lane_publish(packets + size, text, 0, 0, crop->filter == NULL,
                             PAYLOAD);
        ends[k] = size;
    }
}

/* Publish from step `first` on, `each` of GROW_READ in one read; nanoseconds
 * that this thread has worked for one. */
static uint64_t crop_reap_ns(struct lane *lane, const struct crop *crop,
                             struct conn_id publisher, unsigned count,
                             unsigned first, unsigned each)
{
    assert(each > 0 && GROW_READ % each == 0);
    static uint8_t packets[GROW_READ * PACKET_MAX];
    size_t ends[GROW_READ];
    uint64_t spent_ns = 0;
    for (unsigned n = 0; n < GROW_PUBLISHES; n += GROW_READ) {
        crop_packets(crop, count, first + n, packets, ends);
        uint64_t before_ns = lane_worked_ns();
        size_t said = 0;
        for (unsigned k = each; k <= GROW_READ; k += each) {
            lane_say(lane, publisher, packets + said, ends[k - 1] - said, 0);
            (void)lane_turn(lane);
            said = ends[k - 1];
        }
        spent_ns += lane_worked_ns() - before_ns;
    }
    return spent_ns / GROW_PUBLISHES;
}

static void crop_grow(const struct crop *crop, unsigned count)
{
    struct lane *lane = &lanes[0];
    lanes_init(lanes, boxes, 1);
    struct conn_id conns[GROW_SUBSCRIBERS];
    for (unsigned i = 0; i < GROW_SUBSCRIBERS; i++)
        conns[i] = settled_connect(0, 1, "subscriber");
    struct conn_id publisher = settled_connect(0, 1, "publisher");
    size_t before = pool_bytes(lane->pool);
    uint64_t start_ns = lane_clock_ns();
    lane->timed = true;
    for (unsigned i = 0; i < count; i++)
        crop_sow(lane, crop, conns, i);
    uint64_t sown_ns = lane_clock_ns() - start_ns;
    lane->timed = false;
    size_t bytes = pool_bytes(lane->pool) - before;
    uint64_t alone_ns = crop_reap_ns(lane, crop, publisher, count, 0, 1);
    uint64_t many_ns =
        crop_reap_ns(lane, crop, publisher, count, GROW_PUBLISHES, GROW_READ);
    assert(crop->filter == NULL || lane->delivered == 2 * GROW_PUBLISHES);
    uint64_t slowest_ns = lane->slowest_ns;
    start_ns = lane_clock_ns();
    lanes_fini(lanes, boxes, 1);
    uint64_t end_ns = lane_clock_ns() - start_ns;
    (void)printf("| %s | %u | %.0f | %.0f | %.0f | %.0f | %.2f | %.1f |\n",
                 crop->name, count, (double)sown_ns / count,
                 (double)bytes / count, (double)alone_ns, (double)many_ns,
                 (double)slowest_ns / 1e6, (double)end_ns / 1e6);
    (void)fflush(stdout);
}

static void grow(unsigned most, const char *only)
{
    (void)printf("| what | how many | ns to add one | bytes each | ns a "
                 "publish | ns, %d in a read | longest step, ms | ms to end "
                 "|\n"
                 "| --- | --: | --: | --: | --: | --: | --: | --: |\n",
                 GROW_READ);
    for (size_t c = 0; c < sizeof crops / sizeof crops[0]; c++) {
        if (strstr(crops[c].name, only) == NULL) continue;
        for (unsigned count = 1000; count <= most; count *= 10)
            crop_grow(&crops[c], count);
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    unsigned number = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    if (strcmp(what, "scale") == 0) {
        scale(number > 0 ? number : 3);
    } else if (strcmp(what, "spread") == 0) {
        spread(number > 0 ? number : 3);
    } else if (strcmp(what, "push") == 0) {
        push_bench(number > 0 ? number : 1);
    } else if (strcmp(what, "grow") == 0) {
        grow(number > 0 ? number : 1000000, argc > 3 ? argv[3] : "");
    } else if (strcmp(what, "one") == 0 && argc >= 6 &&
               one(argv + 2, argc > 6 ? (unsigned)atoi(argv[6]) : 3)) {
        return 0;
    } else {
        (void)fprintf(stderr,
                      "usage: mogi-core-bench scale|spread|push [SECONDS]\n"
                      "       mogi-core-bench grow [MOST [WHAT]]\n"
                      "       mogi-core-bench one THREADS SHARDS "
                      "near|far|any QOS [SECONDS]\n");
        return 2;
    }
    return 0;
}
