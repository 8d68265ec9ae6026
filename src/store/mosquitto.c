/* mosquitto.c - the chunks of mosquitto.db. */
#include "store/mosquitto.h"

#include <assert.h>

enum {
    MAGIC_BYTES = 15,
    VERSION_FIRST = 2,
    VERSION_USER = 4,  /* messages say who published them, and where */
    VERSION_FIXED = 5, /* chunks begin with a structure */
    VERSION_LAST = 6,
    KIND_CONFIG = 1,
    DIRECTION_OUT = 1
};

static const uint8_t magic[MAGIC_BYTES] = "\x00\xb5\x00mosquitto db";

/* Numbers of a database are as the machine has them: its low byte first. */
static uint64_t read_low_first(struct reader *r)
{
    uint64_t value = 0;
    struct bytes b = read_bytes(r, 8);
    for (size_t i = b.size; i > 0; i--)
        value = value << 8 | b.data[i - 1];
    return value;
}

enum err mosquitto_open(struct mosquitto_reader *reader, struct bytes file)
{
    struct reader r = reader_of(file);
    struct bytes head = read_bytes(&r, MAGIC_BYTES);
    (void)read_u32(&r); /* a checksum that nobody writes */
    *reader = (struct mosquitto_reader){.version = read_u32(&r)};
    if (r.failed || !bytes_equal(head, bytes_at(magic, MAGIC_BYTES))) {
        return ERR_MALFORMED;
    }
    if (reader->version < VERSION_FIRST || reader->version > VERSION_LAST) {
        return ERR_VERSION;
    }
    reader->left = read_rest(&r);
    return OK;
}

/* --- versions 2 to 4 ------------------------------------------------------ */

static void packed_message(struct reader *r, uint32_t version,
                           struct mosquitto_chunk *chunk)
{
    chunk->message = read_low_first(r);
    (void)read_binary(r); /* the publisher */
    if (version >= VERSION_USER) {
        (void)read_binary(r);
        (void)read_u16(r);
    }
    (void)read_u16(r);
    (void)read_u16(r);
    chunk->topic = read_binary(r);
    chunk->qos = read_u8(r);
    chunk->retain = read_u8(r) != 0;
    uint32_t size = read_u32(r);
    chunk->payload = read_bytes(r, size);
}

static void packed_delivery(struct reader *r, uint32_t version,
                            struct mosquitto_chunk *chunk)
{
    assert(version < VERSION_FIXED);
    chunk->client = read_binary(r);
    chunk->message = read_low_first(r);
    chunk->packet_id = read_u16(r);
    chunk->qos = read_u8(r);
    chunk->retain = read_u8(r) != 0;
    chunk->outgoing = read_u8(r) == DIRECTION_OUT;
    chunk->state = read_u8(r);
    (void)read_u8(r); /* DUP */
}

static void packed_subscription(struct reader *r, uint32_t version,
                                struct mosquitto_chunk *chunk)
{
    assert(version < VERSION_FIXED);
    chunk->client = read_binary(r);
    chunk->topic = read_binary(r);
    chunk->qos = read_u8(r);
}

static void packed_client(struct reader *r, uint32_t version,
                          struct mosquitto_chunk *chunk)
{
    chunk->client = read_binary(r);
    chunk->expiry_s = UINT32_MAX;
    (void)read_u16(r);
    if (version > VERSION_FIRST) (void)read_u64(r);
}

static void any_retained(struct reader *r, uint32_t version,
                         struct mosquitto_chunk *chunk)
{
    assert(version >= VERSION_FIRST);
    chunk->message = read_low_first(r);
}

/* --- versions 5 and 6 ----------------------------------------------------- */

static void fixed_message(struct reader *r, uint32_t version,
                          struct mosquitto_chunk *chunk)
{
    assert(version >= VERSION_FIXED);
    chunk->message = read_low_first(r);
    chunk->expires_s = read_low_first(r);
    uint32_t payload_size = read_u32(r);
    (void)read_u16(r);
    size_t source_size = read_u16(r);
    source_size += read_u16(r); /* its user name follows */
    size_t topic_size = read_u16(r);
    (void)read_u16(r);
    chunk->qos = read_u8(r);
    chunk->retain = read_u8(r) != 0;
    (void)read_bytes(r, source_size);
    chunk->topic = read_bytes(r, topic_size);
    chunk->payload = read_bytes(r, payload_size);
    chunk->properties = read_rest(r);
}

