/* main.c - how many durable messages a second the store takes, by itself; and
 * a large store to start a broker on.
 *
 *     mogi-store-bench FOLDER [SECONDS] [QUEUED]
 *     mogi-store-bench FOLDER fill SESSIONS MESSAGES [killed]
 *     mogi-store-bench FOLDER random RECORDS CHANGES [killed]
 *
 * A message of 256 bytes to one of 10,000 sessions is two changes: the message
 * (HOLD) and the delivery that refers to it (PUT), as the broker makes them.
 * So many messages are one batch; the next is made when that is on disk, as if
 * nothing else went on. QUEUED messages (1,000,000) are there before.
 *
 * `fill` makes sessions that last, with a subscription each, and spreads
 * messages over their queues; `killed` ends without a word, as kill -9 does,
 * with all of the log that the keeper had left.
 *
 * `random` keeps RECORDS retained messages of 64 bytes, then gives so many of
 * them a new value, in no order: what the keeper has to do for that is seldom
 * near what it has done before. Batches of 250 are waited for four behind.
 */
#include "core/record.h"
#include "store/wal.h"
#include "wire/packet.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    SESSIONS = 10000,
    SESSIONS_MAX = 10000000,
    PAYLOAD = 256,
    MOST = 1000,
    TOPIC_MAX = 32,
    RANDOM_PAYLOAD = 64,
    RANDOM_BATCH = 250,
    RANDOM_WINDOW = 4
};
enum { LOOK_EVERY = 10000 };

static struct store *store;
static uint64_t batch, message_count;
static uint64_t *orders; /* of each session */
static uint64_t session_count = SESSIONS;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static uint64_t done_batch;

static void on_done(void *context, uint16_t part, uint64_t done,
                    enum err result)
{
    (void)context;
    (void)part;
    if (result != OK) abort();
    (void)pthread_mutex_lock(&lock);
    done_batch = done;
    (void)pthread_cond_signal(&news);
    (void)pthread_mutex_unlock(&lock);
}

static void on_changed(void *context, enum wal_state state)
{
    (void)context;
    if (state == WAL_WORKS) return;
    (void)fprintf(stderr, "bench: the disk is full, or fails\n");
    exit(1);
}

static void on_say(void *context, bool bad, const char *text)
{
    (void)context;
    if (bad) (void)fprintf(stderr, "bench: %s\n", text);
}

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What one message is on disk. */
struct made {
    uint8_t message[RECORD_KEY_MAX + RECORD_VALUE_MAX];
    uint8_t delivery[RECORD_KEY_MAX + RECORD_VALUE_MAX];
    char topic[TOPIC_MAX];
};

static struct made made[MOST];
static struct store_change changes[2 * MOST];
static uint8_t tail[MOST][TOPIC_MAX + PAYLOAD];

/* A record in the making: its key, and room for the value behind it. */
struct draft {
    struct writer w;
    size_t key_size;
};

static struct draft draft_of(uint8_t *room, size_t size,
                             const struct record_key *key)
{
    struct draft draft = {.w = writer_at(room, size)};
    record_key_write(&draft.w, key);
    draft.key_size = writer_bytes(&draft.w).size;
    return draft;
}

static struct store_change draft_change(const struct draft *draft,
                                        enum store_change_kind kind)
{
    struct bytes all = writer_bytes(&draft->w);
    return (struct store_change){.kind = kind,
                                 .key = bytes_at(all.data, draft->key_size),
                                 .value = bytes_skip(all, draft->key_size)};
}

