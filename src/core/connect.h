/* connect.h - CONNECT: who comes, and what is said to it. MQTT 5.0, 3.1
 *
 *     CONNECT -> understood? -> at home here? -> allowed? -> session -> CONNACK
 *                    |              |               |
 *                 CONNACK         MOVE       ASK; CONNACK, close
 */
#ifndef MOGI_CORE_CONNECT_H
#define MOGI_CORE_CONNECT_H

#include "base/err.h"
#include "core/conn.h"
#include "core/options.h"
#include "wire/connect.h"

struct answer;

/* The first packet of `conn` is a CONNECT. An error is answered by
 * connect_failed. */
MUST_USE
enum err connect_in(struct shard *shard, struct conn *conn,
                    const struct frame *frame);

/* The client of `conn`, which says `connect`, comes in as `client_id`, at home
 * here, with what `answer`, an ACCEPT, grants. ERR_NOT_AUTHORIZED: its id is
 * not its user's, or its will not allowed; ERR_TOPIC: with the mount point the
 * will's topic is too long. */
MUST_USE
enum err connect_enter(struct shard *shard, struct conn *conn,
                       const struct connect *connect, struct bytes client_id,
                       const struct answer *answer);

/* May who is granted `answer` come in as `client_id`, by the options? */
bool connect_id_allowed(const struct shard *shard, const struct conn *conn,
                        struct bytes client_id, const struct answer *answer);

/* `conn` ends before it had a session: CONNACK with the reason, if the client
 * can be spoken to, then close. [MQTT-3.2.2-7] [MQTT3-3.2.2-5] */
void connect_failed(struct shard *shard, struct conn *conn, enum err why);

/* The session expiry that a client gets when it asks for `asked_s`. */
uint32_t connect_expiry_s(const struct options *options, uint32_t asked_s);

#endif
