/* will.h - the message that a client leaves behind. MQTT 5.0, 3.1.2.5 */
#ifndef MOGI_CORE_WILL_H
#define MOGI_CORE_WILL_H

#include "base/err.h"
#include "core/message.h"
#include "wire/connect.h"

struct answer;
struct conn;
struct session;
struct shard;

struct will {
    struct body *body;
    uint32_t delay_s;
    uint32_t expiry_s; /* counted from its publication; 0: none given */
};

/* May `conn` leave `will`, by the options? OK, ERR_NO_QOS [MQTT-3.2.2-12],
 * ERR_NO_RETAIN [MQTT-3.2.2-13], ERR_TOO_LARGE, ERR_PAYLOAD_FORMAT. */
MUST_USE
enum err will_check(const struct shard *shard, const struct conn *conn,
                    const struct connect_will *will);

/* Who leaves a will, and on which topic: whole, with the mount point. */
struct will_from {
    uint16_t listener;
    const struct answer *answer;
    struct bytes client_id;
    struct bytes topic;
};

/* What `from` leaves as `will`, which is there. It is the caller's, and goes to
 * will_take. */
struct will *will_make(struct shard *shard, const struct will_from *from,
                       const struct connect_will *will);

/* The session's will from now on is `*will`, which is NULL then, in place of
 * what was left before; none when it is NULL already. */
void will_take(struct shard *shard, struct session *session,
               struct will **will);

/* Publish it, if its client may still do that, and forget it. */
void will_publish(struct shard *shard, struct session *session);

/* Forget it; harmless when there is none. */
void will_drop(struct shard *shard, struct session *session);

/* How long after the connection it is published, in s. MQTT 5.0, 3.1.3.2.2 */
static inline uint32_t will_delay_s(const struct will *will)
{
    return will->delay_s;
}

#endif
