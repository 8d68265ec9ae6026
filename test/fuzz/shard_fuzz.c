/* shard_fuzz.c - a broker of 1 to 3 shards, and clients who say anything.
 *
 *     input   [ shards, options: 8 ]( [ op ][ client ][ arguments ] )*
 *
 * The imaginary world of sim/ is the host, and keeps the rules of event.h and
 * actions.h; a watch on each connection holds what the broker sends against the
 * standard. In the end all must be given back.
 */
#include "core/acl.h"
#include "fuzz.h"
#include "sim/world.h"
#include "watch.h"

enum { GUESTS = 6, OPS_MAX = 120, ROOM = 1 << 17, WAITED_MAX_MS = 200 * 1000 };

/* One client. */
struct guest {
    struct cable_id cable; /* 0: not connected */
    struct cable_id asked; /* the one it had last */
    struct watch watch;
    bool acks; /* answers at once */
    bool stalled, stalled_once;
    uint16_t next_id;
};

struct fuzz {
    struct world *world;
    struct options options;
    struct guest guests[GUESTS];
    uint64_t waited_ms;
    bool held;
};

static uint8_t room[ROOM];

/* --- clients ------------------------------------------------------------- */

static void hang_up(struct fuzz *fuzz, struct guest *guest, bool cut)
{
    if (guest->cable.v == 0) return;
    world_hang_up(fuzz->world, guest->cable, cut);
    watch_fini(&guest->watch);
    guest->cable.v = 0;
}

static void plug_in(struct fuzz *fuzz, struct guest *guest)
{
    hang_up(fuzz, guest, true);
    watch_init(&guest->watch, world_pool(fuzz->world));
    guest->stalled = guest->stalled_once = false;
    guest->cable = world_connect(fuzz->world, 0, bytes_of(""));
    guest->asked = guest->cable;
}

static void say(struct fuzz *fuzz, struct guest *guest, struct bytes bytes)
{
    if (guest->cable.v == 0) return;
    watch_said(&guest->watch, bytes);
    world_send(fuzz->world, guest->cable, bytes);
}

/* The version that the guest speaks, also before it has said CONNECT. */
static enum protocol spoken(const struct guest *guest)
{
    enum protocol protocol = guest->watch.protocol;
    return protocol == MQTT_NONE ? MQTT_311 : protocol;
}

static void say_ack(struct fuzz *fuzz, struct guest *guest,
                    enum packet_type type, uint16_t id, uint8_t reason)
{
    struct ack ack = {.type = type, .packet_id = id, .reason = reason};
    struct writer w = writer_at(room, sizeof room);
    ack_encode(&ack, spoken(guest), &w);
    say(fuzz, guest, writer_bytes(&w));
}

/* What the client owes for one message that it got. */
static void settle_one(struct fuzz *fuzz, struct guest *guest,
                       const struct term *term, uint8_t reason)
{
    uint16_t id = term->id;
    if (term->detail == 1) {
        say_ack(fuzz, guest, PACKET_PUBACK, id, reason);
    } else if (!term->received) {
        say_ack(fuzz, guest, PACKET_PUBREC, id, reason);
    } else {
        say_ack(fuzz, guest, PACKET_PUBCOMP, id, 0);
    }
}

/* The first message that the client has not settled, or NULL. */
static struct term *unsettled(struct guest *guest)
{
    for (size_t i = 0; i < guest->watch.term_count; i++) {
        struct term *term = &guest->watch.terms[i];
        if (term->type == PACKET_PUBLISH) return term;
    }
    return NULL;
}

static bool guest_read(struct fuzz *fuzz, struct guest *guest)
{
    if (guest->cable.v == 0) return false;
    struct bytes in = world_received(fuzz->world, guest->cable);
    size_t used = watch_heard(&guest->watch, in);
    bool whole = used == in.size;
    world_used(fuzz->world, guest->cable, used);
    bool ended = world_closed(fuzz->world, guest->cable);
    if (ended) {
        PROMISE(whole || guest->stalled_once);
        hang_up(fuzz, guest, false);
        return used > 0;
    }
    if (!guest->acks || guest->watch.deaf) return used > 0;
    struct term *term;
    while ((term = unsettled(guest)) != NULL)
        settle_one(fuzz, guest, term, 0);
    return used > 0;
}

