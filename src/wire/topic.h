/* topic.h - topic names, topic filters, and when one matches the other.
 *
 *     a/+/c     filter: `+` is one whole level, `#` all the rest, at the end
 *     a/b/c     name: no wildcard; empty levels count: "a//b" has three
 *
 * Text is taken to be utf8_valid already (read_string saw to it). Everything
 * is linear in the text's size. MQTT 5.0, 4.7 and 4.8
 */
#ifndef MOGI_WIRE_TOPIC_H
#define MOGI_WIRE_TOPIC_H

#include "base/bytes.h"
#include "base/err.h"

enum { TOPIC_SIZE_MAX = 65535 };

/* 1..65,535 bytes, none of them `+`, `#` or NUL. [MQTT-4.7.3-1] [MQTT-4.7.3-2]
 * [MQTT-4.7.0-1] [MQTT-3.3.2-2] */
bool topic_name_valid(struct bytes name);

/* 1..65,535 bytes without NUL; `+` alone in its level [MQTT-4.7.1-2]; `#` alone
 * in the last one [MQTT-4.7.1-1]. "$share/..." is judged as a plain filter
 * here; see topic_share_split. */
bool topic_filter_valid(struct bytes filter);

/* Is there a `+` or `#` in this valid filter? */
bool topic_has_wildcard(struct bytes filter);

/* Does it start with "$share/"? */
bool topic_is_shared(struct bytes filter);

/* Take "$share/GROUP/FILTER" apart; both results point into `filter`.
 *
 * OK, or ERR_FILTER: it is not shared; GROUP is empty or holds `+` or `#`
 * [MQTT-4.8.2-1] [MQTT-4.8.2-2]; or FILTER is not topic_filter_valid. */
MUST_USE
enum err topic_share_split(struct bytes filter, struct bytes *group,
                           struct bytes *rest);

/* topic_filter_valid, or with "$share/" a good topic_share_split: what a
 * SUBSCRIBE may hold in 5.0. */
bool topic_subscription_valid(struct bytes filter);

/* Does the valid `filter` (not shared) match the valid `name`? Slow and plain:
 * the reference that indexes are tested against. A filter that starts with a
 * wildcard never matches a name that starts with `$`. [MQTT-4.7.2-1] */
bool topic_matches(struct bytes filter, struct bytes name);

/* A walk over levels:
 *
 *     struct topic_levels at = topic_levels_of(name);
 *     struct bytes level;
 *     while (topic_level_next(&at, &level)) ...
 *
 * "a//b" gives "a", "", "b"; "/" gives "", ""; the empty text gives "". */
struct topic_levels {
    struct bytes rest;
    bool done;
};

/* A walk that starts at the first level of `text`, which it borrows. */
static inline struct topic_levels topic_levels_of(struct bytes text)
{
    return (struct topic_levels){text, false};
}

/* The next level, or false when the last one has been given. */
bool topic_level_next(struct topic_levels *at, struct bytes *level);

#endif
