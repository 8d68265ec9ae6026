/* record_fuzz.c - what a store hands back at start, right or wrong.
 *
 *     input   ( [ kind ][ key ][ value ][ damage ] )*
 *
 * What is read can be written, and is then the same. A shard that was given all
 * of it, in the order of its keys, serves the clients that it knows.
 */
#include "core/page.h"
#include "core/record.h"
#include "core/shard.h"
#include "fuzz.h"
#include "watch.h"

enum {
    RECORDS_MAX = 40,
    VALUE_MAX = 256,
    CLIENTS = 3,
    ROUNDS = 4,
    SPACE = RECORD_KEY_MAX + VALUE_MAX
};

struct stored {
    uint8_t key[RECORD_KEY_MAX];
    uint8_t value[VALUE_MAX];
    size_t key_size, value_size;
};

/* A host of one shard, with a disk that never waits. */
struct host {
    struct pool *pool;
    struct shard *shard;
    struct actions actions;
    struct options options;
    struct watch watches[CLIENTS];
    struct buffer heard[CLIENTS];
    uint64_t now_ms;
    const struct stored *list; /* the records, in order of their keys */
    size_t count;
    struct buffer asked; /* the bytes of a LOAD; one is under way at a time */
    struct buffer page;
};

/* --- records ------------------------------------------------------------- */

static struct bytes key_of(const struct stored *s)
{
    return bytes_at(s->key, s->key_size);
}

static struct bytes value_of(const struct stored *s)
{
    return bytes_at(s->value, s->value_size);
}

static void write_some_key(struct reader *in, struct record_key *key,
                           struct writer *w, char *text)
{
    static const enum record_kind KINDS[] = {
        RECORD_SESSION,    RECORD_SESSION,  RECORD_DELIVERY,
        RECORD_DELIVERY,   RECORD_DELIVERY, RECORD_MEMBERSHIP,
        RECORD_RECEIVED,   RECORD_WILL,     RECORD_MESSAGE,
        RECORD_MESSAGE,    RECORD_MESSAGE,  RECORD_SUBSCRIPTION,
        RECORD_HEARD,      RECORD_RETAINED, RECORD_HANDOVER,
        RECORD_MESSAGE_OLD};
    static const char *const CLIENTS_KNOWN[] = {"a", "b", "c", "d"};
    key->kind = KINDS[fuzz_below(in, sizeof KINDS / sizeof KINDS[0])];
    unsigned bits = read_u8(in);
    key->client = bytes_of(CLIENTS_KNOWN[bits % 4]);
    key->number = 1 + bits / 4 % 8;
    key->shard = bits / 32 % 2;
    key->from = bits / 64 % 2;
    key->text = fuzz_text(in, text, key->kind != RECORD_RETAINED);
    if (key->kind == RECORD_MEMBERSHIP) key->text = bytes_of("$share/g/a/#");
    if (key->text.size == 0) key->text = bytes_of("a");
    record_key_write(w, key);
}

static struct message some_message(unsigned bits, const struct record_key *key)
{
    return (struct message){.topic = key->text,
                            .payload = bytes_of(bits & 8 ? "" : "payload"),
                            .stamp = key->number,
                            .expires_ms = bits & 16 ? 2000 + bits : 0,
                            .qos = (uint8_t)(bits % 3),
                            .retain = bits & 4};
}

static void write_delivery(unsigned bits, struct reader *in,
                           const struct record_key *key, struct writer *w)
{
    static const uint32_t IDENTIFIERS[] = {1, 200};
    struct record_delivery d = {.stamp = 1 + fuzz_below(in, 8),
                                .order = key->number,
                                .bytes = bits * 7,
                                .size = bits,
                                .expires_ms = bits & 64 ? 3000 : 0,
                                .packet_id = (uint16_t)(bits / 32),
                                .qos = (uint8_t)(1 + bits % 2),
                                .state = (uint8_t)(bits / 2 % 3),
                                .retain = bits & 8,
                                .identifier_count = bits & 16 ? 2 : 0};
    if (read_u8(in) & 1) d.group = bytes_of("$share/g/a/#");
    record_delivery_write(w, &d, IDENTIFIERS);
}