static bool guests_read(void *context)
{
    struct fuzz *fuzz = context;
    bool some = false;
    for (unsigned i = 0; i < GUESTS; i++)
        some |= guest_read(fuzz, &fuzz->guests[i]);
    return some;
}

/* --- what they say ------------------------------------------------------- */

/* Properties of CONNECT that change what the broker may do. */
static struct bytes connect_properties(struct reader *in, struct writer w)
{
    unsigned bits = read_u8(in), number = read_u8(in);
    if (bits & 1) property_write_number(&w, PROPERTY_SESSION_EXPIRY, number);
    if (bits & 2)
        property_write_number(&w, PROPERTY_RECEIVE_MAX, 1 + number % 4);
    if (bits & 4)
        property_write_number(&w, PROPERTY_PACKET_SIZE_MAX, 1 + number);
    if (bits & 8)
        property_write_number(&w, PROPERTY_TOPIC_ALIAS_MAX, number % 8);
    if (bits & 16) property_write_number(&w, PROPERTY_REQUEST_PROBLEM_INFO, 0);
    return writer_bytes(&w);
}

static void op_connect(struct fuzz *fuzz, struct guest *guest,
                       struct reader *in)
{
    static const enum protocol PROTOCOLS[] = {MQTT_31, MQTT_311, MQTT_50,
                                              MQTT_50};
    static const char *const IDS[] = {"a", "b", "c", "d", "e", "f", "g", ""};
    char topic[FUZZ_TEXT_MAX];
    uint8_t properties[64];
    unsigned bits = read_u8(in), more = read_u8(in);
    struct connect c = {.protocol = PROTOCOLS[bits % 4],
                        .clean_start = bits & 4,
                        .client_id = bytes_of(IDS[bits >> 3 & 7]),
                        .keep_alive_s = bits & 64 ? 10 : 0};
    guest->acks = bits & 128;
    if (more & 1) {
        c.will = (struct connect_will){.present = true,
                                       .retain = more & 2,
                                       .qos = (uint8_t)(more >> 2 & 3) % 3,
                                       .topic = fuzz_text(in, topic, false),
                                       .payload = bytes_of("will")};
    }
    if (c.protocol == MQTT_50) {
        c.properties.raw =
            connect_properties(in, writer_at(properties, sizeof properties));
    }
    static const uint8_t DELAY[] = {PROPERTY_WILL_DELAY, 0, 0, 0, 30};
    if (c.will.present && c.protocol == MQTT_50 && more & 16)
        c.will.properties.raw = bytes_at(DELAY, sizeof DELAY);
    plug_in(fuzz, guest);
    struct writer w = writer_at(room, sizeof room);
    connect_encode(&c, &w);
    say(fuzz, guest, writer_bytes(&w));
}

/* A packet whose length is true: [ first byte ][ size ][ body ]. */
static void op_frame(struct fuzz *fuzz, struct guest *guest, struct reader *in)
{
    struct writer w = writer_at(room, sizeof room);
    write_u8(&w, read_u8(in));
    struct bytes body = fuzz_bytes(in, read_u8(in));
    write_varint(&w, (uint32_t)body.size);
    write_bytes(&w, body);
    say(fuzz, guest, writer_bytes(&w));
}

static uint16_t id_next(struct guest *guest)
{
    guest->next_id = (uint16_t)(guest->next_id % 8 + 1);
    return guest->next_id;
}

static struct bytes filter_some(struct reader *in, char *text)
{
    static const char *const SHARED[] = {"$share/g/a", "$share/g/#",
                                         "$share/h/+/b", "$SYS/#"};
    unsigned kind = read_u8(in);
    if (kind < 0xc0) return fuzz_text(in, text, true);
    return bytes_of(SHARED[kind % 4]);
}

