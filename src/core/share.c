/* share.c - shared subscriptions. */
#include "core/share.h"

#include "core/journal.h"
#include "core/route.h"
#include "core/session.h"
#include "core/state.h"
#include "wire/topic.h"

#include <assert.h>

/* See share.h. */
enum member_state { MEMBER_AWAY, MEMBER_BUSY, MEMBER_FREE, MEMBER_STATES };

/* Sets of them. */
enum {
    STATE_AWAY = 1 << MEMBER_AWAY,
    STATE_FREE = 1 << MEMBER_FREE,
    STATE_HERE = 1 << MEMBER_BUSY | 1 << MEMBER_FREE
};

/* One member, as the group's home knows it. */
struct member {
    uint16_t shard;
    uint8_t state; /* enum member_state */
    struct session_ref session;
    struct subscription_options options;
};

/* A group, on its home shard. */
struct group {
    struct map_entry by_text;
    struct subscription *subscription; /* NULL: it has ended */
    struct body *text;
    struct member *members;
    uint32_t count, capacity;
    uint32_t counts[MEMBER_STATES];
    uint32_t next; /* whose turn it is */
    uint64_t left; /* members that have left it so far */
};

/* How far the search for a member that takes a message has come: first one that
 * is free is looked for; when there is none, one where it may `wait`. */
struct search {
    uint16_t shard; /* who was asked last, or gave it back */
    struct session_ref session;
    uint32_t tries; /* how many were asked, to have it at once or to wait */
    uint64_t left;  /* `left` of the group when the first of them was asked */
    uint64_t handover; /* what keeps the message meanwhile; 0: nothing */
    bool wait;
    bool ready; /* who was asked last was thought to be connected */
};

/* --- groups -------------------------------------------------------------- */

static bool group_same(const struct map_entry *entry, const void *key)
{
    const struct bytes *text = key;
    const struct group *group = OWNER(entry, const struct group, by_text);
    return bytes_equal(group->text->message.topic, *text);
}

static struct group *group_find(struct shard *shard, struct bytes text)
{
    uint64_t hash = hash_bytes(&shard->place.key, text);
    struct map_entry *entry = map_find(&shard->groups, hash, group_same, &text);
    return entry == NULL ? NULL : OWNER(entry, struct group, by_text);
}

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