/* A value as `key` wants it. */
static void write_some_value(struct reader *in, const struct record_key *key,
                             struct writer *w)
{
    unsigned bits = read_u8(in);
    struct record_session session = {.protocol = (uint8_t)(3 + bits % 3),
                                     .home = bits / 4 % 2,
                                     .expiry_s = 1 + bits,
                                     .ends_ms = bits & 8 ? 3000 : 0,
                                     .id = key->client};
    struct record_subscription subscription = {.text = key->text};
    subscription.options.qos = (uint8_t)(bits % 3);
    subscription.options.no_local = bits & 4;
    subscription.options.identifier = bits & 8;
    struct lack_row row = {1 + bits % 4, bits & 6};
    uint8_t lack[LACK_BYTES_MAX];
    struct writer rows = writer_at(lack, sizeof lack);
    lack_add(&rows, (struct bytes){NULL, 0}, &row);
    struct record_received received = {
        .stamp = bits, .settled = bits & 1, .lack = writer_bytes(&rows)};
    struct record_heard heard = {.stamp = bits, .passed = bits & 3};
    struct record_will will = {.delay_s = bits, .due_ms = bits & 2 ? 5000 : 0};
    struct message m = some_message(bits, key);
    switch (key->kind) {
    case RECORD_SESSION: record_session_write(w, &session); break;
    case RECORD_SUBSCRIPTION:
    case RECORD_MEMBERSHIP: record_subscription_write(w, &subscription); break;
    case RECORD_HANDOVER:
    case RECORD_DELIVERY: write_delivery(bits, in, key, w); break;
    case RECORD_RECEIVED: record_received_write(w, &received); break;
    case RECORD_HEARD: record_heard_write(w, &heard); break;
    case RECORD_WILL:
        record_will_write(w, &will, &m);
        write_bytes(w, m.topic);
        write_bytes(w, m.payload);
        break;
    case RECORD_MESSAGE:
    case RECORD_MESSAGE_OLD:
    case RECORD_RETAINED:
        record_message_write(w, &m);
        write_bytes(w, m.topic);
        write_bytes(w, m.payload);
        break;
    }
}

static void damage(struct reader *in, uint8_t *data, size_t *size)
{
    unsigned how = read_u8(in);
    if (how < 0xc0 || *size == 0) return;
    size_t at = read_u8(in) % *size;
    if (how & 1) {
        data[at] = read_u8(in);
    } else {
        *size = at;
    }
}

static void stored_read(struct reader *in, struct stored *s)
{
    char text[FUZZ_TEXT_MAX];
    struct record_key key = {0};
    struct writer w = writer_at(s->key, sizeof s->key);
    write_some_key(in, &key, &w, text);
    s->key_size = writer_bytes(&w).size;
    w = writer_at(s->value, sizeof s->value);
    write_some_value(in, &key, &w);
    PROMISE(!w.failed);
    s->value_size = writer_bytes(&w).size;
    damage(in, s->key, &s->key_size);
    damage(in, s->value, &s->value_size);
    if (s->key_size == 0) s->key[s->key_size++] = 'x';
}

static int stored_compare(const void *a, const void *b)
{
    const struct stored *x = a, *y = b;
    size_t size = x->key_size < y->key_size ? x->key_size : y->key_size;
    int order = memcmp(x->key, y->key, size);
    if (order != 0) return order;
    return (x->key_size > y->key_size) - (x->key_size < y->key_size);
}

/* --- the same again ------------------------------------------------------ */

static void check_key(struct bytes in)
{
    uint8_t room[RECORD_KEY_MAX];
    struct writer w = writer_at(room, sizeof room);
    struct record_key key;
    if (record_key_read(in, &key) != OK) return;
    record_key_write(&w, &key);
    PROMISE(bytes_equal(writer_bytes(&w), in));
}

