/* wheel.h - a hierarchical timing wheel: many deadlines, O(1) each.
 *
 * A `timer` sits in its owner. Each is due at its very millisecond, however far
 * away; one is moved down at most once per level on its way. Deadlines up to
 * UINT64_MAX - 1 ms.
 */
#ifndef MOGI_BASE_WHEEL_H
#define MOGI_BASE_WHEEL_H

#include "base/list.h"

#include <stdint.h>

enum { WHEEL_LEVELS = 11, WHEEL_SLOTS = 64 };

struct timer {
    struct link link;
    uint64_t deadline_ms; /* 0: not set */
};

struct wheel {
    struct link slots[WHEEL_LEVELS][WHEEL_SLOTS];
    uint64_t occupied[WHEEL_LEVELS]; /* a bit per slot */
    uint64_t now_ms;
    size_t count;
};

#define WHEEL_NEVER UINT64_MAX

/* A wheel without timers that stands at `now_ms`. */
void wheel_init(struct wheel *wheel, uint64_t now_ms);

/* Make `timer` one that is not set; before its first use. */
void timer_init(struct timer *timer);

/* Set or move `timer` to `deadline_ms` > 0; in the past means at once. */
void wheel_set(struct wheel *wheel, struct timer *timer, uint64_t deadline_ms);

/* Unset; harmless when it is not set. */
void wheel_clear(struct wheel *wheel, struct timer *timer);

/* Advance towards `now_ms` and take out one timer that is due, earliest first
 * (equal deadlines in the order they were set, a deadline that was in the past
 * when it was set counting as that moment), or NULL when none is. Call until
 * NULL. The timer is then not set. A clock that steps back is treated as
 * standing still. */
struct timer *wheel_due(struct wheel *wheel, uint64_t now_ms);

/* The time of the next call of wheel_due that may find something (never later
 * than the earliest deadline), or WHEEL_NEVER. */
uint64_t wheel_next(const struct wheel *wheel);

#endif
