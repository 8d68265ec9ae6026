/* import.c - `mogi db import`: mosquitto.db into a store.
 *
 *     mosquitto.db   clients   subscriptions  messages <-- deliveries, retained
 *                       |            |           |              |
 *     records           S          s, g           M              o, q, r
 *
 * All of it becomes shard 0's: at its next start the broker shares it out. A
 * QoS 2 message that its publisher has not released yet has reached nobody in
 * Mosquitto, while mogi delivers at PUBLISH: so who must have it gets it here.
 */
#include "cli/import.h"

#include "core/outbound.h"
#include "core/record.h"
#include "store/mosquitto.h"
#include "store/wal.h"
#include "wire/publish.h"
#include "wire/topic.h"
#include "wire/utf8.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCHES_WAITING_MAX = 4096,
    IDENTIFIERS_MAX = 64,
    STAMP_SHIFT = 6, /* the shard stands below it: 0 */
    POLL_US = 500
};

/* A message, by its number there. */
struct import_message {
    uint64_t number;
    struct bytes chunk; /* the file from its chunk on */
    uint64_t stamp;     /* here; 0: none yet */
    bool stored;        /* a delivery refers to it */
};

struct import_client {
    struct mosquitto_chunk chunk;
    uint64_t order, bytes; /* of its last delivery, of all their payloads */
};

struct import {
    struct bytes file;
    struct mosquitto_reader start; /* at the first chunk */
    struct import_message *messages;
    size_t message_count, message_capacity;
    struct import_client *clients;
    struct mosquitto_chunk *subscriptions;
    size_t client_count, client_capacity;
    size_t subscription_count, subscription_capacity;
    struct store *store;
    uint64_t batch;
    atomic_uint_fast64_t done;
    atomic_bool failing;
    uint64_t stamp;
    bool incoming; /* it is the turn of what clients had sent */
    uint64_t now_s;
    uint64_t deliveries, retained, received, left_out;
};

static void *grow(void *list, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) return list;
    *capacity = *capacity * 2 + 64;
    void *grown = realloc(list, *capacity * size);
    if (grown == NULL) abort();
    return grown;
}

/* --- to the store --------------------------------------------------------- */

static void on_done(void *context, uint16_t part, uint64_t batch,
                    enum err result)
{
    struct import *import = context;
    if (part != 0 || result != OK) abort();
    atomic_store(&import->done, batch);
}

static void on_changed(void *context, enum wal_state state)
{
    struct import *import = context;
    atomic_store(&import->failing, state != WAL_WORKS);
}

static void on_say(void *context, bool bad, const char *text)
{
    (void)context;
    if (bad) (void)fprintf(stderr, "mogi: %s\n", text);
}

/* Wait until all but `left` batches are on disk. False: the disk takes no more.
 */
static bool import_wait(struct import *import, uint64_t left)
{
    while (import->batch > atomic_load(&import->done) + left) {
        if (atomic_load(&import->failing)) return false;
        (void)usleep(POLL_US);
    }
    return true;
}

static bool import_change(struct import *import, enum store_change_kind kind,
                          const struct record_key *key, struct bytes value,
                          struct bytes tail)
{
    uint8_t bytes[RECORD_KEY_MAX];
    struct writer w = writer_at(bytes, sizeof bytes);
    record_key_write(&w, key);
    struct store_change change = {
        .kind = kind, .key = writer_bytes(&w), .value = value, .tail = tail};
    import->batch += 1;
    if (store_submit(import->store, 0, import->batch, &change, 1) != OK) {
        import->batch -= 1;
        return false;
    }
    return import_wait(import, BATCHES_WAITING_MAX);
}

static bool import_put(struct import *import, const struct record_key *key,
                       struct bytes value)
{
    struct bytes none = {NULL, 0};
    return import_change(import, STORE_PUT, key, value, none);
}

/* --- reading -------------------------------------------------------------- */

