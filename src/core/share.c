/* share.c - the messages of shared subscriptions. */
#include "core/share.h"

#include "core/group.h"
#include "core/handover.h"
#include "core/journal.h"
#include "core/membership.h"
#include "core/route.h"
#include "core/session.h"
#include "core/state.h"

#include <assert.h>

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
        membership_refuse(session, group->message.topic);
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
        search->handover = handover_begin(shard, group->text, body);
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
            handover_end(shard, group->text, search.handover, m->stamp);
            return true;
        }
        if (offer == OFFER_DENIED || search.wait) continue;
        group_refused(group, member);
    }
    return false;
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
        handover_end(shard, post->group, post->handover, m.stamp);
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
    handover_end(shard, text, search.handover, m.stamp);
}

/* A member refused a message: it is busy, unless it has said something since.
 */
static void member_refused(struct shard *shard, const struct post *post)
{
    struct group *group = group_find(shard, post->group->message.topic);
    if (group == NULL) return;
    struct member *member = group_find_member(group, post->from, post->session);
    if (member != NULL) group_refused(group, member);
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
    if (busy) member_refused(shard, post);
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
