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

#include "cli/import_file.h"
#include "core/outbound.h"
#include "core/record.h"
#include "store/wal.h"
#include "wire/properties.h"
#include "wire/topic.h"
#include "wire/utf8.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCHES_WAITING_MAX = 4096,
    IDENTIFIERS_MAX = 64,
    STAMP_SHIFT = 6, /* the shard stands below it: 0 */
    POLL_US = 500
};

struct import {
    struct import_file file;
    struct store *store;
    uint64_t batch;
    atomic_uint_fast64_t done;
    atomic_bool failing;
    uint64_t stamp;
    bool incoming; /* it is the turn of what clients had sent */
    uint64_t deliveries, retained, received, left_out;
};

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
    struct import_message *found = import_file_message(&import->file, number);
    if (found == NULL || !import_file_read(&import->file, found, m, forward))
        return NULL;
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
        c->expires_s != 0 ? c->expires_s : import->file.now_s + c->expiry_s;
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

/* Those of clients that have a session; the others are forgotten. */
static bool subscriptions_put(struct import *import)
{
    struct import_file *file = &import->file;
    size_t kept = 0;
    for (size_t i = 0; i < file->subscriptions.count; i++) {
        struct mosquitto_chunk c = *import_file_subscription(file, i);
        if (import_file_client(file, c.client) == NULL ||
            !subscription_valid(&c)) {
            import->left_out += 1;
            continue;
        }
        *import_file_subscription(file, kept++) = c;
        if (!subscription_put(import, &c)) return false;
    }
    file->subscriptions.count = kept;
    return true;
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
    struct import_client *to = import_file_client(&import->file, client);
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
static bool subscription_filter(const struct import_file *file, size_t index,
                                struct bytes *filter)
{
    const struct mosquitto_chunk *s = import_file_subscription(file, index);
    struct bytes group;
    *filter = s->topic;
    if (!topic_is_shared(s->topic)) return true;
    if (topic_share_split(s->topic, &group, filter) != OK) return false;
    for (size_t i = 0; i < index; i++) {
        const struct mosquitto_chunk *other = import_file_subscription(file, i);
        if (bytes_equal(other->topic, s->topic)) return false;
    }
    return true;
}

/* The QoS at which `client` gets `m` by its subscriptions from `first` on, and
 * their identifiers; 0: not at all, or not so that it is kept. */
static uint8_t subscriptions_gather(const struct import_file *file,
                                    size_t first, const struct message *m,
                                    struct record_delivery *r,
                                    uint32_t identifiers[IDENTIFIERS_MAX])
{
    uint8_t qos = 0;
    struct bytes client = import_file_subscription(file, first)->client, filter;
    for (size_t i = first; i < file->subscriptions.count; i++) {
        const struct mosquitto_chunk *s = import_file_subscription(file, i);
        if (!bytes_equal(s->client, client)) continue;
        if (!subscription_filter(file, i, &filter)) continue;
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
    struct record_received r = {.stamp = m->stamp, .settled = true};
    record_received_write(&w, &r);
    struct record_key key = {
        .kind = RECORD_RECEIVED, .client = c->client, .number = c->packet_id};
    import->received += 1;
    bool good = import_put(import, &key, writer_bytes(&w));
    const struct import_file *file = &import->file;
    for (size_t i = 0; i < file->subscriptions.count && good; i++) {
        struct bytes client = import_file_subscription(file, i)->client;
        size_t first = 0;
        while (!bytes_equal(import_file_subscription(file, first)->client,
                            client)) {
            first += 1;
        }
        if (first < i) continue; /* it was looked at there */
        struct record_delivery d = {.state = DELIVERY_QUEUED};
        d.qos = subscriptions_gather(file, i, m, &d, identifiers);
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
    bool known = import_file_client(&import->file, c->client) != NULL;
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
    const struct import_message *found =
        import_file_message(&import->file, c->message);
    if (found == NULL || !import_file_read(&import->file, found, &m, forward) ||
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

/* Takes over one chunk. `forward` has room for the file. False: the disk takes
 * no more. */
typedef bool chunk_take(struct import *import, const struct mosquitto_chunk *c,
                        uint8_t *forward);

/* All chunks of `kind`, in their order. False: the disk takes no more. */
static bool import_each(struct import *import, enum mosquitto_kind kind,
                        chunk_take *take, uint8_t *forward)
{
    struct mosquitto_reader at = import->file.start;
    struct mosquitto_chunk c;
    while (mosquitto_next(&at, &c) == OK && c.kind != MOSQUITTO_END) {
        if (c.kind == kind && !take(import, &c, forward)) return false;
    }
    return true;
}

static bool sessions_put(struct import *import)
{
    const struct import_client *clients = import->file.clients.items;
    for (size_t i = 0; i < import->file.clients.count; i++) {
        if (!session_put(import, &clients[i].chunk)) return false;
    }
    return true;
}

static bool import_write(struct import *import)
{
    /* Properties of a message are in the file, so they are smaller than it. */
    uint8_t *forward = malloc(import->file.bytes.size);
    if (forward == NULL) abort();
    bool good = sessions_put(import) && subscriptions_put(import);
    good =
        good && import_each(import, MOSQUITTO_RETAINED, retained_take, forward);
    good =
        good && import_each(import, MOSQUITTO_DELIVERY, delivery_take, forward);
    import->incoming = true;
    good =
        good && import_each(import, MOSQUITTO_DELIVERY, delivery_take, forward);
    good = good && import_wait(import, 0);
    free(forward);
    return good;
}

/* --- all of it ------------------------------------------------------------ */

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
                 import->file.clients.count, import->file.subscriptions.count,
                 (unsigned long long)import->deliveries,
                 (unsigned long long)import->received,
                 (unsigned long long)import->retained,
                 (unsigned long long)import->left_out);
}

/* From the file, which is open, to the store. */
static bool import_run(struct import *import, const char *folder)
{
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
    struct import import = {0};
    bool good = import_file_open(&import.file, file, (uint64_t)time(NULL)) &&
                import_run(&import, folder);
    store_free(import.store);
    if (good) import_report(&import);
    import_file_close(&import.file);
    return good ? 0 : 1;
}
