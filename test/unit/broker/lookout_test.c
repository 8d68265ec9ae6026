#include "broker/lookout.h"
#include "check.h"

static uint64_t stamp;
static unsigned changes;

static uint64_t on_stamp(void *user)
{
    CHECK(user == &stamp);
    return stamp;
}

static void on_changed(void *user)
{
    CHECK(user == &stamp);
    changes++;
}

static void on_day(void *user)
{
    (void)user;
    CHECK(false);
}

/* What the timer does when it is due. */
static void look(struct lookout *lookout)
{
    lookout->look.timer_cb(&lookout->look);
}

static void changes_count_when_they_are_over(void)
{
    uv_loop_t loop;
    REQUIRE(uv_loop_init(&loop) == 0);
    struct lookout lookout = {.stamp = on_stamp,
                              .changed = on_changed,
                              .day = on_day,
                              .user = &stamp};
    stamp = 7;
    lookout_settle(&lookout);
    lookout_start(&lookout, &loop);
    look(&lookout);
    CHECK_EQ(changes, 0);
    stamp = 8;
    look(&lookout);
    stamp = 9;
    look(&lookout);
    CHECK_EQ(changes, 0);
    look(&lookout);
    CHECK_EQ(changes, 1);
    look(&lookout);
    CHECK_EQ(changes, 1);
    /* Changed and changed back: nothing to do. */
    stamp = 10;
    look(&lookout);
    stamp = 9;
    look(&lookout);
    look(&lookout);
    CHECK_EQ(changes, 1);
    /* Read in the meantime for another reason. */
    stamp = 11;
    lookout_settle(&lookout);
    look(&lookout);
    look(&lookout);
    CHECK_EQ(changes, 1);
    uv_close((uv_handle_t *)&lookout.look, NULL);
    uv_close((uv_handle_t *)&lookout.days, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&loop), 0);
}

int main(void)
{
    RUN(changes_count_when_they_are_over);
    return check_result();
}
