/* tiny_fuzz.c - the tiny client in little memory, between a caller who asks
 * for anything and a server that answers anything.
 *
 *     input   [ memory: 5 ][ op ][ arguments ]...
 *
 * What leaves is a stream of packets that a client may send: CONNECT first,
 * nothing behind DISCONNECT, within what the server announced.
 */
#include "fuzz.h"
#include "mogi/tiny.h"
#include "wire/packets.h"

enum { STEPS_MAX = 300, SLOTS = 6, RECEIVED = 4, STREAM = 1 << 16 };

struct desk {
    struct mogi_tiny t;
    struct mogi_tiny_memory memory;
    struct mogi_tiny_slot slots[SLOTS];
    uint16_t received[RECEIVED];
    uint32_t now_ms;

    /* Of the connection. */
    enum protocol protocol;
    bool said_connect, said_disconnect;
    bool loose; /* the server answered what was not sent: nothing to count */
    uint32_t packet_max, receive_max, flying;
    uint8_t flight[8192]; /* bit by packet id: QoS > 0, left, not settled */
    uint8_t stream[STREAM];
    size_t stream_size;
};

static struct mogi_bytes view(struct bytes b)
{
    return (struct mogi_bytes){b.data, b.size};
}

static bool flies(const struct desk *d, uint16_t id)
{
    return d->flight[id / 8] >> id % 8 & 1;
}

static void fly(struct desk *d, uint16_t id, bool on)
{
    d->flight[id / 8] ^= (uint8_t)(1 << id % 8);
    d->flying = on ? d->flying + 1 : d->flying - 1;
}

/* --- what leaves --------------------------------------------------------- */

static void check_publish(struct desk *d, const struct frame *f)
{
    struct publish p;
    PROMISE(publish_decode(f, d->protocol, &p) == OK);
    PROMISE(p.properties.subscription_id_count == 0);
    PROMISE(f->size <= d->packet_max);
    if (p.qos == 0 || d->loose) return;
    PROMISE(!flies(d, p.packet_id));
    fly(d, p.packet_id, true);
    PROMISE(d->flying <= d->receive_max);
}

static void check_sent(struct desk *d, const struct frame *f)
{
    static uint8_t room[STREAM];
    struct writer w = writer_at(room, sizeof room);
    size_t size;
    PROMISE(!d->said_disconnect);
    PROMISE(d->said_connect == (f->type != PACKET_CONNECT));
    PROMISE(packets_again(f, d->protocol, &w, &size) == OK);
    switch (f->type) {
    case PACKET_CONNECT: d->said_connect = true; break;
    case PACKET_PUBLISH: check_publish(d, f); break;
    case PACKET_SUBSCRIBE:
    case PACKET_UNSUBSCRIBE: PROMISE(f->size <= d->packet_max); break;
    case PACKET_PUBACK:
    case PACKET_PUBREC:
    case PACKET_PUBREL:
    case PACKET_PUBCOMP:
    case PACKET_PINGREQ: break;
    case PACKET_DISCONNECT: d->said_disconnect = true; break;
    default: PROMISE(false);
    }
}

/* Let `size` bytes at most leave. */
static void flush(struct desk *d, size_t size)
{
    struct mogi_bytes out = mogi_tiny_output(&d->t);
    if (out.size > size) out.size = size;
    if (out.size == 0 || d->stream_size + out.size > STREAM) return;
    memcpy(d->stream + d->stream_size, out.data, out.size);
    d->stream_size += out.size;
    mogi_tiny_sent(&d->t, out.size, d->now_ms);
    struct bytes in = bytes_at(d->stream, d->stream_size);
    struct frame f;
    enum err e;
    for (;;) {
        enum protocol cut = d->said_connect ? d->protocol : MQTT_NONE;
        e = frame_next(in, cut, UINT32_MAX, &f);
        if (e != OK) break;
        check_sent(d, &f);
        in = bytes_skip(in, f.size);
    }
    PROMISE(e == ERR_MORE);
    d->stream_size = in.size;
    memmove(d->stream, in.data, in.size);
}

/* --- what comes ---------------------------------------------------------- */

/* Every byte that an event shows is there. */
static unsigned touch(struct mogi_bytes b)
{
    unsigned sum = 0;
    for (size_t i = 0; i < b.size; i++)
        sum += b.data[i];
    return sum;
}

static void on_event(struct desk *d, const struct mogi_event *event)
{
    static volatile unsigned seen;
    struct mogi_property p;
    struct mogi_bytes region = event->properties;
    unsigned sum = touch(event->reasons) + touch(event->message.topic) +
                   touch(event->message.payload) +
                   touch(event->message.properties);
    while (mogi_property_next(&region, &p))
        sum += touch(p.key) + touch(p.text);
    seen = sum;
    (void)seen;
    if (event->kind == MOGI_CONNECTED) {
        if (mogi_property_find(event->properties, MOGI_PACKET_SIZE_MAX, &p))
            d->packet_max = p.number;
        if (mogi_property_find(event->properties, MOGI_RECEIVE_MAX, &p))
            d->receive_max = p.number;
    }
    if (event->kind != MOGI_PUBLISHED || d->loose) return;
    if (flies(d, event->packet_id)) {
        fly(d, event->packet_id, false);
    } else {
        d->loose = true;
    }
}