static void op_subscribe(struct fuzz *fuzz, struct guest *guest,
                         struct reader *in)
{
    uint8_t filters[512], properties[8];
    char text[FUZZ_TEXT_MAX];
    unsigned bits = read_u8(in);
    bool v5 = spoken(guest) == MQTT_50, off = bits & 4;
    struct writer list = writer_at(filters, sizeof filters);
    for (unsigned count = 1 + bits % 3; count > 0; count--) {
        unsigned options = read_u8(in);
        struct bytes filter = filter_some(in, text);
        struct subscribe_filter f = {.filter = filter,
                                     .qos = (uint8_t)(options % 3)};
        if (v5) {
            f.no_local = options & 4 && !topic_is_shared(filter);
            f.retain_as_published = options & 8;
            f.retain_handling = options / 16 % 3;
        }
        if (off) {
            unsubscribe_filter_write(&list, filter);
        } else {
            subscribe_filter_write(&list, &f);
        }
    }
    struct writer w = writer_at(properties, sizeof properties);
    if (bits & 8) property_write_number(&w, PROPERTY_SUBSCRIPTION_ID, bits);
    struct subscribe s = {.type = off ? PACKET_UNSUBSCRIBE : PACKET_SUBSCRIBE,
                          .packet_id = id_next(guest),
                          .filters = writer_bytes(&list)};
    if (v5 && !off) s.properties.raw = writer_bytes(&w);
    w = writer_at(room, sizeof room);
    subscribe_encode(&s, spoken(guest), &w);
    say(fuzz, guest, writer_bytes(&w));
}

static void op_publish(struct fuzz *fuzz, struct guest *guest,
                       struct reader *in)
{
    static const size_t SIZES[] = {0, 1, 5, 100, 5000, 70000};
    static uint8_t payload[70000];
    char text[FUZZ_TEXT_MAX];
    unsigned bits = read_u8(in), more = read_u8(in);
    struct publish_out p = {.qos = (uint8_t)(bits % 4) % 3,
                            .retain = bits & 4,
                            .dup = bits & 8 && bits % 4 % 3 > 0,
                            .topic = fuzz_text(in, text, false),
                            .payload = {payload, SIZES[(bits >> 5) % 6]}};
    if (p.topic.size == 0) return;
    if (p.qos > 0) p.packet_id = id_next(guest);
    if (bits & 16) {
        p.has_message_expiry = true;
        p.message_expiry_s = more % 64;
    }
    if (more & 64) p.topic_alias = (uint16_t)(1 + more % 4);
    if (more & 128) p.payload.size /= 2;
    struct writer w = writer_at(room, sizeof room);
    publish_encode(&p, spoken(guest), &w);
    say(fuzz, guest, writer_bytes(&w));
}

/* Settle the oldest message, maybe with a refusal; or release what the client
 * published. */
static void op_settle(struct fuzz *fuzz, struct guest *guest, struct reader *in)
{
    unsigned bits = read_u8(in);
    if (guest->cable.v == 0) return;
    struct term *term = unsettled(guest);
    if (bits & 1) {
        say_ack(fuzz, guest, PACKET_PUBREL, (uint16_t)(1 + bits / 2 % 8), 0);
    } else if (term != NULL) {
        settle_one(fuzz, guest, term,
                   bits & 2 ? REASON_QUOTA_EXCEEDED : REASON_SUCCESS);
    }
}

static void op_disconnect(struct fuzz *fuzz, struct guest *guest,
                          struct reader *in)
{
    static const uint8_t REASONS[] = {0, 0x04, 0x80, 0x8b};
    struct disconnect d = {.reason = REASONS[fuzz_below(in, 4)]};
    struct writer w = writer_at(room, sizeof room);
    disconnect_encode(&d, spoken(guest), &w);
    say(fuzz, guest, writer_bytes(&w));
}

/* --- what happens to the broker ------------------------------------------ */

static void op_wait(struct fuzz *fuzz, struct reader *in)
{
    static const uint32_t WAITS_MS[] = {1,    100,   1000,  2000,
                                        5000, 15000, 31000, 61000};
    uint32_t ms = WAITS_MS[fuzz_below(in, 8)];
    if (fuzz->waited_ms + ms > WAITED_MAX_MS) return;
    fuzz->waited_ms += ms;
    world_wait(fuzz->world, ms);
}

