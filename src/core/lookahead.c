/* lookahead.c - what the next publishes of an input need is brought near. */
#include "core/lookahead.h"

#include "base/fetch.h"
#include "core/conn.h"
#include "core/foresee.h"
#include "core/session.h"
#include "core/state.h"
#include "wire/publish.h"

#include <assert.h>

enum {
    /* Less than this is near, if it is used at all. */
    FILTERS_MIN = 8192,

    /* After so many bytes of input it is judged anew whether to look. */
    JUDGE_BYTES = 4096,

    /* Of a connection, for a message to it. */
    CONN_BYTES = 64,
};

/* Were many of the topics since the last look new to the cache? */
static bool topics_differ(struct shard *shard)
{
    struct lookahead *last = &shard->lookahead;
    uint64_t published = shard->stats.v[STAT_PUBLISH_IN];
    uint64_t resolved = topics_resolved_count(shard->topics);
    uint64_t more = published - last->published;
    uint64_t fresh = resolved - last->resolved;
    last->published = published;
    last->resolved = resolved;
    return more > 0 && fresh * 4 > more;
}

/* Is it worth it now? Topics that change at the border are not known yet. */
static bool lookahead_pays(struct shard *shard, const struct conn *conn)
{
    if (conn->session == NULL || shard->grants.mounts) return false;
    return shard->lookahead.always || topics_differ(shard);
}

/* The topics of the next publishes in `in`, and the bytes up to their end. */
static size_t topics_next(const struct conn *conn, struct bytes in,
                          struct bytes topics[FORESEE_MAX], size_t *used)
{
    size_t count = 0;
    struct bytes rest = in;
    struct frame frame;
    enum protocol protocol = (enum protocol)conn->protocol;
    while (count < FORESEE_MAX && rest.size > 0 &&
           frame_next(rest, protocol, conn->limits.packet_max, &frame) == OK) {
        assert(frame.size > 0 && frame.size <= rest.size);
        rest = bytes_skip(rest, frame.size);
        if (frame.type != PACKET_PUBLISH) continue;
        struct bytes topic = publish_topic(&frame);
        if (topic.size > 0) topics[count++] = topic;
    }
    *used = in.size - rest.size;
    return count;
}

size_t lookahead(struct shard *shard, const struct conn *conn, struct bytes in)
{
    assert(in.size > 0);
    bool small = topics_filter_count(shard->topics) < FILTERS_MIN;
    if (small && !shard->lookahead.always) return in.size;
    size_t judge = in.size < JUDGE_BYTES ? in.size : JUDGE_BYTES;
    if (!lookahead_pays(shard, conn)) return judge;
    struct bytes topics[FORESEE_MAX];
    size_t used;
    size_t count = topics_next(conn, in, topics, &used);
    if (count == 0) return judge;
    shard->lookahead.looked = true;
    count = topics_foresee(shard->topics, topics, count);
    for (size_t i = 0; i < count; i++) {
        const struct session *session = topics_foreseen(shard->topics, i);
        if (session != NULL) fetch_block(session->conn, CONN_BYTES);
    }
    assert(used > 0 && used <= in.size);
    return used;
}

uint64_t lookahead_hash(struct shard *shard, struct bytes topic)
{
    assert(shard->lookahead.looked);
    return topics_foreseen_hash(shard->topics, topic);
}

void lookahead_end(struct shard *shard)
{
    assert(shard->lookahead.looked);
    shard->lookahead.looked = false;
    topics_forget(shard->topics);
}
