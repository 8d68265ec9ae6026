/* mailbox_test.c - order, room, and causality between threads. */
#include "broker/mailbox.h"
#include "broker/settings.h"
#include "check.h"

static uv_loop_t loop;
static struct mailbox boxes[3];
static int woken;

static void on_wake(uv_async_t *async)
{
    CHECK(async->data == boxes);
    woken++;
}

static void boxes_open(void)
{
    REQUIRE(uv_loop_init(&loop) == 0);
    for (int i = 0; i < 3; i++)
        mailbox_init(&boxes[i], &loop, on_wake, boxes);
    woken = 0;
}

static void boxes_close(void)
{
    for (int i = 0; i < 3; i++) {
        uv_close((uv_handle_t *)&boxes[i].wake, NULL);
    }
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    for (int i = 0; i < 3; i++)
        mailbox_fini(&boxes[i]);
    CHECK_EQ(uv_loop_close(&loop), 0);
}

/* Mail of which `number` tells which it is. */
static void post_add(struct mails *mails, uint32_t number, size_t weight)
{
    struct mail mail = {.kind = MAIL_POST, .post = {.count = number}};
    mails_add(mails, mail, weight);
}

static uint32_t number_next(struct mails *mails)
{
    const struct mail *mail = mails_next(mails);
    REQUIRE(mail != NULL && mail->kind == MAIL_POST);
    return mail->post.count;
}

static void mail_comes_in_order_and_wakes_once(void)
{
    boxes_open();
    struct mails out[3] = {0}, in = {0};
    for (uint32_t i = 0; i < 3000; i++)
        post_add(&out[i % 2], i, 1);
    CHECK(mailbox_is_empty(&boxes[1]));
    CHECK_EQ(mailbox_push(boxes, out, 3, 2), 0);
    CHECK(!mailbox_is_empty(&boxes[1]));
    CHECK_EQ(out[0].count + out[1].count, 0);
    post_add(&out[1], 10000, 1);
    CHECK_EQ(mailbox_push(boxes, out, 2, 2), 0);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    CHECK_EQ(woken, 2);
    mailbox_take(&boxes[1], &in);
    CHECK(mailbox_is_empty(&boxes[1]));
    REQUIRE(in.count == 1501);
    for (uint32_t i = 0; i < 1500; i++) {
        CHECK_EQ(number_next(&in), 2 * i + 1);
    }
    CHECK_EQ(number_next(&in), 10000);
    CHECK(mails_next(&in) == NULL);
    CHECK(in.count == 0 && in.weight == 0 && in.first == NULL);
    CHECK_EQ(mailbox_settle(&boxes[1]), 0);
    boxes_close();
}

/* What a post brings lies behind it, however large it is. */
static void posts_bring_their_bytes(void)
{
    boxes_open();
    struct mails out[3] = {0}, in = {0};
    uint8_t bytes[BUNDLE_NEXT + 1000];
    static const size_t sizes[] = {1, 0, 900, 1024, BUNDLE_NEXT + 1000, 7};
    enum { SIZES = sizeof sizes / sizeof sizes[0], TIMES = 50 };
    size_t weight = 0;
    for (uint32_t i = 0; i < TIMES * SIZES; i++) {
        size_t size = sizes[i % SIZES];
        memset(bytes, (int)i, size);
        struct post post = {.kind = POST_PUBLISH, .count = i};
        mails_add_post(&out[0], &post, bytes_at(bytes, size));
        weight += MAIL_WEIGHT + size;
    }
    CHECK_EQ(out[0].weight, weight);
    CHECK_EQ(mailbox_push(boxes, out, 1, 1), 0);
    mailbox_take(&boxes[0], &in);
    for (uint32_t i = 0; i < TIMES * SIZES; i++) {
        size_t size = sizes[i % SIZES];
        const struct mail *mail = mails_next(&in);
        REQUIRE(mail != NULL && mail->post.count == i);
        memset(bytes, (int)i, size);
        CHECK_BYTES(mail->post.packed.data, mail->post.packed.size, bytes,
                    size);
    }
    CHECK(mails_next(&in) == NULL);
    (void)mailbox_settle(&boxes[0]);
    boxes_close();
}

