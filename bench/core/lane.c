/* lane.c - see lane.h. */
#include "lane.h"

#include "wire/connect.h"
#include "wire/subscribe.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SPACE = 512 };

uint64_t lane_clock_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t lane_worked_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void *memory_grow(void *context, void *block, size_t size)
{
    (void)context;
    if (size > 0) return realloc(block, size);
    free(block);
    return NULL;
}

/* Nobody waits in the loop. */
static void on_wake(uv_async_t *async)
{
    (void)async;
}

static void lane_init(struct lane *lane, struct lane *all,
                      struct mailbox *boxes, uint16_t index, uint16_t count)
{
    *lane = (struct lane){
        .index = index, .count = count, .all = all, .boxes = boxes};
    struct memory memory = {memory_grow, NULL};
    lane->pool = pool_new(memory, 0);
    lane->place = (struct shard_place){.index = index, .count = count};
    lane->now_ms = 1000;
    options_init(&lane->options);
    lane->options.listener.allow_anonymous = true;
    lane->options.max_queued_messages = 0;
    lane->options.max_inflight_messages = 0;
    lane->options.sys_interval_s = 0;
    lane->shard =
        shard_new(lane->pool, lane->place, &lane->options, lane->now_ms);
    actions_init(&lane->actions, lane->pool);
    lane->actions.batch = 1;
    if (uv_loop_init(&lane->loop) != 0) abort();
    mailbox_init(&boxes[index], &lane->loop, on_wake, lane);
}

void lanes_init(struct lane *lanes, struct mailbox *boxes, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++)
        lane_init(&lanes[i], lanes, boxes, i, count);
}

void lanes_fini(struct lane *lanes, struct mailbox *boxes, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        struct lane *lane = &lanes[i];
        actions_fini(&lane->actions);
        shard_free(lane->shard);
        uv_close((uv_handle_t *)&boxes[i].wake, NULL);
        (void)uv_run(&lane->loop, UV_RUN_DEFAULT);
        mailbox_fini(&boxes[i]);
        for (uint16_t j = 0; j < count; j++)
            mails_fini(&lane->out[j]);
        mails_fini(&lane->in);
        (void)uv_loop_close(&lane->loop);
        free(lane->owed);
    }
    for (uint16_t i = 0; i < count; i++)
        pool_free(lanes[i].pool);
}

static void lane_step(struct lane *lane, struct event *event)
{
    event->now_ms = lane->now_ms;
    event->random = lane->luck += 0x9e3779b97f4a7c15u;
    uint64_t before_ns = lane->timed ? lane_worked_ns() : 0;
    shard_step(lane->shard, event, &lane->actions);
    if (!lane->timed) return;
    uint64_t took_ns = lane_worked_ns() - before_ns;
    if (took_ns > lane->slowest_ns) lane->slowest_ns = took_ns;
}

void lane_say(struct lane *lane, struct conn_id conn, const void *packets,
              size_t size, uint32_t owed)
{
    lane->owed[conn.v] += owed;
    struct event event = {
        .kind = EVENT_BYTES, .conn = conn, .bytes = bytes_at(packets, size)};
    lane_step(lane, &event);
}

/* --- what the clients say ------------------------------------------------ */

struct conn_id lane_connect(struct lane *lane, const char *name)
{
    struct conn_id conn = {lane->conn_count++};
    if (conn.v >= lane->owed_capacity) {
        size_t capacity = 2 * lane->owed_capacity + 64;
        lane->owed = realloc(lane->owed, capacity * sizeof *lane->owed);
        if (lane->owed == NULL) abort();
        lane->owed_capacity = capacity;
    }
    lane->owed[conn.v] = 0;
    char id[64];
    struct bytes text;
    unsigned number = 0;
    do {
        int size = snprintf(id, sizeof id, "%s-%u-%u", name, conn.v, number++);
        text = bytes_at(id, (size_t)size);
    } while (place_home(&lane->place, text) != lane->index);
    struct connect c = {.protocol = MQTT_311, .clean_start = true};
    c.client_id = text;
    uint8_t space[SPACE];
    struct writer w = writer_at(space, sizeof space);
    connect_encode(&c, &w);
    struct event event = {.kind = EVENT_OPENED, .conn = conn};
    lane_step(lane, &event);
    lane_say(lane, conn, space, writer_bytes(&w).size, 0);
    return conn;
}

void lane_subscribe(struct lane *lane, struct conn_id conn, const char *filter,
                    unsigned qos)
{
    size_t size = strlen(filter);
    uint8_t packet[SPACE] = {0x82, (uint8_t)(size + 5), 0, 1};
    assert(size < 120);
    packet[4] = 0;
    packet[5] = (uint8_t)size;
    memcpy(packet + 6, filter, size);
    packet[6 + size] = (uint8_t)qos;
    lane_say(lane, conn, packet, size + 7, 0);
}

