/* lines_test.c - what does not count is not seen. */
#include "auth/lines.h"
#include "check.h"

#define IS(b, text) CHECK(bytes_equal((b), bytes_of(text)))

static void lines_are_cut(void)
{
    struct bytes text = lines_begin(bytes_of("\xef\xbb\xbf one\t\r\n\n two"));
    IS(lines_next(&text), "one");
    IS(lines_next(&text), "");
    IS(lines_next(&text), "two");
    CHECK_EQ(text.size, 0);
    IS(lines_next(&text), "");
}

static void words_are_cut(void)
{
    struct bytes text = bytes_of("read \t a b ");
    IS(lines_word(&text), "read");
    IS(text, "a b");
    IS(lines_word(&text), "a");
    IS(lines_word(&text), "b");
    IS(lines_word(&text), "");
}

static void nothing_is_read_beyond_the_end(void)
{
    uint8_t *page = check_guard("a b", 3);
    struct bytes text = bytes_at(page, 3);
    struct bytes line = lines_next(&text);
    IS(lines_word(&line), "a");
    IS(lines_word(&line), "b");
    check_guard_free(page, 3);
}

int main(void)
{
    RUN(lines_are_cut);
    RUN(words_are_cut);
    RUN(nothing_is_read_beyond_the_end);
    return check_result();
}
