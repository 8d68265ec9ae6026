/* record.c - what a record looks like: one durable fact under one key. */
#include "core/record.h"

#include "base/hash.h"
#include "core/bounds.h"
#include "core/outbound.h"
#include "wire/packet.h"
#include "wire/topic.h"

#include <assert.h>

enum {
    /* First letters: the rest of a key depends on them. */
    OF_CLIENT = 'c',

    CUT_MARK = 0xff,

    /* Bits of a message's flags. */
    FLAG_QOS = 3,
    FLAG_RETAIN = 4,
    FLAG_SOURCE = 8,

    /* Bits of a subscription's options, as in SUBSCRIBE. MQTT 5.0, 3.8.3.1 */
    OPTION_QOS = 3,
    OPTION_NO_LOCAL = 4,
    OPTION_AS_PUBLISHED = 8,
    OPTION_HANDLING_SHIFT = 4
};

/* Begin a value. */
static void write_version(struct writer *w)
{
    write_u8(w, RECORD_VERSION);
}

static void write_version_new(struct writer *w)
{
    write_u8(w, RECORD_VERSION_NEW);
}

/* Is it of version 1? Another than the two known fails. */
static bool read_version_old(struct reader *r)
{
    uint8_t version = read_u8(r);
    if (version != RECORD_VERSION && version != RECORD_VERSION_NEW) {
        r->failed = true;
    }
    return version == RECORD_VERSION;
}

/* Only this version is known; another fails. */
static void read_version(struct reader *r)
{
    if (read_u8(r) != RECORD_VERSION) r->failed = true;
}

/* The value must end here. */
static enum err read_end(const struct reader *r)
{
    return r->failed || reader_left(r) > 0 ? ERR_MALFORMED : OK;
}

/* --- texts in keys ------------------------------------------------------- */

static void write_hex(struct writer *w, uint64_t number)
{
    static const char DIGITS[] = "0123456789abcdef";
    for (unsigned shift = 64; shift > 0; shift -= 4)
        write_u8(w, (uint8_t)DIGITS[number >> (shift - 4) & 15]);
}

/* The keys of the hash are for ever: what is on disk was cut with them. */
static void write_cut(struct writer *w, struct bytes text)
{
    static const struct hash_key FIRST = {0x6d6f67692d637574, 1};
    static const struct hash_key SECOND = {0x6d6f67692d637574, 2};
    assert(text.size > RECORD_TEXT_MAX);
    write_bytes(w, bytes_at(text.data, RECORD_CUT_BYTES));
    write_u8(w, CUT_MARK);
    write_hex(w, hash_bytes(&FIRST, text));
    write_hex(w, hash_bytes(&SECOND, text));
}

static void write_text(struct writer *w, struct bytes text)
{
    if (text.size > RECORD_TEXT_MAX) {
        write_cut(w, text);
    } else {
        write_bytes(w, text);
    }
}

bool record_text_is(struct bytes text, struct bytes whole)
{
    uint8_t space[RECORD_TEXT_MAX];
    struct writer w = writer_at(space, sizeof space);
    write_text(&w, whole);
    assert(!w.failed);
    return bytes_equal(text, writer_bytes(&w));
}

/* --- keys ---------------------------------------------------------------- */

static void write_client_key(struct writer *w, const struct record_key *key)
{
    assert(key->client.size > 0);
    write_u8(w, OF_CLIENT);
    write_text(w, key->client);
    write_u8(w, 0);
    write_u8(w, (uint8_t)key->kind);
    switch (key->kind) {
    case RECORD_HANDOVER:
    case RECORD_DELIVERY: write_u64(w, key->number); return;
    case RECORD_RECEIVED: write_u16(w, (uint16_t)key->number); return;
    case RECORD_MEMBERSHIP:
    case RECORD_SUBSCRIPTION: write_text(w, key->text); return;
    case RECORD_SESSION:
    case RECORD_WILL: return;
    case RECORD_MESSAGE:
    case RECORD_MESSAGE_OLD:
    case RECORD_HEARD:
    case RECORD_RETAINED: break;
    }
    assert(false && "a record that no client has");
}

void record_key_write(struct writer *w, const struct record_key *key)
{
    assert(writer_left(w) >= RECORD_KEY_MAX);
    assert(key->shard < SHARDS_MAX && key->from < SHARDS_MAX);
    switch (key->kind) {
    case RECORD_MESSAGE:
        write_u8(w, RECORD_MESSAGE);
        write_u64(w, key->number);
        break;
    case RECORD_MESSAGE_OLD:
        write_u8(w, RECORD_MESSAGE_OLD);
        write_u8(w, (uint8_t)key->shard);
        write_u64(w, key->number);
        break;
    case RECORD_HEARD:
        write_u8(w, RECORD_HEARD);
        write_u8(w, (uint8_t)key->shard);
        write_u8(w, (uint8_t)key->from);
        break;
    case RECORD_RETAINED:
        write_u8(w, RECORD_RETAINED);
        write_text(w, key->text);
        break;
    default: write_client_key(w, key);
    }
    assert(!w->failed);
}

