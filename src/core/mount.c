/* mount.c - see mount.h. */
#include "core/mount.h"

#include "core/conn.h"
#include "core/state.h"
#include "wire/topic.h"

#include <assert.h>

static struct bytes mount_of(const struct shard *shard, uint16_t listener)
{
    const char *text = options_of(shard->options, listener)->mount_point;
    return bytes_of(text);
}

/* `head`, `middle` and `tail` as one text of the shard's. */
static struct bytes mount_join(struct shard *shard, struct bytes head,
                               struct bytes middle, struct bytes tail)
{
    struct buffer *text = &shard->mounted;
    text->size = 0;
    buffer_append(text, head);
    buffer_append(text, middle);
    buffer_append(text, tail);
    assert(text->size == head.size + middle.size + tail.size);
    return buffer_bytes(text);
}

enum err mount_topic(struct shard *shard, const struct conn *conn,
                     struct bytes *topic)
{
    assert(topic->size > 0);
    if (!shard->grants.mounts) return OK;
    struct bytes mount = mount_of(shard, conn->listener);
    if (mount.size == 0) return OK;
    if (mount.size + topic->size > TOPIC_SIZE_MAX) return ERR_TOPIC;
    struct bytes none = {mount.data, 0};
    *topic = mount_join(shard, none, mount, *topic);
    assert(topic_name_valid(*topic));
    return OK;
}

enum err mount_filter(struct shard *shard, const struct conn *conn,
                      struct bytes *filter)
{
    assert(topic_subscription_valid(*filter));
    if (!shard->grants.mounts) return OK;
    struct bytes mount = mount_of(shard, conn->listener);
    if (mount.size == 0) return OK;
    struct bytes group, plain = *filter;
    if (topic_is_shared(*filter)) {
        enum err e = topic_share_split(*filter, &group, &plain);
        assert(e == OK);
    }
    struct bytes head = {filter->data, filter->size - plain.size};
    if (mount.size + filter->size > TOPIC_SIZE_MAX) return ERR_FILTER;
    *filter = mount_join(shard, head, mount, plain);
    return topic_subscription_valid(*filter) ? OK : ERR_FILTER;
}

bool mount_strip(const struct shard *shard, uint16_t listener,
                 struct bytes *topic)
{
    if (!shard->grants.mounts) return true;
    struct bytes mount = mount_of(shard, listener);
    if (topic->size <= mount.size) return mount.size == 0;
    if (memcmp(topic->data, mount.data, mount.size) != 0) return false;
    *topic = bytes_skip(*topic, mount.size);
    assert(topic->size > 0);
    return true;
}