static void fixed_delivery(struct reader *r, uint32_t version,
                           struct mosquitto_chunk *chunk)
{
    assert(version >= VERSION_FIXED);
    chunk->message = read_low_first(r);
    chunk->packet_id = read_u16(r);
    size_t size = read_u16(r);
    chunk->qos = read_u8(r);
    chunk->state = read_u8(r);
    chunk->retain = (read_u8(r) & 0xf0) != 0;
    chunk->outgoing = read_u8(r) == DIRECTION_OUT;
    chunk->client = read_bytes(r, size);
    chunk->properties = read_rest(r);
}

static void fixed_subscription(struct reader *r, uint32_t version,
                               struct mosquitto_chunk *chunk)
{
    assert(version >= VERSION_FIXED);
    chunk->identifier = read_u32(r);
    size_t client_size = read_u16(r);
    size_t topic_size = read_u16(r);
    chunk->qos = read_u8(r);
    chunk->options = read_u8(r);
    (void)read_u16(r);
    chunk->client = read_bytes(r, client_size);
    chunk->topic = read_bytes(r, topic_size);
}

static void fixed_client(struct reader *r, uint32_t version,
                         struct mosquitto_chunk *chunk)
{
    chunk->expires_s = read_low_first(r);
    chunk->expiry_s = read_u32(r);
    (void)read_u16(r);
    size_t size = read_u16(r);
    if (version >= VERSION_LAST) (void)read_u64(r);
    chunk->client = read_bytes(r, size);
}

/* --- both ----------------------------------------------------------------- */

static const struct {
    void (*packed)(struct reader *r, uint32_t version,
                   struct mosquitto_chunk *chunk);
    void (*fixed)(struct reader *r, uint32_t version,
                  struct mosquitto_chunk *chunk);
} kinds[] = {
    [MOSQUITTO_MESSAGE] = {packed_message, fixed_message},
    [MOSQUITTO_DELIVERY] = {packed_delivery, fixed_delivery},
    [MOSQUITTO_RETAINED] = {any_retained, any_retained},
    [MOSQUITTO_SUBSCRIPTION] = {packed_subscription, fixed_subscription},
    [MOSQUITTO_CLIENT] = {packed_client, fixed_client},
};

/* One chunk out of `r`; its kind stays END when it does not matter. A packed
 * one is as long as it is, whatever its head says. */
static void chunk_read(struct reader *r, uint32_t version,
                       struct mosquitto_chunk *chunk)
{
    bool fixed = version >= VERSION_FIXED;
    uint32_t kind = fixed ? read_u32(r) : read_u16(r);
    uint32_t size = read_u32(r);
    *chunk = (struct mosquitto_chunk){.kind = MOSQUITTO_END};
    if (kind >= sizeof(kinds) / sizeof(kinds[0]) || kinds[kind].fixed == NULL) {
        (void)read_bytes(r, size);
        return;
    }
    chunk->kind = (enum mosquitto_kind)kind;
    if (!fixed) {
        kinds[kind].packed(r, version, chunk);
        return;
    }
    struct reader body = reader_of(read_bytes(r, size));
    kinds[kind].fixed(&body, version, chunk);
    r->failed = r->failed || body.failed;
}

enum err mosquitto_next(struct mosquitto_reader *reader,
                        struct mosquitto_chunk *chunk)
{
    struct reader r = reader_of(reader->left);
    *chunk = (struct mosquitto_chunk){.kind = MOSQUITTO_END};
    while (chunk->kind == MOSQUITTO_END && reader_left(&r) > 0) {
        chunk_read(&r, reader->version, chunk);
        if (r.failed) return ERR_MALFORMED;
    }
    reader->left = read_rest(&r);
    return OK;
}
