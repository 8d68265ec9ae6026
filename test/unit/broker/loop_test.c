/* loop_test.c - a loop ends with all that is open in it. */
#include "broker/loop.h"
#include "check.h"

static void on_timer(uv_timer_t *timer)
{
    (void)timer;
    CHECK(false);
}

static void on_closed(uv_handle_t *handle)
{
    *(bool *)handle->data = true;
}

static void open_and_closing_handles_end(void)
{
    uv_loop_t loop;
    uv_timer_t waiting, closing;
    bool closed = false;
    REQUIRE(uv_loop_init(&loop) == 0);
    REQUIRE(uv_timer_init(&loop, &waiting) == 0);
    REQUIRE(uv_timer_init(&loop, &closing) == 0);
    REQUIRE(uv_timer_start(&waiting, on_timer, 1000000, 1) == 0);
    closing.data = &closed;
    uv_close((uv_handle_t *)&closing, on_closed);
    loop_fini(&loop);
    CHECK(closed);
    CHECK(uv_is_closing((uv_handle_t *)&waiting));
}

int main(void)
{
    RUN(open_and_closing_handles_end);
    return check_result();
}