/* All up to the next NUL, which is skipped. */
static struct bytes read_client(struct reader *r)
{
    size_t left = reader_left(r);
    const uint8_t *end = left == 0 ? NULL : memchr(r->at, 0, left);
    if (end == NULL || end == r->at) {
        r->failed = true;
        return (struct bytes){NULL, 0};
    }
    struct bytes client = read_bytes(r, (size_t)(end - r->at));
    (void)read_u8(r);
    return client;
}

static void read_client_key(struct reader *r, struct record_key *key)
{
    key->client = read_client(r);
    uint8_t kind = read_u8(r);
    key->kind = (enum record_kind)kind;
    switch (kind) {
    case RECORD_HANDOVER:
    case RECORD_DELIVERY: key->number = read_u64(r); return;
    case RECORD_RECEIVED:
        key->number = read_u16(r);
        if (key->number == 0) r->failed = true;
        return;
    case RECORD_MEMBERSHIP:
    case RECORD_SUBSCRIPTION:
        key->text = read_rest(r);
        if (key->text.size == 0) r->failed = true;
        return;
    case RECORD_SESSION:
    case RECORD_WILL: return;
    default: r->failed = true;
    }
}

enum err record_key_read(struct bytes in, struct record_key *key)
{
    struct reader r = reader_of(in);
    *key = (struct record_key){0};
    uint8_t first = read_u8(&r);
    key->kind = (enum record_kind)first;
    switch (first) {
    case OF_CLIENT: read_client_key(&r, key); break;
    case RECORD_MESSAGE: key->number = read_u64(&r); break;
    case RECORD_MESSAGE_OLD:
        key->shard = read_u8(&r);
        key->number = read_u64(&r);
        break;
    case RECORD_HEARD:
        key->shard = read_u8(&r);
        key->from = read_u8(&r);
        break;
    case RECORD_RETAINED:
        key->text = read_rest(&r);
        if (key->text.size == 0) r.failed = true;
        break;
    default: r.failed = true;
    }
    if (key->shard >= SHARDS_MAX || key->from >= SHARDS_MAX) r.failed = true;
    if (key->client.size > RECORD_TEXT_MAX) r.failed = true;
    if (key->text.size > RECORD_TEXT_MAX) r.failed = true;
    return read_end(&r);
}

/* --- session ------------------------------------------------------------- */

void record_session_write(struct writer *w, const struct record_session *s)
{
    assert(s->id.size > 0 && s->id.size <= BINARY_SIZE_MAX);
    assert(s->expiry_s > 0);
    assert(s->home < SHARDS_MAX);
    write_version_new(w);
    write_u8(w, s->protocol);
    write_u8(w, (uint8_t)s->home);
    write_u32(w, s->expiry_s);
    write_u64(w, s->ends_ms);
    write_u64(w, s->floor);
    write_binary(w, s->id);
    assert(!w->failed);
}

enum err record_session_read(struct bytes in, struct record_session *s)
{
    struct reader r = reader_of(in);
    bool old = read_version_old(&r);
    s->protocol = read_u8(&r);
    s->home = read_u8(&r);
    s->expiry_s = read_u32(&r);
    s->ends_ms = read_u64(&r);
    s->floor = old ? 0 : read_u64(&r);
    s->id = read_binary(&r);
    bool known = s->protocol == MQTT_31 || s->protocol == MQTT_311 ||
                 s->protocol == MQTT_50;
    if (!known || s->home >= SHARDS_MAX || s->expiry_s == 0) r.failed = true;
    if (s->id.size == 0 || memchr(s->id.data, 0, s->id.size) != NULL) {
        r.failed = true;
    }
    return read_end(&r);
}

/* --- subscription and membership ----------------------------------------- */

void record_subscription_write(struct writer *w,
                               const struct record_subscription *s)
{
    const struct subscription_options *o = &s->options;
    assert(o->qos <= 2 && o->retain_handling <= 2);
    write_version(w);
    write_u8(w, (uint8_t)(o->qos | (o->no_local ? OPTION_NO_LOCAL : 0) |
                          (o->retain_as_published ? OPTION_AS_PUBLISHED : 0) |
                          o->retain_handling << OPTION_HANDLING_SHIFT));
    write_u32(w, o->identifier);
    write_binary(w, s->text);
    assert(!w->failed);
}

