/* wheel.c - timers by the highest digit that differs from now.
 *
 * A deadline is a number of eleven digits to base 64. A timer sits at the
 * level of the highest digit in which its deadline differs from now_ms, in the
 * slot that this digit names:
 *
 *     now       .. 07 31 12
 *     deadline  .. 07 40 55    level 1, slot 40
 *
 * So all slots in use are ahead of now's digit, lower levels are due before
 * higher ones, and when now enters a slot above level 0, its timers go down,
 * in order, into levels that are empty. That keeps equal deadlines in the
 * order in which they were set.
 */
#include "base/wheel.h"

#include <assert.h>

enum { DIGIT_BITS = 6, DIGIT_MASK = WHEEL_SLOTS - 1 };

void wheel_init(struct wheel *wheel, uint64_t now_ms)
{
    for (int level = 0; level < WHEEL_LEVELS; level++) {
        for (int slot = 0; slot < WHEEL_SLOTS; slot++) {
            list_init(&wheel->slots[level][slot]);
        }
        wheel->occupied[level] = 0;
    }
    wheel->now_ms = now_ms;
    wheel->count = 0;
}

void timer_init(struct timer *timer)
{
    list_init(&timer->link);
    timer->deadline_ms = 0;
}

/* Put a timer that is in no slot where it belongs as of now. */
static void place(struct wheel *wheel, struct timer *timer)
{
    uint64_t at_ms = timer->deadline_ms;
    if (at_ms < wheel->now_ms) at_ms = wheel->now_ms;
    uint64_t differing = (at_ms ^ wheel->now_ms) | DIGIT_MASK;
    int level = (63 - __builtin_clzll(differing)) / DIGIT_BITS;
    unsigned slot = (unsigned)(at_ms >> (level * DIGIT_BITS)) & DIGIT_MASK;
    assert(level < WHEEL_LEVELS);
    list_push(&wheel->slots[level][slot], &timer->link);
    wheel->occupied[level] |= (uint64_t)1 << slot;
}

/* Take a timer out of its slot. The last one's neighbour on both sides is the
 * slot itself, which tells whose bit to clear. */
static void unplace(struct wheel *wheel, struct timer *timer)
{
    struct link *neighbour = timer->link.next;
    bool last = neighbour == timer->link.prev;
    list_remove(&timer->link);
    if (!last) return;
    ptrdiff_t index = neighbour - &wheel->slots[0][0];
    assert(index >= 0 && index < WHEEL_LEVELS * WHEEL_SLOTS);
    wheel->occupied[index / WHEEL_SLOTS] &=
        ~((uint64_t)1 << (index % WHEEL_SLOTS));
}

void wheel_set(struct wheel *wheel, struct timer *timer, uint64_t deadline_ms)
{
    assert(deadline_ms > 0 && deadline_ms < WHEEL_NEVER);
    wheel_clear(wheel, timer);
    timer->deadline_ms = deadline_ms;
    place(wheel, timer);
    wheel->count++;
}

void wheel_clear(struct wheel *wheel, struct timer *timer)
{
    if (timer->deadline_ms == 0) return;
    assert(wheel->count > 0);
    assert(!list_empty(&timer->link));
    unplace(wheel, timer);
    timer->deadline_ms = 0;
    wheel->count--;
}

/* The lowest level in use; the wheel holds a timer. */
static int level_first(const struct wheel *wheel)
{
    int level = 0;
    while (wheel->occupied[level] == 0) {
        level++;
        assert(level < WHEEL_LEVELS);
    }
    return level;
}

/* The time at which the first slot of `level` begins. */
static uint64_t level_start_ms(const struct wheel *wheel, int level)
{
    uint64_t slot = (uint64_t)__builtin_ctzll(wheel->occupied[level]);
    int shift = level * DIGIT_BITS;
    uint64_t above = 0;
    if (level + 1 < WHEEL_LEVELS) {
        above = wheel->now_ms >> (shift + DIGIT_BITS) << (shift + DIGIT_BITS);
    }
    return above | slot << shift;
}

/* Spread the first slot of `level`, which now has just entered, over the
 * levels below. */
static void descend(struct wheel *wheel, int level)
{
    int slot = __builtin_ctzll(wheel->occupied[level]);
    struct link *head = &wheel->slots[level][slot];
    wheel->occupied[level] &= wheel->occupied[level] - 1;
    LIST_EACH(at, after, head) {
        list_remove(at);
        place(wheel, OWNER(at, struct timer, link));
    }
    assert(list_empty(head));
}

struct timer *wheel_due(struct wheel *wheel, uint64_t now_ms)
{
    if (now_ms < wheel->now_ms) now_ms = wheel->now_ms;
    while (wheel->count > 0) {
        int level = level_first(wheel);
        uint64_t start_ms = level_start_ms(wheel, level);
        assert(start_ms >= wheel->now_ms);
        if (start_ms > now_ms) break;
        wheel->now_ms = start_ms;
        if (level == 0) {
            unsigned slot = (unsigned)start_ms & DIGIT_MASK;
            struct link *first = wheel->slots[0][slot].next;
            struct timer *timer = OWNER(first, struct timer, link);
            wheel_clear(wheel, timer);
            return timer;
        }
        descend(wheel, level);
    }
    wheel->now_ms = now_ms;
    return NULL;
}

uint64_t wheel_next(const struct wheel *wheel)
{
    if (wheel->count == 0) return WHEEL_NEVER;
    return level_start_ms(wheel, level_first(wheel));
}