static void op_crash(struct fuzz *fuzz, struct reader *in)
{
    world_crash(fuzz->world, fuzz_below(in, 4));
    for (unsigned i = 0; i < GUESTS; i++)
        hang_up(fuzz, &fuzz->guests[i], true);
    world_restart(fuzz->world, (uint16_t)(1 + fuzz_below(in, 3)));
    fuzz->held = false;
}

static void op_options(struct fuzz *fuzz, struct reader *in);

static void op_answer(struct fuzz *fuzz, const struct guest *guest,
                      struct reader *in);

static void op_world(struct fuzz *fuzz, struct guest *guest, struct reader *in)
{
    switch (fuzz_below(in, 8)) {
    case 0: op_crash(fuzz, in); break;
    case 1: world_stop(fuzz->world); break;
    case 2: op_options(fuzz, in); break;
    case 5: op_answer(fuzz, guest, in); break;
    case 3:
    case 4:
        fuzz->held = !fuzz->held;
        world_hold(fuzz->world, fuzz->held);
        break;
    default:
        if (guest->cable.v == 0) break;
        guest->stalled = !guest->stalled;
        guest->stalled_once = true;
        world_stall(fuzz->world, guest->cable, guest->stalled);
        break;
    }
}

/* --- the door ------------------------------------------------------------ */

static const struct acl_rule rules[] = {
    {{(const uint8_t *)"a/#", 3}, ACL_READWRITE, false, 1},
    {{(const uint8_t *)"a/b", 3}, ACL_DENY, false, 2},
    {{(const uint8_t *)"+/%c", 4}, ACL_WRITE, true, 3},
};
static const struct acl list = {.anonymous = {.rules = rules, .count = 2},
                                .patterns = {.rules = rules + 2, .count = 1}};

/* Answer what is asked about a guest, or was. */
static void op_answer(struct fuzz *fuzz, const struct guest *guest,
                      struct reader *in)
{
    static const enum err whys[] = {ERR_CREDENTIALS, ERR_NOT_AUTHORIZED,
                                    ERR_BANNED, ERR_QUOTA};
    enum ask_kind kind;
    struct ask said;
    struct bytes text = fuzz_bytes(in, fuzz_below(in, 8));
    unsigned bits = read_u8(in);
    if (!world_asked(fuzz->world, guest->asked, &kind, &said)) return;
    PROMISE(said.client_id.size > 0);
    struct answer answer = {
        .verdict = (enum answer_verdict)(bits % 3),
        .why = whys[bits >> 6],
        .user = text,
        .has_user = bits & 4,
        .data = text,
        .has_data = bits & 8,
        .acl = bits & 16 ? &list : NULL,
        .expires_ms = bits & 32 ? world_now(fuzz->world) + bits : 0,
    };
    world_answer(fuzz->world, guest->asked, &answer);
}

/* --- the program --------------------------------------------------------- */

/* Small limits, so that they are met. */
static void options_read(struct options *o, struct reader *in)
{
    static const uint32_t FEW[] = {0, 1, 2, 3, 5, 20, 100, 1000};
    unsigned bits = read_u8(in);
    o->queue_qos0_messages = bits & 1;
    o->upgrade_outgoing_qos = bits & 2;
    o->allow_duplicate_messages = bits & 4;
    o->queue_overflow = bits & 8 ? OVERFLOW_OLDEST : OVERFLOW_NEWEST;
    o->check_payload_format = bits & 16;
    o->retain_available = !(bits & 32);
    o->shared_subscriptions = (bits & 192) != 64;
    o->wildcard_subscriptions = (bits & 192) != 128;
    bits = read_u8(in);
    o->max_inflight_messages = (uint16_t)FEW[bits & 7];
    o->max_queued_messages = FEW[bits >> 3 & 7];
    o->listener.max_qos = (uint8_t)(2 - (bits >> 6) % 3);
    bits = read_u8(in);
    o->max_inflight_bytes = FEW[bits & 7];
    o->max_queued_bytes = FEW[bits >> 3 & 7];
    o->sys_interval_s = bits & 64 ? 3600 : 0;
    bits = read_u8(in);
    o->receive_maximum = (uint16_t)(1 + FEW[bits & 7]);
    o->retained_limit = FEW[bits >> 3 & 7];
    o->max_packet_size = bits & 64 ? 64 : 100000;
    o->max_keepalive = bits & 128 ? 5 : 0;
    bits = read_u8(in);
    o->listener.max_topic_alias = (uint16_t)(bits & 3);
    o->listener.max_topic_alias_broker = (uint16_t)(bits >> 2 & 3);
    o->max_subscriptions = FEW[bits >> 4 & 7];
    o->listener.allow_zero_length_clientid = !(bits & 128);
    bits = read_u8(in);
    o->persistent_client_expiration_s = bits & 1 ? 60 : 0;
    o->retain_expiry_interval_s = bits & 2 ? 60 : 0;
    o->message_size_limit = bits & 4 ? 50 : 0;
    o->max_topic_levels = bits & 8 ? 3 : 200;
    o->listener.ask = bits & 16;
    o->listener.acl = bits & 32 ? &list : NULL;
    memcpy(o->listener.mount_point, bits & 64 ? "a/" : "", bits & 64 ? 3 : 1);
    o->listener.use_username_as_clientid = bits & 128;
}

