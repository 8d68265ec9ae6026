/* topic.c - plain, linear rules over topic text. */
#include "wire/topic.h"

#include <assert.h>

#define EACH_BYTE 0x0101010101010101u

static const char SHARE[] = "$share/";
enum { SHARE_SIZE = sizeof SHARE - 1 };

static bool has(struct bytes text, char c)
{
    return text.size > 0 && memchr(text.data, c, text.size) != NULL;
}

static bool is(struct bytes text, char c)
{
    return text.size == 1 && text.data[0] == (uint8_t)c;
}

static bool size_valid(struct bytes text)
{
    return text.size > 0 && text.size <= TOPIC_SIZE_MAX;
}

enum { STEP = sizeof(uint64_t) };

/* High bits where a byte of `word` is zero, if any is; else none. */
static uint64_t zero_bytes(uint64_t word)
{
    return (word - EACH_BYTE) & ~word & EACH_BYTE << 7;
}

/* Is one of the eight bytes at `at` a `+`, a `#` or NUL? */
static bool special_step(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return (zero_bytes(word) | zero_bytes(word ^ EACH_BYTE * '+') |
            zero_bytes(word ^ EACH_BYTE * '#')) != 0;
}

/* Is one of these in `name`? Names are short, and a call for each of the three
 * takes longer than to look at eight bytes at a time, of which the last may
 * have been seen before. */
static bool has_special(struct bytes name)
{
    for (size_t i = 0; i + STEP <= name.size; i += STEP) {
        if (special_step(name.data + i)) return true;
    }
    if (name.size >= STEP) return special_step(name.data + name.size - STEP);
    return topic_has_wildcard(name) || has(name, '\0');
}

bool topic_name_valid(struct bytes name)
{
    return size_valid(name) && !has_special(name);
}

bool topic_filter_valid(struct bytes filter)
{
    if (!size_valid(filter) || has(filter, '\0')) return false;
    struct topic_levels at = topic_levels_of(filter);
    struct bytes level;
    while (topic_level_next(&at, &level)) {
        if (is(level, '#')) return at.done;
        if (is(level, '+')) continue;
        if (topic_has_wildcard(level)) return false;
    }
    assert(at.done);
    return true;
}

bool topic_has_wildcard(struct bytes filter)
{
    return has(filter, '+') || has(filter, '#');
}

bool topic_is_shared(struct bytes filter)
{
    return filter.size >= SHARE_SIZE &&
           memcmp(filter.data, SHARE, SHARE_SIZE) == 0;
}

enum err topic_share_split(struct bytes filter, struct bytes *group,
                           struct bytes *rest)
{
    if (!topic_is_shared(filter)) return ERR_FILTER;
    struct bytes tail = bytes_skip(filter, SHARE_SIZE);
    if (!has(tail, '/')) return ERR_FILTER;
    struct topic_levels at = topic_levels_of(tail);
    struct bytes first;
    bool found = topic_level_next(&at, &first);
    assert(found && !at.done);
    if (!found || first.size == 0) return ERR_FILTER;
    if (topic_has_wildcard(first) || has(first, '\0')) return ERR_FILTER;
    if (filter.size > TOPIC_SIZE_MAX) return ERR_FILTER;
    if (!topic_filter_valid(at.rest)) return ERR_FILTER;
    *group = first;
    *rest = at.rest;
    assert(SHARE_SIZE + group->size + 1 + rest->size == filter.size);
    return OK;
}

bool topic_subscription_valid(struct bytes filter)
{
    struct bytes group;
    struct bytes rest;
    if (!topic_is_shared(filter)) return topic_filter_valid(filter);
    return topic_share_split(filter, &group, &rest) == OK;
}

bool topic_matches(struct bytes filter, struct bytes name)
{
    assert(topic_filter_valid(filter));
    assert(topic_name_valid(name));
    bool wild_first = filter.data[0] == '+' || filter.data[0] == '#';
    if (wild_first && name.data[0] == '$') return false;

    struct topic_levels filter_at = topic_levels_of(filter);
    struct topic_levels name_at = topic_levels_of(name);
    struct bytes wanted;
    struct bytes level;
    while (topic_level_next(&filter_at, &wanted)) {
        /* "a/#" matches "a" too: `#` includes the parent level. */
        if (is(wanted, '#')) return true;
        if (!topic_level_next(&name_at, &level)) return false;
        if (!is(wanted, '+') && !bytes_equal(wanted, level)) return false;
    }
    assert(filter_at.done);
    return name_at.done;
}

bool topic_level_next(struct topic_levels *at, struct bytes *level)
{
    if (at->done) return false;
    struct bytes rest = at->rest;
    const uint8_t *slash =
        rest.size == 0 ? NULL : memchr(rest.data, '/', rest.size);
    if (slash == NULL) {
        *level = rest;
        at->done = true;
        return true;
    }
    *level = bytes_at(rest.data, (size_t)(slash - rest.data));
    at->rest = bytes_skip(rest, level->size + 1);
    assert(level->size + 1 + at->rest.size == rest.size);
    return true;
}
