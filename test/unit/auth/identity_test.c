/* identity_test.c - what TLS has proven needs no password. */
#include "auth/identity.h"
#include "check.h"

static enum auth_step ask(struct auth_call *call, struct auth_request *request)
{
    struct auth_method method = identity_method();
    call->request = request;
    return method.kind->begin(method.self, call);
}

static void identity_is_the_user(void)
{
    struct auth_request request = {.identity = bytes_of("sensor-7"),
                                   .has_user = true,
                                   .user = bytes_of("root")};
    struct auth_call call = {0};
    CHECK_EQ(ask(&call, &request), AUTH_ACCEPT);
    CHECK(bytes_equal(call.answer.user, bytes_of("sensor-7")));
    auth_answer_fini(&call.answer);
}

static void without_identity_others_decide(void)
{
    struct auth_request request = {.has_user = true, .user = bytes_of("root")};
    struct auth_call call = {0};
    CHECK_EQ(ask(&call, &request), AUTH_PASS);
    request.identity = bytes_of("sensor-7");
    request.has_method = true;
    CHECK_EQ(ask(&call, &request), AUTH_PASS);
}

int main(void)
{
    RUN(identity_is_the_user);
    RUN(without_identity_others_decide);
    return check_result();
}
