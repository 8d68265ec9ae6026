/* wills.h - who left a will, and whether it comes when it should.
 *
 *     CONNECT       CONNACK          lost, with a delay         over
 *     said -------> held ----------> waiting ----------------> due ----> came
 *                     |                 | taken up again
 *                     | DISCONNECT      v
 *                     '-------------> off: it must not come
 *
 * A part of the model of a random life. It hears what clients do, and what one
 * client hears that wants all wills and is always there. What a crash, or a
 * disk that takes nothing, leaves open is in doubt: it may come or not.
 */
#ifndef MOGI_SIM_WILLS_H
#define MOGI_SIM_WILLS_H

#include "base/bytes.h"

enum { WILLS_ACTORS_MAX = 32, WILLS_TEXT_MAX = 255 };

struct wills;

/* Nobody left one. Never NULL. Freed with wills_free. */
struct wills *wills_new(void);
void wills_free(struct wills *wills);

/* The first thing that was wrong, or ""; and what should be true instead, as a
 * line of a play. */
const char *wills_error(const struct wills *wills);
const char *wills_claim(const struct wills *wills);

/* It is `now_ms` from now on. */
void wills_now(struct wills *wills, uint64_t now_ms);

/* `actor` says CONNECT: what it left before is taken over, or taken up. */
void wills_connecting(struct wills *wills, unsigned actor);

/* And it leaves a will with that, for a session that is `lasting`, or ends with
 * the connection. Returns its number. */
uint32_t wills_leave(struct wills *wills, unsigned actor, uint64_t delay_ms,
                     bool lasting);

/* CONNACK came; its session was there or not. */
void wills_greeted(struct wills *wills, unsigned actor, bool present);

/* An answer has proved that what was said before is on disk. */
void wills_sealed(struct wills *wills, unsigned actor);

/* It says DISCONNECT; the broker has closed after that. */
void wills_leaving(struct wills *wills, unsigned actor);
void wills_left(struct wills *wills, unsigned actor);

/* It is about to say CONNECT on another connection, which takes over what this
 * one has: that one ends when CONNACK comes, not before. wills_lost follows. */
void wills_taken(struct wills *wills, unsigned actor);

/* Its connection is gone without one. The broker hears of it now, or `late`:
 * when it has read what came before. */
void wills_lost(struct wills *wills, unsigned actor, bool late);

/* The broker is gone and comes back; nobody has been told so yet. */
void wills_crashed(struct wills *wills);

/* Time jumped over what was about to be heard. */
void wills_jumped(struct wills *wills);

/* The disk takes nothing while `doubt`. */
void wills_doubt(struct wills *wills, bool doubt);

/* Will `number` of `actor` came. */
void wills_came(struct wills *wills, unsigned actor, uint32_t number);

/* All is quiet: is one missing? */
void wills_end(struct wills *wills);

#endif