static void op_options(struct fuzz *fuzz, struct reader *in)
{
    options_read(&fuzz->options, in);
    world_reload(fuzz->world, &fuzz->options);
}

static void step(struct fuzz *fuzz, struct reader *in)
{
    unsigned op = read_u8(in), who = read_u8(in);
    struct guest *guest = &fuzz->guests[who % GUESTS];
    switch (op % 16) {
    case 0:
    case 15: op_connect(fuzz, guest, in); break;
    case 1: plug_in(fuzz, guest); break;
    case 2: say(fuzz, guest, fuzz_bytes(in, read_u8(in))); break;
    case 3:
    case 4: op_frame(fuzz, guest, in); break;
    case 5:
    case 6: op_subscribe(fuzz, guest, in); break;
    case 7:
    case 8:
    case 9: op_publish(fuzz, guest, in); break;
    case 10: op_settle(fuzz, guest, in); break;
    case 11: op_wait(fuzz, in); break;
    case 12: hang_up(fuzz, guest, who & 128); break;
    case 13: op_disconnect(fuzz, guest, in); break;
    default: op_world(fuzz, guest, in); break;
    }
    /* Else more happens before the broker has its turn. */
    if (op & 16) {
        (void)world_turn(fuzz->world);
    } else if (!(op & 32)) {
        world_settle(fuzz->world);
    }
}

/* Everybody goes, and time passes: nothing may be due that never happens. */
static void end(struct fuzz *fuzz)
{
    world_hold(fuzz->world, false);
    for (unsigned i = 0; i < GUESTS; i++) {
        struct guest *guest = &fuzz->guests[i];
        if (guest->cable.v != 0) world_stall(fuzz->world, guest->cable, false);
    }
    world_settle(fuzz->world);
    for (unsigned i = 0; i < GUESTS; i++)
        hang_up(fuzz, &fuzz->guests[i], i % 2 == 0);
    world_wait(fuzz->world, 31 * 1000);
    world_free(fuzz->world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz fuzz;
    memset(&fuzz, 0, sizeof fuzz);
    struct reader in = reader_of(bytes_at(data, size));
    unsigned bits = read_u8(&in);
    struct world_config config = {.shards = (uint16_t)(1 + bits % 3),
                                  .chaos = bits & 4,
                                  .split = bits & 8 ? 1 + bits / 32 : 0,
                                  .connections_max = bits & 16 ? 4 : 0,
                                  .trace = getenv("FUZZ_TRACE") != NULL,
                                  .seed = read_u8(&in)};
    options_init(&fuzz.options);
    fuzz.options.persistence = config.seed % 2 == 0;
    options_read(&fuzz.options, &in);
    config.options = fuzz.options;
    fuzz.world = world_new(&config);
    world_clients_set(fuzz.world, guests_read, &fuzz);
    for (unsigned i = 0; i < OPS_MAX && reader_left(&in) > 0; i++)
        step(&fuzz, &in);
    end(&fuzz);
    return 0;
}
