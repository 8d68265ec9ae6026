/* group.c - the members of a shared subscription, and whose turn it is. */
#include "core/group.h"

#include "core/join.h"
#include "core/route.h"
#include "core/state.h"
#include "wire/topic.h"

#include <assert.h>

/* Sets of enum member_state. */
enum {
    STATE_AWAY = 1 << MEMBER_AWAY,
    STATE_FREE = 1 << MEMBER_FREE,
    STATE_HERE = 1 << MEMBER_BUSY | 1 << MEMBER_FREE
};

static bool group_same(const struct map_entry *entry, const void *key)
{
    const struct bytes *text = key;
    const struct group *group = OWNER(entry, const struct group, by_text);
    return bytes_equal(group->text->message.topic, *text);
}

struct group *group_find(struct shard *shard, struct bytes text)
{
    uint64_t hash = hash_bytes(&shard->place.key, text);
    struct map_entry *entry = map_find(&shard->groups, hash, group_same, &text);
    return entry == NULL ? NULL : OWNER(entry, struct group, by_text);
}

struct bytes group_text(const struct group *group)
{
    return group->text->message.topic;
}

/* --- coming and going ---------------------------------------------------- */

/* A group without members, subscribed to its filter. */
static struct group *group_new(struct shard *shard, struct body *text)
{
    struct bytes name, filter;
    enum err e = topic_share_split(text->message.topic, &name, &filter);
    assert(e == OK);
    struct group *group = pool_take(shard->pool, sizeof *group);
    group->text = body_ref(text);
    map_insert(&shard->groups, &group->by_text,
               hash_bytes(&shard->place.key, text->message.topic));
    struct subscriber subscriber = {.group = group, .options.qos = 2};
    group->subscription = topics_add(shard->topics, filter, &subscriber);
    return group;
}

/* Give back its memory; it is in no index. */
static void group_free(struct shard *shard, struct group *group)
{
    assert(group->subscription == NULL || group->count > 0);
    pool_give(shard->pool, group->members,
              group->capacity * sizeof *group->members);
    body_unref(group->text);
    pool_give(shard->pool, group, sizeof *group);
}

/* The last member left. */
static void group_end(struct shard *shard, struct group *group)
{
    assert(group->count == 0);
    struct bytes name, filter;
    enum err e = topic_share_split(group->text->message.topic, &name, &filter);
    assert(e == OK);
    bool last = topics_remove(shard->topics, group->subscription);
    group->subscription = NULL;
    struct join_ref nobody = {0};
    if (last) route_announce(shard, filter, false, nobody);
    map_remove(&shard->groups, &group->by_text);
    group_free(shard, group);
}

static bool member_is(const struct member *member, uint16_t shard,
                      struct session_ref session)
{
    return member->shard == shard &&
           session_ref_equal(member->session, session);
}

struct member *group_find_member(struct group *group, uint16_t shard,
                                 struct session_ref session)
{
    for (uint32_t i = 0; i < group->count; i++) {
        struct member *member = &group->members[i];
        if (member_is(member, shard, session)) return member;
    }
    return NULL;
}

static struct member *member_add(struct shard *shard, struct group *group)
{
    if (group->count == group->capacity) {
        uint32_t capacity = group->capacity == 0 ? 4 : group->capacity * 2;
        size_t each = sizeof *group->members;
        group->members = pool_resize(shard->pool, group->members,
                                     group->capacity * each, capacity * each);
        group->capacity = capacity;
    }
    assert(group->count < group->capacity);
    struct member *member = &group->members[group->count++];
    *member = (struct member){0};
    group->counts[MEMBER_AWAY] += 1;
    return member;
}

static void member_set(struct group *group, struct member *member,
                       enum member_state state)
{
    assert(group->counts[member->state] > 0);
    group->counts[member->state] -= 1;
    group->counts[state] += 1;
    member->state = (uint8_t)state;
}

static void member_remove(struct group *group, struct member *member)
{
    uint32_t index = (uint32_t)(member - group->members);
    assert(index < group->count);
    assert(group->counts[member->state] > 0);
    group->counts[member->state] -= 1;
    group->count -= 1;
    group->left += 1;
    memmove(member, member + 1, (group->count - index) * sizeof *member);
    if (group->next > index) group->next -= 1;
}

void group_refused(struct group *group, struct member *member)
{
    if (member->state == MEMBER_FREE) member_set(group, member, MEMBER_BUSY);
}

/* All shards that must know of `group` answer `join`: also for one that is not
 * the first member, as they may still be about to hear. */
