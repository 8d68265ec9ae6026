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
    RETAINED_MIN = 8192,

    /* Longer topics are not worth two looks. */
    KEPT_TOPIC_MAX = 256,

    /* After so many bytes of input it is judged anew whether to look. */
    JUDGE_BYTES = 4096,

    /* And after so many where messages are kept of which most are near. */
    NEAR_BYTES = 16384,

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

/* Topics of the next publishes, and of those among them that are kept. */
struct coming {
    struct bytes topics[FORESEE_MAX];
    struct bytes kept[FORESEE_MAX];
    size_t count, kept_count;
};

static void coming_add(struct coming *coming, const struct frame *frame)
{
    assert(coming->count < FORESEE_MAX);
    struct bytes topic = publish_topic(frame);
    if (topic.size == 0) return;
    coming->topics[coming->count++] = topic;
    bool retain = (frame->flags & 1) != 0;
    if (!retain || topic.size > KEPT_TOPIC_MAX) return;
    coming->kept[coming->kept_count++] = topic;
}

/* Find them in `in`; the bytes up to their end. */
static size_t coming_read(struct coming *coming, const struct conn *conn,
                          struct bytes in)
{
    coming->count = coming->kept_count = 0;
    struct bytes rest = in;
    struct frame frame;
    enum protocol protocol = (enum protocol)conn->protocol;
    while (coming->count < FORESEE_MAX && rest.size > 0 &&
           frame_next(rest, protocol, conn->limits.packet_max, &frame) == OK) {
        assert(frame.size > 0 && frame.size <= rest.size);
        rest = bytes_skip(rest, frame.size);
        if (frame.type == PACKET_PUBLISH) coming_add(coming, &frame);
    }
    return in.size - rest.size;
}

/* Were many of those that are kept not met lately? */
static bool kept_far(struct shard *shard, const struct coming *coming)
{
    if (coming->kept_count < 2) return false;
    size_t far = 0;
    for (size_t i = 0; i < coming->kept_count; i++) {
        uint64_t hash = hash_bytes(&shard->hot.key, coming->kept[i]);
        uint32_t *met = &shard->lookahead.met[hash % LOOKAHEAD_MET];
        uint32_t mark = (uint32_t)(hash >> 32);
        far += *met != mark;
        *met = mark;
    }
    return far * 4 > coming->kept_count;
}

/* Bring near what they need. */
static void coming_fetch(struct shard *shard, const struct coming *coming)
{
    shard->lookahead.looked = true;
    retain_fetch(shard->retain, coming->kept, coming->kept_count);
    size_t count = topics_foresee(shard->topics, coming->topics, coming->count);
    for (size_t i = 0; i < count; i++) {
        const struct session *session = topics_foreseen(shard->topics, i);
        if (session != NULL) fetch_block(session->conn, CONN_BYTES);
    }
}

size_t lookahead(struct shard *shard, const struct conn *conn, struct bytes in)
{
    assert(in.size > 0);
    bool filters = shard->lookahead.always ||
                   topics_filter_count(shard->topics) >= FILTERS_MIN;
    bool retained = retain_count(shard->retain) >= RETAINED_MIN;
    if (!filters && !retained) return in.size;
    size_t judge = in.size < JUDGE_BYTES ? in.size : JUDGE_BYTES;
    if (!lookahead_pays(shard, conn)) return judge;
    struct coming coming;
    size_t used = coming_read(&coming, conn, in);
    if (coming.count == 0) return judge;
    assert(used > 0 && used <= in.size);
    bool far = retained && kept_far(shard, &coming);
    if (!filters && !far) return in.size < NEAR_BYTES ? in.size : NEAR_BYTES;
    if (!far && !shard->lookahead.always) coming.kept_count = 0;
    coming_fetch(shard, &coming);
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
