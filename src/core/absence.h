/* absence.h - what is due while a session is alone: its will, and its end.
 *
 *     connection ends --> will delay --> will
 *                     +-> expiry ------> end     (the earlier sets the timer)
 *
 * Part of a session; one that is connected, or alone for ever with nothing due,
 * has none. MQTT 5.0, 3.1.2.11.2, 3.1.3.2.2
 */
#ifndef MOGI_CORE_ABSENCE_H
#define MOGI_CORE_ABSENCE_H

#include "base/wheel.h"

struct session;
struct shard;

struct absence {
    struct timer timer;
    struct session *session;
    uint64_t ends_ms; /* 0: not by itself */
    uint64_t will_ms; /* 0: no will under way */
};

/* When `session` ends, and when its will is due; 0: it is not. */
uint64_t absence_ends_ms(const struct session *session);
uint64_t absence_will_ms(const struct session *session);

/* Let it be so; 0: no more. The timer stands as it did. */
void absence_end_at(struct shard *shard, struct session *session,
                    uint64_t ends_ms);
void absence_will_at(struct shard *shard, struct session *session,
                     uint64_t will_ms);

/* Set the timer to the earlier of the two, if there is one. */
void absence_wait(struct shard *shard, struct session *session);

/* Nothing is due any more; harmless when nothing was. */
void absence_over(struct shard *shard, struct session *session);

#endif