/* Any value may be read as any kind. */
static void check_value(struct bytes in)
{
    uint8_t room[SPACE];
    struct record_session session;
    struct record_subscription subscription;
    struct record_received received;
    struct writer w = writer_at(room, sizeof room);
    if (record_session_read(in, &session) == OK) {
        record_session_write(&w, &session);
        PROMISE(bytes_equal(writer_bytes(&w), in));
    }
    w = writer_at(room, sizeof room);
    if (record_received_read(in, &received) == OK) {
        record_received_write(&w, &received);
        bool old = in.data[0] == RECORD_VERSION;
        PROMISE(old || bytes_equal(writer_bytes(&w), in));
    }
    w = writer_at(room, sizeof room);
    if (record_subscription_read(in, &subscription) == OK) {
        record_subscription_write(&w, &subscription);
        PROMISE(writer_bytes(&w).size == in.size);
    }
}

/* --- a shard ------------------------------------------------------------- */

static void host_step(struct host *host, struct event *event);

/* The value that is stored under `key`. */
static enum err host_get(void *context, struct bytes key, struct bytes *value)
{
    const struct host *host = context;
    for (size_t i = 0; i < host->count; i++) {
        if (!bytes_equal(key_of(&host->list[i]), key)) continue;
        *value = value_of(&host->list[i]);
        return OK;
    }
    return ERR_MORE;
}

static enum err host_add(void *context, struct bytes bytes)
{
    buffer_append(&((struct host *)context)->page, bytes);
    return OK;
}

/* Answer what was asked for, as if nothing had been deleted. */
static void host_load(struct host *host)
{
    struct page_load load;
    struct page_host from = {host, host_get, host_add};
    struct event event = {.kind = EVENT_LOADED};
    page_load_read(buffer_bytes(&host->asked), &load);
    host->page.size = 0;
    PROMISE(page_read(&load, &from, &event.end) == OK);
    host->asked.size = 0;
    event.token = load.token;
    event.page = buffer_bytes(&host->page);
    host_step(host, &event);
}

/* Everything that the shard wants, at once. */
static void host_turn(struct host *host)
{
    struct event committed = {.kind = EVENT_COMMITTED};
    bool puts = host->actions.put_count > 0;
    for (size_t i = 0; i < host->actions.count; i++) {
        struct action *a = &host->actions.list[i];
        if (a->kind == ACTION_POST) PROMISE(false); /* there is one shard */
        if (a->kind == ACTION_LOAD && host->asked.size == 0) {
            buffer_append(&host->asked, action_bytes(&host->actions, a));
        }
        if (a->kind != ACTION_SEND) continue;
        PROMISE(a->conn.v < CLIENTS);
        struct buffer *heard = &host->heard[a->conn.v];
        buffer_append(heard, action_bytes(&host->actions, a));
        if (a->body != NULL) buffer_append(heard, a->body->message.payload);
    }
    actions_clear(&host->actions);
    committed.batch = host->actions.batch;
    host->actions.batch += 1;
    if (puts) host_step(host, &committed);
    if (host->asked.size > 0) host_load(host);
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct bytes in = buffer_bytes(&host->heard[i]);
        buffer_consume(&host->heard[i], watch_heard(&host->watches[i], in));
    }
}

static void host_step(struct host *host, struct event *event)
{
    event->now_ms = host->now_ms;
    event->random = host->now_ms;
    shard_step(host->shard, event, &host->actions);
    if (event->kind != EVENT_RESTORED || event->key.size == 0) host_turn(host);
}

static void host_say(struct host *host, unsigned client, struct bytes bytes)
{
    struct event event = {
        .kind = EVENT_BYTES, .conn = {client}, .bytes = bytes};
    watch_said(&host->watches[client], bytes);
    host_step(host, &event);
}

