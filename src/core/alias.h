/* alias.h - topic aliases, both ways; they live as long as the connection.
 * MQTT 5.0, 3.3.2.3.4
 *
 *     from the client   alias -> topic    the client chooses
 *     to the client     topic -> alias    we give them out, first come
 */
#ifndef MOGI_CORE_ALIAS_H
#define MOGI_CORE_ALIAS_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/pool.h"

struct conn;
struct alias_in;
struct alias_out;

/* Settle the topic of a PUBLISH from `conn` with `alias` (0: none) when `max`
 * aliases were announced: a topic that is there is remembered, one that is
 * empty is looked up; *topic is then valid until the next call.
 *
 * OK; ERR_ALIAS: 0 or above max [MQTT-3.3.2-9]; ERR_PROTOCOL: never set, or
 * neither topic nor alias. */
MUST_USE
enum err alias_in_settle(struct pool *pool, struct conn *conn, uint16_t max,
                         uint16_t alias, struct bytes *topic);

/* The alias under which `topic` may go to `conn`, or 0: none is left, or the
 * client allows none. *fresh: it is new; the topic must go with it, and
 * alias_out_add makes it stand. */
uint16_t alias_out_find(const struct conn *conn, struct bytes topic,
                        bool *fresh);

/* The alias that alias_out_find called fresh is set from now on. */
void alias_out_add(struct pool *pool, struct conn *conn, struct bytes topic);

/* Give all back; NULL is fine. */
void alias_in_free(struct pool *pool, struct alias_in *in);
void alias_out_free(struct pool *pool, struct alias_out *out);

#endif