static void feed(struct desk *d, struct bytes bytes)
{
    uint8_t *copy = fuzz_copy(bytes);
    struct mogi_bytes in = {copy, bytes.size};
    /* What takes nothing tells of messages that the server will not have, or
     * of one packet that waited for room to be answered in. */
    for (unsigned idle = 0;;) {
        struct mogi_event event = {0};
        size_t before = in.size;
        enum mogi_error e = mogi_tiny_input(&d->t, &in, d->now_ms, &event);
        PROMISE(in.size <= before);
        if (e != MOGI_OK) break;
        if (event.kind == MOGI_NOTHING) {
            PROMISE(in.size == 0);
            break;
        }
        idle += in.size == before;
        PROMISE(idle <= SLOTS + 1);
        on_event(d, &event);
    }
    free(copy);
}

/* A packet whose length is true: [ first byte ][ size ][ body ]. */
static void feed_frame(struct desk *d, struct reader *in)
{
    uint8_t room[260];
    struct writer w = writer_at(room, sizeof room);
    write_u8(&w, read_u8(in));
    struct bytes body = fuzz_bytes(in, read_u8(in));
    write_varint(&w, (uint32_t)body.size);
    write_bytes(&w, body);
    feed(d, writer_bytes(&w));
}

/* CONNACK that accepts, with a few limits. */
static void feed_connack(struct desk *d, struct reader *in)
{
    uint8_t properties[32], room[64];
    struct writer w = writer_at(properties, sizeof properties);
    unsigned bits = read_u8(in);
    struct connack c = {.session_present = bits & 1};
    if (d->protocol == MQTT_NONE) return;
    if (d->protocol == MQTT_31) c.session_present = false;
    if (d->protocol == MQTT_50) {
        if (bits & 2) property_write_number(&w, PROPERTY_RECEIVE_MAX, 2);
        if (bits & 4) property_write_number(&w, PROPERTY_PACKET_SIZE_MAX, bits);
        if (bits & 8) property_write_number(&w, PROPERTY_TOPIC_ALIAS_MAX, 3);
        if (bits & 16) property_write_number(&w, PROPERTY_MAXIMUM_QOS, 1);
        c.properties.raw = writer_bytes(&w);
    }
    w = writer_at(room, sizeof room);
    connack_encode(&c, d->protocol, &w);
    feed(d, writer_bytes(&w));
}

/* An acknowledgement of a low packet id: those are in use. */
static void feed_ack(struct desk *d, struct reader *in)
{
    static const uint8_t FIRST[] = {0x40, 0x50, 0x62, 0x70};
    unsigned bits = read_u8(in);
    uint8_t ack[] = {FIRST[bits % 4], 2, 0, (uint8_t)(1 + bits / 4 % 8)};
    feed(d, bytes_at(ack, sizeof ack));
}

/* --- what the caller asks ------------------------------------------------ */

static void closed(struct desk *d)
{
    mogi_tiny_closed(&d->t);
    d->said_connect = d->said_disconnect = d->loose = false;
    d->packet_max = d->receive_max = UINT32_MAX;
    d->flying = 0;
    memset(d->flight, 0, sizeof d->flight);
    d->stream_size = 0;
}

/* Properties as bytes, so that bad ones come too. */
static struct mogi_bytes properties(struct reader *in)
{
    unsigned size = read_u8(in);
    return view(fuzz_bytes(in, size < 0x80 ? 0 : size % 32));
}

static struct mogi_message message(struct reader *in, char *text)
{
    unsigned bits = read_u8(in);
    struct mogi_message m = {.qos = (uint8_t)(bits % 4),
                             .retain = bits & 4,
                             .topic = view(fuzz_text(in, text, bits & 8))};
    if (bits >= 0xf0) m.topic.size = 0;
    m.payload = view(fuzz_bytes(in, bits / 16 * 4));
    m.properties = properties(in);
    return m;
}

static void do_connect(struct desk *d, struct reader *in)
{
    static const enum mogi_version VERSIONS[] = {MOGI_MQTT_31, MOGI_MQTT_311,
                                                 MOGI_MQTT_50, MOGI_MQTT_50};
    char text[FUZZ_TEXT_MAX];
    unsigned bits = read_u8(in);
    struct mogi_connect c = {.version = VERSIONS[bits % 4],
                             .clean_start = bits & 4,
                             .has_user_name = bits & 8,
                             .has_password = bits & 16,
                             .user_name = mogi_text("u"),
                             .password = mogi_text("p"),
                             .client_id = mogi_text("client"),
                             .keep_alive_s = (uint16_t)fuzz_below(in, 20)};
    if (bits & 32) c.packet_size_max = UINT32_MAX;
    struct mogi_message will;
    if (bits & 64) {
        will = message(in, text);
        c.will = &will;
    }
    if (bits & 128) c.properties = properties(in);
    if (mogi_tiny_connect(&d->t, &c, d->now_ms) != MOGI_OK) return;
    d->protocol = (enum protocol)c.version;
}

