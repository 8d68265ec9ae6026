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

static struct mail mail_of(uint32_t number, size_t weight)
{
    struct mail mail = {.kind = MAIL_POST, .weight = weight};
    mail.post.count = number;
    return mail;
}

static void mail_comes_in_order_and_wakes_once(void)
{
    boxes_open();
    struct mails out[3] = {0}, in = {0};
    for (uint32_t i = 0; i < 300; i++)
        mails_add(&out[i % 2], mail_of(i, 1));
    CHECK_EQ(mailbox_push(boxes, out, 3, 2), 0);
    CHECK_EQ(out[0].count + out[1].count, 0);
    mails_add(&out[1], mail_of(1000, 1));
    CHECK_EQ(mailbox_push(boxes, out, 2, 2), 0);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    CHECK_EQ(woken, 2);
    mailbox_take(&boxes[1], &in);
    REQUIRE(in.count == 151);
    for (uint32_t i = 0; i < 150; i++) {
        CHECK_EQ(in.list[i].post.count, 2 * i + 1);
    }
    CHECK_EQ(in.list[150].post.count, 1000);
    CHECK_EQ(mailbox_settle(&boxes[1]), 0);
    mails_fini(&in);
    for (int i = 0; i < 3; i++)
        mails_fini(&out[i]);
    boxes_close();
}

static void full_boxes_tell_and_wake_who_waits(void)
{
    boxes_open();
    struct mails out[3] = {0}, in = {0};
    mails_add(&out[0], mail_of(1, MAILBOX_HIGH));
    CHECK_EQ(mailbox_push(boxes, out, 1, 2), 0);
    mails_add(&out[0], mail_of(2, 1));
    mails_add(&out[1], mail_of(3, 1));
    CHECK_EQ(mailbox_push(boxes, out, 3, 2), 1);
    CHECK(mailbox_wait(&boxes[0], 1));
    CHECK(!mailbox_wait(&boxes[1], 1));
    mailbox_take(&boxes[0], &in);
    CHECK_EQ(in.count, 2);
    CHECK(mailbox_wait(&boxes[0], 1));
    in.count = in.weight = 0;
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
        mails_add(&out[2], mail_of(i, 1));
        mails_add(&out[1], mail_of(i, 1));
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
        for (size_t i = 0; i < in.count; i++) {
            seen = in.list[i].post.count;
            struct mail mail = mail_of(seen, 1);
            mail.post.from = 2;
            mails_add(&out[1], mail);
            (void)mailbox_push(boxes, out, 2, 2);
        }
        in.count = in.weight = 0;
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
        for (size_t i = 0; i < in.count; i++) {
            uint32_t number = in.list[i].post.count;
            if (in.list[i].post.from == 0) {
                REQUIRE(number == direct + 1);
                direct = number;
            } else {
                REQUIRE(number <= direct);
                relayed = number;
            }
        }
        in.count = in.weight = 0;
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
    RUN(full_boxes_tell_and_wake_who_waits);
    RUN(what_is_left_is_dropped);
    RUN(nobody_overtakes_what_he_knows);
    return check_result();
}
