/* membership.c - a session's part in a shared subscription. */
#include "core/membership.h"

#include "core/group.h"
#include "core/session.h"
#include "core/state.h"

#include <assert.h>

struct membership *membership_find(struct session *session, struct bytes group)
{
    LIST_EACH(at, after, &session->ties->memberships) {
        struct membership *found = OWNER(at, struct membership, of_session);
        if (bytes_equal(found->group->message.topic, group)) return found;
    }
    return NULL;
}

/* Tell the group's home about `session`. */
static void membership_tell(struct shard *shard, const struct session *session,
                            const struct membership *membership, bool on,
                            bool ready, struct join_ref join)
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

bool membership_join(struct shard *shard, struct session *session,
                     struct bytes group, struct subscription_options options,
                     struct join_ref join)
{
    struct membership *membership = membership_find(session, group);
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
    membership_tell(shard, session, membership, true, false, join);
    return fresh;
}

/* Its end, of which nobody is told. */
static void membership_free(struct shard *shard, struct session *session,
                            struct membership *membership)
{
    assert(session->ties->membership_count > 0);
    list_remove(&membership->of_session);
    session->ties->membership_count -= 1;
    body_unref(membership->group);
    pool_give(shard->pool, membership, sizeof *membership);
}

void membership_leave(struct shard *shard, struct session *session,
                      struct membership *membership, struct join_ref join)
{
    assert(session->subscription_count > 0);
    membership_tell(shard, session, membership, false, false, join);
    membership_free(shard, session, membership);
    session->subscription_count -= 1;
    stat_sub(shard, STAT_SUBSCRIPTIONS, 1);
    stat_sub(shard, STAT_SHARED_SUBSCRIPTIONS, 1);
}

void memberships_forget(struct shard *shard, struct session *session)
{
    LIST_EACH(at, after, &session->ties->memberships) {
        membership_free(shard, session,
                        OWNER(at, struct membership, of_session));
    }
}

void memberships_ready(struct shard *shard, struct session *session, bool ready)
{
    struct join_ref nobody = {0};
    session->busy = false;
    LIST_EACH(at, after, &session->ties->memberships) {
        struct membership *membership =
            OWNER(at, struct membership, of_session);
        membership->busy = false;
        membership_tell(shard, session, membership, true, ready, nobody);
    }
}

void memberships_resume(struct shard *shard, struct session *session)
{
    struct join_ref nobody = {0};
    assert(session->busy && session->conn != NULL);
    session->busy = false;
    LIST_EACH(at, after, &session->ties->memberships) {
        struct membership *membership =
            OWNER(at, struct membership, of_session);
        if (!membership->busy) continue;
        membership->busy = false;
        membership_tell(shard, session, membership, true, true, nobody);
    }
}

void membership_refuse(struct session *session, struct bytes group)
{
    struct membership *membership = membership_find(session, group);
    if (session->conn == NULL || membership == NULL) return;
    membership->busy = true;
    session->busy = true;
}
