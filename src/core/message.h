/* message.h - an application message on its way. MQTT 5.0, 1.2, 3.3
 *
 * A `message` is a view: it lives on the stack of the step that handles it and
 * points into the packet it came in. What must outlive the step, or go to
 * another shard, is a `body`: one block, counted, shared by all who need it.
 *
 *     message            body
 *     [ topic ]---+      [ refs | message ][ topic | forward | payload ]
 *     [ ...   ]   |                |          ^
 *                 +--> packet      +----------+
 *
 * A body may have a few bytes more, in front of the payload: see source.h.
 */
#ifndef MOGI_CORE_MESSAGE_H
#define MOGI_CORE_MESSAGE_H

#include "base/bytes.h"
#include "base/pool.h"
#include "core/id.h"

#include <stdatomic.h>

struct message {
    struct bytes topic;
    struct bytes forward; /* properties to pass on, as in a v5 packet */
    struct bytes payload;
    uint64_t hash;                /* of the topic, see hot.h; 0: not made yet */
    uint64_t stamp;               /* unique, and ordered as things happened */
    uint64_t expires_ms;          /* 0: never */
    struct session_ref publisher; /* at home on `publisher_shard` */
    uint16_t publisher_shard;
    uint16_t source_size; /* of what lies behind `forward`; 0 in a packet */
    uint8_t qos;
    bool retain;
    bool owned;        /* the view holds a reference to `body` */
    struct body *body; /* the shared copy this is a view of, or NULL */
};

struct body {
    atomic_uint refs;
    uint32_t size; /* of the whole block */
    struct pool *pool;
    struct message message;
    uint8_t bytes[];
};

/* A view of `body`, borrowed. */
static inline struct message body_message(struct body *body)
{
    struct message m = body->message;
    m.body = body;
    return m;
}

/* The shared copy of `*m`, made from `pool` at the first call; `m` then views
 * it and holds a reference of its own until message_done. Returns a new
 * reference. The three texts together are less than 4 GiB - 256. */
struct body *message_share(struct message *m, struct pool *pool);

/* The same, with `source` (at most 65,535 bytes) in it; `m` has no copy yet. */
struct body *message_share_as(struct message *m, struct pool *pool,
                              struct bytes source);

/* What message_share_as put in. */
static inline struct bytes message_source(const struct message *m)
{
    if (m->source_size == 0) return (struct bytes){NULL, 0};
    return bytes_at(m->forward.data + m->forward.size, m->source_size);
}

/* A message as bytes that can be moved, for who sees it once and in passing:
 *
 *     [ head ][ topic | forward | source | payload ]
 *     [ head ][ packet: ... topic ... forward | payload ]
 *
 * The latter is one that came in a `packet` that may go on as it is, and in
 * which all its texts lie; empty: there is none. */

/* How many bytes message_pack writes. */
size_t message_packed_size(const struct message *m, struct bytes packet);

/* Write `m` to `to`, without its body. */
void message_pack(const struct message *m, struct bytes packet, uint8_t *to);

/* A view of what message_pack wrote, which has no body, and at `*packet` of the
 * packet; `packed` need not be aligned. */
struct message message_unpack(struct bytes packed, struct bytes *packet);

/* The step is done with `*m`: drop the reference that it may hold. */
void message_done(struct message *m);

/* A body that carries only `text` (as its topic): a filter, a group. A new
 * reference. */
struct body *body_of_text(struct pool *pool, struct bytes text);

/* One more reference to `body`, which it returns. Any thread. */
struct body *body_ref(struct body *body);

/* Drop one reference; NULL is fine. Any thread. */
void body_unref(struct body *body);

/* Has it expired at `now_ms`? MQTT 5.0, 3.3.2.3.3 */
static inline bool message_expired(const struct message *m, uint64_t now_ms)
{
    return m->expires_ms != 0 && now_ms >= m->expires_ms;
}

/* What is left of its life at `now_ms`, in s rounded up; 0 when it has no
 * expiry, else at least 1, so that one that is just expiring is not taken for
 * one that never does. [MQTT-3.3.2-6] */
uint32_t message_expiry_s(const struct message *m, uint64_t now_ms);

#endif
