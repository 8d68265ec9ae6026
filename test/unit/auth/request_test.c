/* request_test.c - a request owns all its bytes. */
#include "auth/request.h"
#include "check.h"

static void every_part_is_copied(void)
{
    char text[] = "client-user-secret-cn-SCRAM-data-10.0.0.1";
    struct auth_request from = {
        .kind = AUTH_AGAIN,
        .listener = 7,
        .has_user = true,
        .has_password = true,
        .has_method = true,
        .has_data = true,
        .client_id = bytes_at(text, 6),
        .user = bytes_at(text + 7, 4),
        .password = bytes_at(text + 12, 6),
        .identity = bytes_at(text + 19, 2),
        .method = bytes_at(text + 22, 5),
        .data = bytes_at(text + 28, 4),
        .peer = bytes_at(text + 33, 8),
    };
    struct auth_request *request = auth_request_new(&from);
    REQUIRE(request != NULL);
    memset(text, 'x', sizeof text);
    CHECK_EQ(request->kind, AUTH_AGAIN);
    CHECK_EQ(request->listener, 7);
    CHECK(request->has_user && request->has_password);
    CHECK(request->has_method && request->has_data);
    CHECK(bytes_equal(request->client_id, bytes_of("client")));
    CHECK(bytes_equal(request->user, bytes_of("user")));
    CHECK(bytes_equal(request->password, bytes_of("secret")));
    CHECK(bytes_equal(request->identity, bytes_of("cn")));
    CHECK(bytes_equal(request->method, bytes_of("SCRAM")));
    CHECK(bytes_equal(request->data, bytes_of("data")));
    CHECK(bytes_equal(request->peer, bytes_of("10.0.0.1")));
    auth_request_free(request);
}

static void nothing_is_a_request_too(void)
{
    struct auth_request from = {.kind = AUTH_CONNECT};
    struct auth_request *request = auth_request_new(&from);
    REQUIRE(request != NULL);
    CHECK_EQ(request->password.size, 0);
    CHECK(!request->has_user);
    auth_request_free(request);
    auth_request_free(NULL);
}

int main(void)
{
    RUN(every_part_is_copied);
    RUN(nothing_is_a_request_too);
    return check_result();
}
