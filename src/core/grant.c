/* grant.c - what a client was granted, and what follows from it. */
#include "core/grant.h"

#include "core/conn.h"
#include "core/mount.h"
#include "core/session.h"
#include "core/state.h"

#include <assert.h>

/* A verdict of long ago is as good as one of now, as long as its grant and the
 * rules are the same. */
struct verdict {
    uint64_t hash;   /* of the topic; 0: nothing is here */
    uint64_t serial; /* of the grant */
    uint8_t action;  /* enum acl_action */
    bool allowed;
};

_Static_assert((GRANT_VERDICTS & (GRANT_VERDICTS - 1)) == 0,
               "slots are found with a mask");

/* --- the shard ----------------------------------------------------------- */

static void grants_fence(struct shard *shard, bool rules)
{
    struct grants *grants = &shard->grants;
    grants->rules = rules;
    grants->fenced = grants->rules || grants->mounts;
    size_t size = GRANT_VERDICTS * sizeof *grants->verdicts;
    if (!rules) return;
    if (grants->verdicts == NULL) {
        grants->verdicts = pool_take(shard->pool, size);
    } else {
        memset(grants->verdicts, 0, size);
    }
}

void grants_init(struct shard *shard)
{
    const struct options *options = shard->options;
    bool rules = options->listener.acl != NULL || shard->grants.lists > 0;
    bool mounts = options->listener.mount_point[0] != '\0';
    for (size_t i = 0; i < options->listener_count; i++) {
        rules = rules || options->listeners[i].acl != NULL;
        mounts = mounts || options->listeners[i].mount_point[0] != '\0';
    }
    shard->grants.mounts = mounts;
    grants_fence(shard, rules);
}

void grants_fini(struct shard *shard)
{
    struct grants *grants = &shard->grants;
    assert(grants->lists == 0);
    if (grants->verdicts == NULL) return;
    pool_give(shard->pool, grants->verdicts,
              GRANT_VERDICTS * sizeof *grants->verdicts);
    grants->verdicts = NULL;
}

/* --- one grant ----------------------------------------------------------- */

/* What `answer` says, for `session`. */
static struct grant *grant_new(struct shard *shard, struct session *session,
                               const struct answer *answer)
{
    size_t size = answer->has_user ? answer->user.size : 0;
    struct grant *grant = pool_take(shard->pool, sizeof *grant + size);
    timer_init(&grant->timer);
    grant->session = session;
    grant->acl = acl_ref(answer->acl);
    grant->expires_ms = answer->expires_ms;
    grant->has_user = answer->has_user;
    grant->user_size = (uint32_t)size;
    if (size > 0) memcpy(grant->user, answer->user.data, size);
    return grant;
}

void grant_set(struct shard *shard, struct session *session, uint16_t listener,
               const struct answer *answer)
{
    assert(answer->verdict == ANSWER_ACCEPT);
    grant_drop(shard, session);
    session->listener = listener;
    session->granted = true;
    session->grant_serial = ++shard->grants.serial;
    bool plain = !answer->has_user && answer->acl == NULL;
    if (plain && answer->expires_ms == 0) return;
    struct grant *grant = grant_new(shard, session, answer);
    session->grant = grant;
    shard->grants.lists += grant->acl != NULL;
    if (grant->acl != NULL && !shard->grants.rules) grants_fence(shard, true);
    if (grant->expires_ms == 0) return;
    wheel_set(&shard->timers, &grant->timer, grant->expires_ms);
}

void grant_rest(struct shard *shard, struct session *session)
{
    assert(session->conn == NULL);
    if (session->grant == NULL) return;
    wheel_clear(&shard->timers, &session->grant->timer);
}

void grant_drop(struct shard *shard, struct session *session)
{
    struct grant *grant = session->grant;
    session->granted = false;
    session->grant = NULL;
    if (grant == NULL) return;
    assert(shard->grants.lists >= (grant->acl != NULL));
    shard->grants.lists -= grant->acl != NULL;
    wheel_clear(&shard->timers, &grant->timer);
    acl_unref(grant->acl);
    pool_give(shard->pool, grant, sizeof *grant + grant->user_size);
}

void grant_due(struct shard *shard, struct grant *grant)
{
    struct conn *conn = grant->session->conn;
    assert(conn != NULL);
    assert(shard->now_ms >= grant->expires_ms);
    conn_fail(shard, conn, ERR_EXPIRED);
}

/* --- judging ------------------------------------------------------------- */

struct acl_who grant_who(const struct session *session)
{
    struct acl_who who = {.client_id = session_id(session)};
    const struct grant *grant = session->grant;
    if (grant == NULL) return who;
    who.has_user = grant->has_user;
    who.user = bytes_at(grant->user, grant->user_size);
    return who;
}

static bool grant_judge(const struct shard *shard,
                        const struct session *session, enum acl_action action,
                        struct bytes text)
{
    const struct acl *acl = options_of(shard->options, session->listener)->acl;
    const struct acl *extra =
        session->grant == NULL ? NULL : session->grant->acl;
    struct acl_who who = grant_who(session);
    return acl_judge_both(acl, extra, &who, action, text).allowed;
}

/* The slot of what is asked. */
static struct verdict *verdict_at(const struct shard *shard,
                                  const struct verdict *key)
{
    uint64_t mix = (key->hash ^ key->serial) * 0x9e3779b97f4a7c15;
    mix ^= key->action;
    return &shard->grants.verdicts[(mix ^ mix >> 32) & (GRANT_VERDICTS - 1)];
}

bool grant_allows(struct shard *shard, const struct session *session,
                  enum acl_action action, struct bytes text, uint64_t hash)
{
    if (!shard->grants.rules || !session->granted) return true;
    if (hash == 0 || action == ACL_SUBSCRIBE) {
        return grant_judge(shard, session, action, text);
    }
    struct verdict key = {.hash = hash,
                          .serial = session->grant_serial,
                          .action = (uint8_t)action};
    struct verdict *known = verdict_at(shard, &key);
    if (known->hash == key.hash && known->serial == key.serial &&
        known->action == key.action) {
        return known->allowed;
    }
    key.allowed = grant_judge(shard, session, action, text);
    *known = key;
    return key.allowed;
}

bool grant_would_allow(const struct shard *shard, uint16_t listener,
                       const struct answer *answer, struct bytes client_id,
                       struct bytes topic)
{
    assert(answer->verdict == ANSWER_ACCEPT);
    const struct acl *acl = options_of(shard->options, listener)->acl;
    struct acl_who who = {.user = answer->user,
                          .has_user = answer->has_user,
                          .client_id = client_id};
    return acl_judge_both(acl, answer->acl, &who, ACL_PUBLISH, topic).allowed;
}

bool grant_shows(struct shard *shard, const struct session *session,
                 const struct message *m)
{
    if (!shard->grants.fenced || !session->granted) return true;
    struct bytes seen = m->topic;
    if (!mount_strip(shard, session->listener, &seen)) return false;
    if (grant_allows(shard, session, ACL_RECEIVE, m->topic, m->hash)) {
        return true;
    }
    stat_add(shard, STAT_DENIED_RECEIVE, 1);
    return false;
}