static int message_compare(const void *a, const void *b)
{
    const struct import_message *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

static struct import_message *message_find(struct import *import,
                                           uint64_t number)
{
    struct import_message key = {.number = number};
    if (import->message_count == 0) return NULL;
    return bsearch(&key, import->messages, import->message_count, sizeof key,
                   message_compare);
}

static int client_compare(const void *a, const void *b)
{
    struct bytes x = ((const struct import_client *)a)->chunk.client;
    struct bytes y = ((const struct import_client *)b)->chunk.client;
    size_t size = x.size < y.size ? x.size : y.size;
    int order = size == 0 ? 0 : memcmp(x.data, y.data, size);
    return order != 0 ? order : x.size < y.size ? -1 : x.size > y.size;
}

/* A session that lasts: one without expiry, or with one that is to come. */
static bool client_lasts(const struct import *import,
                         const struct mosquitto_chunk *c)
{
    if (c->client.size == 0 || c->expiry_s == 0) return false;
    if (!utf8_valid(c->client)) return false;
    return c->expiry_s == UINT32_MAX || c->expires_s == 0 ||
           c->expires_s > import->now_s;
}

/* NULL: it has no session. */
static struct import_client *client_find(struct import *import,
                                         struct bytes client)
{
    struct import_client key = {.chunk = {.client = client}};
    if (import->client_count == 0) return NULL;
    return bsearch(&key, import->clients, import->client_count, sizeof key,
                   client_compare);
}

/* Everything that others refer to. ERR_MALFORMED: the file is broken. */
static enum err import_scan(struct import *import)
{
    struct mosquitto_reader at = import->start;
    struct mosquitto_chunk c;
    for (;;) {
        struct bytes here = at.left;
        enum err e = mosquitto_next(&at, &c);
        if (e != OK) return e;
        if (c.kind == MOSQUITTO_END) break;
        if (c.kind == MOSQUITTO_MESSAGE) {
            import->messages =
                grow(import->messages, import->message_count,
                     &import->message_capacity, sizeof *import->messages);
            import->messages[import->message_count++] =
                (struct import_message){.number = c.message, .chunk = here};
        } else if (c.kind == MOSQUITTO_CLIENT && client_lasts(import, &c)) {
            import->clients =
                grow(import->clients, import->client_count,
                     &import->client_capacity, sizeof *import->clients);
            import->clients[import->client_count++] =
                (struct import_client){.chunk = c};
        }
    }
    if (import->message_count > 0) {
        qsort(import->messages, import->message_count, sizeof *import->messages,
              message_compare);
    }
    if (import->client_count > 0) {
        qsort(import->clients, import->client_count, sizeof *import->clients,
              client_compare);
    }
    return OK;
}

/* The whole message `found` stands for, as a view; false: nobody could have
 * published it, or it has expired. `forward` has room for its properties. */
static bool message_read(const struct import *import,
                         const struct import_message *found, struct message *m,
                         uint8_t *forward)
{
    struct mosquitto_chunk c;
    struct mosquitto_reader at = {found->chunk, import->start.version};
    if (mosquitto_next(&at, &c) != OK) return false;
    if (!utf8_valid(c.topic) || !topic_name_valid(c.topic) || c.qos > 2) {
        return false;
    }
    if (c.expires_s != 0 && c.expires_s <= import->now_s) return false;
    *m = (struct message){.topic = c.topic,
                          .payload = c.payload,
                          .qos = c.qos,
                          .retain = c.retain,
                          .expires_ms = c.expires_s * 1000};
    if (c.properties.size == 0) return true;
    struct properties p;
    struct reader r = reader_of(c.properties);
    if (properties_decode(&r, PACKET_PUBLISH, &p) != OK) return false;
    struct writer w = writer_at(forward, c.properties.size);
    properties_forward_write(&p, &w);
    m->forward = writer_bytes(&w);
    return true;
}

/* --- writing -------------------------------------------------------------- */

/* `m` under `key`; its head, topic and properties in front of the payload. */
static bool message_put(struct import *import, enum store_change_kind kind,
                        const struct record_key *key, const struct message *m)
{
    size_t room = RECORD_VALUE_MAX + m->topic.size + m->forward.size;
    uint8_t *value = malloc(room);
    if (value == NULL) abort();
    struct writer w = writer_at(value, room);
    record_message_write(&w, m);
    write_bytes(&w, m->topic);
    write_bytes(&w, m->forward);
    bool good = import_change(import, kind, key, writer_bytes(&w), m->payload);
    free(value);
    return good;
}

/* The message `number` with its stamp; NULL: it is none to be delivered. */
static struct import_message *message_take(struct import *import,
                                           uint64_t number, struct message *m,
                                           uint8_t *forward)
{
    struct import_message *found = message_find(import, number);
    if (found == NULL || !message_read(import, found, m, forward)) return NULL;
    if (found->stamp == 0) {
        import->stamp += 1;
        found->stamp = import->stamp << STAMP_SHIFT;
    }
    m->stamp = found->stamp;
    return found;
}

/* One more delivery refers to it. */
static bool message_hold(struct import *import, struct import_message *found,
                         const struct message *m)
{
    struct bytes none = {NULL, 0};
    struct record_key key = {.kind = RECORD_MESSAGE, .number = found->stamp};
    if (found->stored) {
        return import_change(import, STORE_HOLD, &key, none, none);
    }
    found->stored = true;
    return message_put(import, STORE_HOLD, &key, m);
}

static bool session_put(struct import *import, const struct mosquitto_chunk *c)
{
    uint8_t bytes[RECORD_VALUE_MAX + UINT16_MAX];
    struct writer w = writer_at(bytes, sizeof bytes);
    bool never = c->expiry_s == UINT32_MAX;
    uint64_t ends_s =
        c->expires_s != 0 ? c->expires_s : import->now_s + c->expiry_s;
    struct record_session r = {.protocol = never ? MQTT_311 : MQTT_50,
                               .expiry_s = c->expiry_s,
                               .ends_ms = never ? 0 : ends_s * 1000,
                               .id = c->client};
    record_session_write(&w, &r);
    struct record_key key = {.kind = RECORD_SESSION, .client = c->client};
    return import_put(import, &key, writer_bytes(&w));
}

/* When it wants what is retained. */
static uint8_t handling_of(const struct mosquitto_chunk *c)
{
    return c->options >> 4 & 3;
}

/* One that a client could have made. */
static bool subscription_valid(const struct mosquitto_chunk *c)
{
    return c->qos <= 2 && handling_of(c) <= 2 && c->identifier <= VARINT_MAX &&
           utf8_valid(c->topic) && topic_subscription_valid(c->topic);
}

static bool subscription_put(struct import *import,
                             const struct mosquitto_chunk *c)
{
    uint8_t bytes[RECORD_VALUE_MAX + UINT16_MAX];
    if (client_find(import, c->client) == NULL || !subscription_valid(c)) {
        import->left_out += 1;
        return true;
    }
    import->subscriptions =
        grow(import->subscriptions, import->subscription_count,
             &import->subscription_capacity, sizeof *import->subscriptions);
    import->subscriptions[import->subscription_count++] = *c;
    struct writer w = writer_at(bytes, sizeof bytes);
    struct record_subscription r = {
        .options = {.qos = c->qos,
                    .no_local = c->options & 0x04,
                    .retain_as_published = c->options & 0x08,
                    .retain_handling = handling_of(c),
                    .identifier = c->identifier},
        .text = c->topic};
    record_subscription_write(&w, &r);
    bool shared = topic_is_shared(c->topic);
    struct record_key key = {.kind = shared ? RECORD_MEMBERSHIP
                                            : RECORD_SUBSCRIPTION,
                             .client = c->client,
                             .text = c->topic};
    return import_put(import, &key, writer_bytes(&w));
}

/* Identifiers of subscriptions in a region of properties. */
static uint16_t identifiers_read(struct bytes region,
                                 uint32_t identifiers[IDENTIFIERS_MAX])
{
    struct properties p;
    struct property property;
    uint16_t count = 0;
    struct reader r = reader_of(region);
    if (region.size == 0) return 0;
    if (properties_decode(&r, PACKET_PUBLISH, &p) != OK) return 0;
    struct reader at = reader_of(p.raw);
    while (count < IDENTIFIERS_MAX && property_next(&at, &property)) {
        if (property.id != PROPERTY_SUBSCRIPTION_ID) continue;
        identifiers[count++] = property.number;
    }
    return count;
}

/* `client` is to have, or has in part, the message `found`, which is `m`. */
static bool delivery_put(struct import *import, struct bytes client,
                         struct import_message *found, const struct message *m,
                         struct record_delivery *r, const uint32_t *identifiers)
{
    uint8_t bytes[RECORD_VALUE_MAX + 4 * IDENTIFIERS_MAX];
    struct writer w = writer_at(bytes, sizeof bytes);
    struct import_client *to = client_find(import, client);
    import->deliveries += 1;
    to->bytes += m->payload.size;
    to->order += 1;
    r->stamp = found->stamp;
    r->size = (uint32_t)m->payload.size;
    r->bytes = to->bytes;
    r->order = to->order;
    record_delivery_write(&w, r, identifiers);
    struct record_key key = {
        .kind = RECORD_DELIVERY, .client = client, .number = to->order};
    return message_hold(import, found, m) &&
           import_put(import, &key, writer_bytes(&w));
}

static bool outgoing_put(struct import *import, const struct mosquitto_chunk *c,
                         struct import_message *found, const struct message *m)
{
    uint32_t identifiers[IDENTIFIERS_MAX];
    struct record_delivery r = {
        .qos = c->qos, .state = DELIVERY_QUEUED, .retain = c->retain};
    r.identifier_count = identifiers_read(c->properties, identifiers);
    bool sent =
        c->state == MOSQUITTO_WAIT_PUBACK || c->state == MOSQUITTO_WAIT_PUBREC;
    bool released = c->qos == 2 && (c->state == MOSQUITTO_RESEND_PUBREL ||
                                    c->state == MOSQUITTO_WAIT_PUBCOMP);
    if (sent) r.state = DELIVERY_SENT;
    if (released) r.state = DELIVERY_RECEIVED;
    if (sent || released) r.packet_id = c->packet_id;
    if (r.packet_id == 0) r.state = DELIVERY_QUEUED;
    return delivery_put(import, c->client, found, m, &r, identifiers);
}

/* What `s` is for, without its group; false: a member of the group had it. */
static bool subscription_filter(const struct import *import, size_t index,
                                struct bytes *filter)
{
    const struct mosquitto_chunk *s = &import->subscriptions[index];
    struct bytes group;
    *filter = s->topic;
    if (!topic_is_shared(s->topic)) return true;
    if (topic_share_split(s->topic, &group, filter) != OK) return false;
    for (size_t i = 0; i < index; i++) {
        if (bytes_equal(import->subscriptions[i].topic, s->topic)) return false;
    }
    return true;
}

/* The QoS at which `client` gets `m` by its subscriptions from `first` on, and
 * their identifiers; 0: not at all, or not so that it is kept. */
static uint8_t subscriptions_gather(const struct import *import, size_t first,
                                    const struct message *m,
                                    struct record_delivery *r,
                                    uint32_t identifiers[IDENTIFIERS_MAX])
{
    uint8_t qos = 0;
    struct bytes client = import->subscriptions[first].client, filter;
    for (size_t i = first; i < import->subscription_count; i++) {
        const struct mosquitto_chunk *s = &import->subscriptions[i];
        if (!bytes_equal(s->client, client)) continue;
        if (!subscription_filter(import, i, &filter)) continue;
        if (!topic_matches(filter, m->topic)) continue;
        if (s->qos > qos) qos = s->qos;
        if (m->retain && (s->options & 0x08) != 0) r->retain = true;
        if (s->identifier > 0 && r->identifier_count < IDENTIFIERS_MAX) {
            identifiers[r->identifier_count++] = s->identifier;
        }
    }
    return qos < m->qos ? qos : m->qos;
}

/* A QoS 2 message whose PUBREL is still to come. */
static bool incoming_put(struct import *import, const struct mosquitto_chunk *c,
                         struct import_message *found, const struct message *m)
{
    uint8_t bytes[RECORD_VALUE_MAX];
    uint32_t identifiers[IDENTIFIERS_MAX];
    struct writer w = writer_at(bytes, sizeof bytes);
    struct record_received r = {
        .stamp = m->stamp, .shards = 1, .settled = true};
    record_received_write(&w, &r);
    struct record_key key = {
        .kind = RECORD_RECEIVED, .client = c->client, .number = c->packet_id};
    import->received += 1;
    bool good = import_put(import, &key, writer_bytes(&w));
    for (size_t i = 0; i < import->subscription_count && good; i++) {
        struct bytes client = import->subscriptions[i].client;
        size_t first = 0;
        while (!bytes_equal(import->subscriptions[first].client, client))
            first += 1;
        if (first < i) continue; /* it was looked at there */
        struct record_delivery d = {.state = DELIVERY_QUEUED};
        d.qos = subscriptions_gather(import, i, m, &d, identifiers);
        if (d.qos == 0) continue;
        good = delivery_put(import, client, found, m, &d, identifiers);
    }
    if (!good || !m->retain) return good;
    key = (struct record_key){.kind = RECORD_RETAINED, .text = m->topic};
    import->retained += 1;
    return message_put(import, STORE_PUT, &key, m);
}

static bool delivery_take(struct import *import,
                          const struct mosquitto_chunk *c, uint8_t *forward)
{
    struct message m;
    if (c->outgoing == import->incoming) return true;
    bool known = client_find(import, c->client) != NULL;
    bool kept = c->outgoing ? c->qos == 1 || c->qos == 2
                            : c->qos == 2 && c->packet_id != 0;
    struct import_message *found =
        known && kept ? message_take(import, c->message, &m, forward) : NULL;
    if (found == NULL) {
        import->left_out += 1;
        return true;
    }
    return c->outgoing ? outgoing_put(import, c, found, &m)
                       : incoming_put(import, c, found, &m);
}

static bool retained_take(struct import *import,
                          const struct mosquitto_chunk *c, uint8_t *forward)
{
    struct message m;
    const struct import_message *found = message_find(import, c->message);
    if (found == NULL || !message_read(import, found, &m, forward) ||
        (m.topic.size > 0 && m.topic.data[0] == '$') || m.payload.size == 0) {
        import->left_out += 1;
        return true;
    }
    import->stamp += 1;
    import->retained += 1;
    m.stamp = import->stamp << STAMP_SHIFT;
    m.retain = true;
    struct record_key key = {.kind = RECORD_RETAINED, .text = m.topic};
    return message_put(import, STORE_PUT, &key, &m);
}

/* All chunks of `kind`, in their order. False: the disk takes no more. */
static bool import_each(struct import *import, enum mosquitto_kind kind,
                        uint8_t *forward)
{
    struct mosquitto_reader at = import->start;
    struct mosquitto_chunk c;
    while (mosquitto_next(&at, &c) == OK && c.kind != MOSQUITTO_END) {
        bool good = true;
        if (c.kind != kind) continue;
        switch (kind) {
        case MOSQUITTO_SUBSCRIPTION: good = subscription_put(import, &c); break;
        case MOSQUITTO_DELIVERY:
            good = delivery_take(import, &c, forward);
            break;
        case MOSQUITTO_RETAINED:
            good = retained_take(import, &c, forward);
            break;
        default: break;
        }
        if (!good) return false;
    }
    return true;
}

static bool import_write(struct import *import)
{
    /* Properties of a message are in the file, so they are smaller than it. */
    uint8_t *forward = malloc(import->file.size);
    if (forward == NULL) abort();
    bool good = true;
    for (size_t i = 0; i < import->client_count && good; i++)
        good = session_put(import, &import->clients[i].chunk);
    good = good && import_each(import, MOSQUITTO_SUBSCRIPTION, forward);
    good = good && import_each(import, MOSQUITTO_RETAINED, forward);
    good = good && import_each(import, MOSQUITTO_DELIVERY, forward);
    import->incoming = true;
    good = good && import_each(import, MOSQUITTO_DELIVERY, forward);
    good = good && import_wait(import, 0);
    free(forward);
    return good;
}

/* --- both ----------------------------------------------------------------- */

/* The whole file, mapped; NULL after a word about it. */
static void *file_map(const char *file, size_t *size)
{
    struct stat about;
    void *map = NULL;
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &about) == 0 && about.st_size > 0) {
        *size = (size_t)about.st_size;
        map = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (map == MAP_FAILED) map = NULL;
    }
    if (map == NULL) {
        (void)fprintf(stderr, "mogi: %s cannot be read, or is empty\n", file);
    }
    if (fd >= 0) (void)close(fd);
    return map;
}