size_t lane_publish(uint8_t *to, const char *topic, unsigned qos,
                    uint16_t packet_id, bool retain, size_t payload_size)
{
    size_t size = strlen(topic);
    size_t rest = 2 + size + (qos > 0 ? 2 : 0) + payload_size;
    assert(rest < 128);
    uint8_t *at = to;
    *at++ = (uint8_t)(0x30 | qos << 1 | (retain ? 1 : 0));
    *at++ = (uint8_t)rest;
    *at++ = 0;
    *at++ = (uint8_t)size;
    memcpy(at, topic, size);
    at += size;
    if (qos > 0) {
        *at++ = (uint8_t)(packet_id >> 8);
        *at++ = (uint8_t)packet_id;
    }
    memset(at, 0, payload_size);
    return (size_t)(at - to) + payload_size;
}

/* --- what they hear ------------------------------------------------------ */

/* A client answers with PUBACK, as soon as the turn is over. */
static void lane_acknowledge(struct lane *lane, struct conn_id conn,
                             const uint8_t *id)
{
    uint8_t *to = lane->replies + lane->reply_bytes;
    assert(lane->reply_bytes + 4 <= sizeof lane->replies);
    memcpy(to, (uint8_t[4]){0x40, 2, id[0], id[1]}, 4);
    lane->reply_bytes += 4;
    size_t count = lane->reply_count;
    if (count > 0 && lane->reply_list[count - 1].conn.v == conn.v) {
        lane->reply_list[count - 1].size += 4;
        return;
    }
    lane->reply_list[lane->reply_count++] =
        (struct reply){conn, (uint32_t)(to - lane->replies), 4};
}

/* The packets of a SEND are all short ones here. */
static void lane_hear(struct lane *lane, struct conn_id conn,
                      struct bytes bytes)
{
    const uint8_t *at = bytes.data, *end = at + bytes.size;
    while (at < end) {
        size_t size = 2 + (size_t)at[1];
        unsigned type = at[0] >> 4;
        if (type == PACKET_PUBLISH) {
            lane->delivered++;
            unsigned qos = at[0] >> 1 & 3;
            size_t topic_size = (size_t)at[2] << 8 | at[3];
            if (qos > 0) lane_acknowledge(lane, conn, at + 4 + topic_size);
        } else if (type == PACKET_PUBACK) {
            assert(lane->owed[conn.v] > 0);
            lane->owed[conn.v]--;
        }
        at += size;
    }
    assert(at == end);
}

static void lane_act(struct lane *lane, struct action *action)
{
    switch ((enum action_kind)action->kind) {
    case ACTION_SEND:
        assert(action->body == NULL);
        lane_hear(lane, action->conn, action_bytes(&lane->actions, action));
        return;
    case ACTION_POST: {
        struct post *post = &lane->actions.posts[action->post];
        mails_add_post(&lane->out[action->shard], post,
                       action_bytes(&lane->actions, action));
        post->body = post->group = NULL;
        return;
    }
    case ACTION_NOTE:
    case ACTION_PAUSE:
    case ACTION_RESUME: return;
    default:
        (void)fprintf(stderr, "core: action %u was not expected\n",
                      action->kind);
        abort();
    }
}

static void lane_post(struct lane *lane)
{
    uint64_t targets = 0;
    for (uint16_t i = 0; i < lane->count; i++) {
        if (lane->out[i].count > 0) targets |= (uint64_t)1 << i;
    }
    if (targets == 0) return;
    lane->full = mailbox_push(lane->boxes, lane->out, targets, lane->index);
}

/* Tell the shard which of its output has left. */
static void lane_drain(struct lane *lane)
{
    struct conn_id *drained = NULL;
    size_t count = 0;
    for (size_t i = 0; i < lane->actions.count; i++) {
        const struct action *action = &lane->actions.list[i];
        if (action->kind != ACTION_SEND || !action->notify) continue;
        drained = realloc(drained, (count + 1) * sizeof *drained);
        if (drained == NULL) abort();
        drained[count++] = action->conn;
    }
    actions_clear(&lane->actions);
    for (size_t i = 0; i < count; i++) {
        struct event event = {.kind = EVENT_DRAINED, .conn = drained[i]};
        lane_step(lane, &event);
    }
    free(drained);
}

static void lane_reply(struct lane *lane)
{
    size_t count = lane->reply_count;
    lane->reply_count = lane->reply_bytes = 0;
    for (size_t i = 0; i < count; i++) {
        const struct reply *reply = &lane->reply_list[i];
        lane_say(lane, reply->conn, lane->replies + reply->offset, reply->size,
                 0);
    }
}

static void lane_mail(struct lane *lane)
{
    if (mailbox_is_empty(&lane->boxes[lane->index])) return;
    mailbox_take(&lane->boxes[lane->index], &lane->in);
    for (struct mail *mail; (mail = mails_next(&lane->in)) != NULL;) {
        struct event event = {.kind = EVENT_POSTED, .post = &mail->post};
        lane_step(lane, &event);
    }
    (void)mailbox_settle(&lane->boxes[lane->index]);
}

bool lane_turn(struct lane *lane)
{
    bool busy = lane->actions.count > 0;
    for (size_t i = 0; i < lane->actions.count; i++)
        lane_act(lane, &lane->actions.list[i]);
    lane_post(lane);
    lane_drain(lane);
    lane_reply(lane);
    lane_mail(lane);
    return busy || lane->actions.count > 0;
}
