/* call_test.c - a call goes to other threads, comes back, and may be given up
 * at any moment. */
#include "auth/call.h"
#include "stage.h"

static const struct auth_request named = {.has_user = true,
                                          .user = {(const uint8_t *)"ann", 3}};

static void work_is_done_elsewhere(void)
{
    struct puppet p[2] = {{.first = AUTH_WORK, .second = AUTH_PASS},
                          {.first = AUTH_WORK, .second = AUTH_ACCEPT}};
    struct auth_chain *chain = stage_chain(p, 2, false);
    struct stage stage = stage_new();
    struct auth_call *call = stage_ask(&stage, chain, &named);
    CHECK(!auth_call_is_last(call));
    CHECK_EQ(stage.done, 0);
    CHECK_EQ(p[0].worked, 0);
    stage_run(&stage);
    CHECK_EQ(p[0].worked, 1);
    CHECK_EQ(stage.done, 0);
    CHECK(auth_call_is_last(call));
    stage_run(&stage);
    CHECK_EQ(stage.done, 1);
    CHECK_EQ(stage.step, AUTH_ACCEPT);
    auth_chain_unref(chain);
}

static void later_is_finished_by_the_method(void)
{
    struct puppet p = {.first = AUTH_LATER, .second = AUTH_PASS};
    struct auth_chain *chain = stage_chain(&p, 1, false);
    struct stage stage = stage_new();
    (void)stage_ask(&stage, chain, &named);
    CHECK_EQ(stage.done, 0);
    auth_answer_refuse(&p.call->answer, ERR_UNAVAILABLE, "it is down");
    auth_call_finish(p.call, AUTH_REFUSE);
    CHECK_EQ(stage.done, 0);
    stage_run(&stage);
    CHECK_EQ(stage.done, 1);
    CHECK_EQ(stage.why, ERR_UNAVAILABLE);
    auth_chain_unref(chain);
}

static void who_is_gone_is_not_told(void)
{
    struct puppet p = {
        .first = AUTH_WORK, .second = AUTH_ACCEPT, .keeps = true};
    struct auth_chain *chain = stage_chain(&p, 1, false);
    struct stage stage = stage_new();
    auth_call_cancel(stage_ask(&stage, chain, &named));
    auth_chain_unref(chain);
    CHECK_EQ(p.freed, 0);
    stage_run(&stage);
    CHECK_EQ(p.worked, 0);
    CHECK_EQ(stage.done, 0);
    CHECK_EQ(p.forgotten, 1);
    CHECK_EQ(p.freed, 1);
}

static void a_conversation_keeps_its_method(void)
{
    struct puppet p[2] = {
        {.first = AUTH_PASS},
        {.first = AUTH_MORE, .second = AUTH_ACCEPT, .keeps = true}};
    struct auth_chain *chain = stage_chain(p, 2, false);
    struct stage stage = stage_new();
    struct auth_call *call = stage_ask(&stage, chain, &named);
    CHECK_EQ(stage.step, AUTH_MORE);
    CHECK(bytes_equal(call->answer.data, bytes_of("challenge")));
    CHECK_EQ(p[1].forgotten, 0);
    auth_call_continue(call, true, bytes_of("response"));
    CHECK_EQ(p[0].begun, 1);
    CHECK_EQ(p[1].begun, 2);
    CHECK_EQ(stage.done, 2);
    CHECK_EQ(stage.step, AUTH_ACCEPT);
    CHECK_EQ(p[1].forgotten, 1);
    auth_chain_unref(chain);
}

static void a_conversation_may_break_off(void)
{
    struct puppet p = {.first = AUTH_MORE, .keeps = true};
    struct auth_chain *chain = stage_chain(&p, 1, false);
    struct stage stage = stage_new();
    auth_call_cancel(stage_ask(&stage, chain, &named));
    auth_call_cancel(NULL);
    CHECK_EQ(p.forgotten, 1);
    auth_chain_unref(chain);
    CHECK_EQ(p.freed, 1);
}

int main(void)
{
    RUN(work_is_done_elsewhere);
    RUN(later_is_finished_by_the_method);
    RUN(who_is_gone_is_not_told);
    RUN(a_conversation_keeps_its_method);
    RUN(a_conversation_may_break_off);
    return check_result();
}