static void count_one(void *context, struct bytes key, struct bytes value)
{
    (void)key;
    (void)value;
    *(size_t *)context += 1;
}

static bool store_begin(struct import *import, const char *folder)
{
    char why[WAL_TEXT_MAX];
    size_t count = 0;
    struct wal_options options = {.folder = folder,
                                  .durability = WAL_ALWAYS,
                                  .done = on_done,
                                  .changed = on_changed,
                                  .say = on_say,
                                  .context = import};
    if (wal_open(&options, &import->store, why) != OK) {
        (void)fprintf(stderr, "mogi: %s\n", why);
        return false;
    }
    if (store_each(import->store, count_one, &count) != OK || count > 0) {
        (void)fprintf(stderr,
                      "mogi: %s holds something already: import into a folder "
                      "that is empty or new\n",
                      folder);
        return false;
    }
    if (wal_start(import->store) == OK) return true;
    (void)fprintf(stderr, "mogi: there are no more threads\n");
    return false;
}

static void import_report(const struct import *import)
{
    (void)printf("%zu sessions, %zu subscriptions, %llu messages to be "
                 "delivered, %llu received at\nQoS 2 and not released, %llu "
                 "retained. Left out: %llu that had ended, expired, were\nQoS "
                 "0, of $SYS, or referred to what is not there.\n",
                 import->client_count, import->subscription_count,
                 (unsigned long long)import->deliveries,
                 (unsigned long long)import->received,
                 (unsigned long long)import->retained,
                 (unsigned long long)import->left_out);
}