static void do_publish(struct desk *d, struct reader *in)
{
    char text[FUZZ_TEXT_MAX];
    uint16_t id = 0;
    struct mogi_message m = message(in, text);
    enum mogi_error e = mogi_tiny_publish(&d->t, &m, &id);
    if (e == MOGI_OK) PROMISE((id != 0) == (m.qos > 0));
}

static void do_subscribe(struct desk *d, struct reader *in)
{
    char texts[3][FUZZ_TEXT_MAX];
    struct mogi_filter filters[3];
    struct mogi_bytes plain[3];
    unsigned bits = read_u8(in);
    size_t count = bits % 4;
    if (count == 0) count = 1;
    for (size_t i = 0; i < count; i++) {
        unsigned options = read_u8(in);
        plain[i] = view(fuzz_text(in, texts[i], true));
        filters[i] = (struct mogi_filter){.filter = plain[i],
                                          .qos = (uint8_t)(options % 3),
                                          .no_local = options & 4,
                                          .retain_as_published = options & 8,
                                          .retain_handling =
                                              (uint8_t)(options / 16 % 3)};
    }
    struct mogi_bytes region = properties(in);
    uint16_t id;
    if (bits & 4) {
        (void)mogi_tiny_unsubscribe(&d->t, plain, count, region, &id);
    } else {
        (void)mogi_tiny_subscribe(&d->t, filters, count, region, &id);
    }
}

static void step(struct desk *d, struct reader *in)
{
    unsigned op = read_u8(in);
    switch (op % 16) {
    case 0: do_connect(d, in); break;
    case 1: closed(d); break;
    case 2: feed_connack(d, in); break;
    case 3: feed_ack(d, in); break;
    case 4: feed(d, fuzz_bytes(in, read_u8(in))); break;
    case 5:
    case 6: feed_frame(d, in); break;
    case 7:
    case 8: do_publish(d, in); break;
    case 9: do_subscribe(d, in); break;
    case 10: (void)mogi_tiny_ping(&d->t, d->now_ms); break;
    case 11: {
        uint8_t reason = read_u8(in);
        (void)mogi_tiny_disconnect(&d->t, reason, properties(in));
        break;
    }
    case 12: d->now_ms += op * 100; break;
    case 13: (void)mogi_tiny_tick(&d->t, d->now_ms); break;
    case 14: flush(d, 1 + op / 16); break;
    default: flush(d, STREAM); break;
    }
    PROMISE(mogi_tiny_unsettled(&d->t) <= SLOTS);
    PROMISE(check_failures == 0);
}

/* Each part in a block of its own. */
static void memory_take(struct desk *d, struct reader *in)
{
    struct mogi_tiny_memory *m = &d->memory;
    m->in_size = 16 + read_u8(in);
    m->out_size = 64 + read_u8(in);
    m->store_size = read_u8(in);
    m->aliases_size = read_u8(in);
    unsigned counts = read_u8(in);
    m->slots = d->slots;
    m->slot_count = counts % (SLOTS + 1);
    m->received = d->received;
    m->received_count = counts / 8 % (RECEIVED + 1);
    m->in = malloc(m->in_size);
    m->out = malloc(m->out_size);
    m->store = malloc(m->store_size + 1);
    m->aliases = malloc(m->aliases_size + 1);
    if (!m->in || !m->out || !m->store || !m->aliases) abort();
}

/* Shown with FUZZ_TRACE=1 in the environment. */
static void show(void *context, bool sent, struct mogi_bytes packet)
{
    (void)context;
    fputs(sent ? "->" : "<-", stderr);
    for (size_t i = 0; i < packet.size; i++)
        fprintf(stderr, " %02x", packet.data[i]);
    fputc('\n', stderr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct desk desk;
    memset(&desk, 0, sizeof desk);
    desk.now_ms = UINT32_MAX - 10000; /* so that it wraps */
    struct reader in = reader_of(bytes_at(data, size));
    memory_take(&desk, &in);
    mogi_tiny_init(&desk.t, &desk.memory);
    if (getenv("FUZZ_TRACE") != NULL) mogi_tiny_trace(&desk.t, show, NULL);
    closed(&desk);
    for (unsigned i = 0; i < STEPS_MAX && reader_left(&in) > 0; i++)
        step(&desk, &in);
    free(desk.memory.in);
    free(desk.memory.out);
    free(desk.memory.store);
    free(desk.memory.aliases);
    return 0;
}