/* Message `i` of the batch: to the next session. */
static void message_make(size_t i)
{
    struct made *to = &made[i];
    unsigned session = (unsigned)(message_count % session_count);
    uint64_t stamp = ++message_count << 6;
    int topic =
        snprintf(to->topic, sizeof to->topic, "plant/%u/state", session);
    struct message m = {.topic = bytes_at(to->topic, (size_t)topic),
                        .payload = bytes_at(tail[i] + topic, PAYLOAD),
                        .stamp = stamp,
                        .qos = 1};
    memcpy(tail[i], to->topic, (size_t)topic);
    struct record_key key = {.kind = RECORD_MESSAGE, .number = stamp};
    struct draft draft = draft_of(to->message, sizeof to->message, &key);
    record_message_write(&draft.w, &m);
    changes[2 * i] = draft_change(&draft, STORE_HOLD);
    changes[2 * i].tail = bytes_at(tail[i], (size_t)topic + PAYLOAD);

    char client[TOPIC_MAX];
    int client_size = snprintf(client, sizeof client, "session-%u", session);
    uint64_t order = ++orders[session];
    struct record_delivery d = {.stamp = stamp,
                                .order = order,
                                .bytes = order * PAYLOAD,
                                .size = PAYLOAD,
                                .qos = 1};
    key = (struct record_key){.kind = RECORD_DELIVERY,
                              .client = bytes_at(client, (size_t)client_size),
                              .number = order};
    draft = draft_of(to->delivery, sizeof to->delivery, &key);
    record_delivery_write(&draft.w, &d, NULL);
    changes[2 * i + 1] = draft_change(&draft, STORE_PUT);
}

/* Session `number`, and its subscription. */
static void session_make(size_t i, uint64_t number)
{
    struct made *to = &made[i];
    char client[TOPIC_MAX];
    int client_size =
        snprintf(client, sizeof client, "session-%u", (unsigned)number);
    int topic = snprintf(to->topic, sizeof to->topic, "plant/%u/state",
                         (unsigned)number);
    struct bytes id = bytes_at(client, (size_t)client_size);
    struct record_session session = {
        .protocol = MQTT_50, .expiry_s = UINT32_MAX, .id = id};
    struct record_key key = {.kind = RECORD_SESSION, .client = id};
    struct draft draft = draft_of(to->message, sizeof to->message, &key);
    record_session_write(&draft.w, &session);
    changes[2 * i] = draft_change(&draft, STORE_PUT);

    struct bytes filter = bytes_at(to->topic, (size_t)topic);
    struct record_subscription s = {.options = {.qos = 1}, .text = filter};
    key = (struct record_key){
        .kind = RECORD_SUBSCRIPTION, .client = id, .text = filter};
    draft = draft_of(to->delivery, sizeof to->delivery, &key);
    record_subscription_write(&draft.w, &s);
    changes[2 * i + 1] = draft_change(&draft, STORE_PUT);
}

/* The changes of `count` messages or sessions are a batch: until it is done. */
static void batch_commit(size_t count)
{
    batch += 1;
    if (store_submit(store, 0, batch, changes, 2 * count) != OK) abort();
    (void)pthread_mutex_lock(&lock);
    while (done_batch < batch)
        (void)pthread_cond_wait(&news, &lock);
    (void)pthread_mutex_unlock(&lock);
}

/* One batch of messages, and its end. */
static void batch_keep(size_t count)
{
    for (size_t i = 0; i < count; i++)
        message_make(i);
    batch_commit(count);
}

static void sessions_keep(void)
{
    size_t count = 0;
    for (uint64_t number = 0; number < session_count; number++) {
        session_make(count++, number);
        if (count < MOST && number + 1 < session_count) continue;
        batch_commit(count);
        count = 0;
    }
}

/* What the system says in /proc/self/FILE about `name`, or 0. */
static uint64_t system_says(const char *file, const char *name)
{
    char path[64], line[128];
    (void)snprintf(path, sizeof path, "/proc/self/%s", file);
    FILE *in = fopen(path, "r");
    if (in == NULL) return 0;
    uint64_t value = 0;
    size_t size = strlen(name);
    while (fgets(line, sizeof line, in) != NULL) {
        bool it = strncmp(line, name, size) == 0 && line[size] == ':';
        if (it) value = strtoull(line + size + 1, NULL, 10);
    }
    (void)fclose(in);
    return value;
}

/* Memory of our own, of which the system cannot take back any, at most. */
static uint64_t own_kb;

static void memory_look(void)
{
    uint64_t kb = system_says("status", "RssAnon");
    if (kb > own_kb) own_kb = kb;
}

/* Let the log become as short as it gets: what came before is not measured. */
static void settle(void)
{
    struct wal_stats stats;
    struct timespec moment = {.tv_nsec = 10 * 1000 * 1000};
    wal_stats(store, &stats);
    while (stats.segments > 1 + stats.kept) {
        (void)nanosleep(&moment, NULL);
        wal_stats(store, &stats);
    }
}