/* From the file, which is mapped, to the store. */
static bool import_run(struct import *import, const char *file,
                       const char *folder)
{
    enum err e = mosquitto_open(&import->start, import->file);
    if (e == ERR_VERSION) {
        (void)fprintf(stderr,
                      "mogi: %s is of version %u; those from 2 to 6 are "
                      "known\n",
                      file, import->start.version);
        return false;
    }
    if (e == OK) e = import_scan(import);
    if (e != OK) {
        (void)fprintf(stderr,
                      "mogi: %s is no mosquitto.db, or is cut off: let "
                      "Mosquitto write it again (SIGUSR1, or stop it)\n",
                      file);
        return false;
    }
    if (!store_begin(import, folder)) return false;
    if (import_write(import)) return true;
    (void)fprintf(stderr,
                  "mogi: there is no room for it on this disk: delete %s, and "
                  "begin again\n",
                  folder);
    return false;
}

int import_mosquitto(const char *file, const char *folder)
{
    size_t size = 0;
    void *map = file_map(file, &size);
    if (map == NULL) return 1;
    struct import import = {.file = bytes_at(map, size),
                            .now_s = (uint64_t)time(NULL)};
    bool good = import_run(&import, file, folder);
    store_free(import.store);
    if (good) import_report(&import);
    free(import.messages);
    free(import.clients);
    free(import.subscriptions);
    (void)munmap(map, size);
    return good ? 0 : 1;
}