static void group_announce(struct shard *shard, const struct group *group,
                           struct join_ref join)
{
    route_announce(shard, topics_filter(shard->topics, group->subscription),
                   true, join);
}

void group_set(struct shard *shard, const struct post *post, uint16_t from)
{
    struct bytes text = post->body->message.topic;
    struct group *group = group_find(shard, text);
    if (group == NULL && !post->on) return;
    bool fresh = group == NULL;
    if (fresh) group = group_new(shard, post->body);
    if (post->on && (fresh || post->join.generation != 0)) {
        group_announce(shard, group, post->join);
    }
    struct member *member = group_find_member(group, from, post->session);
    if (post->on) {
        if (member == NULL) member = member_add(shard, group);
        member->shard = from;
        member->session = post->session;
        member->options = post->options;
        member_set(group, member, post->ready ? MEMBER_FREE : MEMBER_AWAY);
        return;
    }
    if (member != NULL) member_remove(group, member);
    if (group->count == 0) group_end(shard, group);
}

void group_posted(struct shard *shard, const struct post *post)
{
    group_set(shard, post, post->from);
    join_answer(shard, post->join, 0, OK);
}

/* --- whose turn it is ---------------------------------------------------- */

/* The next member in one of `states`, but for who was asked last; or NULL. */
static struct member *group_next(struct group *group, unsigned states,
                                 const struct search *search)
{
    for (uint32_t i = 0; i < group->count; i++) {
        uint32_t index = (group->next + i) % group->count;
        struct member *member = &group->members[index];
        if ((1u << member->state & states) == 0) continue;
        if (member_is(member, search->shard, search->session)) continue;
        group->next = (index + 1) % group->count;
        return member;
    }
    return NULL;
}

/* The next one that can be sent a message at once. When there is none, the
 * search goes on for one where it waits. */
static struct member *group_choose_free(struct group *group,
                                        struct search *search)
{
    struct member *member = NULL;
    if (group->counts[MEMBER_FREE] > 0 && search->tries < MEMBERS_ASKED_MAX) {
        member = group_next(group, STATE_FREE, search);
    }
    if (member != NULL) return member;
    search->wait = true;
    /* Who refused because it was busy may be asked again, to let it wait. */
    if (search->tries > 0) search->session = (struct session_ref){0};
    search->tries = 0;
    return NULL;
}

/* Have all been asked to let it wait? Those that have left since the first was
 * asked may be among them, so they are counted on top: rather is one asked
 * twice than one never. */
static bool group_asked(const struct group *group, struct search *search)
{
    if (search->tries == 0) search->left = group->left;
    if (search->tries >= MEMBERS_ASKED_MAX) return true;
    return search->tries >= group->count + (group->left - search->left);
}

/* Where a message shall wait: each that is connected is asked once, then those
 * that are away. When nobody is connected, who gave a message back keeps it.
 * NULL when nobody is left. */
static struct member *group_choose_any(struct group *group,
                                       struct search *search)
{
    if (group_asked(group, search)) return NULL;
    uint32_t here = group->count - group->counts[MEMBER_AWAY];
    bool ready = search->tries < here;
    struct member *member = NULL;
    if (here == 0 && search->tries == 0) {
        member = group_find_member(group, search->shard, search->session);
    }
    unsigned first = ready ? STATE_HERE : STATE_AWAY;
    unsigned second = ready ? STATE_AWAY : STATE_HERE;
    if (member == NULL) member = group_next(group, first, search);
    if (member == NULL) member = group_next(group, second, search);
    return member;
}

struct member *group_choose(struct group *group, struct search *search)
{
    struct member *member = NULL;
    if (!search->wait) member = group_choose_free(group, search);
    if (member == NULL) member = group_choose_any(group, search);
    if (member == NULL) return NULL;
    search->shard = member->shard;
    search->session = member->session;
    search->ready = member->state != MEMBER_AWAY;
    search->tries += 1;
    return member;
}

/* --- end ----------------------------------------------------------------- */

static void group_visit_free(struct map_entry *entry, void *context)
{
    struct shard *shard = context;
    struct group *group = OWNER(entry, struct group, by_text);
    map_remove(&shard->groups, entry);
    group_free(shard, group);
}

void groups_fini(struct shard *shard)
{
    size_t cursor = 0;
    while (
        map_walk(&shard->groups, &cursor, SIZE_MAX, group_visit_free, shard)) {
    }
    map_fini(&shard->groups);
}
