/* actions_test.c - what is added comes out, and nothing is left behind. */
#include "check.h"
#include "core/actions.h"
#include "core/bounds.h"
#include "core/message.h"
#include "unit_pool.h"

static struct pool *pool;
static size_t bytes_before;

static void begin(struct actions *actions)
{
    pool = unit_pool();
    bytes_before = pool_bytes(pool);
    actions_init(actions, pool);
}

static void end(struct actions *actions)
{
    actions_fini(actions);
    CHECK_EQ(pool_bytes(pool), bytes_before);
    pool_free(pool);
}

static void sends_share_the_arena(void)
{
    struct actions actions;
    begin(&actions);
    struct body *body = body_of_text(pool, bytes_of("payload"));
    buffer_append(&actions.arena, bytes_of("HEADER"));
    actions_send(&actions, (struct conn_id){7}, 0, 6, body, true);
    actions_send(&actions, (struct conn_id){9}, 4, 2, NULL, false);
    body_unref(body);
    REQUIRE(actions.count == 2);
    struct action *first = &actions.list[0], *second = &actions.list[1];
    CHECK_EQ(first->kind, ACTION_SEND);
    CHECK_EQ(first->conn.v, 7);
    CHECK(first->notify && !second->notify);
    CHECK_EQ(second->conn.v, 9);
    CHECK(second->body == NULL);
    struct bytes b = action_bytes(&actions, first);
    CHECK_BYTES(b.data, b.size, "HEADER", 6);
    b = action_bytes(&actions, second);
    CHECK_BYTES(b.data, b.size, "ER", 2);
    b = body_message(first->body).topic;
    CHECK_BYTES(b.data, b.size, "payload", 7);
    end(&actions);
}

static void put_has_key_and_value(void)
{
    struct actions actions;
    begin(&actions);
    struct action *del = actions_add(&actions, ACTION_DEL, (struct conn_id){0});
    CHECK_EQ(action_bytes(&actions, del).size, 0);
    struct action *put = actions_add(&actions, ACTION_PUT, (struct conn_id){0});
    buffer_append(&actions.arena, bytes_of("xkeyvalue"));
    put->offset = 1;
    put->size = 3;
    put->value_size = 5;
    struct bytes b = action_bytes(&actions, put);
    CHECK_BYTES(b.data, b.size, "key", 3);
    b = action_value(&actions, put);
    CHECK_BYTES(b.data, b.size, "value", 5);
    CHECK_EQ(actions.put_count, 2);
    actions_clear(&actions);
    CHECK_EQ(actions.put_count, 0);
    CHECK_EQ(actions.count, 0);
    CHECK_EQ(actions.arena.size, 0);
    end(&actions);
}

static void posts_are_numbered(void)
{
    struct actions actions;
    begin(&actions);
    for (uint16_t i = 0; i < 100; i++) {
        struct post *post =
            actions_post(&actions, i % SHARDS_MAX, POST_PUBLISH);
        CHECK(post->body == NULL && post->count == 0);
        post->count = i;
        post->body = body_of_text(pool, bytes_of("m"));
    }
    buffer_append(&actions.arena, bytes_of("...packed"));
    actions_post_packed(&actions, 3, 6);
    struct bytes packed = action_bytes(&actions, &actions.list[99]);
    CHECK_BYTES(packed.data, packed.size, "packed", 6);
    CHECK_EQ(action_bytes(&actions, &actions.list[98]).size, 0);
    REQUIRE(actions.count == 100 && actions.post_count == 100);
    for (uint32_t i = 0; i < 100; i++) {
        CHECK_EQ(actions.list[i].kind, ACTION_POST);
        CHECK_EQ(actions.list[i].shard, i % SHARDS_MAX);
        CHECK_EQ(actions.posts[actions.list[i].post].count, i);
    }
    /* What the host took over is no more ours. */
    struct body *taken = actions.posts[50].body;
    actions.posts[50].body = NULL;
    actions_clear(&actions);
    CHECK_EQ(body_message(taken).topic.size, 1);
    body_unref(taken);
    end(&actions);
}

static void note_is_cut(void)
{
    struct actions actions;
    begin(&actions);
    struct conn_id conn = {3};
    actions_note(&actions, NOTE_WARNING, NOTE_ABUSE, &conn, "%s is %d", "it",
                 5);
    struct bytes b = action_bytes(&actions, &actions.list[0]);
    CHECK_BYTES(b.data, b.size, "it is 5", 7);
    CHECK_EQ(actions.list[0].level, NOTE_WARNING);
    CHECK_EQ(actions.list[0].note_kind, NOTE_ABUSE);
    CHECK(actions.list[0].has_conn);
    CHECK_EQ(actions.list[0].conn.v, 3);

    static char lengthy[2 * NOTE_BYTES_MAX];
    memset(lengthy, 'y', sizeof lengthy - 1);
    actions_note(&actions, NOTE_INFO, NOTE_STATE, NULL, "%s", lengthy);
    b = action_bytes(&actions, &actions.list[1]);
    CHECK_BYTES(b.data, b.size, lengthy, NOTE_BYTES_MAX);
    CHECK(!actions.list[1].has_conn);
    actions_note(&actions, NOTE_INFO, NOTE_STATE, NULL, "%s", "");
    CHECK_EQ(action_bytes(&actions, &actions.list[2]).size, 0);
    end(&actions);
}

static void clear_keeps_only_so_much(void)
{
    struct actions actions;
    begin(&actions);
    actions_note(&actions, NOTE_INFO, NOTE_STATE, NULL, "small");
    actions_clear(&actions);
    CHECK(actions.capacity > 0);
    CHECK(actions.arena.capacity > 0);
    CHECK(buffer_reserve(&actions.arena, ACTIONS_KEPT_BYTES + 1) != NULL);
    actions_clear(&actions);
    CHECK_EQ(actions.capacity, 0);
    CHECK_EQ(actions.arena.capacity, 0);
    CHECK_EQ(pool_bytes(pool), bytes_before);
    end(&actions);
}

int main(void)
{
    RUN(sends_share_the_arena);
    RUN(put_has_key_and_value);
    RUN(posts_are_numbered);
    RUN(note_is_cut);
    RUN(clear_keeps_only_so_much);
    return check_result();
}
