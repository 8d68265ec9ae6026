/* answer_test.c - what an answer keeps, it copies and gives back. */
#include "auth/answer.h"
#include "check.h"

static void accept_copies_the_name(void)
{
    struct auth_answer answer;
    auth_answer_init(&answer);
    char name[] = "ann";
    CHECK_EQ(auth_answer_accept(&answer, bytes_of(name)), AUTH_ACCEPT);
    name[0] = 'x';
    CHECK(answer.has_user);
    CHECK(bytes_equal(answer.user, bytes_of("ann")));
    CHECK_EQ(auth_answer_accept(&answer, bytes_of("")), AUTH_ACCEPT);
    CHECK(answer.has_user);
    CHECK_EQ(answer.user.size, 0);
    auth_answer_fini(&answer);
    CHECK(!answer.has_user);
}

static void refuse_says_why(void)
{
    struct auth_answer answer;
    auth_answer_init(&answer);
    CHECK_EQ(auth_answer_refuse(&answer, ERR_CREDENTIALS, "no"), AUTH_REFUSE);
    CHECK_EQ(answer.why, ERR_CREDENTIALS);
    CHECK_STR(answer.reason, "no");
    auth_answer_fini(&answer);
    CHECK_EQ(answer.why, OK);
}

static void data_is_copied(void)
{
    struct auth_answer answer;
    auth_answer_init(&answer);
    char data[] = "r=1";
    CHECK_EQ(auth_answer_more(&answer, bytes_of(data)), AUTH_MORE);
    data[0] = 'x';
    CHECK(answer.has_data);
    CHECK(bytes_equal(answer.data, bytes_of("r=1")));
    CHECK_EQ(auth_answer_set_data(&answer, bytes_of("v=2")), OK);
    CHECK(bytes_equal(answer.data, bytes_of("v=2")));
    auth_answer_fini(&answer);
    CHECK(!answer.has_data);
}

int main(void)
{
    RUN(accept_copies_the_name);
    RUN(refuse_says_why);
    RUN(data_is_copied);
    return check_result();
}