/* Only who sleeps has to be woken. */
static void who_is_awake_is_not_woken(void)
{
    boxes_open();
    struct mails out[3] = {0}, in = {0};
    mailbox_rouse(&boxes[0]);
    post_add(&out[0], 1, 1);
    (void)mailbox_push(boxes, out, 1, 1);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    CHECK_EQ(woken, 0);
    CHECK(!mailbox_doze(&boxes[0]));
    mailbox_take(&boxes[0], &in);
    CHECK_EQ(number_next(&in), 1);
    CHECK(mails_next(&in) == NULL);
    (void)mailbox_settle(&boxes[0]);
    CHECK(mailbox_doze(&boxes[0]));
    for (uint32_t i = 0; i < 2; i++) {
        post_add(&out[0], i, 1);
        (void)mailbox_push(boxes, out, 1, 1);
    }
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    CHECK_EQ(woken, 1);
    boxes_close();
}

static void full_boxes_tell_and_wake_who_waits(void)
{
    boxes_open();
    struct mails out[3] = {0}, in = {0};
    post_add(&out[0], 1, MAILBOX_HIGH);
    CHECK_EQ(mailbox_push(boxes, out, 1, 2), 0);
    post_add(&out[0], 2, 1);
    post_add(&out[1], 3, 1);
    CHECK_EQ(mailbox_push(boxes, out, 3, 2), 1);
    CHECK(mailbox_wait(&boxes[0], 1));
    CHECK(!mailbox_wait(&boxes[1], 1));
    mailbox_take(&boxes[0], &in);
    CHECK_EQ(in.count, 2);
    CHECK(mailbox_wait(&boxes[0], 1));
    mails_fini(&in);
    CHECK_EQ(mailbox_settle(&boxes[0]), 1 << 1 | 1 << 2);
    CHECK(!mailbox_wait(&boxes[0], 1));
    CHECK_EQ(mailbox_settle(&boxes[0]), 0);
    mails_fini(&in);
    for (int i = 0; i < 3; i++)
        mails_fini(&out[i]);
    boxes_close();
}

static void what_is_left_is_dropped(void)
{
    boxes_open();
    struct options options;
    options_init(&options);
    struct settings *settings = settings_new(&options, 0);
    struct mail mail = {.kind = MAIL_RELOAD, .settings = settings};
    mailbox_push_one(&boxes[0], mail);
    boxes_close(); /* The leak checker sees whether it was. */
}

/* Shard 0 tells 1, then, in the same turn, 2; what 2 then tells 1 comes behind
 * what 0 told it. */
enum { ROUNDS = 20000 };

static void first_run(void *argument)
{
    (void)argument;
    struct mails out[3] = {0};
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        post_add(&out[2], i, 1);
        post_add(&out[1], i, 1);
        (void)mailbox_push(boxes, out, 6, 0);
    }
    for (int i = 0; i < 3; i++)
        mails_fini(&out[i]);
}

static void second_run(void *argument)
{
    (void)argument;
    struct mails in = {0}, out[3] = {0};
    for (uint32_t seen = 0; seen < ROUNDS;) {
        mailbox_take(&boxes[2], &in);
        for (struct mail *mail; (mail = mails_next(&in)) != NULL;) {
            seen = mail->post.count;
            mail->post.from = 2;
            mails_add(&out[1], *mail, 1);
            (void)mailbox_push(boxes, out, 2, 2);
        }
        (void)mailbox_settle(&boxes[2]);
    }
    mails_fini(&in);
    for (int i = 0; i < 3; i++)
        mails_fini(&out[i]);
}

static void nobody_overtakes_what_he_knows(void)
{
    boxes_open();
    uv_thread_t threads[2];
    REQUIRE(uv_thread_create(&threads[0], first_run, NULL) == 0);
    REQUIRE(uv_thread_create(&threads[1], second_run, NULL) == 0);
    struct mails in = {0};
    uint32_t direct = 0, relayed = 0;
    while (relayed < ROUNDS) {
        mailbox_take(&boxes[1], &in);
        for (struct mail *mail; (mail = mails_next(&in)) != NULL;) {
            uint32_t number = mail->post.count;
            if (mail->post.from == 0) {
                REQUIRE(number == direct + 1);
                direct = number;
            } else {
                REQUIRE(number <= direct);
                relayed = number;
            }
        }
        (void)mailbox_settle(&boxes[1]);
    }
    CHECK_EQ(direct, ROUNDS);
    for (int i = 0; i < 2; i++)
        uv_thread_join(&threads[i]);
    mails_fini(&in);
    boxes_close();
}

int main(void)
{
    RUN(mail_comes_in_order_and_wakes_once);
    RUN(posts_bring_their_bytes);
    RUN(who_is_awake_is_not_woken);
    RUN(full_boxes_tell_and_wake_who_waits);
    RUN(what_is_left_is_dropped);
    RUN(nobody_overtakes_what_he_knows);
    return check_result();
}