static void measure(size_t count, double seconds)
{
    settle();
    uint64_t written = system_says("io", "write_bytes");
    double began = seconds_of(CLOCK_MONOTONIC);
    double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t before = message_count;
    double took = 0;
    uint64_t looked = message_count;
    while (took < seconds) {
        batch_keep(count);
        took = seconds_of(CLOCK_MONOTONIC) - began;
        if (message_count - looked < LOOK_EVERY) continue;
        memory_look();
        looked = message_count;
    }
    uint64_t messages = message_count - before;
    cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    written = system_says("io", "write_bytes") - written;
    (void)printf("| %zu | %.0f | %.2f | %.0f | %.0f |\n", count,
                 (double)messages / took / 1000, cpu * 1e6 / (double)messages,
                 took * 1e6 / ((double)messages / (double)count),
                 (double)written / (double)messages);
    (void)fflush(stdout);
}

static int bench(double seconds, uint64_t queued)
{
    while (message_count < queued)
        batch_keep(MOST);
    (void)printf("| messages a commit | thousand messages/s | CPU-us a message "
                 "| us a commit | bytes written a message |\n"
                 "| --: | --: | --: | --: | --: |\n");
    static const size_t counts[] = {10, 100, 1000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        measure(counts[i], seconds);
    settle();
    (void)printf("\n%llu messages queued; memory of its own %llu MB at most, "
                 "%llu MB at rest\n",
                 (unsigned long long)message_count,
                 (unsigned long long)own_kb / 1024,
                 (unsigned long long)system_says("status", "RssAnon") / 1024);
    store_free(store);
    return 0;
}

static int fill(uint64_t messages, bool killed)
{
    sessions_keep();
    while (message_count < messages)
        batch_keep(MOST);
    if (killed) _exit(0);
    store_free(store);
    return 0;
}

/* --- keys in no order ----------------------------------------------------- */

/* Of each batch, in ns. */
static struct {
    uint64_t count, capacity;
    uint32_t *ns;
} waits;

static int wait_compare(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Retained message `number`, as change `i` of a batch. */
static void retained_make(size_t i, uint64_t number)
{
    struct made *to = &made[i];
    int topic = snprintf(to->topic, sizeof to->topic, "grow/%llu/x",
                         (unsigned long long)number);
    memcpy(tail[i], to->topic, (size_t)topic);
    struct message m = {.topic = bytes_at(to->topic, (size_t)topic),
                        .payload = bytes_at(tail[i] + topic, RANDOM_PAYLOAD),
                        .stamp = ++message_count << 6,
                        .retain = true};
    struct record_key key = {.kind = RECORD_RETAINED, .text = m.topic};
    struct draft draft = draft_of(to->message, sizeof to->message, &key);
    record_message_write(&draft.w, &m);
    changes[i] = draft_change(&draft, STORE_PUT);
    changes[i].tail = bytes_at(tail[i], (size_t)topic + RANDOM_PAYLOAD);
}

/* Submit `count` changes and wait for the batch some before it. */
static void batch_push(size_t count, double *submitted)
{
    submitted[++batch % RANDOM_WINDOW] = seconds_of(CLOCK_MONOTONIC);
    if (store_submit(store, 0, batch, changes, count) != OK) abort();
    (void)pthread_mutex_lock(&lock);
    while (done_batch + RANDOM_WINDOW - 1 < batch)
        (void)pthread_cond_wait(&news, &lock);
    (void)pthread_mutex_unlock(&lock);
    double since = submitted[(batch + 1) % RANDOM_WINDOW];
    double took = seconds_of(CLOCK_MONOTONIC) - since;
    if (since > 0 && waits.count < waits.capacity) {
        waits.ns[waits.count++] = (uint32_t)(took * 1e9);
    }
}

/* Give `count` of `records` a value: the first time in order. */
static void retained_keep(uint64_t records, uint64_t count, bool ordered)
{
    double submitted[RANDOM_WINDOW] = {0};
    size_t some = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t number = ordered ? i : i * 2654435761 % records;
        retained_make(some++, number);
        if (some < RANDOM_BATCH && i + 1 < count) continue;
        batch_push(some, submitted);
        some = 0;
        if (i / LOOK_EVERY != (i + RANDOM_BATCH) / LOOK_EVERY) memory_look();
    }
}

/* Until the keeper has done what it will do. */
static void rest(void)
{
    struct timespec moment = {.tv_nsec = 200 * 1000 * 1000};
    double before = -1, now = 0;
    while (now > before + 0.002) {
        before = now;
        (void)nanosleep(&moment, NULL);
        now = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    }
}

static int random_bench(uint64_t records, uint64_t count, bool killed)
{
    waits.capacity = count / RANDOM_BATCH + 1;
    waits.ns = calloc(waits.capacity, sizeof *waits.ns);
    if (waits.ns == NULL) return 1;
    retained_keep(records, records, true);
    rest();
    waits.count = 0;
    uint64_t written = system_says("io", "write_bytes");
    double began = seconds_of(CLOCK_MONOTONIC);
    double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    double own = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    retained_keep(records, count, false);
    double took = seconds_of(CLOCK_MONOTONIC) - began;
    if (!killed) rest();
    cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    own = seconds_of(CLOCK_THREAD_CPUTIME_ID) - own;
    written = system_says("io", "write_bytes") - written;
    qsort(waits.ns, waits.count, sizeof *waits.ns, wait_compare);
    (void)printf(
        "%llu records, %llu changes: %.3f CPU-us a change, %.3f of "
        "it to submit; %.0f bytes written; %.0f thousand/s; a batch "
        "waits %.2f ms, p99 %.2f, at most %.2f; own memory %llu MB\n",
        (unsigned long long)records, (unsigned long long)count,
        cpu * 1e6 / (double)count, own * 1e6 / (double)count,
        (double)written / (double)count, (double)count / took / 1000,
        waits.ns[waits.count / 2] / 1e6, waits.ns[waits.count * 99 / 100] / 1e6,
        waits.ns[waits.count - 1] / 1e6, (unsigned long long)own_kb / 1024);
    (void)fflush(stdout);
    if (killed) _exit(0);
    began = seconds_of(CLOCK_MONOTONIC);
    store_free(store);
    (void)printf("closed in %.3f s\n", seconds_of(CLOCK_MONOTONIC) - began);
    free(waits.ns);
    return 0;
}

static int open_store(const char *folder)
{
    char why[WAL_TEXT_MAX];
    struct wal_options options = {.folder = folder,
                                  .done = on_done,
                                  .changed = on_changed,
                                  .say = on_say};
    if (wal_open(&options, &store, why) == OK && wal_start(store) == OK) {
        return 0;
    }
    (void)fprintf(stderr, "bench: %s\n", why);
    return 1;
}

static int usage(void)
{
    (void)fprintf(stderr,
                  "usage: mogi-store-bench FOLDER [SECONDS] [QUEUED]\n"
                  "       mogi-store-bench FOLDER fill SESSIONS MESSAGES "
                  "[killed]\n"
                  "       mogi-store-bench FOLDER random RECORDS CHANGES "
                  "[killed]\n");
    return 2;
}

/* What the words behind the folder ask for. */
static int run(int count, char **words)
{
    const char *kind = count > 2 ? words[0] : "";
    bool killed = count > 3 && strcmp(words[3], "killed") == 0;
    uint64_t some = count > 1 ? strtoull(words[1], NULL, 10) : 1000000;
    uint64_t more = count > 2 ? strtoull(words[2], NULL, 10) : 0;
    if (strcmp(kind, "fill") == 0) return fill(more, killed);
    if (strcmp(kind, "random") == 0) return random_bench(some, more, killed);
    return bench(count > 0 ? strtod(words[0], NULL) : 5, some);
}

int main(int argc, char **argv)
{
    bool fills = argc > 4 && strcmp(argv[2], "fill") == 0;
    if (fills) session_count = strtoull(argv[3], NULL, 10);
    bool folder = argc > 1 && argv[1][0] != '-';
    if (!folder || session_count == 0 || session_count > SESSIONS_MAX) {
        return usage();
    }
    orders = calloc(session_count, sizeof *orders);
    double began = seconds_of(CLOCK_MONOTONIC);
    if (orders == NULL || open_store(argv[1]) != 0) return 1;
    (void)fprintf(stderr, "opened in %.3f s\n",
                  seconds_of(CLOCK_MONOTONIC) - began);
    int result = run(argc - 2, argv + 2);
    free(orders);
    return result;
}