enum err record_subscription_read(struct bytes in,
                                  struct record_subscription *s)
{
    struct reader r = reader_of(in);
    read_version(&r);
    uint8_t bits = read_u8(&r);
    s->options = (struct subscription_options){
        .qos = bits & OPTION_QOS,
        .retain_handling = bits >> OPTION_HANDLING_SHIFT,
        .no_local = (bits & OPTION_NO_LOCAL) != 0,
        .retain_as_published = (bits & OPTION_AS_PUBLISHED) != 0,
        .identifier = read_u32(&r),
    };
    s->text = read_binary(&r);
    if (s->options.qos > 2 || s->options.retain_handling > 2) r.failed = true;
    if (s->options.identifier > VARINT_MAX) r.failed = true;
    if (!topic_subscription_valid(s->text)) r.failed = true;
    return read_end(&r);
}

/* --- delivery ------------------------------------------------------------ */

void record_delivery_write(struct writer *w, const struct record_delivery *d,
                           const uint32_t *identifiers)
{
    assert(d->qos == 1 || d->qos == 2);
    assert(d->state <= DELIVERY_RECEIVED);
    assert(!d->old || d->home < SHARDS_MAX);
    if (d->old) {
        write_version(w);
        write_u64(w, d->stamp);
        write_u8(w, (uint8_t)d->home);
    } else {
        write_u8(w, d->expires_ms == 0 ? RECORD_VERSION_NEW
                                       : RECORD_VERSION_EXPIRING);
        write_u64(w, d->stamp);
        write_u64(w, d->order);
        write_u64(w, d->bytes);
        write_u32(w, d->size);
        if (d->expires_ms != 0) write_u64(w, d->expires_ms);
    }
    write_u16(w, d->packet_id);
    write_u8(w, d->qos);
    write_u8(w, d->state);
    write_u8(w, d->retain);
    write_binary(w, d->group);
    write_u16(w, d->identifier_count);
    for (uint16_t i = 0; i < d->identifier_count; i++)
        write_u32(w, identifiers[i]);
    assert(!w->failed);
}

uint32_t record_identifier(const struct record_delivery *d, uint16_t index)
{
    assert(index < d->identifier_count);
    assert(d->identifiers.size == d->identifier_count * 4u);
    struct reader r = reader_of(bytes_skip(d->identifiers, index * 4u));
    return read_u32(&r);
}

/* Are these what MQTT can say: 1..VARINT_MAX? */
static bool identifiers_valid(const struct record_delivery *d)
{
    for (uint16_t i = 0; i < d->identifier_count; i++) {
        uint32_t identifier = record_identifier(d, i);
        if (identifier == 0 || identifier > VARINT_MAX) return false;
    }
    return true;
}

/* What depends on the version. */
static void read_delivery_head(struct reader *r, struct record_delivery *d)
{
    uint8_t version = read_u8(r);
    if (version == 0 || version > RECORD_VERSION_EXPIRING) r->failed = true;
    *d = (struct record_delivery){.old = version == RECORD_VERSION};
    d->stamp = read_u64(r);
    if (d->old) {
        d->home = read_u8(r);
        return;
    }
    d->order = read_u64(r);
    d->bytes = read_u64(r);
    d->size = read_u32(r);
    if (version != RECORD_VERSION_EXPIRING) return;
    d->expires_ms = read_u64(r);
    if (d->expires_ms == 0) r->failed = true;
}

enum err record_delivery_read(struct bytes in, struct record_delivery *d)
{
    struct reader r = reader_of(in);
    read_delivery_head(&r, d);
    d->packet_id = read_u16(&r);
    d->qos = read_u8(&r);
    d->state = read_u8(&r);
    uint8_t retain = read_u8(&r);
    d->retain = retain != 0;
    d->group = read_binary(&r);
    d->identifier_count = read_u16(&r);
    d->identifiers = read_bytes(&r, d->identifier_count * 4u);
    if (read_end(&r) != OK) return ERR_MALFORMED;
    if (d->home >= SHARDS_MAX) return ERR_MALFORMED;
    if (d->qos != 1 && d->qos != 2) return ERR_MALFORMED;
    if (d->state > DELIVERY_RECEIVED || retain > 1) return ERR_MALFORMED;
    if (d->state != DELIVERY_QUEUED && d->packet_id == 0) return ERR_MALFORMED;
    if (d->state == DELIVERY_RECEIVED && d->qos != 2) return ERR_MALFORMED;
    if (d->group.size > 0 &&
        !(topic_is_shared(d->group) && topic_subscription_valid(d->group))) {
        return ERR_MALFORMED;
    }
    return identifiers_valid(d) ? OK : ERR_MALFORMED;
}

/* --- received, heard ----------------------------------------------------- */

