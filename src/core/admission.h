/* admission.h - a client at the door: asked about, let in or sent away.
 *
 *     CONNECT --> asked --------> ACCEPT --> in --AUTH--> asked again
 *                  ^  |  MORE       |        ^             ^  |  |
 *                  |  v             |        '---ACCEPT----|--'  | MORE
 *          AUTH -> waiting        REFUSE                AUTH <---'
 *
 * Nothing of a session that is there already is touched before ACCEPT: no
 * stranger takes anything over. What the client sends meanwhile waits. One that
 * is in, and proves itself again, goes on under its old grant until then.
 * MQTT 5.0, 3.15, 4.12
 *
 * A part of its connection; one that nobody has to be asked about, and that has
 * no authentication method, never has it.
 */
#ifndef MOGI_CORE_ADMISSION_H
#define MOGI_CORE_ADMISSION_H

#include "base/buffer.h"
#include "base/err.h"
#include "core/conn.h"
#include "wire/connect.h"

struct answer;

struct admission {
    uint32_t ask; /* the question that is out; 0: none */
    bool awaited; /* MORE was sent: the client owes AUTH */
    bool has_method;
    struct buffer method;
    struct buffer client_id; /* under which it comes in; while it is not in: */
    struct buffer packet;    /* its CONNECT */
};

/* `conn` says `connect`, is at home here, and comes in as `client_id`: ask
 * about it if the options want that, else let it in. An error is answered by
 * connect_failed. */
MUST_USE
enum err admission_begin(struct shard *shard, struct conn *conn,
                         const struct connect *connect, struct bytes client_id);

/* Is there, without asking, a reason to send it away? OK, ERR_AUTH_METHOD
 * [MQTT-4.12.0-1], ERR_NOT_AUTHORIZED. */
MUST_USE
enum err admission_check(const struct shard *shard, const struct conn *conn,
                         const struct connect *connect);

/* Question `ask` about `conn` is answered. */
void admission_granted(struct shard *shard, struct conn *conn, uint32_t ask,
                       const struct answer *answer);

/* Does what `conn` sends have to wait for an answer? */
bool admission_holds(const struct conn *conn);

/* AUTH came, before CONNACK or later. ERR_PROTOCOL: there is no method
 * [MQTT-4.12.0-7], it is another one [MQTT-4.12.0-5] [MQTT-4.12.1-1], or AUTH
 * is not due. */
MUST_USE
enum err auth_in(struct shard *shard, struct conn *conn,
                 const struct frame *frame);

/* DISCONNECT came before CONNACK: it gives up. MQTT 5.0, 4.12 */
MUST_USE
enum err admission_leave_in(struct shard *shard, struct conn *conn,
                            const struct frame *frame);

/* Give the memory back; NULL is fine. */
void admission_free(struct shard *shard, struct admission *admission);

#endif