static struct member *member_find(struct group *group, uint16_t shard,
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

/* All shards that must know of `group` answer `join`: also for one that is not
 * the first member, as they may still be about to hear. */
static void group_announce(struct shard *shard, const struct group *group,
                           struct join_ref join)
{
    route_announce(shard, topics_filter(shard->topics, group->subscription),
                   true, join);
}

/* At home: member `session` of shard `from` comes, changes, or goes. */
static void group_set(struct shard *shard, const struct post *post,
                      uint16_t from)
{
    struct bytes text = post->body->message.topic;
    struct group *group = group_find(shard, text);
    if (group == NULL && !post->on) return;
    bool fresh = group == NULL;
    if (fresh) group = group_new(shard, post->body);
    if (post->on && (fresh || post->join.generation != 0)) {
        group_announce(shard, group, post->join);
    }
    struct member *member = member_find(group, from, post->session);
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

void share_member(struct shard *shard, const struct post *post)
{
    group_set(shard, post, post->from);
    join_answer(shard, post->join, 0, OK);
}

/* --- memberships --------------------------------------------------------- */

struct membership *share_find(struct session *session, struct bytes group)
{
    LIST_EACH(at, after, &session->ties->memberships) {
        struct membership *found = OWNER(at, struct membership, of_session);
        if (bytes_equal(found->group->message.topic, group)) return found;
    }
    return NULL;
}

/* Tell the group's home about `session`. */
static void share_tell(struct shard *shard, const struct session *session,
                       const struct membership *membership, bool on, bool ready,
                       struct join_ref join)
{
    uint16_t home = shard_of(shard, membership->group->message.topic);
    struct post post = {
        .on = on,
        .ready = ready,
        .session = session->ref,
        .options = membership->options,
        .join = join,
        .body = membership->group,
    };
    if (home == shard->place.index) {
        group_set(shard, &post, home);
        return;
    }
    join_expect(shard, join);
    struct post *out = actions_post(shard->out, home, POST_MEMBER);
    out->on = post.on;
    out->ready = post.ready;
    out->session = post.session;
    out->options = post.options;
    out->join = post.join;
    out->body = body_ref(post.body);
}

bool share_join(struct shard *shard, struct session *session,
                struct bytes group, struct subscription_options options,
                struct join_ref join)
{
    struct membership *membership = share_find(session, group);
    bool fresh = membership == NULL;
    if (fresh) {
        membership = pool_take(shard->pool, sizeof *membership);
        membership->group = body_of_text(shard->pool, group);
        struct session_ties *ties = session_tie(shard, session);
        list_push(&ties->memberships, &membership->of_session);
        ties->membership_count += 1;
        session->subscription_count += 1;
        stat_add(shard, STAT_SUBSCRIPTIONS, 1);
        stat_add(shard, STAT_SHARED_SUBSCRIPTIONS, 1);
    }
    membership->options = options;
    membership->busy = false;
    share_tell(shard, session, membership, true, false, join);
    return fresh;
}

void share_leave(struct shard *shard, struct session *session,
                 struct membership *membership, struct join_ref join)
{
    assert(session->subscription_count > 0);
    share_tell(shard, session, membership, false, false, join);
    list_remove(&membership->of_session);
    session->subscription_count -= 1;
    session->ties->membership_count -= 1;
    stat_sub(shard, STAT_SUBSCRIPTIONS, 1);
    stat_sub(shard, STAT_SHARED_SUBSCRIPTIONS, 1);
    body_unref(membership->group);
    pool_give(shard->pool, membership, sizeof *membership);
}

void share_ready(struct shard *shard, struct session *session, bool ready)
{
    struct join_ref nobody = {0};
    session->busy = false;
    LIST_EACH(at, after, &session->ties->memberships) {
        struct membership *membership =
            OWNER(at, struct membership, of_session);
        membership->busy = false;
        share_tell(shard, session, membership, true, ready, nobody);
    }
}

void share_free(struct shard *shard, struct session *session)
{
    struct join_ref nobody = {0};
    assert(session->busy && session->conn != NULL);
    session->busy = false;
    LIST_EACH(at, after, &session->ties->memberships) {
        struct membership *membership =
            OWNER(at, struct membership, of_session);
        if (!membership->busy) continue;
        membership->busy = false;
        share_tell(shard, session, membership, true, true, nobody);
    }
}

/* It refuses a message of `group`: it will say when it would take one. */
static void share_busy(struct session *session, struct bytes group)
{
    struct membership *membership = share_find(session, group);
    if (session->conn == NULL || membership == NULL) return;
    membership->busy = true;
    session->busy = true;
}

/* --- messages ------------------------------------------------------------ */

/* What came of an offer. */
enum offer { OFFER_TAKEN, OFFER_FULL, OFFER_DENIED };

/* Offer `m` to `session` as a member; FULL when it can't take it, or without
 * `wait` not at once. One that is away takes what would be lost otherwise, if
 * it comes back at all; not at QoS 0 what another may keep. */
static enum offer share_offer(struct shard *shard, struct session *session,
                              struct message *m, struct body *group,
                              const struct subscription_options *options,
                              bool wait, uint64_t handover)
{
    if (!grant_shows(shard, session, m)) return OFFER_DENIED;
    if (!wait && !outbound_idle(session)) {
        share_busy(session, group->message.topic);
        return OFFER_FULL;
    }
    uint8_t qos = m->qos < options->qos ? m->qos : options->qos;
    if (shard->options->upgrade_outgoing_qos) qos = options->qos;
    bool kept =
        session->conn != NULL || qos > 0 || shard->options->queue_qos0_messages;
    if (!kept && m->qos > 0) return OFFER_FULL;
    struct terms terms = {
        .qos = qos,
        .retain = m->retain && options->retain_as_published,
        .identifier_count = options->identifier > 0,
        .identifiers = &options->identifier,
        .group = group,
    };
    if (handover != 0) journal_carried(shard, m->stamp);
    enum err e = outbound_offer(shard, session, m, &terms);
    return e == OK ? OFFER_TAKEN : OFFER_FULL;
}

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
        member = member_find(group, search->shard, search->session);
    }
    unsigned first = ready ? STATE_HERE : STATE_AWAY;
    unsigned second = ready ? STATE_AWAY : STATE_HERE;
    if (member == NULL) member = group_next(group, first, search);
    if (member == NULL) member = group_next(group, second, search);
    return member;
}

/* Whose turn it is; NULL when nobody is left. */
static struct member *group_choose(struct group *group, struct search *search)
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

/* POST `m` to a member elsewhere, or back to the home of its group. */
static void share_post(struct shard *shard, enum post_kind kind, uint16_t to,
                       struct post post)
{
    assert(post.body != NULL && post.group != NULL);
    assert(to != shard->place.index);
    struct post *out = actions_post(shard->out, to, kind);
    post.kind = out->kind;
    post.from = out->from;
    post.clock = out->clock;
    *out = post;
    body_ref(post.body);
    body_ref(post.group);
}

/* Ask `member`, of another shard. What the publisher may send again after a
 * crash must not come again then: it is written down before it leaves. */
static void group_pass_on(struct shard *shard, const struct group *group,
                          const struct member *member, struct message *m,
                          struct search *search, struct routing *routing)
{
    struct body *body = message_share(m, shard->pool);
    if (routing->once && search->handover == 0) {
        search->handover = journal_hand_out(shard, group->text, body);
    }
    struct post post = {.session = member->session,
                        .options = member->options,
                        .wait = search->wait,
                        .ready = search->ready,
                        .count = search->tries,
                        .left = search->left,
                        .handover = search->handover,
                        .body = body,
                        .group = group->text,
                        .join = routing_await(shard, routing)};
    share_post(shard, POST_SHARED, member->shard, post);
    body_unref(body);
}