void record_received_write(struct writer *w, const struct record_received *r)
{
    assert(lack_valid(r->lack));
    write_version_new(w);
    write_u64(w, r->stamp);
    write_u8(w, r->settled);
    write_bytes(w, r->lack);
    assert(!w->failed);
}

/* Of version 1, one row is there, and comes before `settled`: who lacks it, and
 * what groups lack it, which is as much or more. They rather have it twice. */
static void read_received_old(struct reader *r, struct record_received *record)
{
    uint64_t sessions = read_u64(r), groups = read_u64(r);
    struct lack_row row = {read_u8(r), sessions | groups};
    if (row.shards == 0 || row.shards > SHARDS_MAX) {
        r->failed = true;
        return;
    }
    uint8_t space[LACK_BYTES_MAX];
    struct writer w = writer_at(space, sizeof space);
    lack_add(&w, (struct bytes){NULL, 0}, &row);
    record->lack = bytes_at(record->old, writer_bytes(&w).size);
    memcpy(record->old, space, record->lack.size);
}

enum err record_received_read(struct bytes in, struct record_received *r)
{
    struct reader reader = reader_of(in);
    *r = (struct record_received){0};
    bool old = read_version_old(&reader);
    r->stamp = read_u64(&reader);
    if (old) read_received_old(&reader, r);
    uint8_t settled = read_u8(&reader);
    r->settled = settled != 0;
    if (!old) r->lack = read_rest(&reader);
    if (settled > 1) reader.failed = true;
    if (!old && !lack_valid(r->lack)) reader.failed = true;
    return read_end(&reader);
}

void record_heard_write(struct writer *w, const struct record_heard *h)
{
    write_version(w);
    write_u64(w, h->stamp);
    write_u64(w, h->passed);
    assert(!w->failed);
}

enum err record_heard_read(struct bytes in, struct record_heard *h)
{
    struct reader r = reader_of(in);
    read_version(&r);
    h->stamp = read_u64(&r);
    h->passed = read_u64(&r);
    return read_end(&r);
}

/* --- messages ------------------------------------------------------------ */

static void write_head(struct writer *w, const struct message *m)
{
    assert(m->qos <= 2);
    assert(m->topic.size <= TOPIC_SIZE_MAX);
    assert(m->forward.size <= UINT32_MAX);
    write_u64(w, m->stamp);
    write_u64(w, m->expires_ms);
    write_u8(w, (uint8_t)(m->qos | (m->retain ? FLAG_RETAIN : 0) |
                          (m->source_size > 0 ? FLAG_SOURCE : 0)));
    write_u16(w, (uint16_t)m->topic.size);
    write_u32(w, (uint32_t)m->forward.size);
    if (m->source_size > 0) write_u16(w, m->source_size);
}

static enum err read_message(struct reader *r, struct message *m)
{
    *m = (struct message){0};
    m->stamp = read_u64(r);
    m->expires_ms = read_u64(r);
    uint8_t flags = read_u8(r);
    m->qos = flags & FLAG_QOS;
    m->retain = (flags & FLAG_RETAIN) != 0;
    size_t topic_size = read_u16(r);
    size_t forward_size = read_u32(r);
    if ((flags & FLAG_SOURCE) != 0) m->source_size = read_u16(r);
    m->topic = read_bytes(r, topic_size);
    m->forward = read_bytes(r, forward_size);
    (void)read_bytes(r, m->source_size);
    m->payload = read_rest(r);
    if (r->failed || m->qos > 2) return ERR_MALFORMED;
    if (flags > (FLAG_QOS | FLAG_RETAIN | FLAG_SOURCE)) return ERR_MALFORMED;
    if (m->payload.size > PACKET_BYTES_MAX) return ERR_MALFORMED;
    if (m->forward.size > PACKET_BYTES_MAX) return ERR_MALFORMED;
    return topic_name_valid(m->topic) ? OK : ERR_MALFORMED;
}

void record_message_write(struct writer *w, const struct message *m)
{
    write_version(w);
    write_head(w, m);
    assert(!w->failed);
}

enum err record_message_read(struct bytes in, struct message *m)
{
    struct reader r = reader_of(in);
    read_version(&r);
    return read_message(&r, m);
}

void record_will_write(struct writer *w, const struct record_will *will,
                       const struct message *m)
{
    write_version(w);
    write_u32(w, will->delay_s);
    write_u32(w, will->expiry_s);
    write_u64(w, will->due_ms);
    write_head(w, m);
    assert(!w->failed);
}

enum err record_will_read(struct bytes in, struct record_will *will,
                          struct message *m)
{
    struct reader r = reader_of(in);
    read_version(&r);
    will->delay_s = read_u32(&r);
    will->expiry_s = read_u32(&r);
    will->due_ms = read_u64(&r);
    return read_message(&r, m);
}