static void host_connect(struct host *host, unsigned client)
{
    static const char *const IDS[CLIENTS] = {"a", "b", "c"};
    uint8_t room[64];
    struct connect c = {.protocol = client == 0 ? MQTT_311 : MQTT_50,
                        .client_id = bytes_of(IDS[client])};
    struct event opened = {.kind = EVENT_OPENED, .conn = {client}};
    watch_init(&host->watches[client], host->pool);
    host_step(host, &opened);
    struct writer w = writer_at(room, sizeof room);
    connect_encode(&c, &w);
    host_say(host, client, writer_bytes(&w));
}

static void host_settle(struct host *host, unsigned client)
{
    uint8_t room[8];
    struct watch *watch = &host->watches[client];
    for (size_t i = 0; i < watch->term_count; i++) {
        struct term *term = &watch->terms[i];
        if (term->type != PACKET_PUBLISH) continue;
        struct ack ack = {.packet_id = term->id};
        ack.type = term->detail == 1 ? PACKET_PUBACK
                   : term->received  ? PACKET_PUBCOMP
                                     : PACKET_PUBREC;
        struct writer w = writer_at(room, sizeof room);
        ack_encode(&ack, watch->protocol, &w);
        host_say(host, client, writer_bytes(&w));
        return;
    }
}

static void host_restore(struct host *host, const struct stored *list,
                         size_t count)
{
    struct shard_place place = {0, 1, fuzz_key};
    host->shard = shard_new(host->pool, place, &host->options, host->now_ms);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && stored_compare(&list[i - 1], &list[i]) == 0) continue;
        struct event event = {.kind = EVENT_RESTORED};
        event.key = key_of(&list[i]);
        event.value = value_of(&list[i]);
        struct record_delivery delivery;
        if (record_delivery_read(event.value, &delivery) == OK) {
            uint8_t room[RECORD_KEY_MAX];
            struct writer w = writer_at(room, sizeof room);
            struct record_key key = {.kind = RECORD_MESSAGE,
                                     .number = delivery.stamp};
            record_key_write(&w, &key);
            (void)!host_get(host, writer_bytes(&w), &event.message);
        }
        host_step(host, &event);
    }
    struct event end = {.kind = EVENT_RESTORED};
    host_step(host, &end);
}

static void host_live(struct host *host)
{
    for (unsigned i = 0; i < CLIENTS; i++)
        host_connect(host, i);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct event tick = {.kind = EVENT_TICK};
        host->now_ms += 1000;
        host_step(host, &tick);
        for (unsigned i = 0; i < CLIENTS; i++)
            host_settle(host, i);
    }
}

static void check_restore(const struct stored *list, size_t count)
{
    static struct host host;
    memset(&host, 0, sizeof host);
    host.pool = fuzz_pool();
    host.now_ms = 1000;
    options_init(&host.options);
    host.options.persistence = true;
    actions_init(&host.actions, host.pool);
    host.actions.batch = 1;
    for (unsigned i = 0; i < CLIENTS; i++)
        buffer_init(&host.heard[i], host.pool);
    buffer_init(&host.asked, host.pool);
    buffer_init(&host.page, host.pool);
    host.list = list;
    host.count = count;
    host_restore(&host, list, count);
    host_live(&host);
    actions_fini(&host.actions);
    shard_free(host.shard);
    for (unsigned i = 0; i < CLIENTS; i++) {
        watch_fini(&host.watches[i]);
        buffer_fini(&host.heard[i]);
    }
    buffer_fini(&host.asked);
    buffer_fini(&host.page);
    PROMISE(pool_bytes(host.pool) == 0);
    pool_free(host.pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stored list[RECORDS_MAX];
    struct reader in = reader_of(bytes_at(data, size));
    size_t count = 0;
    while (count < RECORDS_MAX && reader_left(&in) > 0) {
        stored_read(&in, &list[count]);
        check_key(key_of(&list[count]));
        check_value(value_of(&list[count]));
        count += 1;
    }
    qsort(list, count, sizeof list[0], stored_compare);
    check_restore(list, count);
    return 0;
}
