/* walk.c - which records are read at start. */
#include "core/walk.h"

#include <assert.h>

_Static_assert((size_t)JUMP_KEY_MAX >= (size_t)RECORD_KEY_MAX, "a key fits");

static uint16_t key_write(uint8_t to[RECORD_KEY_MAX],
                          const struct record_key *key)
{
    struct writer w = writer_at(to, RECORD_KEY_MAX);
    record_key_write(&w, key);
    assert(!w.failed);
    return (uint16_t)writer_bytes(&w).size;
}

/* Go on at delivery `order` of the client. */
static void jump_delivery(const struct walk *walk, uint64_t order,
                          struct jump *jump)
{
    struct record_key key = {.kind = RECORD_DELIVERY,
                             .client =
                                 bytes_at(walk->client, walk->client_size),
                             .number = order};
    assert(key.client.size > 0);
    jump->size = key_write(jump->key, &key);
}

/* Records of another client begin; unless they begin with a session, they
 * belong to none. */
static void walk_turn(struct walk *walk, struct bytes client)
{
    bool same = bytes_equal(bytes_at(walk->client, walk->client_size), client);
    if (same) return;
    assert(client.size <= sizeof walk->client);
    memcpy(walk->client, client.data, client.size);
    walk->client_size = (uint16_t)client.size;
    walk->floor = UINT64_MAX;
}

/* The message that a delivery refers to is needed, too. */
static void message_want(uint64_t stamp, struct walk_message *message)
{
    struct record_key key = {.kind = RECORD_MESSAGE, .number = stamp};
    message->size = key_write(message->key, &key);
}

static void walk_handover(struct bytes value, struct walk_message *message)
{
    struct record_delivery record;
    if (record_delivery_read(value, &record) != OK || record.old) return;
    message_want(record.stamp, message);
}

static void walk_delivery(const struct walk *walk, uint64_t order,
                          struct bytes value, struct jump *jump,
                          struct walk_message *message)
{
    struct record_delivery record;
    if (record_delivery_read(value, &record) != OK || record.old) return;
    if (record.packet_id != 0 && order >= walk->floor) {
        message_want(record.stamp, message);
        return;
    }
    uint64_t end = UINT64_MAX;
    if (order < walk->floor) {
        end = order <= UINT64_MAX - WALK_SPAN ? order + WALK_SPAN : UINT64_MAX;
        if (end > walk->floor) end = walk->floor;
    }
    jump_delivery(walk, end, jump);
    jump->last = true;
}

void walk_step(struct walk *walk, struct bytes key, struct bytes value,
               struct jump *jump, struct walk_message *message)
{
    struct record_key parts;
    message->size = jump->size = 0;
    jump->last = false;
    if (record_key_read(key, &parts) != OK) return;
    if (parts.kind == RECORD_MESSAGE) {
        struct record_key end = {.kind = RECORD_MESSAGE, .number = UINT64_MAX};
        jump->size = key_write(jump->key, &end);
        jump->last = true;
    }
    if (parts.client.size == 0) return;
    walk_turn(walk, parts.client);
    struct record_session session;
    if (parts.kind == RECORD_SESSION &&
        record_session_read(value, &session) == OK) {
        walk->floor = session.floor;
    }
    if (parts.kind == RECORD_HANDOVER) walk_handover(value, message);
    if (parts.kind == RECORD_DELIVERY) {
        walk_delivery(walk, parts.number, value, jump, message);
    }
}
