/* ask_test.c - a question comes out as it went in, and nothing else does. */
#include "check.h"
#include "core/ask.h"

static uint8_t space[1024];

static struct bytes written(const struct ask *ask)
{
    struct writer w = writer_at(space, sizeof space);
    ask_write(&w, ask);
    CHECK(!w.failed);
    CHECK_EQ(writer_bytes(&w).size, ask_size(ask));
    return writer_bytes(&w);
}

static void texts_come_back(void)
{
    struct ask ask = {.client_id = bytes_of("c"),
                      .user = bytes_of("ann"),
                      .has_user = true,
                      .password = bytes_at("\0x", 2),
                      .has_password = true,
                      .identity = bytes_of("CN=ann"),
                      .method = bytes_of("SCRAM"),
                      .has_method = true,
                      .data = bytes_at(NULL, 0),
                      .has_data = true};
    struct ask got;
    CHECK_EQ(ask_read(written(&ask), &got), OK);
    CHECK(bytes_equal(got.client_id, ask.client_id));
    CHECK(got.has_user && bytes_equal(got.user, ask.user));
    CHECK(got.has_password && bytes_equal(got.password, ask.password));
    CHECK(bytes_equal(got.identity, ask.identity));
    CHECK(got.has_method && bytes_equal(got.method, ask.method));
    CHECK(got.has_data && got.data.size == 0);
}

static void what_is_absent_stays_so(void)
{
    struct ask ask = {.client_id = bytes_of("c"), .user = bytes_of("not said")};
    struct ask got;
    struct bytes in = written(&ask);
    CHECK_EQ(in.size, 1 + 2 + 1);
    CHECK_EQ(ask_read(in, &got), OK);
    CHECK(!got.has_user && got.user.size == 0);
    CHECK(!got.has_password && !got.has_method && !got.has_data);
    CHECK_EQ(got.identity.size, 0);
}

static void other_bytes_are_refused(void)
{
    struct ask ask = {.client_id = bytes_of("c"), .has_user = true};
    struct ask got;
    struct bytes in = written(&ask);
    for (size_t size = 0; size < in.size; size++) {
        CHECK_EQ(ask_read(bytes_at(in.data, size), &got), ERR_MALFORMED);
    }
    CHECK_EQ(ask_read(bytes_at(space, in.size + 1), &got), ERR_MALFORMED);
    space[0] |= 0x40;
    CHECK_EQ(ask_read(in, &got), ERR_MALFORMED);
}

int main(void)
{
    RUN(texts_come_back);
    RUN(what_is_absent_stays_so);
    RUN(other_bytes_are_refused);
    return check_result();
}