/* At home: go on with the `search` for a member that takes `m`. Returns true
 * when somebody has it or is being asked; whoever has it then answers the join
 * of `routing`, and ends the handover. */
static bool group_offer(struct shard *shard, struct group *group,
                        struct message *m, struct search search,
                        struct routing *routing)
{
    struct member *member;
    while ((member = group_choose(group, &search)) != NULL) {
        if (member->shard != shard->place.index) {
            group_pass_on(shard, group, member, m, &search, routing);
            return true;
        }
        struct session *session = session_by_ref(shard, member->session);
        enum offer offer = OFFER_FULL;
        if (session != NULL) {
            offer = share_offer(shard, session, m, group->text,
                                &member->options, search.wait, search.handover);
        }
        if (offer == OFFER_TAKEN) {
            journal_handed(shard, group->text, search.handover, m->stamp);
            return true;
        }
        if (offer == OFFER_DENIED || search.wait) continue;
        member_set(group, member, MEMBER_BUSY);
    }
    return false;
}

struct bytes share_text(const struct group *group)
{
    return group->text->message.topic;
}

void share_deliver(struct shard *shard, struct group *group, struct message *m,
                   struct routing *routing)
{
    struct search search = {0};
    routing->count += 1;
    if (group_offer(shard, group, m, search, routing)) routing->given = true;
}

void share_offered(struct shard *shard, const struct post *post)
{
    struct session *session = session_by_ref(shard, post->session);
    struct message m = body_message(post->body);
    size_t puts = shard->out->put_count;
    enum offer offer = OFFER_FULL;
    /* It went while it was asked: others that are here come first. */
    bool missed = post->ready && (session == NULL || session->conn == NULL);
    if (session != NULL && !missed) {
        offer = share_offer(shard, session, &m, post->group, &post->options,
                            post->wait, post->handover);
    }
    if (offer == OFFER_TAKEN) {
        uint64_t batch = gate_since(shard, puts);
        journal_handed(shard, post->group, post->handover, m.stamp);
        gate_answer(shard, batch, post->join, 0);
        return;
    }
    struct post back = {.session = post->session,
                        .wait = post->wait,
                        .denied = offer == OFFER_DENIED,
                        .ready = missed,
                        .count = post->count,
                        .left = post->left,
                        .handover = post->handover,
                        .join = post->join,
                        .body = post->body,
                        .group = post->group};
    share_post(shard, POST_RETURNED, post->from, back);
}

/* At home: `body` needs another member, as far as the `search` has come; if
 * that is elsewhere, `join` waits for it. */
static void group_again(struct shard *shard, struct body *text,
                        struct body *body, struct search search,
                        struct join_ref join)
{
    struct message m = body_message(body);
    struct routing routing = {.join = join};
    struct group *group = group_find(shard, text->message.topic);
    bool taken =
        group != NULL && group_offer(shard, group, &m, search, &routing);
    if (taken) return;
    stat_add(shard, STAT_PUBLISH_DROPPED, 1);
    journal_handed(shard, text, search.handover, m.stamp);
}

/* A member that was thought to be free refused a message: it is busy, unless
 * it has said something since. */
static void group_refused(struct shard *shard, const struct post *post)
{
    struct group *group = group_find(shard, post->group->message.topic);
    if (group == NULL) return;
    struct member *member = member_find(group, post->from, post->session);
    if (member == NULL || member->state != MEMBER_FREE) return;
    member_set(group, member, MEMBER_BUSY);
}

void share_returned(struct shard *shard, const struct post *post)
{
    size_t puts = shard->out->put_count;
    struct search search = {.shard = post->from,
                            .session = post->session,
                            .tries = post->ready ? 0 : post->count,
                            .left = post->left,
                            .handover = post->handover,
                            .wait = post->wait && !post->ready};
    bool busy = post->count > 0 && !post->wait && !post->denied && !post->ready;
    if (busy) group_refused(shard, post);
    group_again(shard, post->group, post->body, search, post->join);
    gate_answer(shard, gate_since(shard, puts), post->join, 0);
}

void share_return(struct shard *shard, struct session_ref session,
                  struct body *group, struct body *body, uint64_t handover)
{
    uint16_t home = shard_of(shard, group->message.topic);
    if (home == shard->place.index) {
        struct search search = {
            .shard = home, .session = session, .handover = handover};
        struct join_ref nobody = {0};
        group_again(shard, group, body, search, nobody);
        return;
    }
    struct post post = {
        .session = session, .handover = handover, .body = body, .group = group};
    share_post(shard, POST_RETURNED, home, post);
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
